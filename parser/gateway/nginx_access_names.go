package gateway

import "bytes"

// maxKeyLength bounds a name; longer ones are not looked up.
const maxKeyLength = 48

// lookupAccessKey finds the meaning of a name. Capitals, -, . and blanks count as
// what other people write for them: upstreamAddr, Upstream-Addr and upstream.addr are
// upstream_addr. The second result says that it is the very name of an nginx variable.
func lookupAccessKey(name []byte) (key accessKey, variable bool) {
	var buf [2 * maxKeyLength]byte
	folded := foldName(name, &buf)
	if known, ok := accessNames[string(folded)]; ok {
		return known.key, known.variable
	}
	return composedKey(folded), false
}

// An accessName is a name of one of the tables.
type accessName struct {
	key      accessKey
	variable bool // nginx's own
}

var accessNames = func() map[string]accessName {
	all := make(map[string]accessName, len(nginxVariables)+len(accessAliases))
	for name, key := range accessAliases {
		all[name] = accessName{key, false}
	}
	for name, key := range nginxVariables {
		all[name] = accessName{key, true}
	}
	return all
}()

func foldName(name []byte, buf *[2 * maxKeyLength]byte) []byte {
	for len(name) > 0 && (name[0] == '$' || name[0] == '@' || name[0] == '_') {
		name = name[1:]
	}
	if len(name) > maxKeyLength {
		return nil
	}
	n := 0
	for i, c := range name {
		switch {
		case c-'A' < 26:
			if c |= 0x20; i > 0 && name[i-1]-'a' < 26 {
				buf[n] = '_'
				n++
			}
		case c == '-' || c == '.' || c == ' ':
			c = '_'
		}
		buf[n] = c
		n++
	}
	return buf[:n]
}

// composedKey reads a name that is made of known ones: who (upstream, backend, peer),
// what of it, and the word that says that it is a time: backend_code, peer_connect_t,
// http_verb, duration_s.
func composedKey(name []byte) accessKey {
	if what, ok := cutPeerWord(name); ok {
		return keyOfPeer(what)
	}
	if bytes.IndexByte(name, '_') < 0 {
		return keyNone
	}
	for _, prefix := range [...]string{"http_", "request_", "req_", "response_", "resp_", "res_"} {
		rest, ok := bytes.CutPrefix(name, []byte(prefix))
		if !ok {
			continue
		}
		switch key := simpleKey(rest); key {
		case keyStatus:
			return key
		case keyMethod, keyTarget, keyPath:
			if name[2] != 's' {
				return key
			}
		case keyBytes:
			if name[2] == 'q' {
				return keyIgnored // the request's are not what was sent
			}
			return key
		}
	}
	switch key := simpleKey(cutUnit(name)); key {
	case keyDuration, keyAnyResponse, keyConnect, keyHeader, keyResponse:
		return key
	}
	if base, ok := cutTimeWord(name); ok {
		return timeKey(base)
	}
	return keyNone
}

// simpleKey looks a name up in the tables alone.
func simpleKey(name []byte) accessKey { return accessNames[string(name)].key }

// cutPeerWord cuts the word for the upstream off a name.
func cutPeerWord(name []byte) (what []byte, ok bool) {
	if len(name) == 0 || name[0] != 'u' && name[0] != 'b' && name[0] != 'p' && name[0] != 'o' {
		return nil, false
	}
	for _, word := range [...]string{"upstream", "backend", "origin", "peer", "ups", "up", "u"} {
		rest, found := bytes.CutPrefix(name, []byte(word))
		switch {
		case !found || len(rest) == 0:
		case rest[0] == '_':
			return rest[1:], true
		case len(word) > len("peer") && len(rest) > 1: // upstreamaddr
			return rest, true
		}
	}
	return nil, false
}

// keyOfPeer is what a name means behind the word for the upstream.
func keyOfPeer(what []byte) accessKey {
	switch string(what) {
	case "a":
		return keyPeer
	case "c":
		return keyConnect
	case "h":
		return keyHeader
	}
	switch key := simpleKey(what); key {
	case keyConnect, keyHeader, keyResponse, keyCache:
		return key
	case keyClient:
		return keyPeer
	case keyHost, keyServer, keyTarget:
		return keyPeerName
	case keyDuration, keyTime, keyAnyResponse:
		return keyResponse
	case keyStatus:
		if string(what) != "response" { // upstream_response is a time
			return keyPeerStatus
		}
	case keyNone:
	default:
		return keyIgnored
	}
	base, isTime := cutTimeWord(what)
	if isTime && (len(base) == 0 || string(base) == "taken") {
		return keyResponse
	}
	if key := timeKey(base); key != keyNone {
		return key
	}
	switch composedKey(what) {
	case keyStatus:
		return keyPeerStatus
	case keyDuration, keyAnyResponse:
		return keyResponse
	case keyBytes:
		return keyIgnored
	}
	return keyNone
}

// timeKey names the phase of an attempt that a time is of.
func timeKey(phase []byte) accessKey {
	switch string(phase) {
	case "connect", "conn":
		return keyConnect
	case "header", "first_byte", "ttfb":
		return keyHeader
	case "response", "resp":
		return keyResponse
	}
	return keyNone
}

// cutUnit cuts the word for seconds off a name.
func cutUnit(name []byte) []byte {
	for _, word := range [...]string{"_s", "_sec", "_secs", "_seconds"} {
		if rest, found := bytes.CutSuffix(name, []byte(word)); found {
			return rest
		}
	}
	return name
}

// cutTimeWord cuts the words off that only say that a value is a time in seconds,
// and reports whether there were any.
func cutTimeWord(name []byte) (base []byte, ok bool) {
	base = cutUnit(name)
	for _, word := range [...]string{"time", "t", "tm", "took", "taken", "latency", "duration", "seconds"} {
		rest, found := bytes.CutSuffix(base, []byte(word))
		switch {
		case found && len(rest) == 0:
			return nil, true
		case found && rest[len(rest)-1] == '_':
			return rest[:len(rest)-1], true
		}
	}
	return base, len(base) < len(name)
}
