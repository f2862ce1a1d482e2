package digest

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"culprit/parser"
	"culprit/rules"
)

// An outage writes the same line again and again: one event, and a bounded sketch of
// whose requests they were.
func TestEqualLinesOfOneSecondAreOneEvent(t *testing.T) {
	const lines = 1_000_000
	b := New(rules.SourceInfo{Path: "error.log"}, words(nil), nil)
	client := make([]byte, 0, 16)
	for i := range lines {
		r := errorLine(int64(i) % parser.Second)
		client = fmt.Appendf(client[:0], "10.%d.%d.%d", i>>16&255, i>>8&255, i&255)
		r.Gateway.Client, r.Line = client, int64(i+1)
		b.Add(r)
	}
	d := b.Finish()
	if len(d.Events) != 1 {
		t.Fatalf("%d events", len(d.Events))
	}
	e := d.Events[0]
	if e.Count != lines || e.Lines != lines {
		t.Errorf("it counts %d records, %d lines", e.Count, e.Lines)
	}
	if len(e.Requests) != rules.MaxRequests || !slices.IsSorted(e.Requests) {
		t.Errorf("%d hashes of requests, sorted %v", len(e.Requests), slices.IsSorted(e.Requests))
	}
	if e.Place.Line != 1 || e.When.From != epoch*parser.Second || e.Last.From != epoch*parser.Second+parser.Second-1 {
		t.Errorf("first line %d, from %d to %d", e.Place.Line, e.When.From, e.Last.From)
	}
}

// What tells two failures apart keeps them apart.
func TestLinesThatDifferStayApart(t *testing.T) {
	f := func(name string, want int, change func(*parser.Record)) {
		t.Helper()
		if got := len(fold(words(nil), errorLine(0), changed(errorLine(1), change)).Events); got != want {
			t.Errorf("%s: %d events, want %d", name, got, want)
		}
	}
	f("another client", 1, func(r *parser.Record) { r.Gateway.Client = []byte("10.9.9.9") })
	f("another request", 1, func(r *parser.Record) { r.Gateway.Request = []byte("GET /other HTTP/1.1") })
	f("another second", 2, func(r *parser.Record) { r.Stamp.Micros += parser.Second })
	f("another address", 2, func(r *parser.Record) { r.Gateway.Upstream = []byte("127.0.0.1:8001") })
	f("another virtual host", 2, func(r *parser.Record) { r.Gateway.Server = []byte("blog.example") })
	f("another class", 2, func(r *parser.Record) { r.Gateway.Symptom = parser.SymptomConnReset })
	f("another phase", 2, func(r *parser.Record) { r.Gateway.Phase = parser.PhaseReadingHeader })
	f("another rank", 2, func(r *parser.Record) { r.Gateway.Rank = parser.RankSecondary })
	f("another errno", 2, func(r *parser.Record) { r.Gateway.Errno = 110 })
	f("another level", 2, func(r *parser.Record) { r.Level = parser.LevelWarn })
}

// The virtual host of a catch-all server is what the client asked for.
func TestVirtualHost(t *testing.T) {
	f := func(server, host, want string) {
		t.Helper()
		d := fold(words(nil), changed(errorLine(0), func(r *parser.Record) { r.Gateway.Server, r.Gateway.Host = []byte(server), []byte(host) }))
		if got := d.Events[0].VHost; got != want {
			t.Errorf("server %q, host %q: %q, want %q", server, host, got, want)
		}
	}
	f("shop.example", "www.shop.example", "shop.example")
	f("_", "www.shop.example", "www.shop.example")
	f("", "www.shop.example", "www.shop.example")
}

