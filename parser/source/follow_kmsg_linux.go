package source

import (
	"errors"
	"io"
	"os"
	"syscall"
	"time"
	"unsafe"
)

// A device is a descriptor of which each read gives a record.
type device struct{ conn syscall.RawConn }

func (d device) readRecord(p []byte, wait bool) (n int, err error) {
	outer := d.conn.Read(func(fd uintptr) bool {
		for {
			if n, err = syscall.Read(int(fd), p); err != syscall.EINTR {
				return err != syscall.EAGAIN || !wait
			}
		}
	})
	switch {
	case outer != nil:
		return 0, outer
	case err == syscall.EAGAIN:
		return 0, errWait
	case err == nil && n == 0:
		return 0, io.EOF
	}
	return max(n, 0), err
}

// follow reads the device until it fails.
func (k *kmsg) follow(b *pipeBuffer) error {
	file, err := os.OpenFile(k.device, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		if errors.Is(err, syscall.EPERM) || errors.Is(err, syscall.EACCES) {
			return errors.New("read the kernel's messages: no permission (kernel.dmesg_restrict); run as root, give CAP_SYSLOG, or follow journal: instead")
		}
		return pathError("read", k.device, err)
	}
	defer interruptible(b.ctx, file, file).Close()
	conn, err := file.SyscallConn()
	if err != nil {
		return pathError("read", k.device, err)
	}
	d, buf := device{conn}, make([]byte, kmsgRecord)
	b.past = k.join
	if err := k.drain(b, d, buf, false); err != nil {
		return pathError("read", k.device, err)
	}
	b.past, k.join = false, false
	b.say(nil)
	for {
		if err := k.drain(b, d, buf, true); err != nil {
			return pathError("read", k.device, err)
		}
	}
}

// isOverwritten reports that records were overwritten since the last read.
func isOverwritten(err error) bool { return err == syscall.EPIPE }

// uptimeZero is the wall clock's time of uptime 0; zero without a clock.
func uptimeZero(now func() time.Time) time.Time {
	if now == nil {
		return time.Time{}
	}
	const monotonic = 1 // CLOCK_MONOTONIC, what the kernel stamps its messages by, within milliseconds
	var up syscall.Timespec
	if _, _, errno := syscall.Syscall(syscall.SYS_CLOCK_GETTIME, monotonic, uintptr(unsafe.Pointer(&up)), 0); errno != 0 {
		return time.Time{}
	}
	return now().Add(-time.Duration(up.Nano()))
}
