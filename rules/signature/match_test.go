package signature

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"culprit/parser"
	"culprit/rules"
)

func load(t *testing.T, text string) *Set {
	t.Helper()
	set, err := Load(fstest.MapFS{"tech.yaml": {Data: []byte(text)}})
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// render writes hits as "id@start name=value …".
func render(hits []rules.Hit) string {
	var parts []string
	for _, h := range hits {
		s := fmt.Sprintf("%s@%d", h.Signature.ID, h.Start)
		for _, f := range h.Fields {
			s += fmt.Sprintf(" %s=%s", f.Name, f.Value)
		}
		parts = append(parts, s)
	}
	return strings.Join(parts, "; ")
}

const matchRules = `
- {id: b-first, cause: killed, weight: weak, scope: worker, meaning: x, contains: ['gone away', 'went away'], match: ['it went away'], reject: [away]}
- {id: a-second, meaning: x, contains: ['went away'], pattern: '(?P<who>\w+) went away', match: [{line: 'it went away', want: {who: it}}], reject: [went away]}
- {id: only-kernel, meaning: x, contains: ['went dark'], from: [kernel], match: ['it went dark'], reject: [dark]}
- {id: errors-only, meaning: x, contains: ['went dim'], level: error, match: ['it went dim'], reject: [dim]}
- {id: told-errors, meaning: x, contains: ['went mad'], told: error, match: [{line: 'it went mad', level: error}], reject: ['it went mad']}
- {id: no-errors, meaning: x, contains: ['went out'], below: error, match: ['it went out'], reject: [dim]}
- {id: sure-errors, cause: killed, weight: strong, scope: worker, sure: warn, meaning: x, contains: ['went off'], match: ['it went off'], reject: [dim]}
- {id: both, meaning: x, contains: ['went up'], all: ['and down'], not: ['slowly'], match: ['it went up and down'], reject: ['went up']}
- {id: address, meaning: x, contains: ['cannot bind'], pattern: '\(''(?P<ip>[0-9a-f.:]+)'', (?P<port>\d+)\)', match: [{line: "cannot bind ('127.0.0.1', 80)", want: {ip: 127.0.0.1, port: '80'}}], reject: ['cannot bind']}
`

func TestMatch(t *testing.T) {
	set := load(t, matchRules)
	f := func(want string, r parser.Record) {
		t.Helper()
		if got := render(set.Match(&r, nil)); got != want {
			t.Errorf("%q: got %q, want %q", r.Message, got, want)
		}
	}
	text := func(s string) parser.Record { return parser.Record{Message: []byte(s)} }
	program := func(name, s string) parser.Record {
		return parser.Record{Message: []byte(s), Program: []byte(name)}
	}

	f("", text("nothing of interest"))
	f("", text(""))
	f("b-first@6", text("mysql gone away "))
	f("b-first@3; a-second@0 who=it", text("it went away and it went away"))
	f("b-first@4; a-second@1 who=it", text(" it went away"))
	f("only-kernel@3", text("it went dark"))
	f("only-kernel@3", program("kernel", "it went dark"))
	f("", program("gunicorn", "it went dark"))
	f("only-kernel@0", parser.Record{Message: []byte("went dark"), Format: &parser.Format{Name: "dmesg", Product: "kernel"}})
	f("only-kernel@0", parser.Record{Message: []byte("went dark"), Format: &parser.Format{Name: "syslog"}})
	f("", parser.Record{Message: []byte("went dark"), Format: &parser.Format{Name: "gunicorn", Product: "gunicorn"}})
	f("", parser.Record{Message: []byte("went dark"), Format: &parser.Format{Name: "jsonl", Role: parser.RoleApp}})
	f("", parser.Record{Message: []byte("went dark"), Container: []byte("4f1c")})
	f("errors-only@0", text("went dim"))
	f("errors-only@0", parser.Record{Message: []byte("went dim"), Level: parser.LevelCrit})
	f("", parser.Record{Message: []byte("went dim"), Level: parser.LevelWarn})
	f("told-errors@0", parser.Record{Message: []byte("went mad"), Level: parser.LevelError})
	f("", parser.Record{Message: []byte("went mad"), Level: parser.LevelWarn})
	f("", text("went mad"))
	f("no-errors@0", text("went out"))
	f("no-errors@0", parser.Record{Message: []byte("went out"), Level: parser.LevelWarn})
	f("", parser.Record{Message: []byte("went out"), Level: parser.LevelError})
	f("both@3", text("it went up and down"))
	f("", text("it went up and slowly and down"))
	f("", text("it went up"))
	f("address@12 ip=127.0.0.1 port=8000 address=127.0.0.1:8000", text("cannot bind ('127.0.0.1', 8000)"))
	f("address@12 ip=::1 port=8000 address=[::1]:8000", text("cannot bind ('::1', 8000)"))
}

// Below the level at which it is sure, a rule's line is weak evidence of the same.
func TestMatchIsUnsureBelowLevel(t *testing.T) {
	set := load(t, matchRules)
	f := func(level parser.Level, strong bool) {
		t.Helper()
		r := parser.Record{Message: []byte("it went off"), Level: level}
		hits := set.Match(&r, nil)
		if len(hits) != 1 || hits[0].Signature.ID != "sure-errors" || hits[0].Signature.Strong != strong {
			t.Errorf("level %v: %s, strong %v", level, render(hits), len(hits) == 1 && hits[0].Signature.Strong)
		}
	}
	f(parser.LevelNone, true)
	f(parser.LevelInfo, false)
	f(parser.LevelWarn, true)
	f(parser.LevelCrit, true)
}

// A gateway's own words are no evidence; what it quotes of the upstream is.
func TestMatchReadsQuotedOfGateway(t *testing.T) {
	set := load(t, matchRules)
	r := parser.Record{Kind: parser.KindGateway, Message: []byte("it went away")}
	if got := render(set.Match(&r, nil)); got != "" {
		t.Errorf("own words: %s", got)
	}
	r.Gateway.Quoted = []byte("PHP: db went away")
	if got := render(set.Match(&r, nil)); got != "b-first@8; a-second@5 who=db" {
		t.Errorf("quoted: %s", got)
	}
	r.Gateway.Quoted = []byte("it went dark")
	if got := render(set.Match(&r, nil)); got != "" {
		t.Errorf("quoted text passed for the kernel's: %s", got)
	}
}

func TestMatchAppends(t *testing.T) {
	set := load(t, matchRules)
	r := parser.Record{Message: []byte("it went dark")}
	if hits := set.Match(&r, make([]rules.Hit, 1)); len(hits) != 2 || hits[1].Signature.Technology != "tech" {
		t.Errorf("%+v", hits)
	}
}

// Every literal is found wherever it stands, at even and odd places and at both ends.
func TestMatchFindsLiteralAnywhere(t *testing.T) {
	set := Builtin()
	for i, r := range set.rules {
		for _, literal := range r.contains {
			for pad := range 4 {
				for tail := range 3 {
					text := strings.Repeat("z", pad) + literal + strings.Repeat("z", tail)
					var found ruleBits
					set.literals.all([]byte(text), max(set.literals.first([]byte(text), 0), 0), &found)
					if found[i>>6]>>(i&63)&1 == 0 {
						t.Fatalf("%s: literal %q is not found in %q", r.signature.ID, literal, text)
					}
				}
			}
		}
	}
}

func TestMatchBoundsFields(t *testing.T) {
	set := load(t, `- {id: long, meaning: x, contains: ['name is'], pattern: 'name is (?P<name>.*)', match: [{line: name is x, want: {name: x}}], reject: [name]}`)
	r := parser.Record{Message: []byte("name is \xff" + strings.Repeat("é", 200))}
	h := set.Match(&r, nil)[0]
	value := h.Get("name")
	if !strings.HasPrefix(value, "\uFFFDé") || strings.HasSuffix(value, "\uFFFD") || len(value) > maxFieldBytes+2 || len(value) < maxFieldBytes-4 {
		t.Errorf("%d bytes: %q", len(value), value)
	}
}

// A pattern is compiled by whoever needs it first.
func TestMatchInParallel(t *testing.T) {
	set, err := Load(Data())
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			r := parser.Record{Message: []byte("Memory cgroup out of memory: Killed process 22838 (gunicorn) total-vm:217708kB, anon-rss:199372kB, file-rss:8824kB"), Program: []byte("kernel")}
			if hits := set.Match(&r, nil); len(hits) != 1 || hits[0].Get("pid") != "22838" {
				t.Errorf("hits %s", render(hits))
			}
		})
	}
	wg.Wait()
}

