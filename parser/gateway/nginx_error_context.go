package gateway

import (
	"bytes"

	"culprit/parser"
)

// nginxKeys is what a context showed beside the fields of the record.
type nginxKeys struct {
	proven      bool // it has keys in nginx's order
	action      bool // it begins with a client, and nothing but an action stands between message and client
	healthCheck bool // NGINX Plus: the line is about a health check
}

const (
	clientKey      = ", client: "
	udpClientKey   = ", udp client: "
	serverKey      = ", server: "
	requestKey     = `, request: "`
	subrequestKey  = `, subrequest: "`
	upstreamKey    = `, upstream: "`
	peerKey        = ", upstream: " // unquoted: mail, and OpenResty's cosockets before client
	hostKey        = `, host: "`
	referrerKey    = `, referrer: "`
	requestIDKey   = `, request_id: "`
	loginKey       = `, login: "`
	healthCheckKey = `, health check "`
	luaContextKey  = ", context: "
)

// nginxContext cuts body into message and context and fills the record from the
// context, which begins at client if that is in it. The first place that looks like a
// context's beginning counts: what is written behind it, by the client into request or
// Referer, cannot move it.
func nginxContext(body []byte, client int, r *parser.Record) (message []byte, c nginxKeys) {
	if client < 0 {
		return clientless(body, r)
	}
	head, keys := body[:client], body[client:]
	message = nginxAction(head, r)
	if c.action = len(message) < len(head); !c.action {
		message = beforeClient(head, r)
	}
	c.proven = true
	nginxFields(keys, r, &c)
	return message, c
}

// clientAt finds ", client: " with something like an address behind it.
func clientAt(b []byte) int {
	for i := comma(b, 0); i >= 0; i = comma(b, i+1) {
		if has(b[i:], clientKey) && plausibleClient(b[i+len(clientKey):]) {
			return i
		}
	}
	return udpClientAt(b)
}

// comma finds the next ", ": bytes.Index of two bytes takes three times as long where it is near.
func comma(b []byte, from int) int {
	for i := from; i < len(b); i++ {
		n := bytes.IndexByte(b[i:], ',')
		if n < 0 {
			break
		}
		if i += n; i+1 < len(b) && b[i+1] == ' ' {
			return i
		}
	}
	return -1
}

func udpClientAt(b []byte) int {
	i := bytes.Index(b, []byte(udpClientKey))
	if i >= 0 && plausibleClient(b[i+len(udpClientKey):]) {
		return i
	}
	return -1
}

// plausibleClient accepts an address, unix: or what people redact one to.
func plausibleClient(b []byte) bool {
	if len(b) > maxClient {
		b = b[:maxClient]
	}
	end := bytes.IndexByte(b, ',')
	if end < 0 {
		end = len(b)
		if end == maxClient {
			return false
		}
	}
	return end > 0 && bytes.IndexByte(b[:end], '"') < 0 && bytes.IndexByte(b[:end], '\n') < 0
}

// maxClient bounds a client's address: the longest IPv6 form with a zone and
// " using starttls" behind it fits.
const maxClient = 96

// maxAction bounds an action; the longest names a listening socket's path.
const maxAction = 160

// nginxAction cuts " while <action>" off the end of head and sets the phase. It is
// the last one that can be: an action never holds another.
func nginxAction(head []byte, r *parser.Record) []byte {
	i := lastWhile(head)
	if i < 0 {
		return head
	}
	action := head[i+len(" while "):]
	phase, known := phaseOf(action)
	if !known && !looksLikeAction(action) {
		return head
	}
	r.Gateway.Phase = phase
	return head[:i]
}

// lastWhile finds the last " while " in b: bytes.LastIndex hashes every window, three
// times the work.
func lastWhile(b []byte) int {
	for i := len(b) - len(" while "); i >= 0; i-- {
		if b[i+1] == 'w' && string(b[i:i+len(" while ")]) == " while " {
			return i
		}
	}
	return -1
}

