package source

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"syscall"
	"time"
)

// Sockets: what the package syscall does not name, and how much waits in the kernel if
// net.core.rmem_max allows it.
const (
	rxqOverflow    = 40 // SO_RXQ_OVFL: each message tells how many were dropped so far
	socketBytes    = 4 << 20
	datagramBytes  = 64 << 10
	socketFileMode = 0o666 // the gateway's workers are other users
)

// A receiver is a socket that datagrams come to. What waits is in the kernel, bounded.
type receiver struct {
	packetConn
	raw     syscall.RawConn
	path    string // of a unix socket
	dropped uint32
}

// A packetConn is what both kinds of sockets can do.
type packetConn interface {
	net.PacketConn
	io.Reader
	syscall.Conn
	SetReadBuffer(bytes int) error
}

// listen hands over what is sent to an address.
func (b *pipeBuffer) listen(name string, poll time.Duration) {
	for b.ctx.Err() == nil {
		r, err := newReceiver(name)
		if err == nil {
			b.say(nil)
			err = b.receive(r)
		}
		if b.ctx.Err() != nil {
			return
		}
		b.say(err)
		if !b.pause(firstPauses * poll) {
			return
		}
	}
}

func newReceiver(name string) (*receiver, error) {
	network, address, err := syslogAddress(name)
	if err != nil {
		return nil, err
	}
	r := &receiver{}
	if network == "unixgram" {
		r.path = address
		removeStale(address)
	}
	conn, err := net.ListenPacket(network, address)
	if err != nil {
		return nil, fmt.Errorf("listen for syslog: %w", err)
	}
	r.packetConn = conn.(packetConn) // *net.UDPConn or *net.UnixConn
	if r.path != "" {
		os.Chmod(r.path, socketFileMode)
	}
	r.SetReadBuffer(socketBytes)
	if r.raw, err = r.SyscallConn(); err != nil {
		r.Close()
		return nil, fmt.Errorf("listen for syslog: %w", err)
	}
	r.raw.Control(func(fd uintptr) { syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, rxqOverflow, 1) })
	return r, nil
}

// removeStale removes a socket that nobody listens at any more.
func removeStale(path string) {
	info, err := os.Lstat(path)
	if err != nil || info.Mode().Type() != os.ModeSocket {
		return
	}
	c, err := net.Dial("unixgram", path)
	if errors.Is(err, syscall.ECONNREFUSED) {
		os.Remove(path)
	}
	if err == nil {
		c.Close()
	}
}

// Close removes the socket's file too: the package net does so for listeners only.
func (r *receiver) Close() error {
	err := r.packetConn.Close()
	if r.path != "" {
		os.Remove(r.path)
	}
	return err
}

// receive hands messages over as they come, together what came together.
func (b *pipeBuffer) receive(r *receiver) error {
	defer interruptible(b.ctx, r, r).Close()
	buf, out := make([]byte, datagramBytes), make([]byte, 64)
	var line []byte
	for {
		n, lost, err := r.next(buf, out, b.n == 0)
		switch {
		case errors.Is(err, errWait):
			if !b.send() {
				return b.ctx.Err()
			}
			continue
		case err != nil:
			b.send()
			return fmt.Errorf("listen for syslog: %w", err)
		}
		if lost > 0 {
			b.lose(fmt.Sprintf(becauseFlooded, lost))
		}
		if line = message(line, buf[:n]); len(line) > 0 && !b.add(line) {
			return b.ctx.Err()
		}
	}
}

// next reads one message, and how many were dropped before it. Unless it may wait, it
// returns errWait if there is none.
func (r *receiver) next(buf, out []byte, wait bool) (n, lost int, err error) {
	var size int
	outer := r.raw.Read(func(fd uintptr) bool {
		for {
			if n, size, _, _, err = syscall.Recvmsg(int(fd), buf, out, syscall.MSG_DONTWAIT); err != syscall.EINTR {
				return err != syscall.EAGAIN || !wait
			}
		}
	})
	switch {
	case outer != nil:
		return 0, 0, outer
	case err == syscall.EAGAIN:
		return 0, 0, errWait
	case err != nil:
		return 0, 0, err
	}
	messages, _ := syscall.ParseSocketControlMessage(out[:size])
	for _, m := range messages {
		if m.Header.Level == syscall.SOL_SOCKET && m.Header.Type == rxqOverflow && len(m.Data) >= 4 {
			dropped := binary.NativeEndian.Uint32(m.Data)
			lost, r.dropped = int(dropped-r.dropped), dropped
		}
	}
	return n, lost, nil
}