func TestMatchDoesNotAllocate(t *testing.T) {
	set := Builtin()
	var r parser.Record
	var hits []rules.Hit
	n := testing.AllocsPerRun(50, func() {
		for _, line := range healthy {
			r.Message = append(r.Message[:0], line...)
			hits = set.Match(&r, hits[:0])
		}
	})
	if n != 0 {
		t.Errorf("%v allocations for healthy lines", n)
	}
}

// The proof line of a joined OOM report is the victim's, the cgroup is its report's.
// (Report of Linux 6.18, shortened.)
func TestMatchOOMReport(t *testing.T) {
	report := `gunicorn invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=0
CPU: 0 UID: 33 PID: 22840 Comm: gunicorn Not tainted 6.18.44 #1 PREEMPT(none)
memory: usage 225280kB, limit 225280kB, failcnt 114
Tasks state (memory values in pages):
oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=/,mems_allowed=0,oom_memcg=/system.slice/shop.service,task_memcg=/system.slice/shop.service,task=gunicorn,pid=22838,uid=33
Memory cgroup out of memory: Killed process 22838 (gunicorn) total-vm:217708kB, anon-rss:199372kB, file-rss:8824kB, shmem-rss:0kB, UID:33 pgtables:468kB oom_score_adj:0`
	r := parser.Record{Program: []byte("kernel"), Message: []byte(report)}
	want := fmt.Sprintf("kernel-oom-killed@%d limit=225280kB cgroup=/system.slice/shop.service pid=22838 process=gunicorn memory=199372kB user=33",
		strings.Index(report, "Memory cgroup out of memory: Killed"))
	if got := render(Builtin().Match(&r, nil)); got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
}

// Telling finds an HTTP method wherever it stands, as a word.
func TestTellingFindsMethods(t *testing.T) {
	set := Builtin()
	for _, method := range parser.Methods {
		for pad := range 5 {
			for _, behind := range []string{" /x", "=", "\"", " "} {
				text := strings.Repeat(" ", pad) + method + behind
				if set.Telling([]byte(text)) < 0 {
					t.Errorf("nothing is found in %q", text)
				}
			}
		}
		for _, text := range []string{method[:3], "z" + method + " /x", method + "ZZ /x", "zz/" + method + " z", "z-" + method, method + "_Z /x"} {
			if set.Telling([]byte(text)) >= 0 {
				t.Errorf("%q is taken for a method", text)
			}
		}
	}
}
