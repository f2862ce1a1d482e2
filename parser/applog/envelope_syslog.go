package applog

import (
	"bytes"

	"culprit/parser"
	"culprit/parser/timestamp"
)

// cookie peels what rsyslog's mmjsonparse and syslog-ng look for before JSON in a message
// (https://www.rsyslog.com/doc/configuration/modules/mmjsonparse.html).
func (p *peeler) cookie() bool {
	text, ok := bytes.CutPrefix(p.rest, []byte("@cee:"))
	if text = bytes.TrimLeft(text, " "); !ok || len(text) == 0 || text[0] != '{' {
		return false
	}
	p.take(CEE, len(p.rest)-len(text))
	return true
}

// priority peels <pri> with what follows it: a syslog header (RFC 3164 and 5424) or
// the kernel's uptime (dmesg -r). <30>tag[7]: is syslog without a stamp, and a bare <3>
// before text the prefix by which a program tells systemd the level of a line (sd-daemon(3)).
func (p *peeler) priority() bool {
	b := p.rest
	n, digits := leadingNumber(b[1:])
	if digits == 0 || digits > 3 || n > 191 || len(b) < digits+3 || b[digits+1] != '>' {
		return false
	}
	outer := p.rest
	p.rest = b[digits+2:]
	if p.bare5424() || p.syslog() || p.uptime() || p.bareISOHeader() {
		p.keepLevel(SyslogLevel(n & 7))
		return true
	}
	t, ok := readTag(p.rest)
	p.rest = outer
	switch {
	case ok && t.has:
		p.take(Priority, digits+2)
		p.tag(p.rest, t)
	case n < 8 && digits == 1:
		p.take(Priority, digits+2)
	default:
		return false
	}
	p.keepLevel(SyslogLevel(n & 7))
	return true
}

// bare5424 peels 1 2026-11-22T14:49:27.269713+00:00 host app pid msgid sd text.
func (p *peeler) bare5424() bool {
	b := p.rest
	if len(b) < 24 || b[0] != '1' || b[1] != ' ' {
		return false
	}
	b = b[2:]
	s, n, ok := timestamp.ISO(b)
	if !ok && b[0] == '-' {
		n, ok = 1, true
	}
	if !ok || n >= len(b) || b[n] != ' ' {
		return false
	}
	h, ok := header5424(b[n+1:])
	if ok {
		p.header5424(s, 2+n+1, h)
	}
	return ok
}

// A syslogHeader is what RFC 5424 puts between the stamp and the text.
type syslogHeader struct {
	host, app, pid []byte // nil for -
	end            int    // where the text begins
	bare           bool   // there is no structured data
}

// header5424 reads host app pid msgid sd.
func header5424(b []byte) (h syslogHeader, ok bool) {
	var fields [4][]byte
	at := 0
	for i := range fields {
		end := bytes.IndexByte(b[at:], ' ')
		if end <= 0 {
			return h, false
		}
		if fields[i] = b[at : at+end]; end == 1 && b[at] == '-' {
			fields[i] = nil
		}
		at += end + 1
	}
	n, ok := structuredData(b[at:])
	return syslogHeader{fields[0], fields[1], fields[2], at + n, n == 1}, ok
}

// header5424 peels a stamp of n bytes with the header behind it.
func (p *peeler) header5424(s parser.Stamp, n int, h syslogHeader) {
	p.take(Syslog5424, n+h.end)
	p.rest = bytes.TrimPrefix(bytes.TrimPrefix(p.rest, []byte(" ")), []byte("\xef\xbb\xbf"))
	if h.bare { // rsyslog's %msg% brings a blank of its own
		p.rest = bytes.TrimPrefix(p.rest, []byte(" "))
	}
	p.stamp(s)
	p.keepHost(h.host)
	keep(&p.r.Program, h.app)
	if pid, digits := leadingNumber(h.pid); digits == len(h.pid) {
		tellPID(p.r, pid)
	}
	p.afterTag()
}