// beforeClient cuts what OpenResty writes between message and client: the cosocket's
// own peer, and the name of the hook.
func beforeClient(head []byte, r *parser.Record) []byte {
	if i := bytes.LastIndex(head, []byte(luaContextKey)); i >= 0 {
		head = head[:i]
	}
	if i := bytes.LastIndex(head, []byte(peerKey)); i >= 0 && bytes.IndexByte(head[i+1:], '"') < 0 {
		setPeer(head[i+len(peerKey):], r)
		head = head[:i]
	}
	return head
}

// clientless reads the contexts of writers that know no client (resolver, syslog
// sender, OCSP, accept, timers, health checks) and lines whose fields were taken out.
func clientless(body []byte, r *parser.Record) ([]byte, nginxKeys) {
	var c nginxKeys
	end := len(body)
	for at := end; ; {
		at = lastWhile(body[:at])
		if at < 0 {
			break
		}
		action := body[at+len(" while "):]
		action = action[:min(len(action), maxAction)]
		stop := bytes.Index(action, []byte(", "))
		if stop < 0 {
			stop = len(action)
		}
		if phase, known := phaseOf(action[:stop]); known {
			r.Gateway.Phase = phase
			c.proven = true
			nginxFields(body[at+len(" while ")+stop:], r, &c)
			return body[:at], c
		}
	}
	keys := [...]string{luaContextKey, healthCheckKey, serverKey, requestKey, upstreamKey, hostKey}
	known := keys[:]
	if has(body, "[lua] ") {
		known = keys[:1] // a script's text may hold the others itself
	}
	for _, key := range known {
		if i := bytes.Index(body, []byte(key)); i >= 0 {
			before := c
			nginxFields(body[i:], r, &c)
			c.proven = before.proven || key == requestKey || key == upstreamKey
			return body[:i], c
		}
	}
	return body, c
}

// nginxFields reads the keys in the order in which nginx writes them
// (ngx_http_log_error_handler, ngx_stream_log_error, ngx_mail_log_error). Keys may be
// left out, never come again, and an unknown one ends the reading.
func nginxFields(b []byte, r *parser.Record, c *nginxKeys) {
	g := &r.Gateway
	if rest, ok := cutKey(b, healthCheckKey); ok {
		nginxHealthCheck(rest, r, c)
		return
	}
	if rest, ok := cutKey(b, clientKey); ok {
		g.Client, b = plainValue(rest)
	} else if rest, ok := cutKey(b, udpClientKey); ok {
		g.Client, b = plainValue(rest)
	}
	if i := bytes.IndexByte(g.Client, ' '); i >= 0 && bytes.HasPrefix([]byte(" using starttls"), g.Client[i:]) {
		g.Client = g.Client[:i] // mail, whole or cut
	}
	if rest, ok := cutKey(b, serverKey); ok {
		g.Server, b = plainValue(rest)
	}
	if rest, ok := cutKey(b, loginKey); ok {
		_, b = shortValue(rest)
	}
	if rest, ok := cutKey(b, requestKey); ok {
		g.Request, b = requestValue(rest)
	}
	if rest, ok := cutKey(b, subrequestKey); ok {
		_, b = requestValue(rest)
	}
	if rest, ok := cutKey(b, upstreamKey); ok {
		b = upstreamValue(rest, g)
	} else if rest, ok := cutKey(b, peerKey); ok {
		var peer []byte
		peer, b = plainValue(rest)
		setPeer(peer, r)
	}
	if rest, ok := cutKey(b, hostKey); ok {
		g.Host, _ = shortValue(rest)
	}
}

// cutKey cuts the key; a comma lost by hand is forgiven.
func cutKey(b []byte, key string) ([]byte, bool) {
	if len(b) >= len(key) && string(b[:len(key)]) == key {
		return b[len(key):], true
	}
	if short := key[1:]; len(b) >= len(short) && string(b[:len(short)]) == short {
		return b[len(short):], true
	}
	return b, false
}