// One physical line counts once, at warn and above, and reactions count as failures do.
func TestWhatCountsAsAnErrorLine(t *testing.T) {
	f := func(name string, events int, lines int64, change func(*parser.Record)) {
		t.Helper()
		d := fold(words(nil), changed(errorLine(0), change))
		if _, got, _, _ := sums(d); got != lines || len(d.Events) != events {
			t.Errorf("%s: %d events, %d lines, want %d, %d", name, len(d.Events), got, events, lines)
		}
	}
	f("an error", 1, 1, func(*parser.Record) {})
	f("a record of three physical lines", 1, 1, func(r *parser.Record) { r.Lines = 3 })
	f("a warning", 1, 1, func(r *parser.Record) { r.Level = parser.LevelWarn })
	f("a level that the format does not tell", 1, 1, func(r *parser.Record) { r.Level = parser.LevelNone })
	f("a notice", 1, 0, func(r *parser.Record) { r.Level = parser.LevelNotice })
	f("a line for developers", 1, 0, func(r *parser.Record) { r.Level = parser.LevelInfo })
	f("a reaction", 1, 1, func(r *parser.Record) {
		r.Gateway.Rank, r.Gateway.Symptom = parser.RankSecondary, parser.SymptomNoLivePeer
	})
	f("noise", 0, 0, func(r *parser.Record) { r.Gateway.Rank, r.Gateway.Symptom = parser.RankNoise, parser.SymptomNone })
	f("refused on purpose", 1, 0, func(r *parser.Record) {
		r.Gateway.Rank, r.Gateway.Symptom = parser.RankNoise, parser.SymptomRefusedOnPurpose
	})
}

// Evidence folds by signature, process, captures and second; what only details differ
// in is one kind.
func TestHitsFold(t *testing.T) {
	sig := &rules.Signature{ID: "go-panic", Technology: "go", Cause: rules.CauseUnhandledException, Role: rules.RoleCause}
	with := func(fields ...rules.Field) words { return words{{"panic", sig, fields}} }
	f := func(name string, want int, a, b words, change func(*parser.Record)) {
		t.Helper()
		build := New(rules.SourceInfo{}, nil, nil)
		build.matcher = a
		build.Add(logLine(0, "panic: one"))
		build.matcher = b
		build.Add(changed(logLine(1, "panic: two"), change))
		d := build.Finish()
		if n, lines, _, _ := sums(d); len(d.Events) != want || n != 2 || lines != 0 {
			t.Errorf("%s: %d events of %d records and %d error lines, want %d", name, len(d.Events), n, lines, want)
		}
	}
	same := func(*parser.Record) {}
	f("equal", 1, with(), with(), same)
	f("another detail", 1, with(rules.Field{Name: rules.FieldDetail, Value: "a"}), with(rules.Field{Name: rules.FieldDetail, Value: "b"}), same)
	f("another victim", 2, with(rules.Field{Name: rules.FieldPID, Value: "1"}), with(rules.Field{Name: rules.FieldPID, Value: "2"}), same)
	f("another writer", 2, with(), with(), func(r *parser.Record) { r.PID = 4712 })
	f("another container", 2, with(), with(), func(r *parser.Record) { r.Container = []byte("shop-2") })
	f("another second", 2, with(), with(), func(r *parser.Record) { r.Stamp.Micros += parser.Second })
}

// What an application calls an error is kept in whose words ever, and folded by those without digits.
func TestOwnErrorsFold(t *testing.T) {
	f := func(name string, want int, change func(*parser.Record), texts ...string) {
		t.Helper()
		var all []*parser.Record
		for _, text := range texts {
			all = append(all, changed(logLine(0, text), change))
		}
		d := fold(words{}, all...)
		if len(d.Events) != want {
			t.Errorf("%s: %d events, want %d: %+v", name, len(d.Events), want, d.Events)
		}
		for _, e := range d.Events {
			if len(e.Hits) != 1 || e.Hits[0].Signature != rules.OwnError || e.Hits[0].Get(rules.FieldDetail) != strings.Split(texts[0], "\n")[0] {
				t.Errorf("%s: %+v", name, e.Hits)
			}
		}
	}
	same := func(*parser.Record) {}
	f("one", 1, same, "invoice 12 has no total\n  at total.js:4")
	f("two of one kind", 1, same, "invoice 12 has no total", "invoice 4711 has no total")
	f("a critical one", 1, func(r *parser.Record) { r.Level = parser.LevelCrit }, "invoice 12 has no total")
	f("a warning", 0, func(r *parser.Record) { r.Level = parser.LevelWarn }, "invoice 12 has no total")
	f("no level", 0, func(r *parser.Record) { r.Level = parser.LevelNone }, "invoice 12 has no total")
	f("the system's", 0, func(r *parser.Record) { r.Program = []byte("kernel") }, "usb 1-1: device descriptor read/64, error -71")
	f("a gateway's", 0, func(r *parser.Record) { r.Format = &parser.Format{Role: parser.RoleGateway} }, "open() failed")
}

