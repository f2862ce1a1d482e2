package gateway

import (
	"bytes"
	"strings"

	"culprit/parser"
	"culprit/parser/timestamp"
)

// haproxyEvent is what HAProxy says beside its sessions: servers and backends going down
// and up, health checks, limits, its own life, and connections that failed before a
// request. By syslog an event is bare text; on stderr it has level and pid:
//
//	Server app/catalog1 is DOWN, reason: Layer4 connection problem, info: "Connection refused", check duration: 0ms. …
//	[ALERT]    (8) : backend 'app' has no server available!
//	[WARNING] 325/140005 (8) : Server app/s1 is DOWN, …
//	10.0.0.1:51234 [22/Nov/2026:15:15:44.163] web/1: SSL handshake failure
//
// The stamp of 2.3 and older counts days of the year from 0. Upstream is backend/server,
// as in access lines. Causes are those of the check's info or reason, so that a server
// taken out for a refused connection and one for a wrong status differ.
var haproxyEvent = &parser.Format{
	Name: "haproxy-event",
	Gates: []parser.Gate{
		{First: "[", All: "]("}, {All: "[]/:"}, {First: "SBHA", All: "/"}, {First: "bp", All: "!"}, {First: "P", All: "."}, {First: "C", All: "("},
		{All: "/", Word: " changed "}, {All: "/", Word: " IP changed "}, {Program: "haproxy"},
	},
	Role:    parser.RoleGateway,
	Product: "haproxy",
	Doc:     "haproxy src/server.c (srv_append_status), src/check.c, src/proxy.c, src/errors.c, src/mworker.c, src/session.c",
	Parse:   parseHAProxyEvent,
}

func parseHAProxyEvent(line []byte, env *parser.Env, r *parser.Record) bool {
	b := trimBlanks(line)
	if len(b) < 8 || b[0] == '{' { // no event is an object
		return false
	}
	if s, n, ok := timestamp.ISO(b); ok && n < len(b) { // docker logs -t, or a supervisor's own stamp
		if rest := trimBlanks(b[n:]); len(rest) > 8 && rest[0] == '[' {
			b, r.Stamp = rest, s
		}
	}
	if b[0] == '[' {
		text, ok := haproxyConsole(b, env, r)
		return ok && haproxyText(text, true, r)
	}
	if ok, found := haproxyConnection(b, r); found {
		return ok
	}
	return haproxyText(b, isHAProxyProgram(r.Program), r)
}

// isHAProxyProgram knows the tag of syslog or the name of a container's service.
func isHAProxyProgram(program []byte) bool { return string(program) == "haproxy" }

// haproxyConsole reads "[ALERT]    (8) : " and "[WARNING] 325/140005 (8) : ".
func haproxyConsole(b []byte, env *parser.Env, r *parser.Record) (text []byte, ok bool) {
	end := bytes.IndexByte(b[:min(len(b), 12)], ']')
	if end < 0 {
		return nil, false
	}
	level := haproxyLevel(b[1:end])
	b = trimBlanks(b[end+1:])
	if level == parser.LevelNone || len(b) == 0 {
		return nil, false
	}
	if isDigit(b[0]) {
		if len(b) < 11 || b[3] != '/' || !haproxyStamp(b[:10], env.Year, r) {
			return nil, false
		}
		b = trimBlanks(b[10:])
	}
	if !has(b, "(") {
		return nil, false
	}
	pid, rest := leadingNumber(b[1:])
	text, ok = bytes.CutPrefix(rest, []byte(") : "))
	if !ok || len(rest) == len(b)-1 {
		return nil, false
	}
	r.Level, r.PID = level, pid
	return text, true
}

func haproxyLevel(word []byte) parser.Level {
	switch string(word) {
	case "ALERT":
		return parser.LevelAlert
	case "WARNING":
		return parser.LevelWarn
	case "NOTICE":
		return parser.LevelNotice
	case "DIAG", "DEBUG":
		return parser.LevelDebug
	}
	return parser.LevelNone
}

const monthNames = "JanFebMarAprMayJunJulAugSepOctNovDec"

