package gateway

import (
	"culprit/parser"
	"culprit/parser/timestamp"
)

// lighttpd is what lighttpd does. It checks no server, but says of each group whose servers it could
// not connect to that all are down, and by what path or extension it is found.
var lighttpd = Product{
	Name:             "lighttpd",
	BenchesUnreached: true,
	PlainOnly:        true,   // mod_proxy: https to a back end is not supported
	Respawns:         true,   // bin-path: gw_restart_dead_procs
	AllDownOn:        " on ", // all handlers for /cart on / are down.
}

// lighttpdError is the error log of lighttpd.
//
//	2026-11-25 15:00:48: (gw_backend.c.274) establishing connection failed: socket: tcp:127.0.0.1:18999: Connection refused
//
// There is no level: failures count as errors, the rest as info. Sent to syslog the
// stamp is missing. A back end of mod_proxy that closes before its answer, or in it,
// leaves no line at all, only a 500 or a short body in the access log (checked with
// 1.4.69).
var lighttpdError = &parser.Format{
	Name:    "lighttpd-error",
	Gates:   []parser.Gate{{First: parser.Digits + "(", All: "()."}},
	Role:    parser.RoleGateway,
	Product: "lighttpd",
	Doc:     "lighttpd src/log.c, src/gw_backend.c; https://redmine.lighttpd.net/projects/lighttpd/wiki/Server_errorlogDetails",
	Parse:   parseLighttpdError,
}

var lighttpdPhrases = phrasesOf("lighttpd")

func parseLighttpdError(line []byte, _ *parser.Env, r *parser.Record) bool {
	b := line
	if len(b) > 0 && isDigit(b[0]) {
		stamp, n, ok := timestamp.ISO(b)
		if !ok || stamp.Clock != parser.ClockLocal || !has(b[n:], ": (") {
			return false
		}
		r.Stamp, b = stamp, b[n+2:]
	}
	text, ok := lighttpdSource(b)
	if !ok {
		return false
	}
	r.Kind = parser.KindGateway
	r.Message = text
	r.Level = parser.LevelInfo
	m := lighttpdPhrases().classify(text, 0, &r.Gateway)
	if m == nil {
		lighttpdUnknown(b[:len(b)-len(text)], text, r)
		return true
	}
	lighttpdDetails(m, text, r)
	return true
}

// lighttpdUnknown classes a text of no entry, another version's: an error of the
// system told by a module that talks to back ends is one of theirs.
func lighttpdUnknown(source, text []byte, r *parser.Record) {
	g := &r.Gateway
	g.Symptom, g.Rank = parser.SymptomOther, parser.RankNoise
	if indexString(source, "gw_backend.c") < 0 && indexString(source, "mod_proxy.c") < 0 &&
		indexString(source, "mod_fastcgi.c") < 0 && indexString(source, "mod_scgi.c") < 0 {
		return
	}
	if g.Errno = errnoNamed(text); g.Errno != 0 {
		g.Symptom, g.Rank = socketClass(g.Errno, parser.PhaseNone, parser.SymptomOther), parser.RankSecondary
		r.Level = parser.LevelError
	}
}

// lighttpdSource skips "(gw_backend.c.274) "; the file may come with its folders.
func lighttpdSource(b []byte) (text []byte, ok bool) {
	if len(b) == 0 || b[0] != '(' {
		return nil, false
	}
	end := 1
	for end < len(b) && end < 200 && b[end] != ')' && b[end] != '(' {
		end++
	}
	if end+1 >= len(b) || b[end] != ')' || b[end+1] != ' ' {
		return nil, false
	}
	i := end - 1
	for i > 0 && isDigit(b[i]) {
		i--
	}
	if i == end-1 || i < len("(x.c") || string(b[i-2:i+1]) != ".c." {
		return nil, false
	}
	return b[end+2:], true
}

// lighttpdDetails fills what an entry's text names beside its class.
func lighttpdDetails(m *Message, text []byte, r *parser.Record) {
	g := &r.Gateway
	if s := m.capture(text, "strerror"); s != nil || g.Phase == parser.PhaseConnecting && g.Rank == parser.RankPrimary {
		if s == nil {
			s = text
		}
		m.tell(text, errnoNamed(s), g)
		g.Rank = min(g.Rank, m.Rank)
	}
	r.Level = m.level()
	if causes := causesOfSignal(m.capture(text, "signal")); causes != nil {
		g.Causes = causes
	}
	if s := m.capture(text, "s"); s != nil {
		g.Upstream = lighttpdSocket(s)
	}
	if s := m.capture(text, "stderr_text"); s != nil {
		g.Quoted = s
	}
}

// lighttpdSocket cuts the "tcp:" off a socket's name; "unix:" belongs to the address.
func lighttpdSocket(s []byte) []byte {
	if has(s, "tcp:") {
		return s[len("tcp:"):]
	}
	return s
}

// causesOfSignal tells a fault of a back end's own from a kill, by Linux's numbers; nil for others.
func causesOfSignal(number []byte) []string {
	switch string(number) {
	case "4", "5", "6", "7", "8", "11": // ILL TRAP ABRT BUS FPE SEGV
		return faulted
	case "9":
		return killedHard
	case "1", "2", "3", "15": // HUP INT QUIT TERM
		return killed
	}
	return nil
}

var faulted, killedHard, killed = []string{"crash-signal"}, []string{"oom-kill", "killed"}, []string{"killed", "restart"}
