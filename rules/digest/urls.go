package digest

import (
	"bytes"

	"culprit/parser"
	"culprit/rules"

	"github.com/cespare/xxhash/v2"
)

// Bounds of a URL group's name.
const (
	maxGroupBytes    = 80
	maxGroupSegments = 6
)

// urlGroup names what a request asked for so that requests for the same thing by other
// numbers fall together: GET /media/{id}/thumb.jpg. It has no query. "" if the log does not
// tell the path.
func (b *Builder) urlGroup(a *parser.Access) string {
	method, target := a.Method, a.Target
	if len(target) == 0 {
		method, target = splitRequest(a.Request)
	}
	return b.strings.of(b.foldURL(method, target))
}

// groupKey is the key of a request's URL group, 0 without one.
func (b *Builder) groupKey(method, target []byte) uint64 {
	if name := b.foldURL(nil, target); len(name) > 0 {
		return rules.KeyOf(xxhash.Sum64(name), nameable(method))
	}
	return 0
}

// foldURL is a URL group's name, good until the next call; nil if there is none.
func (b *Builder) foldURL(method, target []byte) []byte {
	target = pathOf(target)
	if len(target) == 0 || target[0] != '/' {
		return nil
	}
	name := b.group[:0]
	if method = nameable(method); len(method) > 0 {
		name = append(append(name, method...), ' ')
	}
	most := len(name) + maxGroupBytes
	for n := 0; len(target) > 0; n++ {
		segment := target
		if i := bytes.IndexByte(target[1:], '/'); i >= 0 {
			segment = target[:i+1]
		}
		target = target[len(segment):]
		before := len(name)
		name = appendFolded(append(name, '/'), segment[1:])
		if n == maxGroupSegments || len(name) > most {
			name = append(name[:before], "/…"...)
			break
		}
	}
	b.group = name
	return name
}

// nameable is a method, nil if it is too long to be one.
func nameable(method []byte) []byte {
	if len(method) > len("PROPPATCH") {
		return nil
	}
	return method
}

// appendFolded adds a segment of a path, or {id} if it names one of many: a number, a hash,
// a UUID, a date, a mail address, or whatever is long. Words with a digit or two stay (v2,
// php8), and so does an ending (77.jpg).
func appendFolded(name, segment []byte) []byte {
	stem, ending := segment, []byte(nil)
	if i := bytes.LastIndexByte(segment, '.'); i > 0 && len(segment)-i <= len(".woff") {
		if e := segment[i+1:]; len(e) > 0 && e[0]|0x20 >= 'a' && e[0]|0x20 <= 'z' {
			stem, ending = segment[:i], segment[i:]
		}
	}
	digits, letters, odd := 0, 0, len(stem) > 32
	for _, c := range stem {
		switch {
		case c >= '0' && c <= '9':
			digits++
		case c|0x20 >= 'a' && c|0x20 <= 'z':
			letters++
		case c >= 0x80 || c <= ' ' || c == '@' || c == '%': // another script, an address, an escape
			odd = true
		}
	}
	if odd || digits >= 3 || digits > 0 && letters == 0 {
		return append(append(name, "{id}"...), ending...)
	}
	return append(name, segment...)
}

// addGroup counts failed requests under their URL group; beyond the bound under "".
func addGroup(groups []rules.URLGroup, url string, failed int64) []rules.URLGroup {
	for i := range groups {
		if groups[i].URL == url {
			groups[i].Failed += failed
			return groups
		}
	}
	if len(groups) < rules.MaxURLGroups || url == "" {
		return append(groups, rules.URLGroup{URL: url, Failed: failed})
	}
	return addGroup(groups, "", failed)
}

// splitRequest cuts a request line into method and target.
func splitRequest(line []byte) (method, target []byte) {
	i := bytes.IndexByte(line, ' ')
	if i < 0 {
		return nil, nil
	}
	method, rest := line[:i], line[i+1:]
	if i := bytes.LastIndexByte(rest, ' '); i >= 0 {
		rest = rest[:i]
	}
	return method, rest
}

// pathOf takes query, scheme and host off a target.
func pathOf(target []byte) []byte {
	if i := bytes.IndexByte(target, '?'); i >= 0 {
		target = target[:i]
	}
	if len(target) == 0 || target[0] == '/' {
		return target
	}
	if i := bytes.Index(target, []byte("://")); i >= 0 && i < 8 {
		target = target[i+3:]
		if j := bytes.IndexByte(target, '/'); j >= 0 {
			target = target[j:]
		}
	}
	return target
}
