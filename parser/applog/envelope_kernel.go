package applog

import (
	"bytes"

	"culprit/parser"
	"culprit/parser/timestamp"
)

// uptime peels [  901.327141] text (dmesg, serial consoles) and journalctl's
// short-monotonic and short-delta, which have a host and a tag behind it.
func (p *peeler) uptime() bool {
	b := p.rest
	if len(b) < 6 || b[0] != '[' || b[1] != ' ' && (b[1] < '0' || b[1] > '9') {
		return false
	}
	s, n, ok := timestamp.Uptime(b[1:])
	if !ok {
		return false
	}
	n++
	if n < len(b) && b[n] == ' ' { // [ 1027.927326 <    0.304894 >] or [  901.327141 T1234]
		end := bytes.IndexByte(b[n:min(len(b), n+24)], ']')
		if end < 0 || b[n+1] != '<' && b[n+1] != 'T' && b[n+1] != 'C' {
			return false
		}
		n += end
	}
	if n+1 >= len(b) || b[n] != ']' || b[n+1] != ' ' || digitsBehindDot(b[:n]) < 3 {
		if n+1 != len(b) || b[n] != ']' {
			return false
		}
		n-- // an empty kernel line: nothing behind the bracket
	}
	if p.now.N == 0 && p.monotonic(s, n+2) {
		return true
	}
	if p.now.N < MaxLayers {
		p.take(KernelUptime, min(n+2, len(b)))
	} else {
		p.rest = p.rest[min(n+2, len(b)):]
	}
	p.stamp(s)
	keep(&p.r.Program, kernelName)
	return true
}

var kernelName = []byte("kernel")

// digitsBehindDot tells the kernel's [  901.327141] from a list's [1.5] and
// a JVM's [0.123s].
func digitsBehindDot(b []byte) int {
	_, digits := leadingNumber(b[bytes.IndexByte(b, '.')+1:])
	return digits
}

// monotonic peels the host and tag[pid]: that journalctl -o short-monotonic adds.
func (p *peeler) monotonic(s parser.Stamp, n int) bool {
	host, t, ok := readHostAndTag(p.rest[min(n, len(p.rest)):])
	if !ok || !t.has && string(t.name) != "kernel" {
		return false
	}
	p.header(JournalShort, n, s, host, t)
	return true
}

// dmesgT peels [Sun Nov 22 14:14:20 2026] text. Apache's error log has a level in
// brackets behind the same stamp, and a fraction in it: that is no envelope.
func (p *peeler) dmesgT() bool {
	b := p.rest
	if len(b) < 27 || b[1] < 'F' || b[1] > 'W' || b[4] != ' ' {
		return false
	}
	s, n, ok := timestamp.CTime(b[1:])
	if !ok || s.Precision != parser.Second || n+2 >= len(b) || b[n+1] != ']' || b[n+2] != ' ' {
		return false
	}
	if text := b[n+3:]; len(text) > 0 && text[0] == '[' && !bytes.HasPrefix(text, []byte("[ ")) {
		return false
	}
	p.take(DmesgT, n+3)
	p.stamp(s)
	keep(&p.r.Program, kernelName)
	return true
}

// dmesgISO peels 2026-11-22T14:14:20,327141+00:00 text: only dmesg combines a comma,
// six digits and an offset.
func (p *peeler) dmesgISO(s parser.Stamp, n int) bool {
	b := p.rest
	if b[10] != 'T' || n < 32 || b[19] != ',' || s.Clock != parser.ClockZoned || b[n] != ' ' {
		return false
	}
	p.take(DmesgISO, n+1)
	p.stamp(s)
	keep(&p.r.Program, kernelName)
	return true
}

// kmsg peels 3,435,901327141,-[,caller=T12];text as read from /dev/kmsg.
func (p *peeler) kmsg() bool {
	b := p.rest
	end := bytes.IndexByte(b[:min(len(b), 96)], ';')
	if end < 0 {
		return false
	}
	var fields [3]int64
	i := 0
	for k := range fields {
		n, digits := leadingNumber(b[i:end])
		if i += digits; digits == 0 || i >= end || b[i] != ',' {
			return false
		}
		fields[k] = n
		i++
	}
	p.take(Kmsg, end+1)
	p.stamp(parser.Stamp{Micros: fields[2], Precision: 1, Clock: parser.ClockUptime})
	p.keepLevel(SyslogLevel(fields[0] & 7))
	keep(&p.r.Program, kernelName)
	return true
}

