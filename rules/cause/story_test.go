package cause

import (
	"slices"
	"strings"
	"testing"

	"culprit/parser"
	"culprit/rules"
)

// incident is what the engine would make of a case and a cause.
func incident(cause rules.Cause) *rules.Incident {
	return &rules.Incident{
		Verdict: rules.Verdict{Cause: cause}, Upstreams: []string{"127.0.0.1:8000"}, Service: "shop",
		Start: rules.Moment{Micros: epoch * parser.Second, Precision: parser.Second}, End: rules.Moment{Micros: (epoch + 75) * parser.Second, Precision: parser.Second},
		FailedRequests: 12, FailedOther: -1, ErrorLines: 20, PrimaryLines: 12, SecondaryLines: 8,
	}
}

// One sentence that a tired person understands: who, what, when, how many.
func TestSummary(t *testing.T) {
	c := failing(saw(parser.SymptomPrematureClose, 12, 0, 75))
	for _, cause := range rules.Causes() {
		if cause == rules.CauseClientAbort {
			continue
		}
		text := Summary(c, incident(cause))
		if strings.Contains(text, "%") || !strings.HasSuffix(text, ".") || strings.Contains(text, "\n") {
			t.Errorf("%s: no sentence: %q", cause, text)
		}
		if !strings.Contains(text, "12 requests failed") || !strings.Contains(text, "from 2026-09-21 14:13:20 to 14:14:35 UTC") {
			t.Errorf("%s: when and how many are not in %q", cause, text)
		}
		if named := strings.Contains(text, "127.0.0.1:8000"); !named && cause.Family() != "gateway" {
			t.Errorf("%s: who is not in %q", cause, text)
		}
	}
	f := func(name, want string, change func(*rules.Incident)) {
		t.Helper()
		in := incident(rules.CauseOOMKill)
		change(in)
		if got := Summary(c, in); !strings.Contains(got, want) {
			t.Errorf("%s: %q does not say %q", name, got, want)
		}
	}
	f("the victim", "gunicorn (pid 9252 of shop, 127.0.0.1:8000) was killed because memory ran out; 12 requests", func(in *rules.Incident) { in.Culprit = rules.Culprit{Process: "gunicorn", PID: 9252} })
	f("one request", "1 request failed", func(in *rules.Incident) { in.FailedRequests = 1 })
	f("no access log", "20 error lines", func(in *rules.Incident) { in.FailedRequests, in.FailedOther = -1, -1 })
	f("many addresses", "and 2 more", func(in *rules.Incident) { in.Upstreams = []string{"a:1", "b:1", "c:1", "d:1", "e:1"} })
	f("no time", "1 request failed at 2026-09-21 14:13:20 UTC.", func(in *rules.Incident) { in.FailedRequests, in.End = 1, in.Start })
	f("one failure, whose cause stands before it", "1 request failed at 2026-09-21 14:13:22 UTC.", func(in *rules.Incident) {
		in.FailedRequests, in.Symptoms = 1, []rules.SymptomGroup{{First: rules.Moment{Micros: (epoch + 2) * parser.Second, Precision: parser.Second}}}
	})
	f("over midnight", "12 requests failed from 2026-09-21 14:13:20 to 2026-09-22 14:13:20 UTC.", func(in *rules.Incident) { in.End.Micros = in.Start.Micros + parser.Day })
	f("its manager kills workers, not the service", "shop (127.0.0.1:8000) had workers killed by", func(in *rules.Incident) {
		in.Verdict.Cause, in.Culprit = rules.CauseWorkerTimeout, rules.Culprit{Process: "gunicorn", PID: 7}
	})
	f("a resource", "The gateway ran out of disk space; 12", func(in *rules.Incident) {
		in.Verdict.Cause, in.Symptoms = rules.CauseGatewayResources, []rules.SymptomGroup{{Class: parser.SymptomDiskFull}}
	})
	f("a name stays as it is written", "shop (127.0.0.1:8000) was killed", func(in *rules.Incident) {})
	f("the dependency comes first", "postgres, on which shop (127.0.0.1:8000) depends, did not serve it; 12 requests failed", func(in *rules.Incident) {
		in.Verdict.Cause, in.Culprit = rules.CauseDependencyFailure, rules.Culprit{Process: "postgres", PID: 7}
	})
	f("an unknown dependency", "A service, on which shop (127.0.0.1:8000) depends, did not serve it", func(in *rules.Incident) { in.Verdict.Cause = rules.CauseDependencyFailure })
	f("what is wrong with a certificate", "TLS between the gateway and shop (127.0.0.1:8000) failed: certificate has expired; 12", func(in *rules.Incident) {
		in.Verdict.Cause = rules.CauseTLSFailure
		in.Symptoms = []rules.SymptomGroup{{Example: rules.Quote{Text: "upstream SSL certificate verify error: (10:certificate has expired) while SSL handshaking to upstream"}}}
	})
	f("no address", "An upstream that the gateway's log does not name", func(in *rules.Incident) { in.Upstreams = nil })
}