// structuredData returns the length of RFC 5424's STRUCTURED-DATA: - or [id k="v"]….
func structuredData(b []byte) (int, bool) {
	if len(b) > 0 && b[0] == '-' && (len(b) == 1 || b[1] == ' ') {
		return 1, true
	}
	i := 0
	for i < len(b) && b[i] == '[' {
		inQuotes := false
		for i++; i < len(b) && (inQuotes || b[i] != ']'); i++ {
			switch b[i] {
			case '"':
				inQuotes = !inQuotes
			case '\\':
				i++
			}
		}
		if i++; i > len(b) {
			return 0, false
		}
	}
	return i, i > 0 && (i == len(b) || b[i] == ' ')
}

// syslog peels Nov 22 14:49:27[.219650] [host] tag[pid]: text.
func (p *peeler) syslog() bool {
	s, n, ok := timestamp.Syslog(p.rest)
	if !ok || n+1 >= len(p.rest) || p.rest[n] != ' ' {
		return false
	}
	kind := Syslog3164
	if s.Precision < parser.Second {
		kind = JournalShort
	}
	rest := p.rest[n+1:]
	p.take(kind, n+1)
	p.stamp(s)
	p.hostAndTag(rest)
	return true
}

// hostAndTag peels [host] tag[pid]: or host, and keeps rest whole if neither is there.
func (p *peeler) hostAndTag(b []byte) {
	if t, ok := readTag(b); ok { // no host: dnsmasq's own file, nginx with nohostname
		p.tag(b, t)
		return
	}
	end := bytes.IndexByte(b, ' ')
	if end <= 0 || !hostname(b[:end]) {
		p.rest = b
		return
	}
	p.keepHost(b[:end])
	b = bytes.TrimLeft(b[end+1:], " ")
	b = p.facility(b)
	if t, ok := readTag(b); ok {
		p.tag(b, t)
		return
	}
	p.rest = b
}

// facility takes BusyBox's daemon.err, or BIG-IP's err, from before the tag.
func (p *peeler) facility(b []byte) []byte {
	end := max(bytes.IndexByte(b, ' '), 0)
	dot := bytes.IndexByte(b[:end], '.')
	level, ok := facilityLevels[string(b[dot+1:end])]
	if !ok || dot >= 0 && !facilities[string(b[:dot])] {
		return b
	}
	if t, tagged := readTag(b[end+1:]); dot < 0 && (!tagged || !t.has) {
		return b
	}
	p.keepLevel(level)
	return b[end+1:]
}

// Names of BusyBox syslogd (sysklogd/syslogd_and_logger.c).
var (
	facilities = map[string]bool{
		"kern": true, "user": true, "mail": true, "daemon": true, "auth": true, "syslog": true, "lpr": true, "news": true,
		"uucp": true, "cron": true, "authpriv": true, "ftp": true, "local0": true, "local1": true, "local2": true,
		"local3": true, "local4": true, "local5": true, "local6": true, "local7": true,
	}
	facilityLevels = map[string]parser.Level{
		"emerg": parser.LevelEmerg, "panic": parser.LevelEmerg, "alert": parser.LevelAlert, "crit": parser.LevelCrit,
		"err": parser.LevelError, "error": parser.LevelError, "warn": parser.LevelWarn, "warning": parser.LevelWarn,
		"notice": parser.LevelNotice, "info": parser.LevelInfo, "debug": parser.LevelDebug,
	}
)

// A tag is the name[pid]: before a syslog text.
type tag struct {
	name []byte
	pid  int64
	has  bool // a pid or another id in brackets
	end  int  // where the text begins
}

// readTag reads name[pid]: or name: at the start of b.
func readTag(b []byte) (t tag, ok bool) {
	i := 0
	for i < len(b) && b[i] > ' ' && b[i] != ':' && b[i] != '[' && i < 64 {
		i++
	}
	if i == 0 || i >= len(b) {
		return t, false
	}
	t.name = b[:i]
	if b[i] == '[' {
		n, digits := leadingNumber(b[i+1:])
		if i += digits + 1; digits == 0 || i >= len(b) || b[i] != ']' {
			return t, false
		}
		t.pid, t.has = n, true
		i++
	}
	if i >= len(b) || b[i] != ':' {
		return t, false
	}
	if i++; i < len(b) && b[i] != ' ' {
		return t, false // 127.0.0.1:9001, a::b
	}
	if i < len(b) {
		i++
	}
	t.end = i
	return t, true
}

