package gateway

import "bytes"

// The shapes by which a field is known. They hold for every nginx: addresses are
// printed by ngx_sock_ntop, seconds as %T.%03M, statuses as %03ui.

// wordEnd returns the index of the next blank in b from pos on, or len(b).
func wordEnd(b []byte, pos int) int {
	if i := bytes.IndexByte(b[pos:], ' '); i >= 0 {
		return pos + i
	}
	return len(b)
}

// quotedEnd returns the index of the quote that closes a text begun before pos, or
// len(b) if the line was cut inside it. nginx writes \x22 for a quote inside, JSON
// and Apache \": a quote after an odd number of backslashes closes nothing.
func quotedEnd(b []byte, pos int) int {
	for i := pos; i < len(b); i++ {
		n := bytes.IndexByte(b[i:], '"')
		if n < 0 {
			return len(b)
		}
		i += n
		slashes := 0
		for k := i - 1; k >= pos && b[k] == '\\'; k-- {
			slashes++
		}
		if slashes%2 == 0 {
			return i
		}
	}
	return len(b)
}

func isDash(b []byte) bool { return len(b) == 1 && b[0] == '-' }

func decimal(c byte) bool { return c-'0' <= 9 }

func alphabetic(c byte) bool { return c|0x20-'a' < 26 }

// wholeNumber reads a non-negative number of at most 18 digits.
func wholeNumber(b []byte) (n int64, ok bool) {
	if len(b) == 0 || len(b) > 18 {
		return 0, false
	}
	for _, c := range b {
		if !decimal(c) {
			return 0, false
		}
		n = n*10 + int64(c-'0')
	}
	return n, true
}

// isStatus reports whether b is a status as nginx pads it: 200, 502, 000, 009.
func isStatus(b []byte) bool {
	return len(b) == 3 && decimal(b[0]) && decimal(b[1]) && decimal(b[2]) &&
		(b[0] >= '1' && b[0] <= '5' || string(b) == "000" || string(b) == "009")
}

func statusOf(b []byte) int16 {
	return int16(b[0]-'0')*100 + int16(b[1]-'0')*10 + int16(b[2]-'0')
}

// isSeconds reports whether b is nginx's form of a duration: digits, a point and
// exactly three digits.
func isSeconds(b []byte) bool {
	n := len(b) - 4
	if n < 1 || n > 12 || b[n] != '.' {
		return false
	}
	for i, c := range b {
		if i != n && !decimal(c) {
			return false
		}
	}
	return true
}

// seconds reads a duration in seconds with up to six decimals as microseconds. A
// trailing s or ms is taken too: some formats add one behind the variable.
func seconds(b []byte) (micros int64, ok bool) {
	unit := int64(1_000_000)
	if n := len(b); n > 2 && b[n-2] == 'm' && b[n-1] == 's' {
		b, unit = b[:n-2], 1000
	} else if n > 1 && b[n-1] == 's' {
		b = b[:n-1]
	}
	whole, fraction := b, []byte(nil)
	if i := bytes.IndexByte(b, '.'); i >= 0 {
		whole, fraction = b[:i], b[i+1:]
	}
	n, ok := wholeNumber(whole)
	if !ok || len(whole) > 12 || len(fraction) > 9 {
		return 0, false
	}
	micros = n * unit
	for _, c := range fraction {
		if !decimal(c) {
			return 0, false
		}
		unit /= 10
		micros += int64(c-'0') * unit
	}
	return micros, true
}

// isIPv4 accepts dotted quads, also with parts redacted to x or *.
func isIPv4(b []byte) bool {
	dots, part := 0, 0
	for _, c := range b {
		switch {
		case decimal(c) || c == 'x' || c == '*':
			part++
		case c == '.' && part > 0:
			dots, part = dots+1, 0
		default:
			return false
		}
		if part > 3 {
			return false
		}
	}
	return dots == 3 && part > 0
}

func isIPv6(b []byte) bool {
	colons := 0
	for _, c := range b {
		switch {
		case c == ':':
			colons++
		case decimal(c) || c|0x20-'a' < 6 || c == '.':
		default:
			return false
		}
	}
	return colons >= 2 && len(b) <= 45
}

