package digest

import (
	"fmt"
	"testing"

	"culprit/parser"
	"culprit/rules"
)

// structured is a line of an application that logs JSON in a container.
func structured(micros int64) *parser.Record {
	raw := []byte(`{"log":"{\"level\":\"error\",\"ts\":\"2026-09-21T14:13:20Z\",\"msg\":\"request failed\",\"path\":\"/cart\",\"err\":\"timeout\"}\n","stream":"stdout"}`)
	return &parser.Record{
		Format: appFormat, Stamp: stamp(micros), Level: parser.LevelError, Line: 1, Lines: 1, Raw: raw,
		Message: []byte("request failed path=/cart\ntimeout"), Container: []byte("shop-1"), Program: []byte("shop"), Host: []byte("web-1"), PID: 4711,
	}
}

// BenchmarkAdd folds a hundred lines a second, as an outage writes them.
func BenchmarkAdd(b *testing.B) {
	sig := &rules.Signature{ID: "timeout", Technology: "go", Role: rules.RoleCause, Cause: rules.CauseDependencyFailure}
	for _, c := range []struct {
		name    string
		matcher words
		record  *parser.Record
	}{
		{"error", nil, errorLine(0)},
		{"access", nil, accessLine(0, 200)},
		{"access-failed", nil, accessLine(0, 502)},
		{"json", nil, structured(0)},
		{"json-hit", words{{"timeout", sig, nil}}, structured(0)},
	} {
		b.Run(c.name, func(b *testing.B) {
			builder := New(rules.SourceInfo{Path: "a.log"}, c.matcher, nil)
			var clients [256][]byte
			for i := range clients {
				clients[i] = fmt.Appendf(nil, "10.1.1.%d", i)
			}
			from := c.record.Stamp.Micros
			b.SetBytes(int64(len(c.record.Raw)))
			b.ReportAllocs()
			for i := int64(0); b.Loop(); i++ {
				c.record.Stamp.Micros = from + i%100_000*10*parser.Millisecond
				c.record.Gateway.Client, c.record.Access.Client = clients[i&255], clients[i&255]
				builder.Add(c.record)
			}
		})
	}
}

// TestAddAllocatesNothing: lines that are like earlier ones are most of a log.
func TestAddAllocatesNothing(t *testing.T) {
	sig := &rules.Signature{ID: "timeout", Technology: "go", Role: rules.RoleCause, Cause: rules.CauseDependencyFailure}
	b := New(rules.SourceInfo{Path: "a.log"}, words{{"timeout", sig, nil}}, nil)
	for _, c := range []struct {
		name   string
		record *parser.Record
	}{
		{"error", errorLine(0)}, {"access", accessLine(0, 200)}, {"access-failed", accessLine(0, 502)}, {"json", structured(0)},
	} {
		b.Add(c.record)
		if n := testing.AllocsPerRun(1000, func() { b.Add(c.record) }); n != 0 {
			t.Errorf("%s: %v allocations a line", c.name, n)
		}
	}
}

// BenchmarkAddAccess folds lines of an access log in parts, 500 a second from a dozen upstreams.
func BenchmarkAddAccess(b *testing.B) {
	var records [4096]parser.Record
	for i := range records {
		r := *accessLine(int64(i)*2*parser.Millisecond, []int16{200, 200, 200, 200, 304, 404}[i*7%6])
		r.Stamp.Micros -= r.Stamp.Micros % parser.Second
		r.Access.Target = fmt.Appendf(nil, "/api/v1/products/%d?page=%d&sort=price", i*7919%99999, i%60)
		r.Access.Client = fmt.Appendf(nil, "10.%d.%d.7", i%251, i%13)
		r.Access.Attempts[0].Addr = fmt.Appendf(nil, "10.0.%d.%d:8080", i%3, 11+i*31%4)
		records[i] = r
	}
	part := NewPart(words(nil), nil)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if i%len(records) == 0 {
			part.Drop()
		}
		part.Add(&records[i%len(records)])
	}
}
