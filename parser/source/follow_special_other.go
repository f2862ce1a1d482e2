//go:build !linux

package source

import (
	"errors"
	"time"
)

var errLinuxOnly = errors.New("this source exists on Linux only")

func (b *pipeBuffer) listen(string, time.Duration) { b.say(errLinuxOnly) }

func (k *kmsg) follow(*pipeBuffer) error { return errLinuxOnly }

func isOverwritten(error) bool { return false }

func uptimeZero(func() time.Time) time.Time { return time.Time{} }
