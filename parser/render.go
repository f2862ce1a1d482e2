package parser

import (
	"strconv"
	"strings"
)

// Render returns the canonical one-line form of what a format read from a line:
// key=value pairs in a fixed order, zero values left out, values with blanks or
// quotes quoted as in Go. Samples and golden files are written in it.
func Render(r *Record) string {
	var p pairs
	p.stamp(r.Stamp)
	p.word("level", r.Level.String())
	p.bytes("host", r.Host)
	p.bytes("program", r.Program)
	p.bytes("unit", r.Unit)
	p.bytes("container", r.Container)
	p.bytes("message-id", r.MessageID)
	p.number("pid", r.PID, 0)
	if r.TID != r.PID {
		p.number("tid", r.TID, 0)
	}
	switch r.Kind {
	case KindGateway:
		p.gateway(&r.Gateway)
	case KindAccess:
		p.access(&r.Access)
		if r.Gateway.Symptom != SymptomNone {
			p.gateway(&r.Gateway)
		}
	}
	p.bytes("msg", r.Message)
	return strings.Join(p, " ")
}

type pairs []string

func (p *pairs) word(key, value string) {
	if value != "" {
		if strings.ContainsAny(value, " \"\\\t\n") || !printable(value) {
			value = strconv.Quote(value)
		}
		*p = append(*p, key+"="+value)
	}
}

func printable(s string) bool {
	for _, r := range s {
		if !strconv.IsPrint(r) {
			return false
		}
	}
	return true
}

func (p *pairs) bytes(key string, value []byte) { p.word(key, string(value)) }

func (p *pairs) number(key string, value, absent int64) {
	if value != absent {
		*p = append(*p, key+"="+strconv.FormatInt(value, 10))
	}
}

func (p *pairs) stamp(s Stamp) {
	layouts := map[Clock]string{
		ClockDay: "15:04:05", ClockYearless: "01-02T15:04:05", ClockLocal: "2006-01-02T15:04:05", ClockZoned: "2006-01-02T15:04:05",
	}
	switch s.Clock {
	case ClockNone:
		return
	case ClockUptime:
		p.word("uptime", strconv.FormatFloat(float64(s.Micros)/1e6, 'f', -1, 64))
		return
	}
	text := s.Time().Format(layouts[s.Clock])
	if s.Precision < Second {
		digits := 6
		for unit := s.Precision; unit >= 10; unit /= 10 {
			digits--
		}
		text += s.Time().Format(".000000")[:digits+1]
	}
	if s.Clock == ClockZoned {
		text += "Z"
		if s.Offset != 0 {
			text += "(" + FormatOffset(s.Offset) + ")"
		}
	}
	p.word("time", text)
}

// FormatOffset renders seconds east of UTC as +01:00.
func FormatOffset(seconds int32) string {
	sign := byte('+')
	if seconds < 0 {
		sign, seconds = '-', -seconds
	}
	two := func(n int32) string { return string([]byte{byte('0' + n/10%10), byte('0' + n%10)}) }
	return string(sign) + two(seconds/3600) + ":" + two(seconds/60%60)
}

func (p *pairs) gateway(g *Gateway) {
	p.word("symptom", g.Symptom.String())
	if g.Phase != PhaseNone {
		p.word("phase", g.Phase.String())
	}
	p.word("rank", g.Rank.String())
	p.number("errno", int64(g.Errno), 0)
	p.number("connection", g.Connection, 0)
	p.bytes("client", g.Client)
	p.bytes("server", g.Server)
	p.bytes("request", g.Request)
	p.bytes("scheme", g.Scheme)
	if g.Group {
		p.bytes("group", g.Upstream)
	} else {
		p.bytes("upstream", g.Upstream)
	}
	p.bytes("vhost", g.Host)
	p.bytes("quoted", g.Quoted)
}

func (p *pairs) access(a *Access) {
	p.bytes("client", a.Client)
	p.bytes("vhost", a.Host)
	p.bytes("method", a.Method)
	p.bytes("target", a.Target)
	p.number("status", int64(a.Status), 0)
	p.number("bytes", a.Bytes, -1)
	p.number("duration", a.Duration, -1)
	p.bytes("cache", a.Cache)
	p.bytes("pool", a.Pool)
	p.bytes("request-id", a.RequestID)
	switch a.Made {
	case MadeUpstream:
		p.word("made", "upstream")
	case MadeGateway:
		p.word("made", "gateway")
	}
	if a.HasUps && a.Tries == 0 {
		p.word("tries", "none")
	}
	for i := range a.Attempts[:a.Tries] {
		t := &a.Attempts[i]
		var q pairs
		q.bytes("addr", t.Addr)
		q.number("status", int64(t.Status), 0)
		q.number("connect", t.Connect, -1)
		q.number("header", t.Header, -1)
		q.number("response", t.Response, -1)
		q.number("pass", int64(t.Pass), 0)
		*p = append(*p, "try={"+strings.Join(q, " ")+"}")
	}
}
