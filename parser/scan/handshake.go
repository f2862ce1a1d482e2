package scan

import (
	"fmt"

	"culprit/parser"
)

// Apache's TLS library tells why a handshake failed in a line of its own, which has neither
// client nor back end (ssl_log_ssl_error, modules/ssl/ssl_engine_log.c). Its process and thread
// are those of the line before, which has them:
//
//	[ssl:info] [pid 24701:tid 24723] [remote 127.0.0.1:8443] AH02003: SSL Proxy connect failed
//	[ssl:info] [pid 24701:tid 24723] SSL Library Error: error:0A00010B:SSL routines::wrong version number
//
// At info such lines are of clients that speak no TLS, mostly, so that only what follows a
// back end's line counts.

// Bounds of the handshakes that are remembered.
const (
	maxHandshakes    = 16
	handshakeLines   = 64 // of the file, within which the library's line comes
	handshakeAddress = 64 // bytes; a longer address is not remembered
)

// handshakes are the last lines that tell of a failed handshake with a back end.
type handshakes struct {
	all  [maxHandshakes]handshake
	next int
}

type handshake struct {
	pid, tid, line int64
	address        [handshakeAddress]byte
	length         int
}

// see remembers a back end's line, and tells a line of the library whose it is.
func (h *handshakes) see(r *parser.Record, env *parser.Env) {
	g := &r.Gateway
	if g.Symptom != parser.SymptomTLSHandshake && g.Symptom != parser.SymptomTLSVerify || r.PID == 0 || len(g.Client) > 0 {
		return
	}
	switch {
	case g.Rank >= parser.RankSecondary && len(g.Upstream) > 0 && len(g.Upstream) <= handshakeAddress:
		s := &h.all[h.next]
		*s = handshake{pid: r.PID, tid: r.TID, line: r.Line, length: len(g.Upstream)}
		copy(s.address[:], g.Upstream)
		h.next = (h.next + 1) % maxHandshakes
	case g.Rank < parser.RankSecondary && len(g.Upstream) == 0:
		for i := range h.all {
			s := &h.all[i]
			if s.recent(r.Line) && s.pid == r.PID && s.tid == r.TID {
				n := len(env.Buf)
				env.Buf = append(env.Buf, s.address[:s.length]...)
				g.Upstream, g.Rank = env.Buf[n:len(env.Buf):len(env.Buf)], parser.RankPrimary
				return
			}
		}
	}
}

func (s *handshake) recent(line int64) bool { return s.line > 0 && s.line+handshakeLines > line }

// state appends what may still count at a line.
func (h *handshakes) state(b []byte, line int64) []byte {
	for i := range h.all {
		if s := &h.all[(h.next+i)%maxHandshakes]; s.recent(line) {
			b = fmt.Appendln(b, "handshake", s.pid, s.tid, s.line, string(s.address[:s.length]))
		}
	}
	return b
}