// hostOf returns an address without its port.
func hostOf(b []byte) []byte {
	if colon := bytes.LastIndexByte(b, ':'); colon > 0 {
		b = b[:colon]
	}
	return bytes.Trim(b, "[]")
}

// isClientAddr accepts $remote_addr: an address without port, or unix: for a client
// on a socket. A trailing comma belongs to a forwarded-for list.
func isClientAddr(b []byte) bool {
	b = bareClient(b)
	return isIPv4(b) || isIPv6(b) || string(b) == "unix:"
}

// isPeerAddr accepts $upstream_addr: ip:port, [v6]:port or unix:/path.
func isPeerAddr(b []byte) bool {
	if bytes.HasPrefix(b, []byte("unix:")) {
		return len(b) > len("unix:")
	}
	colon := bytes.LastIndexByte(b, ':')
	if colon < 1 || len(b)-colon > 6 {
		return false
	}
	if _, ok := wholeNumber(b[colon+1:]); !ok {
		return false
	}
	if host := b[:colon]; host[0] == '[' {
		return len(host) > 2 && host[len(host)-1] == ']' && isIPv6(host[1:len(host)-1])
	}
	return isIPv4(b[:colon])
}

// isPeerName accepts what may stand in $upstream_addr in place of an address: the
// group's or host's name of "no live upstreams".
func isPeerName(b []byte) bool {
	for _, c := range b {
		if !alphabetic(c) && !decimal(c) && c != '_' && c != '-' && c != '.' && c != ':' {
			return false
		}
	}
	return len(b) > 1 && (alphabetic(b[0]) || decimal(b[0]) || b[0] == '_')
}

// isNamedPeer accepts name:port.
func isNamedPeer(b []byte) bool {
	colon := bytes.IndexByte(b, ':')
	if colon < 1 || !isPeerName(b[:colon]) {
		return false
	}
	_, ok := wholeNumber(b[colon+1:])
	return ok
}

// isDomain accepts a host name with at least one dot and a name, not a number, at
// its end; a port may follow.
func isDomain(b []byte) bool {
	if colon := bytes.IndexByte(b, ':'); colon >= 0 {
		if _, ok := wholeNumber(b[colon+1:]); !ok {
			return false
		}
		b = b[:colon]
	}
	dot := bytes.LastIndexByte(b, '.')
	if dot < 1 || len(b)-dot < 3 || !alphabetic(b[dot+1]) {
		return false
	}
	for _, c := range b {
		if !alphabetic(c) && !decimal(c) && c != '-' && c != '.' {
			return false
		}
	}
	return true
}

// isMethod accepts what nginx accepts as a method: upper-case letters, _ and -.
func isMethod(b []byte) bool {
	for _, c := range b {
		if c-'A' >= 26 && c != '_' && c != '-' {
			return false
		}
	}
	return len(b) > 1 && len(b) <= 32
}

// isUsualMethod accepts the methods of HTTP and WebDAV that servers see.
func isUsualMethod(b []byte) bool {
	switch string(b) {
	case "GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH", "CONNECT", "TRACE", "PROPFIND", "REPORT", "MKCOL", "MOVE", "COPY", "LOCK", "UNLOCK":
		return true
	}
	return false
}

// isUsualStatus tells the statuses that are in use from other numbers of three digits.
func isUsualStatus(b []byte) bool {
	n := statusOf(b)
	switch n / 100 {
	case 0, 1:
		return n == 0 || n == 9 || n <= 103
	case 2, 3:
		return n%100 <= 8 || n == 226
	case 4:
		return n <= 431 || n == 444 || n == 451 || n >= 460 && n <= 499
	}
	return n <= 530 || n >= 598
}

// isRequestLine accepts METHOD target HTTP/x and METHOD /target.
func isRequestLine(b []byte) bool {
	blank := bytes.IndexByte(b, ' ')
	if blank < 0 || blank+1 == len(b) || !isMethod(b[:blank]) {
		return false
	}
	return b[blank+1] == '/' || bytes.Contains(b[blank+1:], []byte(" HTTP/"))
}

// isCacheStatus accepts the words of $upstream_cache_status.
func isCacheStatus(b []byte) bool {
	switch string(b) {
	case "MISS", "HIT", "STALE", "UPDATING", "EXPIRED", "BYPASS", "REVALIDATED", "SCARCE":
		return true
	}
	return false
}