// dmesgColumns peels dmesg -x's "kern  :err   : " before the uptime.
func (p *peeler) dmesgColumns() bool {
	b := p.rest
	if len(b) < 16 || b[6] != ':' || b[13] != ':' || b[14] != ' ' || b[15] != '[' {
		return false
	}
	level, ok := facilityLevels[string(bytes.TrimRight(b[7:13], " "))]
	if !ok || !facilities[string(bytes.TrimRight(b[:6], " "))] {
		return false
	}
	p.rest = b[15:]
	if !p.uptime() {
		p.rest = b
		return false
	}
	p.keepLevel(level)
	return true
}

// dmesgHuman peels what dmesg -H prints: [Nov22 14:14] text for the first line of a minute,
// then [  +0.304894] text with the seconds since the line before. The moment of a line is
// known to the rest of its minute.
func (p *peeler) dmesgHuman() bool {
	b := p.rest
	s, n, ok := minuteStamp(b)
	if !ok {
		var delta int64
		if delta, n, ok = deltaStamp(b); !ok {
			return false
		}
		if p.was.human != 0 {
			s = parser.Stamp{Micros: p.was.human + delta, Clock: parser.ClockYearless}
		}
	}
	p.take(DmesgHuman, n)
	if s.Known() {
		p.now.human = s.Micros
		s.Precision = parser.Minute - (s.Micros%parser.Minute+parser.Minute)%parser.Minute
		p.stamp(s)
	}
	keep(&p.r.Program, kernelName)
	return true
}

// minuteStamp reads "[Nov22 14:14] " or "[Nov 2 14:14] ".
func minuteStamp(b []byte) (s parser.Stamp, n int, ok bool) {
	if len(b) < 14 || b[12] != ']' || b[13] != ' ' || b[6] != ' ' || b[9] != ':' {
		return s, 0, false
	}
	whole := [...]byte{b[1], b[2], b[3], ' ', b[4], b[5], ' ', b[7], b[8], ':', b[10], b[11], ':', '0', '0'}
	s, n, ok = timestamp.Syslog(whole[:])
	return s, 14, ok && n == len(whole)
}

// deltaStamp reads "[  +0.304894] ".
func deltaStamp(b []byte) (micros int64, n int, ok bool) {
	i := 1
	for i < len(b) && b[i] == ' ' {
		i++
	}
	if i >= len(b) || b[i] != '+' {
		return 0, 0, false
	}
	seconds, whole := leadingNumber(b[i+1:])
	i += 1 + whole
	if whole == 0 || whole > 9 || i+9 > len(b) || b[i] != '.' || b[i+7] != ']' || b[i+8] != ' ' {
		return 0, 0, false
	}
	fraction, digits := leadingNumber(b[i+1 : i+7])
	return seconds*parser.Second + fraction, i + 9, digits == 6
}

// dmesgJSON peels one element of dmesg -J, which -x makes tell its facility too, also cut
// off before its closing brace. Its first key is what dmesg writes first.
func (p *peeler) dmesgJSON() bool {
	w := objectWalker{b: p.rest, i: 1}
	var level, when, text token
	for w.next() {
		switch string(w.key) {
		case "pri":
			level = w.value
		case "time":
			when = w.value
		case "msg":
			text = w.value
		case "fac", "caller":
		default:
			return false
		}
		if level.kind == 0 && string(w.key) != "fac" {
			return false
		}
	}
	s, n, ok := timestamp.Uptime(when.body)
	if !ok || n != len(when.body) || when.kind != '0' || text.kind != '"' || !w.closed && w.i < len(w.b) {
		return false
	}
	severity, digits := leadingNumber(level.body)
	word, known := facilityLevels[string(level.body)]
	if digits == 0 && !known {
		return false
	}
	if digits > 0 {
		word = SyslogLevel(severity & 7)
	}
	p.take(DmesgJSON, 0)
	p.stamp(s)
	p.keepLevel(word)
	keep(&p.r.Program, kernelName)
	p.rest, p.copied = bytes.TrimRight(p.unquote(text.body), "\n"), true
	return true
}
