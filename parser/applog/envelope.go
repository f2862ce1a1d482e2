package applog

import (
	"slices"

	"culprit/parser"
)

// An Envelope is what a carrier (container runtime, syslog, journal, kernel ring
// buffer, a person's paste) puts around a line on its way to a file.
type Envelope uint8

const (
	None             Envelope = iota
	DockerJSON                // {"log":"text\n","stream":"stderr","time":"…Z"}: Docker's json-file driver
	CRI                       // 2026-11-22T14:30:00.123456789Z stdout F text: containerd, CRI-O
	Syslog3164                // [<pri>]Nov 22 14:49:27 host tag[pid]: text
	Syslog5424                // [<pri>]1 2026-11-22T14:49:27Z host app pid msgid [sd] text
	SyslogISO                 // 2026-11-22T14:49:27.269713+00:00 host tag[pid]: text, also journalctl -o short-iso
	JournalShort              // journalctl -o short-precise, short-full, short-unix, short-monotonic
	JournalJSON               // journalctl -o json
	KernelUptime              // [  901.3271] text, also behind <pri> or dmesg -x's columns
	DmesgT                    // [Sun Nov 22 14:14:20 2026] text
	DmesgISO                  // 2026-11-22T14:14:20,327141+00:00 text
	Kmsg                      // 3,435,901327141,-;text
	Compose                   // web-1  | text
	KubectlPrefix             // [pod/name/container] text
	DockerTimestamps          // 2026-11-22T14:30:00.123456789Z text: docker logs -t, kubectl logs --timestamps
	Heroku                    // 2020-11-16T08:47:16.135123+00:00 app[web.1]: text
	Railway                   // 2026-05-15T15:24:36.710861091Z [err]  text
	TailHeader                // ==> path <==: tail -f of several files; no text inside
	GrepNumber                // 1862:text: grep -n; a number and a tab: cat -n
	MarkdownQuote             // > text
	Blanks                    // the whole paste is indented
	PM2                       // 2|backend  | text: pm2 logs
	JournalSSE                // data: {…} and RS{…}: journalctl -o json-sse, json-seq
	DmesgHuman                // [Nov22 14:14] text, then [  +0.000015] text: dmesg -H
	DmesgJSON                 // {"pri": 6, "time": 901.327141, "msg": "text"}: an element of dmesg -J
	Priority                  // <3>text: sd-daemon(3)'s prefix, syslog without a stamp
	Stern                     // pod container text: stern
	PodDescription            // a container's part of what kubectl describe says of a pod
	Inspection                // a container's members in what docker inspect prints
	CEE                       // @cee:{…}: the cookie by which rsyslog knows JSON in a message
	ListJSON                  // [, {"apiVersion": "v1", "items": [: what stands before the elements of a list; no text inside
	Export                    // {"line": "text", "timestamp": "…"}, textPayload: text: a log store's own record
	GrepFile                  // /var/log/nginx/error.log:1862:text: grep -H, with -n or without
	Logcli                    // 2026-11-22T14:30:00Z {app="shop", pod="shop-1"} text: Grafana's logcli
	PM2Time                   // 2026-11-22T14:30:00: text: what pm2 --time puts before each line of an application
	EnvelopeCount             // how many there are
)

var envelopeNames = [EnvelopeCount]string{
	"none", "docker-json", "cri", "syslog-3164", "syslog-5424", "syslog-iso", "journal-short", "journal-json",
	"kernel-uptime", "dmesg-t", "dmesg-iso", "kmsg", "compose", "kubectl-prefix", "docker-timestamps", "heroku",
	"railway", "tail-header", "grep-number", "markdown-quote", "blanks", "pm2", "journal-sse", "dmesg-human",
	"dmesg-json", "priority", "stern", "pod-description",
	"container-inspection", "cee", "json-list", "export", "grep-file", "logcli", "pm2-time",
}

// String returns the kebab-case name.
func (e Envelope) String() string { return envelopeNames[e] }

// MaxLayers bounds how many envelopes around one line are peeled.
const MaxLayers = 4