// What is not known is said, and nothing that the logs have is asked for.
func TestMissing(t *testing.T) {
	c := failing(saw(parser.SymptomConnRefused, 3, 0, 3))
	asks := func(word string, cause rules.Cause, seen rules.Seen) bool {
		c.Seen = seen
		return slices.ContainsFunc(Missing(c, incident(cause)), func(s string) bool { return strings.Contains(s, word) })
	}
	all := rules.Seen{ErrorLog: true, Access: true, App: true, AnyApp: true, System: true}
	if got := Missing(c, incident(rules.CauseUnknown)); len(got) != 0 {
		t.Errorf("all logs are there, and it asks for %q", got)
	}
	for _, ask := range []struct {
		word string
		lack func(*rules.Seen)
	}{
		{"the application's own log", func(s *rules.Seen) { s.App, s.AnyApp = false, false }},
		{"--map ADDRESS=FILE", func(s *rules.Seen) { s.App = false }},
		{"journalctl -k", func(s *rules.Seen) { s.System = false }},
		{"the gateway's error log", func(s *rules.Seen) { s.ErrorLog = false }},
		{"the gateway's access log", func(s *rules.Seen) { s.Access = false }},
	} {
		seen := all
		ask.lack(&seen)
		if !asks(ask.word, rules.CauseUnknown, seen) || asks(ask.word, rules.CauseUnknown, all) {
			t.Errorf("%q is asked for with all logs %v, without it %v", ask.word, asks(ask.word, rules.CauseUnknown, all), asks(ask.word, rules.CauseUnknown, seen))
		}
	}
	if asks("application", rules.CauseTLSFailure, rules.Seen{ErrorLog: true, Access: true}) {
		t.Error("a certificate that has expired needs no application's log")
	}
}

// Where the cause is sure, too, something is not known: what lies behind it, and what the
// logs at hand cannot show.
func TestMissingBehindACause(t *testing.T) {
	c := failing(saw(parser.SymptomPrematureClose, 12, 0, 75))
	c.Seen = rules.Seen{ErrorLog: true, Access: true, App: true, AnyApp: true, System: true}
	for _, cause := range rules.Causes() {
		if cause == rules.CauseUnknown || cause == rules.CauseNotListening || cause == rules.CauseSlowUpstream || cause == rules.CauseClientAbort {
			continue // the logs that are not there would tell the cause itself
		}
		got := Missing(c, incident(cause))
		if len(got) != 1 || !strings.Contains(got[0], ": ") || strings.Contains(got[0], "{") {
			t.Errorf("%s: %q", cause, got)
		}
	}
	in := incident(rules.CauseKilled)
	c.Evidence = []rules.Candidate{{Hit: &rules.Hit{Signature: &rules.Signature{ID: "sudo-kill"}, Fields: []rules.Field{{Name: rules.FieldUser, Value: "deploy"}}}}}
	in.Verdict.Proof = []rules.Proof{{}}
	if got := Missing(c, in); len(got) != 0 {
		t.Errorf("the line names who sent the signal, and it asks %q", got)
	}
	if got := strings.Join(Advice(c, in), "\n"); strings.Contains(got, "find who") || !strings.Contains(got, "ask whom the quoted line names") {
		t.Errorf("the line names who sent the signal: %s", got)
	}
	in = incident(rules.CauseTLSFailure)
	in.OfGateway, in.Gateway, in.Requests = true, "nginx", in.FailedRequests
	if got := Missing(c, in); len(got) != 1 {
		t.Errorf("all requests failed, and it asks which were answered: %q", got)
	}
	in.Requests += 9
	if got := strings.Join(Missing(c, in), "\n"); !strings.Contains(got, "$upstream_addr") {
		t.Errorf("an access log without upstreams: %s", got)
	}
}