// Longer outages have a coarser grain, and no line is lost.
func TestEventsCoarsenWithoutLoss(t *testing.T) {
	b := New(rules.SourceInfo{}, words(nil), nil)
	const seconds = maxEvents + 5000
	for i := range int64(seconds) {
		r := errorLine(i * parser.Second)
		r.Gateway.Client = fmt.Appendf(nil, "10.0.%d.%d", i>>8&255, i&255)
		b.Add(r)
		b.Add(r)
	}
	d := b.Finish()
	events, lines, _, _ := sums(d)
	if events != 2*seconds || lines != 2*seconds {
		t.Errorf("%d records and %d lines are left of %d", events, lines, 2*seconds)
	}
	if len(d.Events) > maxEvents {
		t.Errorf("%d events, the bound is %d", len(d.Events), maxEvents)
	}
	first, last := rules.Future, rules.Past
	for _, e := range d.Events {
		first, last = min(first, e.When.From), max(last, e.Last.From)
		if len(e.Requests) > rules.MaxRequests {
			t.Fatalf("an event keeps %d hashes", len(e.Requests))
		}
	}
	if first != epoch*parser.Second || last != (epoch+seconds-1)*parser.Second {
		t.Errorf("they tell of %d to %d", first, last)
	}
}

// Text that is kept is bounded, cut at runes, and holds the place that matters.
func TestCutText(t *testing.T) {
	for _, text := range []string{
		"short", strings.Repeat("x", rules.MaxText), strings.Repeat("x", rules.MaxText+1),
		strings.Repeat("ж", rules.MaxText), "x" + strings.Repeat("ж", rules.MaxText), strings.Repeat("漢", rules.MaxText), strings.Repeat("\x80", 3*rules.MaxText),
	} {
		for _, at := range []int{0, len(text) / 2, len(text) - 1} {
			got := rules.CutText([]byte(text), at)
			part, cut := rules.Uncut(got)
			switch {
			case len(got) > rules.MaxText:
				t.Errorf("%d bytes of %d are kept", len(got), len(text))
			case len(text) <= rules.MaxText && got != text:
				t.Errorf("a line of %d bytes is changed", len(text))
			case cut != (len(text) > rules.MaxText):
				t.Errorf("of %d bytes around %d: marked %v", len(text), at, cut)
			case !strings.Contains(text, part):
				t.Errorf("what is left is not in it: %.60q…", part)
			case utf8.ValidString(text) && !utf8.ValidString(got):
				t.Errorf("it is cut within a rune: …%q", got[len(got)-16:])
			}
		}
	}
	for _, at := range []int{0, 3000, 4080, 4096, 6000, 99_990} {
		text := []byte(strings.Repeat(".", 100_000))
		copy(text[at:], "panic")
		if got := rules.CutText(text, at); !strings.Contains(got, "panic") {
			t.Errorf("what stands at %d is cut off", at)
		}
	}
}

// A line of megabytes is quoted around the match.
func TestLongLineIsQuotedAroundTheMatch(t *testing.T) {
	m := words{{"panic", &rules.Signature{ID: "go-panic", Technology: "go", Cause: rules.CauseUnhandledException, Role: rules.RoleCause}, nil}}
	e := fold(m, logLine(0, strings.Repeat("x", 50_000)+" panic: nil map"+strings.Repeat("y", 50_000))).Events[0]
	if len(e.Text) > rules.MaxText || !strings.Contains(e.Text, " panic: nil map") {
		t.Errorf("%d bytes: %.80q", len(e.Text), e.Text)
	}
}

// Where the line is kept raw, what an envelope hid is kept beside it.
func TestEventKeepsRawAndDecoded(t *testing.T) {
	sig := &rules.Signature{ID: "go-panic", Technology: "go", Cause: rules.CauseUnhandledException, Role: rules.RoleCause}
	m := words{{"panic", sig, nil}}
	r := logLine(0, "panic: one\ttwo")
	r.Raw = []byte(`{"log":"panic: one\ttwo\n","stream":"stderr"}`)
	if e := fold(m, r).Events[0]; e.Text != string(r.Raw) || e.Message != "panic: one\ttwo" {
		t.Errorf("text %q, message %q", e.Text, e.Message)
	}
	if e := fold(m, logLine(0, "panic: one")).Events[0]; e.Text != "panic: one" || e.Message != "" {
		t.Errorf("text %q, message %q", e.Text, e.Message)
	}
}

