package applog

import (
	"bytes"
	"slices"

	"culprit/parser"
	"culprit/parser/timestamp"
)

// dated tries what begins with 2026-11-22.
func (p *peeler) dated() bool {
	if n := dateEnd(p.rest); n > 0 && p.stored(n) {
		return true
	}
	if p.fly() {
		return true
	}
	if !carrierStamp(p.rest) {
		return false
	}
	s, n, ok := timestamp.ISO(p.rest)
	if !ok {
		return false
	}
	if n < len(p.rest) && p.rest[n] != ' ' {
		return p.pm2Time(s, n)
	}
	if n+1 >= len(p.rest) {
		return p.stampAlone(s, n)
	}
	return p.logcli(s, n) || p.dmesgISO(s, n) || p.cri(s, n) || p.isoHeader(s, n) || p.railway(s, n) || p.dockerTimestamp(s, n)
}

// dateEnd is where a stamp ends that a tab or comma follows, 0 if none does: 14:30:00,123 has a
// fraction.
func dateEnd(b []byte) int {
	n := 19
	for n < len(b) && (b[n] == '.' || b[n] == 'Z' || b[n] == '+' || b[n] == '-' || b[n] == ':' || isDigit(b[n])) {
		n++
	}
	if n+1 < len(b) && (b[n] == '\t' || b[n] == ',' && (n > 19 || !isDigit(b[n+1]))) {
		return n
	}
	return 0
}

// stored tries what a log store or shipper writes behind a stamp without a blank.
func (p *peeler) stored(n int) bool {
	s, end, ok := timestamp.ISO(p.rest)
	if !ok || end != n {
		return false
	}
	if p.rest[n] == '\t' {
		return p.fluentd(s, n)
	}
	return p.row()
}

// carrierStamp reports whether a dated line may have an envelope, for most loggers' lines
// have none and need not be read here: carriers write a T before the time or nine digits
// behind it; else something that only stands behind a carrier's stamp must follow.
func carrierStamp(b []byte) bool {
	if b[10] != ' ' || len(b) > 26 && (b[19] == '.' && isDigit(b[26]) || b[19] == ' ' && b[26] == ':') {
		return true
	}
	for i := 19; i < len(b) && i < 64; i++ {
		if b[i] == ' ' && i+1 < len(b) && stampHead[b[i+1]] && (stampStart(b[i+1:]) || bytes.HasPrefix(b[i+1:], []byte("std"))) {
			return true
		}
	}
	return false
}

// stampHead are the bytes with which a stamp or the name of a stream may begin.
var stampHead = func() (is [256]bool) {
	for i := range is {
		c := byte(i)
		is[i] = isDigit(c) || isUpper(c) || c == '[' || c == 's'
	}
	return is
}()

// stampStart reports whether a stamp may begin here: a digit or the name of a month or
// day, maybe in a bracket. Read is asked only then.
func stampStart(b []byte) bool {
	bracket := len(b) > 0 && b[0] == '['
	if bracket {
		b = b[1:]
	}
	if len(b) < 8 {
		return false
	}
	return isDigit(b[0]) || bracket && b[0] == ' ' || isUpper(b[0]) && (b[3] == ' ' || b[3] == ',')
}

// cri peels " stdout F text"; tags after a colon are skipped (F:tag).
func (p *peeler) cri(s parser.Stamp, n int) bool {
	b := p.rest[n+1:]
	if len(b) < 8 || b[0] != 's' || b[6] != ' ' || s.Clock != parser.ClockZoned {
		return false
	}
	stream := streamOf(b[:6])
	if stream == 0 || b[7] != 'F' && b[7] != 'P' || len(b) > 8 && b[8] != ' ' && b[8] != ':' {
		return false
	}
	end := bytes.IndexByte(b[7:], ' ')
	if end < 0 {
		end = len(b) - 8
	}
	p.take(CRI, n+1+min(7+end+1, len(b)))
	p.now.Stream, p.now.Partial = stream, b[7] == 'P'
	p.stamp(s)
	p.plain()
	return true
}

func streamOf(name []byte) uint8 {
	switch string(name) {
	case "stdout":
		return 1
	case "stderr":
		return 2
	}
	return 0
}

// railway peels " [err]  text".
func (p *peeler) railway(s parser.Stamp, n int) bool {
	b := p.rest[n+1:]
	end := bytes.Index(b[:min(len(b), 12)], []byte("]  "))
	if end < 3 || b[0] != '[' || !nanoseconds(p.rest[:n]) {
		return false
	}
	level, ok := facilityLevels[string(b[1:end])]
	if !ok {
		return false
	}
	p.take(Railway, n+1+end+3)
	p.stamp(s)
	p.keepLevel(level)
	return true
}

// stampAlone peels the stamp of docker logs -t before an empty line.
func (p *peeler) stampAlone(s parser.Stamp, n int) bool {
	if !p.timestampsOption(s, n) {
		return false
	}
	p.take(DockerTimestamps, len(p.rest))
	p.stamp(s)
	return true
}

