//go:build !unix

package live

import "os/exec"

// ownGroup does nothing: there are no process groups here, only the command is killed.
func ownGroup(*exec.Cmd) {}
