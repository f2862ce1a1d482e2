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

// plainValues are the values of one line: durations in microseconds, -1 for what it does not
// have, and the others as written, nil for what it does not have.
type plainValues struct {
	times [plainPeer]int64
	texts [notPlain][]byte // those behind plainResponse
}

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
	v := plainValues{times: [plainPeer]int64{-1, -1, -1, -1}}
	for len(tail) > 0 {
		name, value := cutPlainName(tail)
		if name == nil {
			return false
		}
		if tail = v.take(plainPlaces[plainKey(name)], value); tail == nil {
			return false
		}
	}
	return v.settle(a, forwarded)
}

// settle fills a with one attempt, or none if no value is an upstream's.
func (v *plainValues) settle(a *parser.Access, forwarded bool) bool {
	addr := v.texts[plainPeer]
	if v.texts[plainPeerOrAgent] != nil {
		if addr != nil || v.texts[plainStatus] == nil {
			return false
		}
		addr = v.texts[plainPeerOrAgent]
	}
	touched := addr != nil || v.texts[plainStatus] != nil || v.times[plainConnect] >= 0 || v.times[plainHeader] >= 0 || v.times[plainResponse] >= 0
	if forwarded && a.Host != nil && !touched {
		return false
	}
	if v.times[plainDuration] >= 0 {
		a.Duration = v.times[plainDuration]
	}
	if v.texts[plainCache] != nil {
		keep(&a.Cache, v.texts[plainCache])
	}
	if touched {
		a.HasUps, a.Tries = true, 1
		t := &a.Attempts[0]
		t.Addr, t.Connect, t.Header, t.Response = addr, v.times[plainConnect], v.times[plainHeader], v.times[plainResponse]
		if s := v.texts[plainStatus]; s != nil {
			t.Status = statusOf(s)
		}
	}
	noteUnlogged(a, v.times[plainConnect] >= 0, v.times[plainHeader] >= 0)
	return true
}

// cutPlainName cuts ` name=` and returns what stands behind it; name is nil if there is none.
func cutPlainName(b []byte) (name, value []byte) {
	n := 1
	for n < len(b) && (b[n]-'a' < 26 || b[n] == '_') {
		n++
	}
	if b[0] != ' ' || n == 1 || n > maxKeyLength || n+1 >= len(b) || b[n] != '=' {
		return nil, nil
	}
	return b[1:n], b[n+1:]
}

// take reads a value, maybe in quotes, if it is what its name promises, of one attempt. It
// returns the text behind it, which is not nil then.
func (v *plainValues) take(place uint8, b []byte) (rest []byte) {
	quoted := b[0] == '"'
	if quoted {
		b = b[1:]
	}
	end := 0
	switch place {
	case plainDuration, plainConnect, plainHeader, plainResponse:
		if v.times[place] >= 0 {
			return nil
		}
		v.times[place], end = plainSeconds(b)
	case notPlain:
		return nil
	default:
		if end = bytes.IndexByte(b, ' '); quoted {
			end = bytes.IndexByte(b, '"')
		} else if end < 0 {
			end = len(b)
		}
		if end < 1 || v.texts[place] != nil || !isPlain(place, b[:end]) {
			return nil
		}
		v.texts[place] = b[:end]
	}
	switch {
	case end < 1:
		return nil
	case !quoted && (end == len(b) || b[end] == ' '):
		return b[end:]
	case quoted && end < len(b) && b[end] == '"':
		return b[end+1:]
	}
	return nil
}

// isPlain reports whether a text is what its name promises, of one attempt.
func isPlain(place uint8, value []byte) bool {
	switch place {
	case plainPeer, plainPeerOrAgent:
		return decimal(value[0]) && isPeerAddr(value)
	case plainStatus:
		return len(value) == 3 && decimal(value[0]) && decimal(value[1]) && decimal(value[2])
	case plainCache:
		return isCacheStatus(value)
	}
	return false
}

// plainSeconds reads a duration as isSeconds accepts it, at the start of b; n is its length, 0
// if there is none.
func plainSeconds(b []byte) (micros int64, n int) {
	for n < len(b) && n < 13 && decimal(b[n]) {
		micros = micros*10 + int64(b[n]-'0')
		n++
	}
	if n == 0 || n > 12 || n+4 > len(b) || b[n] != '.' || !decimal(b[n+1]) || !decimal(b[n+2]) || !decimal(b[n+3]) {
		return -1, 0
	}
	micros = micros*1000 + int64(b[n+1]-'0')*100 + int64(b[n+2]-'0')*10 + int64(b[n+3]-'0')
	return micros * parser.Millisecond, n + 4
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
