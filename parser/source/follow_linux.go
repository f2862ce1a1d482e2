package source

import (
	"io/fs"
	"os"
	"syscall"
)

// fileID identifies a file as long as it exists.
func fileID(info fs.FileInfo) (id inode) {
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		id = inode{uint64(st.Dev), st.Ino}
	}
	return id
}

// isUnlinked reports that no name leads to the file any more.
func isUnlinked(info fs.FileInfo) bool {
	st, ok := info.Sys().(*syscall.Stat_t)
	return ok && st.Nlink == 0
}

// fcntl(2): commands and kinds of leases.
const (
	setLease  = 1024
	readLease = 0
	unlock    = 2
)

// hasLetGo asks whether no process has the file open for writing. The kernel grants a read
// lease only then (fcntl(2), F_SETLEASE), and asking costs a microsecond, where looking
// through /proc costs milliseconds and needs root. The lease is given back at once. known is
// false where we may not ask: the file is another user's and we are not root, or it lies
// on a network.
func hasLetGo(f *os.File) (free, known bool) {
	conn, err := f.SyscallConn()
	if err != nil {
		return false, false
	}
	var errno syscall.Errno
	conn.Control(func(fd uintptr) {
		_, _, errno = syscall.Syscall(syscall.SYS_FCNTL, fd, setLease, readLease)
		if errno == 0 {
			syscall.Syscall(syscall.SYS_FCNTL, fd, setLease, unlock)
		}
	})
	return errno == 0, errno == 0 || errno == syscall.EAGAIN
}

// holeEnd is where the bytes begin that follow a hole at the offset (lseek(2), SEEK_DATA);
// the offset itself if it is in none.
func holeEnd(f *os.File, offset int64) int64 {
	const seekData = 3
	to, err := f.Seek(offset, seekData)
	if err != nil {
		return offset
	}
	return to
}

// canNotify tries whether an inotify instance can be had
// (/proc/sys/fs/inotify/max_user_instances).
func canNotify() error {
	fd, err := syscall.InotifyInit1(syscall.IN_CLOEXEC)
	if err != nil {
		return os.NewSyscallError("inotify_init1", err)
	}
	return syscall.Close(fd)
}
