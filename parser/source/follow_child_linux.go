package source

import (
	"os/exec"
	"syscall"
)

// childAttr makes a child end when we do, however that happens.
func childAttr() *syscall.SysProcAttr { return &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM} }

// endChild asks a child to end.
func endChild(cmd *exec.Cmd) error { return cmd.Process.Signal(syscall.SIGTERM) }
