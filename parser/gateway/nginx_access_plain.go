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
// have or has no value of ("-"), and the others as written, nil for those.
type plainValues struct {
	times [plainPeer]int64
	texts [notPlain - plainPeer][]byte // those behind plainResponse
	named uint16                       // bit set of the places that have a name in the line
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

// plainVariables are the places of upstream variables that need no other beside them.
const plainVariables = 1<<plainConnect | 1<<plainHeader | 1<<plainResponse | 1<<plainPeer | 1<<plainStatus

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
// has changed. quoted is how many quoted texts stood before it. A tail with the same marks as the
// last one needs no names looked up.
func plainPairs(tail []byte, quoted int, a *parser.Access, marks *parser.Marks) bool {
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
	v := plainValues{times: noTimes}
	if marks == nil || !v.cut(tail, marks) {
		v = plainValues{times: noTimes}
		if !v.read(tail, marks) {
			return false
		}
	}
	return v.settle(a, forwarded)
}

var noTimes = [plainPeer]int64{-1, -1, -1, -1}

// read reads the pairs of a tail by their names, and notes their marks if marks is not nil.
func (v *plainValues) read(tail []byte, marks *parser.Marks) bool {
	if marks != nil {
		marks.N = 0
	}
	n, fits, quoted := 0, marks != nil, false
	for mark := tail; len(tail) > 0; n++ {
		name, value := cutPlainName(tail)
		if name == nil {
			return false
		}
		place := plainPlaces[plainKey(name)]
		if tail = v.take(place, value); tail == nil {
			return false
		}
		if quoted = value[0] == '"'; quoted {
			value = value[1:]
		}
		fits = fits && n < len(marks.All) && noteMark(&marks.All[n], mark[:len(mark)-len(value)], place)
		if mark = tail; quoted {
			mark = value[len(value)-len(tail)-1:] // with the quote
		}
	}
	if fits {
		marks.N, marks.Values, marks.Quoted = n, v.named, quoted
	}
	return true
}

// noteMark keeps the text before a value, if it is not too long.
func noteMark(m *parser.Mark, text []byte, place uint8) bool {
	if len(text) > len(m.Text) {
		return false
	}
	*m = parser.Mark{Length: uint8(len(text)), Value: place, Quoted: text[len(text)-1] == '"', Mask: ^uint64(0)}
	if copy(m.Text[:], text); len(text) < 8 {
		m.Mask >>= 64 - 8*len(text)
	}
	m.Word = word(m.Text[:])
	return true
}

// cut reads the values of a tail that has the very marks, if there are any.
func (v *plainValues) cut(tail []byte, marks *parser.Marks) bool {
	if marks.N == 0 {
		return false
	}
	for i := range marks.All[:marks.N] {
		m := &marks.All[i]
		n := int(m.Length)
		switch {
		case len(tail) <= n:
			return false
		case len(tail) < 8:
			if string(tail[:n]) != string(m.Text[:n]) {
				return false
			}
		case word(tail)&m.Mask != m.Word || n > 8 && string(tail[8:n]) != string(m.Text[8:n]):
			return false
		}
		tail = tail[n:]
		if m.Value < plainPeer && len(tail) >= 8 {
			if micros, ok := usualSeconds(word(tail)); ok {
				v.times[m.Value], tail = micros, tail[len("0.038"):]
				continue
			}
		}
		if n = v.value(m.Value, tail, m.Quoted); n == 0 {
			return false
		}
		tail = tail[n:]
	}
	v.named = marks.Values
	if marks.Quoted {
		return len(tail) == 1 && tail[0] == '"'
	}
	return len(tail) == 0
}

// settle fills a with one attempt, or none if no value is an upstream's.
func (v *plainValues) settle(a *parser.Access, forwarded bool) bool {
	addr, status := v.text(plainPeer), v.text(plainStatus)
	if v.has(plainPeerOrAgent) {
		if v.has(plainPeer) || !v.has(plainStatus) {
			return false
		}
		addr = v.text(plainPeerOrAgent)
	}
	logged := v.named&plainVariables != 0
	if forwarded && a.Host != nil && !logged {
		return false
	}
	if v.times[plainDuration] >= 0 {
		a.Duration = v.times[plainDuration]
	}
	if cache := v.text(plainCache); cache != nil {
		keep(&a.Cache, cache)
	}
	a.HasUps = a.HasUps || logged
	if addr != nil || status != nil || v.times[plainConnect] >= 0 || v.times[plainHeader] >= 0 || v.times[plainResponse] >= 0 {
		a.Tries = 1
		t := &a.Attempts[0]
		t.Addr, t.Connect, t.Header, t.Response = addr, v.times[plainConnect], v.times[plainHeader], v.times[plainResponse]
		if status != nil {
			t.Status = statusOf(status)
		}
	}
	noteUnlogged(a, v.has(plainConnect), v.has(plainHeader))
	return true
}

func (v *plainValues) has(place uint8) bool { return v.named>>place&1 != 0 }

func (v *plainValues) text(place uint8) []byte { return v.texts[place-plainPeer] }

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
	if place == notPlain || v.has(place) {
		return nil
	}
	v.named |= 1 << place
	end := v.value(place, b, quoted)
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

// value reads the value at the start of b, if it begins with what its name promises of one attempt, and
// returns its length, else 0. No such value holds a quote or a blank.
func (v *plainValues) value(place uint8, b []byte, quoted bool) (n int) {
	if len(b) == 0 {
		return 0
	}
	if b[0] == '-' && place != plainDuration {
		return 1
	}
	switch place {
	case plainDuration, plainConnect, plainHeader, plainResponse:
		v.times[place], n = plainSeconds(b)
		return n
	case plainStatus:
		if len(b) < 3 || !decimal(b[0]) || !decimal(b[1]) || !decimal(b[2]) {
			return 0
		}
		n = 3
	case plainPeer, plainPeerOrAgent:
		if n = plainPeerLength(b); n == 0 {
			if n = plainEnd(b); n == 0 || !isPlainPeer(b[:n], quoted) {
				return 0
			}
		}
	case plainCache:
		if n = plainEnd(b); !isCacheStatus(b[:n]) {
			return 0
		}
	}
	v.texts[place-plainPeer] = b[:n]
	return n
}

// plainEnd returns where a quote or a blank stands in b, or len(b).
func plainEnd(b []byte) int {
	for i, c := range b {
		if c == '"' || c == ' ' {
			return i
		}
	}
	return len(b)
}

// isPlainPeer reports whether an address means the same wherever it stands. Without quotes what a
// bracket begins or a socket's name ends with may be the format's.
func isPlainPeer(addr []byte, quoted bool) bool {
	return (decimal(addr[0]) || quoted && !bytes.Contains(addr, []byte("://"))) && isPeerAddr(addr)
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