// Layers says what was peeled from a line, outermost first.
type Layers struct {
	Kinds [MaxLayers]Envelope
	N     int
	// Partial: the text goes on in the next line of the same stream (Docker's log
	// without \n, CRI's P, journald's CONTAINER_PARTIAL_MESSAGE).
	Partial bool
	// Stream is 1 for stdout, 2 for stderr, 0 if not told.
	Stream uint8
	// Indent is how many blanks the Blanks layer took.
	Indent int
	// Width is how many bytes stood before the inner text on the physical line; 0 if
	// the text was un-escaped. Journal continuation lines are indented by it.
	Width int
	// residue: the text had colour codes without their ESC.
	residue bool
	// human is when a line of dmesg -H was written, in year 0; the next one counts from it.
	human int64
}

// Has reports whether one of the layers is e.
func (l *Layers) Has(e Envelope) bool {
	return slices.Contains(l.Kinds[:l.N], e)
}

// Contained reports whether a layer is a container runtime's.
func (l *Layers) Contained() bool {
	for _, kind := range l.Kinds[:l.N] {
		switch kind {
		case DockerJSON, CRI, Compose, KubectlPrefix, Stern, PodDescription, Inspection:
			return true
		}
	}
	return false
}

// Prefer returns the stamp to keep of one outside and one inside an envelope: the
// outer if it carries a zone, else the one that knows more, else the more precise. Where both
// have no zone and tell the same moment by the clocks of two zones (a container's UTC in the
// host's local log), it is a moment by the outer's clock, which all lines of the file have.
func Prefer(outer, inner parser.Stamp) parser.Stamp {
	if inner.Clock == parser.ClockLocal && (outer.Clock == parser.ClockLocal || outer.Clock == parser.ClockYearless) {
		inner.Micros -= zoneBetween(outer, inner)
	}
	switch {
	case outer.Clock == parser.ClockZoned, !inner.Known():
		return outer
	case inner.Clock != outer.Clock:
		if inner.Clock > outer.Clock {
			return inner
		}
		return outer
	case inner.Precision < outer.Precision:
		return inner
	}
	return outer
}

// zoneBetween returns by how much the inner clock is ahead of the outer one, in microseconds: a
// multiple of zoneStep, 0 unless the two stamps then lie within sameMoment.
func zoneBetween(outer, inner parser.Stamp) int64 {
	ahead := inner.Micros - outer.Micros
	zone := (ahead+zoneStep*1000+zoneStep/2)/zoneStep*zoneStep - zoneStep*1000
	if max(zone, -zone) > widestZone || max(ahead-zone, zone-ahead) > sameMoment {
		return 0
	}
	return zone
}

// Bounds of Prefer and PreferStart.
const (
	sameMoment     = 5 * parser.Second  // from the writing of a line to its carrier's stamp
	longestRequest = parser.Minute      // from the start of a request to its line, as far as it is believed
	zoneStep       = 15 * parser.Minute // offsets of zones are multiples
	widestZone     = 14 * parser.Hour
)

// PreferStart is Prefer for a line whose own stamp marks the start of a request, as
// gateways do that have one log only: the inner one if the envelope, which marks the moment
// of writing, is later by a request's length. An inner stamp without a zone takes the zone
// that makes it so (HAProxy's has none, its carrier's mostly has). own says that it is the inner one.
func PreferStart(outer, inner parser.Stamp) (s parser.Stamp, own bool) {
	if inner == outer {
		return outer, false // the line has none, or an earlier choice was made
	}
	if outer.Clock < parser.ClockLocal || inner.Clock < parser.ClockLocal || inner.Clock > outer.Clock {
		s = Prefer(outer, inner)
		return s, s == inner
	}
	lag := outer.Micros - inner.Micros
	if inner.Clock < outer.Clock {
		least := -(lag + outer.Precision)
		zone := least / zoneStep * zoneStep
		if zone < least {
			zone += zoneStep
		}
		if max(zone, -zone) > widestZone {
			return outer, false
		}
		lag += zone
		inner.Micros, inner.Offset, inner.Clock = inner.Micros-zone, int32(zone/parser.Second), outer.Clock
	}
	if lag+outer.Precision < 0 || lag > longestRequest {
		return outer, false
	}
	return inner, true
}

