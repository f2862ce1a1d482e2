package digest

import (
	"bytes"
	"testing"

	"culprit/parser"
	"culprit/rules"
)

// epoch is the second in which the constructed logs begin.
const epoch = 1_790_000_000

// words is a matcher that knows a signature by a word of the message. It stands for
// signature.Set, whose rules have tests of their own.
type words []word

type word struct {
	text   string
	sig    *rules.Signature
	fields []rules.Field
}

func (w words) Match(r *parser.Record, hits []rules.Hit) []rules.Hit {
	for _, one := range w {
		if at := bytes.Index(r.Message, []byte(one.text)); at >= 0 {
			hits = append(hits, rules.Hit{Signature: one.sig, Fields: one.fields, Start: at})
		}
	}
	return hits
}

var (
	gatewayFormat = &parser.Format{Name: "nginx-error", Role: parser.RoleGateway, Product: "nginx"}
	appFormat     = &parser.Format{Name: "gunicorn", Role: parser.RoleApp, Product: "gunicorn"}
	systemFormat  = &parser.Format{Name: "kernel", Role: parser.RoleSystem, Product: "kernel"}
)

func stamp(micros int64) parser.Stamp {
	return parser.Stamp{Micros: epoch*parser.Second + micros, Precision: parser.Second, Clock: parser.ClockZoned}
}

// errorLine is a refused connection as nginx writes it, so many microseconds after epoch.
func errorLine(micros int64) *parser.Record {
	raw := []byte(`2026/09/21 14:13:20 [error] 71#71: *9 connect() failed (111: Connection refused) while connecting to upstream, client: 10.1.1.1`)
	return &parser.Record{
		Format: gatewayFormat, Kind: parser.KindGateway, Stamp: stamp(micros), Level: parser.LevelError,
		Line: 1, Lines: 1, Raw: raw, Message: raw[35:],
		Gateway: parser.Gateway{
			Symptom: parser.SymptomConnRefused, Phase: parser.PhaseConnecting, Rank: parser.RankPrimary, Errno: 111,
			Client: []byte("10.1.1.1"), Server: []byte("shop.example"), Request: []byte("GET /cart HTTP/1.1"), Upstream: []byte("127.0.0.1:8000"),
		},
	}
}

// accessLine is a request that the gateway sent to one address.
func accessLine(micros int64, status int16) *parser.Record {
	r := &parser.Record{
		Format: gatewayFormat, Kind: parser.KindAccess, Stamp: stamp(micros), Line: 1, Lines: 1, Raw: []byte("10.1.1.1 - - GET /cart"),
		Access: parser.Access{
			Client: []byte("10.1.1.1"), Host: []byte("shop.example"), Request: []byte("GET /cart HTTP/1.1"), Method: []byte("GET"), Target: []byte("/cart"),
			Status: status, Duration: 3 * parser.Millisecond, Tries: 1, HasUps: true,
		},
	}
	r.Access.Attempts[0] = parser.Attempt{Addr: []byte("127.0.0.1:8000"), Status: status, Connect: 0, Header: 2, Response: 3}
	if status == 502 {
		r.Access.Attempts[0].Header = -1
	}
	return r
}

// logLine is a line of an application.
func logLine(micros int64, message string) *parser.Record {
	return &parser.Record{Format: appFormat, Stamp: stamp(micros), Level: parser.LevelError, Line: 1, Lines: 1, Raw: []byte(message), Message: []byte(message), PID: 4711}
}

// fold is the digest of the records.
func fold(m Matcher, records ...*parser.Record) *rules.Digest {
	b := New(rules.SourceInfo{Path: "a.log", Group: "a.log"}, m, nil)
	for _, r := range records {
		b.Add(r)
	}
	return b.Finish()
}

// changed is a record with a change.
func changed(r *parser.Record, f func(*parser.Record)) *parser.Record {
	f(r)
	return r
}

// sums adds up what must survive any folding.
func sums(d *rules.Digest) (events, lines, requests, failures int64) {
	for _, e := range d.Events {
		events, lines = events+e.Count, lines+e.Lines
	}
	for _, t := range d.Tallies {
		requests += t.Count
		if t.Symptom != parser.SymptomNone {
			failures += t.Count
		}
	}
	return events, lines, requests, failures
}

// fact finds what the digest knows.
func fact(d *rules.Digest, stream string, kind rules.FactKind, value string) *rules.Fact {
	for i := range d.Facts {
		if f := &d.Facts[i]; f.Stream == stream && f.Kind == kind && f.Value == value {
			return f
		}
	}
	return nil
}

// learns checks which facts a record teaches: "" for none of the kind.
func learns(t *testing.T, d *rules.Digest, stream string, kind rules.FactKind, want string) {
	t.Helper()
	for _, f := range d.Facts {
		if f.Kind == kind && f.Stream == stream && (want == "" || f.Value == want) {
			if want == "" {
				t.Errorf("stream %q learns %q, want nothing", stream, f.Value)
			}
			return
		}
	}
	if want != "" {
		t.Errorf("stream %q does not learn %q: %+v", stream, want, d.Facts)
	}
}
