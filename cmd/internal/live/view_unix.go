//go:build unix

package live

import (
	"os"
	"os/signal"
	"syscall"
)

// suspensions tells of ^Z until done is called.
func suspensions() (stops <-chan os.Signal, done func()) {
	c := make(chan os.Signal, 1)
	signal.Notify(c, syscall.SIGTSTP)
	return c, func() { signal.Stop(c) }
}

// suspend stops the program as ^Z does; it returns when the shell lets it go on.
func suspend() { syscall.Kill(syscall.Getpid(), syscall.SIGSTOP) }