// plainValue reads an unquoted value up to the next key.
func plainValue(b []byte) (value, rest []byte) {
	if i := comma(b, 0); i >= 0 {
		return b[:i], b[i:]
	}
	return bytes.TrimRight(b, ", "), nil // cut
}

// shortValue reads a quoted value that can hold no quote.
func shortValue(b []byte) (value, rest []byte) {
	if i := bytes.IndexByte(b, '"'); i >= 0 {
		return b[:i], b[i+1:]
	}
	return b, nil
}

// requestValue reads a request line, whose bytes the client chose. nginx takes only
// one that ends in its protocol, and answers 400 before it connects anywhere if more
// stands behind the version: so the first ` HTTP/1.1"` with a key behind it ends the
// value, and a key forged inside it is not reached. Lines of HTTP/0.9 and garbage end
// at the first quote with a key behind it.
func requestValue(b []byte) (value, rest []byte) {
	first := -1
	for i := 0; ; i++ {
		j := bytes.IndexByte(b[i:], '"')
		if j < 0 {
			break
		}
		i += j
		if !keyFollows(b[i+1:]) {
			continue
		}
		if endsInProtocol(b[:i]) && sound(b[i+1:]) {
			return b[:i], b[i+1:]
		}
		if first < 0 {
			first = i
		}
	}
	if first < 0 || (b[len(b)-1] != '"' && has(b[first+1:], upstreamKey)) {
		return b, nil // cut inside the request: an upstream in it would be the client's
	}
	return b[:first], b[first+1:]
}

// endsInProtocol reports whether b ends in HTTP/1.1 or its like.
func endsInProtocol(b []byte) bool {
	n := len(b)
	return n >= 8 && string(b[n-8:n-3]) == "HTTP/" && isDigit(b[n-3]) && b[n-2] == '.' && isDigit(b[n-1])
}

// sound reports whether what stands behind a request can be its upstream and host.
// It is asked only where a second upstream makes a forgery possible: a Host header
// holds no blank, so a host that does shows that the request went on.
func sound(b []byte) bool {
	if len(b) < len(upstreamKey) || !bytes.Contains(b[1:], []byte(upstreamKey)) {
		return true
	}
	i := bytes.Index(b, []byte(hostKey))
	if i < 0 {
		return true
	}
	host, _ := shortValue(b[i+len(hostKey):])
	return bytes.IndexByte(host, ' ') < 0
}

// keyFollows reports whether b, behind a closing quote, is the end or begins with
// one of the keys that can stand behind a request, whole or cut.
func keyFollows(b []byte) bool {
	if len(b) == 0 {
		return true
	}
	if b[0] == ',' {
		b = b[1:]
	}
	if len(b) < 2 || b[0] != ' ' {
		return len(b) == 0 || (len(b) == 1 && b[0] == ' ')
	}
	switch b[1] {
	case 'h':
		return hasOrCut(b, hostKey[1:])
	case 'u':
		return hasOrCut(b, peerKey[1:])
	case 'r':
		return hasOrCut(b, referrerKey[1:]) || hasOrCut(b, requestIDKey[1:])
	case 's':
		return hasOrCut(b, subrequestKey[1:])
	}
	return false
}

func has(b []byte, prefix string) bool {
	return len(b) >= len(prefix) && string(b[:len(prefix)]) == prefix
}

func hasOrCut(b []byte, prefix string) bool { return has(b, prefix[:min(len(b), len(prefix))]) }

// nginxHealthCheck reads NGINX Plus's context: "name" of peer 10.0.0.1:80 in upstream "u".
func nginxHealthCheck(b []byte, r *parser.Record, c *nginxKeys) {
	c.healthCheck, c.proven = true, true
	_, rest, ok := bytes.Cut(b, []byte(`" of peer `))
	if !ok {
		return
	}
	peer, _, _ := bytes.Cut(rest, []byte(" "))
	setPeer(peer, r)
}