// readHostAndTag reads host tag[pid]: at the start of b.
func readHostAndTag(b []byte) (host []byte, t tag, ok bool) {
	end := bytes.IndexByte(b, ' ')
	if end <= 0 || !hostname(b[:end]) {
		return nil, t, false
	}
	t, ok = readTag(b[end+1:])
	return b[:end], t, ok
}

// keepHost fills the host. localhost tells no machine from another: a daemon puts it where a program
// sends without a name through the loopback, as HAProxy does, beside the machine's own name in
// other lines of the file (github.com/haproxy/haproxy/issues/1234).
func (p *peeler) keepHost(name []byte) {
	if string(name) != "localhost" {
		keep(&p.r.Host, name)
	}
}

// header peels a stamp of n bytes with the host and the tag behind it.
func (p *peeler) header(kind Envelope, n int, s parser.Stamp, host []byte, t tag) {
	p.take(kind, n+len(host)+1)
	p.stamp(s)
	p.keepHost(host)
	p.tag(p.rest, t)
}

// tag keeps what the tag tells and goes on behind it. Docker's syslog driver writes the
// container's id, or docker/name, and dockerd's pid.
func (p *peeler) tag(b []byte, t tag) {
	if name := containerTag(t.name); name != nil {
		keep(&p.r.Container, name)
	} else {
		keep(&p.r.Program, t.name)
		tellPID(p.r, t.pid)
	}
	p.rest = b[t.end:]
	p.afterTag()
}

// containerTag returns the container that a tag of Docker's names, nil if it is none.
func containerTag(name []byte) []byte {
	if rest, ok := bytes.CutPrefix(name, []byte("docker/")); ok && len(rest) > 0 {
		return rest
	}
	if len(name) != 12 || !bytes.ContainsAny(name, "0123456789") {
		return nil
	}
	for _, c := range name {
		if !isDigit(c) && (c < 'a' || c > 'f') {
			return nil
		}
	}
	return name
}

// afterTag undoes what syslog and imklog did to the text: rsyslog's octal escapes
// and the uptime that imklog leaves in it. A systemd line names the unit it is about.
func (p *peeler) afterTag() {
	p.octal()
	if string(p.r.Program) == "kernel" {
		p.uptime()
	}
	if string(p.r.Program) == "systemd" {
		keep(&p.r.Unit, aboutUnit(p.rest))
	}
}

// octal undoes rsyslog's escapes of control characters (#012 newline, #011 tab).
func (p *peeler) octal() {
	if !bytes.Contains(p.rest, []byte("#0")) {
		return
	}
	text := p.rest
	start := len(p.env.Buf)
	buf := p.env.Buf
	for i := 0; i < len(text); i++ {
		if c := text[i]; c == '#' && i+3 < len(text) && text[i+1] == '0' && isOctal(text[i+2]) && isOctal(text[i+3]) && text[i+2] < '4' {
			buf = append(buf, (text[i+2]-'0')<<3|text[i+3]-'0')
			i += 3
			continue
		}
		buf = append(buf, text[i])
	}
	p.env.Buf = buf
	p.rest, p.copied = buf[start:], true
	if len(p.rest) != len(text) {
		p.rest = bytes.TrimRight(p.rest, "\n")
		p.plain()
	}
}

func isOctal(c byte) bool { return c >= '0' && c <= '7' }

