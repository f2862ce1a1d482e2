package gateway

import (
	"bytes"
	"strings"
	"sync"

	"culprit/parser"
)

// awsPhrases is the vocabulary of the load balancers, by id and by error_reason.
type awsPhrases struct {
	messages []Message
	byID     map[string]*Message
	byReason map[string]*Message
}

var awsVocabulary = sync.OnceValue(func() *awsPhrases {
	v := &awsPhrases{messages: vocabularies["aws"](), byID: map[string]*Message{}, byReason: map[string]*Message{}}
	for i := range v.messages {
		m := &v.messages[i]
		v.byID[m.ID] = m
		if reason, ok := strings.CutPrefix(m.Template, "error_reason "); ok {
			v.byReason[reason] = m
		}
	}
	return v
})

// An awsLine cuts a line into fields, each behind one blank and maybe in quotes.
type awsLine struct{ rest []byte }

// next returns the next field without its quotes; nil behind the last one. A quote
// inside is \x22 or \".
func (l *awsLine) next() []byte {
	if len(l.rest) == 0 {
		return nil
	}
	start, end := 0, 0
	if l.rest[0] == '"' {
		start, end = 1, quotedEnd(l.rest, 1)
	} else {
		end = wordEnd(l.rest, 0)
	}
	field := l.rest[start:end]
	end += start
	if end < len(l.rest) && l.rest[end] == ' ' {
		end++
	}
	l.rest = l.rest[min(end, len(l.rest)):]
	return field
}

func (l *awsLine) skip(n int) {
	for range n {
		l.next()
	}
}

// awsTimes are the three processing times in microseconds, -1 where not reached.
type awsTimes struct{ request, target, response int64 }

func (l *awsLine) times() (t awsTimes, ok bool) {
	var a, b, c bool
	t.request, a = awsSeconds(l.next())
	t.target, b = awsSeconds(l.next())
	t.response, c = awsSeconds(l.next())
	return t, a && b && c
}

// awsSeconds reads 0.001 and -1; an empty or dashed field counts as not reached.
func awsSeconds(b []byte) (micros int64, ok bool) {
	if string(b) == "-1" || isDash(b) {
		return -1, true
	}
	return seconds(b)
}

// none reports whether the request never got as far as a target.
func (t *awsTimes) none() bool { return t.request < 0 && t.target < 0 && t.response < 0 }

func (t *awsTimes) total() int64 {
	if t.request < 0 || t.target < 0 || t.response < 0 {
		return -1
	}
	return t.request + t.target + t.response
}

// attempt is what the times tell about the try on the target.
func (t *awsTimes) attempt(addr []byte, status int16) parser.Attempt {
	a := parser.Attempt{Addr: addr, Status: status, Connect: -1, Header: t.target, Response: -1}
	if status == 0 {
		a.Header = -1 // no complete header came, however long it took
	}
	if t.target >= 0 {
		a.Response = t.target + max(t.response, 0)
	}
	return a
}

// awsStatus reads a status; "-" and an empty one are 0.
func awsStatus(b []byte) (status int16, ok bool) {
	if isDash(b) || len(b) == 0 || string(b) == "0" {
		return 0, true
	}
	if len(b) != 3 || !decimal(b[0]) || !decimal(b[1]) || !decimal(b[2]) {
		return 0, false
	}
	return statusOf(b), true
}

// awsPeer returns the address in a field, nil for "-".
func awsPeer(b []byte) []byte {
	if isDash(b) {
		return nil
	}
	return b
}

// withoutClientPort cuts the port and the brackets off a client's address.
func withoutClientPort(b []byte) []byte {
	i := bytes.LastIndexByte(b, ':')
	if i <= 0 {
		return b
	}
	b = b[:i]
	if len(b) > 1 && b[0] == '[' && b[len(b)-1] == ']' {
		b = b[1 : len(b)-1]
	}
	return b
}

// setAbsoluteRequest fills the request from a line whose target is a whole URL, as
// "GET https://host:443/path HTTP/2.0"; Target becomes the path alone, as the
// application logs it, and Host the URL's host without its port.
func setAbsoluteRequest(a *parser.Access, request []byte) {
	setRequest(a, request)
	if a.Method == nil {
		return
	}
	host, path, ok := cutURL(a.Target)
	if ok {
		a.Host, a.Target = host, path
	}
}

// cutURL splits http://host:80/path?query.
func cutURL(url []byte) (host, path []byte, ok bool) {
	i := indexString(url[:min(len(url), len("https://"))], "://")
	if i < 2 {
		return nil, nil, false
	}
	authority := url[i+len("://"):]
	end := 0
	for end < len(authority) && authority[end] != '/' && authority[end] != '?' {
		end++
	}
	path = authority[end:]
	if len(path) == 0 {
		path = rootPath
	}
	return hostOnly(authority[:end]), path, true
}

var rootPath = []byte("/")

// hostOnly cuts the port off a host; IPv6 keeps its brackets.
func hostOnly(b []byte) []byte {
	i := bytes.LastIndexByte(b, ':')
	if i < 0 || bytes.IndexByte(b[i:], ']') >= 0 {
		return b
	}
	if _, ok := wholeNumber(b[i+1:]); ok {
		return b[:i]
	}
	return b
}

// awsFailure fills the gateway's part of a line that tells a failure.
func awsFailure(m *Message, upstream []byte, r *parser.Record) {
	g, a := &r.Gateway, &r.Access
	m.tell(nil, 0, g)
	r.Level = m.level()
	g.Client, g.Server, g.Request, g.Scheme = a.Client, a.Host, a.Request, nil
	g.Upstream = upstream
	if upstream == nil && len(a.Pool) > 0 {
		g.Upstream, g.Group = a.Pool, true
	}
}