// timestampsOption reports whether a stamp looks like that of docker logs -t, which has nine digits
// behind the dot, or of kubectl logs --timestamps, where the zeros at their end may be missing.
func (p *peeler) timestampsOption(s parser.Stamp, n int) bool {
	return s.Clock == parser.ClockZoned && p.rest[10] == 'T' && (nanoseconds(p.rest[:n]) || p.hinted(DockerTimestamps))
}

// dockerTimestamp peels the stamp of docker logs -t and kubectl logs --timestamps: an
// RFC 3339 stamp with more than six digits (Go's RFC3339Nano), which loggers seldom
// write, or any zoned or local one if another stamp follows it at once.
func (p *peeler) dockerTimestamp(s parser.Stamp, n int) bool {
	b := p.rest
	text := b[n+1:]
	if p.timestampsOption(s, n) {
		first, _, _ := bytes.Cut(text, []byte(" "))
		if isLevel(first) && !p.hinted(DockerTimestamps) {
			return false // Rust's tracing writes nanoseconds on some systems
		}
		if isDockerEvent(text) && !p.hinted(DockerTimestamps) {
			return false // what docker events prints has such a stamp of its own
		}
	} else if len(text) < 20 || !stampStart(text) {
		return false
	} else if _, _, ok := timestamp.Read(text); !ok {
		return false
	}
	p.take(DockerTimestamps, n+1)
	p.stamp(s)
	return true
}

// nanoseconds reports whether the stamp has 7 to 9 digits behind the dot.
func nanoseconds(b []byte) bool {
	if len(b) < 27 || b[19] != '.' {
		return false
	}
	_, digits := leadingNumber(b[20:])
	return digits >= 7 && digits <= 9
}

// compose peels "web-1  | text". A name alone is vague: it must end in a number or be
// padded by two blanks, or a stamp follows, or the line before had one too.
func (p *peeler) compose() bool {
	name, n := composePrefix(p.rest, p.hinted(Compose))
	if n == 0 {
		return false
	}
	p.take(Compose, n)
	name, node, _ := bytes.Cut(name, []byte("@"))
	keep(&p.r.Container, name)
	keep(&p.r.Host, node)
	return true
}

// composePrefix returns the name and the length of the prefix, 0 if there is none.
func composePrefix(b []byte, hinted bool) (name []byte, n int) {
	end := 0
	for end < len(b) && end < 128 && nameByte(b[end]) {
		end++
	}
	task := swarmTask(b[:end])
	if task && end < len(b) && b[end] == '@' { // docker service logs: web.1.si3c4s8mwvd6@node-1    | text
		for end++; end < len(b) && end < 256 && nameByte(b[end]); {
			end++
		}
	}
	bar := end
	for bar < len(b) && b[bar] == ' ' {
		bar++
	}
	if end > 4 && end < len(b) && b[end] == '/' { // name2024/02/15 20:54:17 [error]: the bar was lost
		if _, k, ok := timestamp.Slashed(b[end-4:]); ok && bytes.HasPrefix(b[end-4+k:], []byte(" [")) {
			return b[:end-4], end - 4
		}
	}
	if bar == end || bar >= len(b) || b[bar] != '|' || bar+1 < len(b) && b[bar+1] != ' ' {
		return nil, 0
	}
	n = min(bar+2, len(b))
	if !task && !numbered(b[:end]) && bar-end < 2 && !hinted {
		if _, _, ok := timestamp.Read(b[n:]); !ok {
			return nil, 0
		}
	}
	return b[:end], n
}

// swarmTask reports whether name is a task's: service, slot or node, and an identifier of 12 or 25.
func swarmTask(name []byte) bool {
	dot := bytes.LastIndexByte(name, '.')
	if dot <= 0 || bytes.IndexByte(name[:dot], '.') <= 0 {
		return false
	}
	id := name[dot+1:]
	for _, c := range id {
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') {
			return false
		}
	}
	return len(id) == 12 || len(id) == 25
}

// numbered reports whether name ends in -1 or _1.
func numbered(name []byte) bool {
	i := len(name)
	for i > 0 && name[i-1] >= '0' && name[i-1] <= '9' {
		i--
	}
	return i < len(name) && i > 1 && (name[i-1] == '-' || name[i-1] == '_')
}

// pm2 peels "2|backend  | text" of pm2 logs.
func (p *peeler) pm2() bool {
	b := p.rest
	_, digits := leadingNumber(b)
	if digits == 0 || digits > 4 || digits >= len(b) || b[digits] != '|' {
		return false
	}
	name := b[digits+1:]
	bar := bytes.Index(name[:min(len(name), 128)], []byte("| "))
	if bar <= 0 {
		return false
	}
	end := len(bytes.TrimRight(name[:bar], " "))
	for _, c := range name[:end] {
		if !nameByte(c) && c != ' ' {
			return false
		}
	}
	p.take(PM2, digits+1+bar+2)
	keep(&p.r.Program, name[:end])
	return true
}

