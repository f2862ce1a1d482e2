package redact

import (
	"net"
	"net/netip"
	"strings"
)

// products are browsers whose versions look like addresses: Chrome/126.0.0.0.
var products = set("Chrome Chromium CriOS Edg EdgA OPR Version SamsungBrowser YaBrowser")

// version reports whether a text ends as a browser's name in front of its version.
func version(text string) bool {
	name, ok := strings.CutSuffix(text, "/")
	return ok && products[name[strings.LastIndexFunc(name, func(r rune) bool { return !letterOrDigit(r) })+1:]]
}

// addresses replaces the addresses of clients, wherever they stand. Those of upstreams and
// of what is behind them stay, and this machine's own.
func (d *Redactor) addresses(text string) string {
	e := edit{text: text}
	for at := 0; at < len(text); at++ {
		if c := text[at]; c != ':' && !hex(c) || at > 0 && inWord(text[at-1]) {
			continue
		}
		length, addr := addressAt(text, at)
		if length == 0 || version(text[:at]) {
			continue
		}
		if name := d.addressName(addr); name != "" {
			e.replace(at, at+length, name)
		}
		at += length - 1
	}
	return e.result()
}

// Service is Text of a line by which a service tells its state: addresses in it are where it
// listens, and stay.
func (d *Redactor) Service(text string) string {
	for at := 0; at < len(text); at++ {
		if at > 0 && inWord(text[at-1]) {
			continue
		}
		if length, addr := addressAt(text, at); length > 0 {
			d.infra[addr] = true
			at += length - 1
		}
	}
	return d.Text(text)
}

func (d *Redactor) addressName(addr netip.Addr) string {
	switch {
	case addr.IsLoopback() || addr.IsUnspecified():
		return ""
	case !d.infra[addr]:
		return d.name("client", addr.String())
	case d.o.Hosts:
		return d.name("host", addr.String())
	}
	return ""
}

// addressAt reads the address that begins at a place; its length is 0 if none does.
func addressAt(text string, at int) (length int, addr netip.Addr) {
	end := at
	for end < len(text) && (hex(text[end]) || text[end] == ':' || text[end] == '.') {
		end++
	}
	if run := text[at:end]; strings.Count(run, ":") >= 2 {
		for run != "" { // a port or the end of a sentence may follow
			if addr, err := netip.ParseAddr(run); err == nil && (len(run) == end-at && (end == len(text) || !inWord(text[end])) || len(run) < end-at) {
				return len(run), addr.Unmap()
			}
			run = run[:max(0, strings.LastIndexAny(run, ":."))]
		}
	}
	if at > 1 && (text[at-1] == '.' || text[at-1] == '-') && digit(text[at-2]) {
		return 0, addr // 1.2.3.4.5, 2026-11-22-15-04
	}
	return four(text[at:])
}

// four reads an address of four numbers, between dots, or between dashes as providers put it
// into names: ip-203-0-113-9.
func four(text string) (length int, addr netip.Addr) {
	var parts [4]byte
	var between byte
	at := 0
	for i := range parts {
		n, from := 0, at
		for at < len(text) && digit(text[at]) && at-from < 4 {
			n = n*10 + int(text[at]-'0')
			at++
		}
		if at == from || at-from > 3 || n > 255 {
			return 0, addr
		}
		parts[i] = byte(n)
		if i == 3 {
			break
		}
		if at == len(text) || text[at] != '.' && text[at] != '-' || i > 0 && text[at] != between {
			return 0, addr
		}
		between = text[at]
		at++
	}
	if rest := text[at:]; rest != "" && (inWord(rest[0]) || rest[0] == between && len(rest) > 1 && digit(rest[1])) {
		return 0, addr
	}
	return at, netip.AddrFrom4(parts)
}

func digit(b byte) bool  { return b >= '0' && b <= '9' }
func hex(b byte) bool    { return digit(b) || b|0x20 >= 'a' && b|0x20 <= 'f' }
func inWord(b byte) bool { return letterOrDigit(rune(b)) || b == '_' }

// addressOf reads host, host:port, [host]:port.
func addressOf(text string) (netip.Addr, bool) {
	addr, err := netip.ParseAddr(hostOf(text))
	return addr.Unmap(), err == nil
}

// hostOf takes a port off.
func hostOf(text string) string {
	if host, _, err := net.SplitHostPort(text); err == nil {
		return host
	}
	return strings.Trim(text, "[]")
}
