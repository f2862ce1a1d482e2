package gateway

import (
	"bytes"

	"culprit/parser"
)

// Most formats that people make from combined add pairs, and most lines have one attempt:
//
//	rt=0.038 uct="0.000" uht="0.038" urt="0.038" ua="10.0.1.11:8080" us="200"
//
// plainPairs reads what can be nothing else than such pairs. It says of a line what accessScan
// says (FuzzPlainPairs), which took three tenths of the time of a whole access log.

// plainValues are the values of one line, as written; nil for what it does not have.
type plainValues [8][]byte

// Places in plainValues; those of durations come first.
const (
	plainDuration = iota
	plainConnect
	plainHeader
	plainResponse
	plainPeer
	plainPeerOrAgent
	plainStatus
	plainCache
	notPlain
)

// plainPlaces of keys.
var plainPlaces = func() (places [keyAnyResponse + 1]uint8) {
	for i := range places {
		places[i] = notPlain
	}
	for i, key := range [...]accessKey{keyDuration, keyConnect, keyHeader, keyResponse, keyPeer, keyPeerOrAgent, keyPeerStatus, keyCache} {
		places[key] = uint8(i)
	}
	return places
}()

// plainPairs reads a tail that consists of pairs and reports whether it was one; else nothing
// has changed. quoted is how many quoted texts stood before it.
func plainPairs(tail []byte, quoted int, a *parser.Access) bool {
	if a.Client == nil || a.Duration >= 0 {
		return false
	}
	forwarded := quoted == opaqueQuoted && len(tail) > 1 && tail[0] == ' ' && tail[1] == '"'
	if forwarded { // X-Forwarded-For
		end := quotedEnd(tail, 2)
		if end == len(tail) || bytes.IndexByte(tail[2:end], '=') >= 0 {
			return false
		}
		tail = tail[end+1:]
	}
	var v plainValues
	for len(tail) > 0 {
		var name, value []byte
		if name, value, tail = cutPlainPair(tail); name == nil {
			return false
		}
		place := plainPlaces[plainKey(name)]
		if place == notPlain || v[place] != nil || !isPlain(place, value) {
			return false
		}
		v[place] = value
	}
	return v.settle(a, forwarded)
}

// settle fills a with one attempt, or none if no value is an upstream's.
func (v *plainValues) settle(a *parser.Access, forwarded bool) bool {
	addr := v[plainPeer]
	if v[plainPeerOrAgent] != nil {
		if addr != nil || v[plainStatus] == nil {
			return false
		}
		addr = v[plainPeerOrAgent]
	}
	touched := addr != nil || v[plainStatus] != nil || v[plainConnect] != nil || v[plainHeader] != nil || v[plainResponse] != nil
	if forwarded && a.Host != nil && !touched {
		return false
	}
	if v[plainDuration] != nil {
		a.Duration = plainSeconds(v[plainDuration])
	}
	if v[plainCache] != nil {
		keep(&a.Cache, v[plainCache])
	}
	if touched {
		a.HasUps, a.Tries = true, 1
		t := &a.Attempts[0]
		t.Addr, t.Connect, t.Header, t.Response = addr, plainSeconds(v[plainConnect]), plainSeconds(v[plainHeader]), plainSeconds(v[plainResponse])
		if s := v[plainStatus]; s != nil {
			t.Status = statusOf(s)
		}
	}
	noteUnlogged(a, v[plainConnect] != nil, v[plainHeader] != nil)
	return true
}

// cutPlainPair cuts ` name=value` or ` name="value"`; name is nil if there is none.
func cutPlainPair(b []byte) (name, value, rest []byte) {
	n := 1
	for n < len(b) && (b[n]-'a' < 26 || b[n] == '_') {
		n++
	}
	if b[0] != ' ' || n == 1 || n > maxKeyLength || n+1 >= len(b) || b[n] != '=' {
		return nil, nil, nil
	}
	name, b = b[1:n], b[n+1:]
	if b[0] != '"' {
		end := wordEnd(b, 0)
		return name, b[:end], b[end:]
	}
	end := bytes.IndexByte(b[1:], '"')
	if end < 0 {
		return nil, nil, nil
	}
	return name, b[1 : end+1], b[end+2:]
}

// isPlain reports whether a value is what its name promises, of one attempt.
func isPlain(place uint8, value []byte) bool {
	switch place {
	case plainDuration, plainConnect, plainHeader, plainResponse:
		return isSeconds(value)
	case plainPeer, plainPeerOrAgent:
		return len(value) > 0 && decimal(value[0]) && isPeerAddr(value)
	case plainStatus:
		return len(value) == 3 && decimal(value[0]) && decimal(value[1]) && decimal(value[2])
	case plainCache:
		return isCacheStatus(value)
	}
	return false
}

// plainSeconds reads what isSeconds accepts; -1 for nil.
func plainSeconds(b []byte) int64 {
	if b == nil {
		return -1
	}
	n := int64(0)
	for _, c := range b {
		if c != '.' {
			n = n*10 + int64(c-'0')
		}
	}
	return n * parser.Millisecond
}

// plainKey is lookupAccessKey by way of a table, in which nearly all names are found.
func plainKey(name []byte) accessKey {
	if e := &plainNames[plainPlace(name)]; e.name == string(name) {
		return e.key
	}
	key, _ := lookupAccessKey(name)
	return key
}

func plainPlace[T string | []byte](name T) byte {
	n := len(name)
	return name[0] ^ name[n/2]<<3 ^ name[n-1]<<1 ^ byte(n)<<5
}

var plainNames = func() (all [256]struct {
	name string
	key  accessKey
}) {
	for _, names := range [...]map[string]accessKey{nginxVariables, accessAliases} {
		for name, key := range names {
			e := &all[plainPlace(name)]
			switch key {
			case keyDuration, keyConnect, keyHeader, keyResponse, keyPeer, keyPeerOrAgent, keyPeerStatus, keyCache:
				if e.name == "" || e.name > name { // whatever the order of the map
					e.name, e.key = name, key
				}
			}
		}
	}
	return all
}()