// traced locates a match on the second line of its record.
type traced struct{}

func (traced) PhysicalLine(r *parser.Record, start int) (int64, []byte, int64) {
	if start < 10 {
		return r.Line, r.Raw[:9], r.Offset
	}
	return r.Line + 1, r.Raw[10:], r.Offset + 10
}

// The proof is the line that names the error, not the record's first; a strong cause
// before a weak one, a cause before context.
func TestEventQuotesTheTellingLine(t *testing.T) {
	sig := func(id string, role rules.EvidenceRole, strong bool) *rules.Signature {
		return &rules.Signature{ID: id, Technology: "python", Cause: rules.CauseUnhandledException, Role: role, Strong: strong}
	}
	f := func(name string, m words, line int64, text string) {
		t.Helper()
		b := New(rules.SourceInfo{}, m, traced{})
		r := logLine(0, "Traceback\nValueError: no")
		r.Line, r.Lines, r.Offset = 7, 2, 700
		b.Add(r)
		e := b.Finish().Events[0]
		if e.Place.Line != line || e.Text != text || e.Place.FirstLine != 7 || e.Place.LastLine != 8 || e.Place.Offset != 700 || e.Place.Length != int64(len(r.Raw)) {
			t.Errorf("%s: %q at %+v", name, e.Text, e.Place)
		}
	}
	f("strong second", words{{"Traceback", sig("a", rules.RoleCause, false), nil}, {"ValueError", sig("b", rules.RoleCause, true), nil}}, 8, "ValueError: no")
	f("strong first", words{{"Traceback", sig("a", rules.RoleCause, true), nil}, {"ValueError", sig("b", rules.RoleCause, false), nil}}, 7, "Traceback")
	f("context first", words{{"Traceback", sig("a", rules.RoleContext, true), nil}, {"ValueError", sig("b", rules.RoleCause, false), nil}}, 8, "ValueError: no")
}

// A line without a stamp lies between its neighbours' stamps.
func TestMomentOfALineWithoutAStamp(t *testing.T) {
	sig := &rules.Signature{ID: "go-panic", Technology: "go", Cause: rules.CauseUnhandledException, Role: rules.RoleCause}
	f := func(name string, after, before parser.Stamp, from, to int64) {
		t.Helper()
		e := fold(words{{"panic", sig, nil}}, changed(logLine(0, "panic: x"), func(r *parser.Record) { r.Stamp, r.After, r.Before = parser.Stamp{}, after, before })).Events[0]
		if e.When.From != from || e.When.To != to {
			t.Errorf("%s: from %d to %d, want %d, %d", name, e.When.From, e.When.To, from, to)
		}
	}
	base := epoch * parser.Second
	f("between two", stamp(0), stamp(5*parser.Second), base, base+6*parser.Second)
	f("nothing after it", stamp(0), parser.Stamp{}, base, base+parser.Minute)
	f("nothing before it", parser.Stamp{}, stamp(0), base+parser.Second-parser.Minute, base+parser.Second)
	f("no stamp at all", parser.Stamp{}, parser.Stamp{}, rules.Past, rules.Future)
}

// Words of the upstream that the gateway quotes are evidence on the symptom itself.
func TestQuotedWordsAreEvidence(t *testing.T) {
	sig := &rules.Signature{ID: "php-memory", Technology: "php", Cause: rules.CauseMemoryExhausted, Role: rules.RoleCause}
	r := errorLine(0)
	r.Message = []byte(`FastCGI sent in stderr: "PHP Fatal error: Allowed memory size"`)
	r.Gateway.Quoted = []byte("PHP Fatal error: Allowed memory size")
	d := fold(words{{"Allowed memory size", sig, nil}}, r)
	if len(d.Events) != 1 || len(d.Events[0].Hits) != 1 || d.Events[0].Symptom != parser.SymptomConnRefused {
		t.Errorf("%+v", d.Events)
	}
}