var monthLengths = [...]int64{31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31}

// haproxyStamp reads "325/140005", the day of the year from 0, by way of syslog's form,
// which has no year either. year says whether it had a 29th of February.
func haproxyStamp(b []byte, year int, r *parser.Record) bool {
	day, ok := wholeNumber(b[:3])
	if _, digits := wholeNumber(b[4:]); !ok || !digits {
		return false
	}
	month := 0
	for ; month < len(monthLengths); month++ {
		length := monthLengths[month]
		if month == 1 && year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			length++
		}
		if day < length {
			break
		}
		day -= length
	}
	if month == len(monthLengths) {
		return false
	}
	day++
	text := [...]byte{
		monthNames[3*month], monthNames[3*month+1], monthNames[3*month+2], ' ', byte('0' + day/10), byte('0' + day%10), ' ',
		b[4], b[5], ':', b[6], b[7], ':', b[8], b[9],
	}
	r.Stamp, _, ok = timestamp.Syslog(text[:])
	return ok
}

// haproxyConnection reads error lines and those of error-log-format, which begin as
// access lines do; found is false for a line that does not.
func haproxyConnection(b []byte, r *parser.Record) (ok, found bool) {
	var s haproxySession
	rest, found := s.start(b, r)
	if !found {
		return false, false
	}
	w := haproxyWords{rest}
	proxy := w.next()
	g := &r.Gateway
	frontend, isError := bytes.CutSuffix(proxy, []byte{':'})
	if !isError {
		g.Server, g.Client = bytes.TrimSuffix(proxy, []byte{'~'}), s.client
		return isErrorLogFormat(&w) && haproxyNote(haproxyVocabulary().errorLog, rest, r), true
	}
	if slash := bytes.IndexByte(frontend, '/'); slash > 0 {
		frontend = frontend[:slash]
	} else {
		return false, true
	}
	g.Server, g.Client = frontend, s.client
	return haproxyNote(haproxyVocabulary().events.message(w.rest), w.rest, r), true
}

// isErrorLogFormat accepts "1/1 <fc_err>/<ssl_fc_err,hex>/…", the manual's suggestion.
func isErrorLogFormat(w *haproxyWords) bool {
	connections := w.next()
	before, after, _ := bytes.Cut(connections, []byte{'/'})
	_, ok := wholeNumber(before)
	_, too := wholeNumber(after)
	return ok && too && bytes.Count(w.next(), []byte{'/'}) == 4
}

// haproxyText reads an event. Without a sure sign that the line is HAProxy's it must be
// one that HAProxy writes, about a server named as backend/server.
func haproxyText(b []byte, certain bool, r *parser.Record) bool {
	text := bytes.TrimPrefix(b, []byte("Backup "))
	if rest := bytes.TrimPrefix(text, []byte("config : ")); r.Level >= parser.LevelAlert {
		text = rest
	}
	m := haproxyVocabulary().events.message(text)
	if m != nil && strings.HasPrefix(m.ID, "haproxy.config-error") && r.Level < parser.LevelAlert && r.Level != parser.LevelNone {
		m = nil // a warning about what it reads, and goes on
	}
	if m != nil && m.ID == "haproxy.config-error" {
		if i := bytes.LastIndex(text, []byte("' : ")); i >= 0 {
			if inner := haproxyVocabulary().events.message(text[i+len("' : "):]); inner != nil {
				m = inner
			}
		}
	}
	if !certain && (m == nil || !m.provesHAProxy(text)) {
		return false
	}
	return haproxyNote(m, text, r)
}

// provesHAProxy reports whether a message is so much HAProxy's own that it proves the line.
func (m *Message) provesHAProxy(text []byte) bool {
	is := func(prefix string) bool { return strings.HasPrefix(m.ID, "haproxy."+prefix) }
	switch {
	case is("server-ip"), is("server-fqdn"):
		return bytes.IndexByte(untilAny(text, " "), '/') > 0
	case is("server-"), is("check-"), is("agent-"):
		var g parser.Gateway
		haproxyUpstream(text, &g)
		return g.Upstream != nil && !g.Group
	}
	return is("no-server") || is("process-proxy-reached") || is("process-connect-failed") || is("connect-from")
}