// pm2Time peels the ": " behind a stamp with a T or a zone, which pm2 --time and log_date_format
// "YYYY-MM-DD HH:mm:ss Z" put before each line of an application (lib/God/ForkMode.js). The lines of
// PM2 itself begin in the same way and are no application's.
func (p *peeler) pm2Time(s parser.Stamp, n int) bool {
	text, is := bytes.CutPrefix(p.rest[n:], []byte(":"))
	if !is || s.Clock == parser.ClockLocal && p.rest[10] != 'T' || len(text) > 0 && text[0] != ' ' || bytes.HasPrefix(text, []byte(" PM2 ")) {
		return false
	}
	p.take(PM2Time, min(n+2, len(p.rest)))
	p.stamp(s)
	return true
}

// kubectlPrefix peels "[pod/name/container] " and its kin.
func (p *peeler) kubectlPrefix() bool {
	b := p.rest
	if !bytes.HasPrefix(b, []byte("[pod/")) {
		return false
	}
	end := bytes.Index(b[:min(len(b), 512)], []byte("] "))
	if end < 0 {
		return false
	}
	pod, container, ok := bytes.Cut(b[5:end], []byte("/"))
	if !ok || len(pod) == 0 || len(container) == 0 {
		return false
	}
	p.take(KubectlPrefix, end+2)
	keep(&p.r.Container, b[5:end])
	keep(&p.r.Program, container)
	return true
}

// tailHeader peels ==> path <==; nothing is inside. Program holds the path.
func (p *peeler) tailHeader() bool {
	b := p.rest
	if len(b) < 9 || !bytes.HasPrefix(b, []byte("==> ")) || !bytes.HasSuffix(b, []byte(" <==")) {
		return false
	}
	keep(&p.r.Program, b[4:len(b)-4])
	p.take(TailHeader, len(b))
	return true
}

// grepNumber peels 1862: of grep -n. A stamp, an address or a bracket must follow
// unless the line before had one too; Redis's 14722:M and ::1 are none.
func (p *peeler) grepNumber() bool {
	b := p.rest
	_, digits := leadingNumber(b)
	if digits == 0 || digits > 9 || digits+1 >= len(b) || b[digits] != ':' && b[digits] != '-' {
		return false
	}
	text := b[digits+1:]
	if !p.hinted(GrepNumber) && (b[digits] != ':' || !layoutStart(text)) || isTimeOfDay(b) {
		return false
	}
	p.take(GrepNumber, digits+1)
	return true
}

func isTimeOfDay(b []byte) bool {
	_, _, ok := timestamp.TimeOfDay(b)
	return ok
}

// layoutStart reports whether a known layout may begin here: a dated stamp or an IPv4 client.
func layoutStart(b []byte) bool {
	if s, _, ok := timestamp.Read(b); ok && s.Clock >= parser.ClockYearless {
		return true
	}
	dots := 0
	for i := 0; i < len(b) && i < 16; i++ {
		switch c := b[i]; {
		case c == '.':
			dots++
		case c == ' ':
			return dots == 3 && i >= 7
		case c < '0' || c > '9':
			return false
		}
	}
	return false
}

// quote peels Markdown's "> ".
func (p *peeler) quote() bool {
	b := p.rest
	if len(b) > 1 && b[1] != ' ' {
		return false
	}
	text := b[min(2, len(b)):]
	if !p.hinted(MarkdownQuote) && !p.envelopeStart(text) {
		return false
	}
	p.take(MarkdownQuote, len(b)-len(text))
	return true
}

// blanks peels the indentation of a pasted block: only in front of a known layout, or
// as far as the line before was indented.
func (p *peeler) blanks() bool {
	b := p.rest
	n := 0
	for n < len(b) && n < 64 && (b[n] == ' ' || b[n] == '\t') {
		n++
	}
	if p.hinted(Blanks) && p.was.Indent > 0 && n >= p.was.Indent {
		n = p.was.Indent
	} else if p.now.N > 0 && !p.now.Has(MarkdownQuote) || !p.envelopeStart(b[n:]) {
		return false
	}
	p.take(Blanks, n)
	p.now.Indent = n
	return true
}

// objectStarts begin the lines of loggers that write objects and pairs.
var objectStarts = [][]byte{
	[]byte(`{"log":`), []byte(`{"level":`), []byte(`{"ts":`), []byte(`{"time":`), []byte(`{"timestamp":`), []byte(`{"@timestamp":`), []byte(`time="`),
}

// envelopeStart reports whether text begins as log lines do: with a dated stamp, an
// address, or another envelope's prefix.
func (p *peeler) envelopeStart(text []byte) bool {
	if len(text) == 0 {
		return false
	}
	if layoutStart(text) || slices.ContainsFunc(objectStarts, func(head []byte) bool { return bytes.HasPrefix(text, head) }) {
		return true
	}
	if kind, rest, ok := bytes.Cut(text[:min(len(text), 40)], []byte(" ")); ok && len(kind) < 6 && len(rest) > 0 && isDigit(rest[0]) {
		if _, n, ok := timestamp.ISO(rest); ok && rest[n-1] == 'Z' { // a balancer of AWS: https 2026-11-24T09:41:10.123456Z app/…
			return true
		}
	}
	if c := text[0] | 0x20; c < 'a' || c > 'z' {
		return false
	}
	name, n := composePrefix(text, false)
	return n > 0 && numbered(name)
}
