//go:build unix

package live

import (
	"os/exec"
	"syscall"
)

// ownGroup puts a command into a process group of its own: it is killed with all that it
// started, and ^C in the terminal is not for it.
func ownGroup(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
}