// isoHeader peels 2026-11-22T14:49:27.269713+00:00 host tag[pid]: text. A Z instead
// of an offset, or a word that is a level, makes an application's own line of it
// unless a pid in brackets proves a tag. Structured data proves RFC 5424's header, of which
// OPNsense's log viewer leaves off priority and version (github.com/opnsense/core/issues/6351).
func (p *peeler) isoHeader(s parser.Stamp, n int) bool {
	b := p.rest
	if b[10] != 'T' || s.Clock != parser.ClockZoned {
		return false
	}
	text := b[n+1:]
	if t, ok := readProcess(text); ok {
		p.heroku(s, n+1, t)
		return true
	}
	if bytes.Contains(text[:min(len(text), 200)], []byte(`="`)) {
		h, ok := header5424(text)
		if _, digits := leadingNumber(h.pid); ok && digits > 0 && digits == len(h.pid) && bytes.Contains(text[:h.end], []byte(`="`)) {
			p.header5424(s, n+1, h)
			return true
		}
	}
	host, t, ok := readHostAndTag(text)
	if !ok || isLevel(host) || !t.has && (b[n-1] == 'Z' || !hostname(t.name)) {
		return false
	}
	p.header(SyslogISO, n+1, s, host, t)
	return true
}

// bareISOHeader peels the same where nobody has read the stamp yet.
func (p *peeler) bareISOHeader() bool {
	s, n, ok := timestamp.ISO(p.rest)
	return ok && n+1 < len(p.rest) && p.rest[n] == ' ' && p.isoHeader(s, n)
}

// readProcess reads Heroku's app[web.1]: and heroku[router]:, a tag whose brackets
// hold a dyno instead of a pid.
func readProcess(b []byte) (t tag, ok bool) {
	i := bytes.IndexByte(b[:min(len(b), 32)], '[')
	if i <= 0 || !hostname(b[:i]) {
		return t, false
	}
	end := bytes.IndexByte(b[i:min(len(b), i+64)], ']')
	if end < 2 || i+end+2 >= len(b) || b[i+end+1] != ':' || b[i+end+2] != ' ' {
		return t, false
	}
	if _, digits := leadingNumber(b[i+1:]); digits == end-1 {
		return t, false // a pid
	}
	return tag{name: b[i+1 : i+end], end: i + end + 3}, true
}

func (p *peeler) heroku(s parser.Stamp, n int, t tag) {
	p.take(Heroku, n+t.end)
	p.stamp(s)
	keep(&p.r.Program, t.name)
}

// hostname reports whether b can be a host's name or address.
func hostname(b []byte) bool {
	for _, c := range b {
		if !nameByte(c) && c != ':' && c != '%' {
			return false
		}
	}
	return len(b) > 0 && b[len(b)-1] != ':'
}

// nameByte reports whether c may stand in the name of a host, container or program.
func nameByte(c byte) bool {
	return c|0x20 >= 'a' && c|0x20 <= 'z' || c >= '0' && c <= '9' || c == '-' || c == '.' || c == '_'
}

// isLevel reports whether b is a level as loggers write it: it is no host then.
func isLevel(b []byte) bool {
	_, ok := levelOf(b)
	return ok
}

// aboutUnit returns the unit that a line of systemd's own is about: "x.service: text"
// or "Started x.service - Description." (systemd 249 and later), nil if it names none.
func aboutUnit(text []byte) []byte {
	end := bytes.IndexByte(text, ' ')
	if end <= 1 {
		return nil
	}
	if word := text[:end-1]; text[end-1] == ':' && unitName(word) {
		return word
	}
	for range 3 { // Started, Failed to start, Stopping
		text = text[end+1:]
		if end = bytes.IndexByte(text, ' '); end <= 0 {
			return nil
		}
		if unitName(text[:end]) && bytes.HasPrefix(text[end:], []byte(" - ")) {
			return text[:end]
		}
	}
	return nil
}

// unitName reports whether b ends as the units that processes belong to do.
func unitName(b []byte) bool {
	dot := bytes.LastIndexByte(b, '.')
	if dot <= 0 {
		return false
	}
	switch string(b[dot+1:]) {
	case "service", "scope", "socket", "slice", "target", "timer", "mount", "path", "swap":
		return true
	}
	return false
}