// Peel takes the envelopes off a physical line, from outside to inside, at most
// MaxLayers, and returns what is inside. It fills r's Stamp (see Prefer), Host,
// Program, Unit, Container, PID, MessageID and Level with what they tell, the
// outermost first. Un-escaped text (JSON strings, rsyslog's #012) and text without
// its colours is appended to env.Buf; otherwise the result is a part of line.
//
// hint says what was peeled from the line before and allows what is too vague
// alone; on return it says what was peeled from this one. An application's own JSON
// line is no envelope. Nothing is allocated except to grow env.Buf.
func Peel(line []byte, env *parser.Env, r *parser.Record, hint *Layers) []byte {
	p := peeler{env: env, r: r, was: hint, rest: line}
	p.plain()
	if hint.residue {
		p.bleach()
	}
	rest := p.peel(hint)
	if !p.copied {
		hint.Width = len(line) - len(rest)
	}
	return rest
}

// peel takes off all layers.
func (p *peeler) peel(layers *Layers) []byte {
	for p.now.N < MaxLayers && len(p.rest) > 0 && p.layer() {
	}
	*layers = p.now
	return p.rest
}

// A peeler is the state of one Peel.
type peeler struct {
	env    *parser.Env
	r      *parser.Record
	was    *Layers
	now    Layers
	rest   []byte
	copied bool // rest is in env.Buf
}

// layer peels one envelope. What may be there is decided by the first byte.
func (p *peeler) layer() bool {
	switch c := p.rest[0]; {
	case c >= '0' && c <= '9':
		return p.digits()
	case c == '{':
		return p.object()
	case c == '[' || c == '^':
		return p.residue() || p.bracket()
	case c == '<':
		return p.priority()
	case c == ' ' || c == '\t':
		return p.catNumber() || p.blanks()
	case c|0x20 >= 'a' && c|0x20 <= 'z':
		return p.word()
	case c == '=':
		return p.tailHeader()
	case c == '>':
		return p.quote()
	case c == '+' || c == '-':
		return p.sternEvent()
	case c == '@':
		return p.cookie()
	case c == '/' || c == '.':
		return p.grepFile()
	case c == '"':
		return p.row()
	case c == 0x1e:
		p.take(JournalSSE, 1)
		return true
	}
	return false
}

// digits tries what begins with a digit; nginx's 2026/11/22 and 192.0.2.1 leave at once.
func (p *peeler) digits() bool {
	b := p.rest
	if len(b) < 4 || b[1] == '.' || b[2] == '.' || b[3] == '.' {
		return false
	}
	if len(b) > 10 && b[4] == '-' {
		return p.dated()
	}
	if len(b) > 20 && b[19] == '\t' {
		return p.grafanaText()
	}
	return len(b) > 4 && b[4] != '/' && (p.grepNumber() || p.catNumber() || p.kmsg() || p.journalUnix() || p.bare5424() || p.pm2())
}

// word tries what begins with a letter.
func (p *peeler) word() bool {
	b := p.rest
	if len(b) > 7 && b[3] == ' ' && (p.syslog() || p.journalFull()) {
		return true
	}
	return p.eventRow() || p.compose() || p.dmesgColumns() || p.eventStream() || p.stern() || p.payload() || p.grepFile()
}

// bracket tries what begins with [.
func (p *peeler) bracket() bool {
	if len(p.rest) < 5 {
		return false
	}
	return p.uptime() || p.dmesgT() || p.dmesgHuman() || p.kubectlPrefix()
}

// take notes the layer and cuts n bytes off.
func (p *peeler) take(kind Envelope, n int) {
	p.now.Kinds[p.now.N] = kind
	p.now.N++
	p.rest = p.rest[n:]
}

// hinted reports whether the line before had kind at this depth.
func (p *peeler) hinted(kind Envelope) bool {
	return p.now.N < p.was.N && p.was.Kinds[p.now.N] == kind
}

// stamp keeps the better of the stamp known so far and s.
func (p *peeler) stamp(s parser.Stamp) { p.r.Stamp = Prefer(p.r.Stamp, s) }

// keep fills *field unless an outer layer has told it.
func keep(field *[]byte, value []byte) {
	if len(*field) == 0 {
		*field = value
	}
}

// keepLevel fills the level unless an outer layer has told it.
func (p *peeler) keepLevel(level parser.Level) {
	if p.r.Level == parser.LevelNone {
		p.r.Level = level
	}
}

// SyslogLevel turns a syslog severity (0 emerg to 7 debug, RFC 5424 6.2.1) into a level.
func SyslogLevel(severity int64) parser.Level {
	if severity < 0 || severity > 7 {
		return parser.LevelNone
	}
	return parser.LevelEmerg - parser.Level(severity)
}
