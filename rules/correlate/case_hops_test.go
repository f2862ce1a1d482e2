package correlate

import (
	"slices"
	"testing"

	"culprit/rules"
)

// asks is a request that the log's sketch holds, with its status.
func (l *logFile) asks(seconds float64, key uint64, upstream string, status int16) *logFile {
	l.sketch(seconds, key, upstream)
	l.d.Requests[len(l.d.Requests)-1].Status = status
	return l
}

// outerAddress is where the inner gateway listens: no log says so.
const outerAddress, appAddress = "127.0.0.1:9000", "127.0.0.1:9001"

// A chain of gateways: the outer one passes on what the inner one answers, which alone is
// linked to the application that died.
func chainOfGateways(outer, inner *logFile, key func(second, i int) (of, in uint64)) (logs []*logFile) {
	app := appLog("app/fleet.log").knows(0, rules.FactListens, appAddress).says(100, goPanic).covers(0, 300)
	for s := 60; s < 140; s++ {
		status := int16(200)
		if s >= 100 && s < 110 {
			status = 503
			inner.fails(float64(s), appAddress, refused, 3)
			outer.answers(float64(s), outerAddress, 503, 3, byUpstream)
		}
		for i := range 3 {
			o, n := key(s, i)
			outer.asks(float64(s), o, outerAddress, status)
			inner.asks(float64(s), n, appAddress, status)
		}
	}
	return []*logFile{outer.covers(0, 300), inner.covers(0, 300), app}
}

func innerLog() *logFile {
	l := errorLog("haproxy.log")
	l.d.Source.HasAccess, l.d.Source.Gateway = true, "haproxy"
	return l
}

func TestGatewayBehindGateway(t *testing.T) {
	f := func(name string, want bool, key func(second, i int) (outer, inner uint64)) {
		t.Helper()
		in := incidents(t, 2, chainOfGateways(accessLog("nginx/access.log"), innerLog(), key)...)
		var outer, inner *rules.Incident
		for i := range in {
			if in[i].Upstreams[0] == outerAddress {
				outer = &in[i]
			} else {
				inner = &in[i]
			}
		}
		if outer == nil || inner == nil || inner.Verdict.Cause != rules.CauseUnhandledException {
			t.Fatalf("%s: %+v", name, in)
		}
		got := outer.Verdict.Cause == inner.Verdict.Cause && proved(outer, goPanic) && outer.Service == "fleet" &&
			slices.Equal(outer.Related, []string{inner.ID}) && slices.Equal(inner.Related, []string{outer.ID})
		if got != want {
			t.Errorf("%s: outer %s, related %v, proof %v, want taken %v", name, outer.Verdict.Cause, outer.Related, proved(outer, goPanic), want)
		}
		if want && (len(outer.Advice) == 0 || outer.Advice[0] != inner.Advice[0]) {
			t.Errorf("%s: outer advises %q, inner %q", name, outer.Advice, inner.Advice)
		}
		if !want && (outer.Verdict.Cause != rules.CauseUnknown || len(outer.Related) > 0) {
			t.Errorf("%s: outer %s, related %v", name, outer.Verdict.Cause, outer.Related)
		}
	}
	own := func(s, i int) uint64 { return uint64(1000*s + i) }
	f("the same requests", true, func(s, i int) (uint64, uint64) { return own(s, i), own(s, i) })
	f("two gateways beside each other", false, func(s, i int) (uint64, uint64) { return own(s, i), own(s, i) + 500 })
	f("the same paths all day", false, func(_, i int) (uint64, uint64) { return uint64(7 + i), uint64(7 + i) })
	f("a health check of both", false, func(s, i int) (uint64, uint64) {
		if i == 0 {
			return 7, 7
		}
		return own(s, i), own(s, i) + 500
	})
	f("the outer has other failures as well", false, func(s, i int) (uint64, uint64) {
		if s >= 100 && s < 110 && i > 0 {
			return own(s, i), own(s, i) + 500
		}
		return own(s, i), own(s, i)
	})
}

// What a gateway learned from the one behind it, the one before it learns too.
func TestThreeGateways(t *testing.T) {
	same := func(s, i int) (uint64, uint64) { return uint64(1000*s + i), uint64(1000*s + i) }
	logs := chainOfGateways(accessLog("nginx/access.log"), innerLog(), same)
	edge := accessLog("varnish.log")
	edge.d.Source.Gateway = "varnish"
	for s := 60; s < 140; s++ {
		status := int16(200)
		if s >= 100 && s < 110 {
			status = 503
			edge.answers(float64(s), "10.0.0.9:80", 503, 3, byUpstream)
		}
		for i := range 3 {
			key, _ := same(s, i)
			edge.asks(float64(s), key, "10.0.0.9:80", status)
		}
	}
	for _, in := range incidents(t, 3, append(logs, edge.covers(0, 300))...) {
		if in.Verdict.Cause != rules.CauseUnhandledException || len(in.Related) != 2 {
			t.Errorf("%v: %s, related %v", in.Upstreams, in.Verdict.Cause, in.Related)
		}
	}
}

// A sketch holds the eight smallest hashes of a second: what it cannot hold, it does not lack.
func TestSketchesAreParts(t *testing.T) {
	e := New(Config{})
	s := &source{Digest: &rules.Digest{}}
	for key := uint64(1); key <= sketchFull; key++ {
		s.Requests = append(s.Requests, rules.Request{Micros: utc(10), Key: key * 10, Status: 200, Stream: rules.StreamGateway})
	}
	l := newHopLog("f")
	l.add(e, s)
	l.arrange(e)
	for _, c := range []struct {
		key  uint64
		at   float64
		want bool
	}{{79, 10, true}, {81, 10, false}, {81, 12, false}, {81, 13, true}} {
		if got := l.holds(c.key, utc(c.at)); got != c.want {
			t.Errorf("a request %d at %v may be held: %v, want %v", c.key, c.at, got, c.want)
		}
	}
}