func TestAdvice(t *testing.T) {
	c := failing(saw(parser.SymptomPrematureClose, 12, 0, 75))
	in := incident(rules.CauseOOMKill)
	in.Culprit.Unit, in.Gateway = "shop.service", "nginx"
	if text := strings.Join(Advice(c, in), "\n"); !strings.Contains(text, "systemctl show shop.service") || strings.Contains(text, "UNIT") || strings.Contains(text, "max_fails") {
		t.Errorf("advice for a unit:\n%s", text)
	}
	in.SecondaryLines = 4000
	if text := strings.Join(Prevent(c, in), "\n"); !strings.Contains(text, "max_fails") {
		t.Errorf("advice where most lines are reactions:\n%s", text)
	}
	in.Culprit.Unit = "shop" // a container or a program is no unit
	if text := strings.Join(Advice(c, in), "\n"); strings.Contains(text, "show shop ") {
		t.Errorf("advice names %q as a unit:\n%s", "shop", text)
	}
}

// A capture that the line did not have does not leave a hole in the sentence.
func TestMeaning(t *testing.T) {
	f := func(meaning, want string, fields ...rules.Field) {
		t.Helper()
		h := &rules.Hit{Signature: &rules.Signature{ID: "kernel-oom-killed", Meaning: meaning}, Fields: fields}
		if got := Meaning(h); got != want {
			t.Errorf("%q: %q, want %q", meaning, got, want)
		}
	}
	f("killed <process> (<pid>)", "killed java (12)", rules.Field{Name: "process", Value: "java"}, rules.Field{Name: "pid", Value: "12"})
	f("killed <process>", "killed (process not told)")
	f("exit <exit_code>", "exit (exit code not told)")
	f("", "kernel oom killed")
	f("a < b", "a < b")
	f("killed <process>[, holding <memory>][ of <limit>]", "killed java, holding 2kB", rules.Field{Name: "process", Value: "java"}, rules.Field{Name: "memory", Value: "2kB"})
	f("a [b", "a [b")
	f("said[ <detail>]", "said [x]", rules.Field{Name: "detail", Value: "[x]"})
	f("said <detail>", "said FATAL: sorry", rules.Field{Name: "detail", Value: "FATAL:  sorry\t"}) // prose
	f("said <detail>", "said <b>", rules.Field{Name: "detail", Value: "<b>"})                      // a value is no template
}

// A container's id is written as docker ps shows it, whatever it stands in; nothing else is cut.
func TestShortIDs(t *testing.T) {
	const id = "3858fd54b3552a05b2de27417190643e9dc12db51ab07936f8155e5f3365f90b"
	for text, want := range map[string]string{
		id: id[:12], "docker-" + id + ".scope": "docker-" + id[:12] + ".scope", "a " + id + " and " + id: "a " + id[:12] + " and " + id[:12],
		id + "0": id + "0", "x" + id: "x" + id, id[:40]: id[:40], "": "",
	} {
		if got := short(text); got != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
}

func TestDependencyName(t *testing.T) {
	for dependency, want := range map[string]string{
		"127.0.0.1:5432": "postgres", "redis:6379": "redis-server", "[::1]:3306": "mysqld", "payments": "payments", "10.0.0.9:8443": "10.0.0.9:8443", "": "",
	} {
		if got := DependencyName(dependency); got != want {
			t.Errorf("%q is %q, want %q", dependency, got, want)
		}
	}
}

func TestConfidence(t *testing.T) {
	for total := -50; total < 120; total += 3 {
		for margin := -20; margin < 120; margin += 3 {
			if p := confidence(total, margin); p < 0 || p > 0.99 || p < confidence(total-3, margin) || p < confidence(total, margin-3) {
				t.Fatalf("confidence(%d, %d) = %v", total, margin, p)
			}
		}
	}
	if confidence(60, 50) < 0.9 || confidence(aboveNothing, aboveNext) > 0.8 {
		t.Errorf("a sure verdict %v, one just above the bar %v", confidence(60, 50), confidence(aboveNothing, aboveNext))
	}
}
