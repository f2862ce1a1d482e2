package source

import (
	"encoding/binary"
	"os"
	"runtime"
	"syscall"
	"time"
	"unsafe"
)

// statxCall are the numbers of statx(2), which the package syscall does not know.
var statxCall = map[string]uintptr{"amd64": 332, "arm64": 291, "riscv64": 291, "loong64": 291, "386": 383, "arm": 397, "ppc64le": 383, "s390x": 379}

// bornAt is when a file was made; zero if the file system does not tell. A file's number is
// given again as soon as it is deleted; its time of birth is not.
func bornAt(f *os.File) (born time.Time) {
	const (
		emptyPath  = 0x1000 // AT_EMPTY_PATH
		wantBirth  = 0x800  // STATX_BTIME
		birthPlace = 80     // offsetof(struct statx, stx_btime)
	)
	call := statxCall[runtime.GOARCH]
	conn, err := f.SyscallConn()
	if call == 0 || err != nil {
		return born
	}
	conn.Control(func(fd uintptr) {
		var st [256]byte
		var path [1]byte
		_, _, errno := syscall.Syscall6(call, fd, uintptr(unsafe.Pointer(&path)), emptyPath, wantBirth, uintptr(unsafe.Pointer(&st)), 0)
		if native := binary.NativeEndian; errno == 0 && native.Uint32(st[:])&wantBirth != 0 {
			born = time.Unix(int64(native.Uint64(st[birthPlace:])), int64(native.Uint32(st[birthPlace+8:])))
		}
	})
	return born
}