// haproxyNote fills the record from a message; nil is a line that means nothing here.
func haproxyNote(m *Message, text []byte, r *parser.Record) bool {
	r.Kind, r.Message = parser.KindGateway, text
	g := &r.Gateway
	g.Symptom, g.Rank = parser.SymptomOther, parser.RankNoise
	if m == nil {
		return true
	}
	g.Symptom, g.Rank, g.Phase = m.Class, m.Rank, m.Phases[0]
	g.MessageKey, g.Causes = m.ID, m.Causes
	if r.Level == parser.LevelNone {
		r.Level = m.Levels[0]
	}
	if g.Phase == parser.PhaseHealthCheck || g.Rank >= parser.RankSecondary {
		haproxyUpstream(text, g)
	}
	if g.Phase == parser.PhaseHealthCheck && g.Rank >= parser.RankSecondary {
		if causes := haproxyDetail(text); causes != nil {
			g.Causes = causes
		}
	}
	return true
}

// haproxyUpstream takes backend/server or the backend that an event is about.
func haproxyUpstream(text []byte, g *parser.Gateway) {
	for _, words := range [...]string{"erver ", "backend ", "proxy ", "Proxy "} {
		i := bytes.Index(text, []byte(words))
		if i < 0 {
			continue
		}
		name := bytes.Trim(untilAny(text[i+len(words):], " :,"), "'.")
		if slash := bytes.IndexByte(name, '/'); words == "erver " && slash > 0 && slash+1 < len(name) {
			g.Upstream = name
			return
		}
		if words != "erver " {
			g.Upstream, g.Group = name, true
			return
		}
	}
}

// haproxyDetail returns the causes of what a check found: of its info if that is known,
// else of its reason, else of why a server went into maintenance.
func haproxyDetail(text []byte) []string {
	v := haproxyVocabulary()
	if i := bytes.Index(text, []byte(`, info: "`)); i >= 0 {
		info := text[i+2:]
		end := bytes.IndexByte(info[len(`info: "`):], '"')
		if end >= 0 {
			info = info[:len(`info: "`)+end+1]
			if m := v.details.message(info); m != nil && m.Causes != nil {
				return m.Causes
			}
			text := info[len(`info: "`) : len(info)-1]
			if m := v.events.message(text); m != nil && m.Causes != nil {
				return m.Causes
			}
			if n := len(`info: "`) + stepOf(text); n > len(`info: "`) {
				var buf [96]byte
				n = copy(buf[:len(buf)-1], info[:n])
				buf[n] = '"'
				if m := v.details.message(buf[:n+1]); m != nil && m.Causes != nil {
					return m.Causes
				}
			}
		}
	}
	if i := bytes.Index(text, []byte("reason: ")); i >= 0 {
		if m := v.details.message(untilAny(text[i:], ",.")); m != nil {
			return m.Causes
		}
	}
	return haproxyMaintenance(text)
}

// stepOf is where a text begins to say at which step of a check something happened:
// Connection refused at initial connection step of tcp-check (src/tcpcheck.c); 0 if nowhere.
func stepOf(text []byte) int {
	for _, step := range [...]string{" at initial connection step of ", " at step "} {
		if i := bytes.Index(text, []byte(step)); i > 0 {
			return i
		}
	}
	return 0
}

// haproxyMaintenance reads the cause in "for maintenance (DNS NX status)".
func haproxyMaintenance(text []byte) []string {
	i := bytes.Index(text, []byte("maintenance ("))
	if i < 0 {
		return nil
	}
	const prefix = "maintenance cause: "
	in := bytes.TrimRight(untilAny(text[i+len("maintenance ("):], ")"), " ")
	var buf [len(prefix) + 64]byte
	n := copy(buf[:], prefix)
	n += copy(buf[n:], in)
	if m := haproxyVocabulary().details.message(buf[:n]); m != nil {
		return m.Causes
	}
	return nil
}