func TestHintsAreCauses(t *testing.T) {
	d := fold(words(nil), changed(errorLine(0), func(r *parser.Record) { r.Gateway.Causes = []string{"tls-failure", "nonsense", "restart"} }))
	if got := d.Events[0].Hints; !slices.Equal(got, []rules.Cause{rules.CauseTLSFailure, rules.CauseRestart}) {
		t.Errorf("hints %v", got)
	}
}

// A logger's words stand above the trace that a signature knows.
func TestHeadOfAComplaint(t *testing.T) {
	refused := &rules.Signature{ID: "dep-java-refused", Technology: "dependency", Cause: rules.CauseDependencyFailure, Role: rules.RoleCause}
	other := &rules.Signature{ID: "java-oome", Technology: "jvm", Cause: rules.CauseMemoryExhausted, Role: rules.RoleCause}
	f := func(want, message string, sig *rules.Signature) {
		t.Helper()
		b := New(rules.SourceInfo{}, words{{text: "java.net.ConnectException", sig: sig}}, nil)
		raw := []byte(message)
		b.Add(&parser.Record{Format: appFormat, Kind: parser.KindLog, Stamp: stamp(0), Level: parser.LevelError, Line: 1, Lines: 3, Raw: raw, Message: raw})
		if got := b.Finish().Events[0].Head; got != want {
			t.Errorf("%q: head %q, want %q", message, got, want)
		}
	}
	const trace = "java.net.ConnectException: Connection refused\n\tat java.base/sun.nio.ch.Net.connect0(Native Method)"
	f("c.a.shop.CartClient - pricing lookup failed", "c.a.shop.CartClient - pricing lookup failed\n"+trace, refused)
	f("", "c.a.shop.CartClient - pricing lookup failed\n"+trace, other)
	f("", trace, refused)
	f(strings.Repeat("é", rules.MaxHead/2), strings.Repeat("é", rules.MaxHead)+"\n"+trace, refused)
	f("x"+strings.Repeat("é", (rules.MaxHead-1)/2), "x"+strings.Repeat("é", rules.MaxHead)+"\n"+trace, refused)
}

// A failed request of which nothing tells when it was and whose is told by access lines only,
// unless the gateway writes both and a person has cut them off.
func TestErrorsWithoutTimeAndUpstream(t *testing.T) {
	f := func(name string, want int, changes ...func(*parser.Record)) {
		t.Helper()
		r := errorLine(0)
		for _, change := range changes {
			change(r)
		}
		if d := fold(words{}, r); len(d.Events) != want || d.Source.HasErrors != (want > 0) {
			t.Errorf("%s: %d events, want %d", name, len(d.Events), want)
		}
	}
	timeless := func(r *parser.Record) { r.Stamp = parser.Stamp{} }
	nobodys := func(r *parser.Record) { r.Gateway.Upstream = nil }
	f("both told", 1)
	f("no time", 1, timeless)
	f("no upstream", 1, nobodys)
	f("neither, between stamps", 1, timeless, nobodys, func(r *parser.Record) { r.After = stamp(0) })
	f("neither", 0, timeless, nobodys, func(r *parser.Record) {
		r.Format = &parser.Format{Name: "h2o-error", Product: "h2o", Role: parser.RoleGateway}
	})
	f("neither, cut off: github.com/apache/apisix/issues/8126", 1, timeless, nobodys)
	f("neither, cut off, of Apache: github.com/php/php-src/issues/13342", 1, timeless, nobodys, func(r *parser.Record) {
		r.Format = &parser.Format{Name: "apache-error", Product: "apache", Role: parser.RoleGateway}
	})
	f("not of a request: what a gateway that cannot start says", 1, timeless, nobodys, func(r *parser.Record) { r.Gateway.Phase = parser.PhaseNone })
}

// An error that says nothing beside tags is none: Rails writes such a line before each exception.
func TestErrorsSaySomething(t *testing.T) {
	f := func(message string, want bool) {
		t.Helper()
		r := changed(logLine(0, message), func(r *parser.Record) { r.Level = parser.LevelCrit })
		if got := len(fold(words{}, r).Events) > 0; got != want {
			t.Errorf("%q is an error: %v, want %v", message, got, want)
		}
	}
	f("[000000e6-7c1f] NoMethodError (undefined method 'x' for nil):", true)
	f("[000000e6-7c1f]   ", false)
	f("[web] [000000e6-7c1f]", false)
	f("[broken", true)
}
