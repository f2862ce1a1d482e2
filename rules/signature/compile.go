package signature

import (
	"regexp"
	"slices"
	"strings"
	"sync"

	"culprit/parser"
	"culprit/rules"
)

var (
	// What only rule files of users need is not compiled at each start.
	kebab     = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`) })
	nameInUse = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`<([a-z_][a-z0-9_]*)>`) })
)

var (
	roleWords   = words(rules.RoleCause, rules.RoleEffect, rules.RoleRecovery, rules.RoleContext)
	scopeWords  = words(rules.ScopeRequest, rules.ScopeWorker, rules.ScopeService, rules.ScopeHost, rules.ScopeDependency, rules.ScopeGateway)
	stateWords  = words(rules.StateStarted, rules.StateServing, rules.StateStopping, rules.StateStopped, rules.StateFailed, rules.StateDead)
	causeWords  = words(rules.Causes()...)
	weightWords = []string{"strong", "weak"}
	levelWords  = []string{"debug", "info", "notice", "warn", "error", "crit", "alert", "emerg"}
)

func words[T ~string](list ...T) []string {
	out := make([]string, len(list))
	for i, w := range list {
		out[i] = string(w)
	}
	return out
}

// compile turns an entry into a rule. The rule is usable only if no problem was added.
func compile(e *entry, technology string, p *problems) *rule {
	p.rule = e.id.value
	r := &rule{file: p.file, line: e.line, accept: e.accept, reject: e.reject}
	s := &r.signature
	s.Technology = technology
	s.ID = id(e, p)
	s.Cause = rules.Cause(oneOf(e.cause, "cause", causeWords, p))
	for _, t := range e.also {
		s.Also = append(s.Also, rules.Cause(oneOf(t, "cause", causeWords, p)))
	}
	s.Role = role(e, p)
	s.Strong = oneOf(e.weight, "weight", weightWords, p) == "strong"
	s.Scope = rules.Scope(oneOf(e.scope, "scope", scopeWords, p))
	s.State = rules.State(oneOf(e.state, "state", stateWords, p))
	s.Doc, s.Meaning = e.doc.value, e.meaning.value
	r.level, r.told, r.below, r.sure = level(e.level, p), level(e.told, p), level(e.below, p), level(e.sure, p)
	if r.sure != parser.LevelNone {
		weak := *s
		weak.Strong = false
		r.unsure = &weak
	}
	r.contains, r.all, r.not, r.from = values(e.contains), values(e.all), values(e.not), values(e.from)
	r.pattern = newPattern(e.pattern)
	if e.compact {
		return r
	}
	r.pattern.check(e.pattern.line, p)
	required(e, p)
	literals(e, p)
	return r
}

func id(e *entry, p *problems) string {
	if e.id.line == 0 {
		p.add(e.line, "", "entry without id")
	} else if !e.compact && !kebab().MatchString(e.id.value) {
		p.add(e.id.line, "write it as gunicorn-worker-timeout", "id %q is not kebab-case", e.id.value)
	}
	return e.id.value
}

// level is LevelNone for an absent text.
func level(t text, p *problems) parser.Level {
	return parser.Level(slices.Index(levelWords, oneOf(t, "level", levelWords, p)) + 1)
}

// role is cause for an entry with a cause and context for one without, if not told.
func role(e *entry, p *problems) rules.EvidenceRole {
	told := oneOf(e.role, "role", roleWords, p)
	switch {
	case told != "":
		return rules.EvidenceRole(told)
	case e.cause.line > 0:
		return rules.RoleCause
	}
	return rules.RoleContext
}

// oneOf returns the text if it is one of the words, else "" (with a problem, unless
// it is absent).
func oneOf(t text, what string, words []string, p *problems) string {
	if t.line == 0 {
		return ""
	}
	if !slices.Contains(words, t.value) {
		p.add(t.line, "one of "+strings.Join(words, ", "), "unknown %s %q", what, t.value)
		return ""
	}
	return t.value
}

func values(list []text) []string {
	if len(list) == 0 {
		return nil
	}
	out := make([]string, len(list))
	for i, t := range list {
		out[i] = t.value
	}
	return out
}

// required adds a problem for each part that the entry needs and does not have.
func required(e *entry, p *problems) {
	if e.cause.line > 0 && e.weight.line == 0 {
		p.add(e.line, "strong may decide alone, weak only supports", "cause without weight")
	}
	if e.cause.line > 0 && e.scope.line == 0 {
		p.add(e.line, "one of "+strings.Join(scopeWords, ", "), "cause without scope")
	}
	if e.cause.line == 0 && e.role.value == string(rules.RoleCause) {
		p.add(e.role.line, "name the cause, or make it context", "role cause without cause")
	}
	if e.cause.line == 0 && len(e.also) > 0 {
		p.add(e.also[0].line, "the best one is the cause", "also without cause")
	}
	if e.meaning.value == "" {
		p.add(e.line, "one sentence for people, with <capture> names", "entry without meaning")
	}
	if e.sure.line > 0 && e.weight.value != "strong" {
		p.add(e.sure.line, "weight strong, or no sure", "sure without strong weight")
	}
	if len(e.contains) == 0 {
		p.add(e.line, "name a literal that the pattern needs", "entry without contains")
	}
	if len(e.accept) == 0 {
		p.add(e.line, "add a real line", "entry without match sample")
	}
	if len(e.reject) == 0 {
		p.add(e.line, "add a line that looks alike and is not", "entry without reject sample")
	}
}

// literals checks that each literal can be searched for.
func literals(e *entry, p *problems) {
	for _, t := range e.contains {
		if from, to := coreOf(t.value); to-from < minLiteral {
			p.add(t.line, "it needs four bytes in a row that JSON does not escape: no quotes, <, >, &, +, =, \\, /, non-ASCII",
				"literal %q is too short", t.value)
		}
	}
	for _, t := range slices.Concat(e.all, e.not, e.from) {
		if t.value == "" {
			p.add(t.line, "", "empty literal")
		}
	}
}

// captures checks that the names in the meaning and in the samples are captured, and
// that every capture is asserted by a sample.
func captures(e *entry, names []string, p *problems) {
	for _, use := range nameInUse().FindAllStringSubmatch(e.meaning.value, -1) {
		if !slices.Contains(names, use[1]) {
			p.add(e.meaning.line, "add (?P<"+use[1]+">…) to the pattern", "meaning uses <%s>, which nothing captures", use[1])
		}
	}
	composed := slices.Contains(names, ipGroup) && slices.Contains(names, rules.FieldPort)
	asserted := map[string]bool{proofGroup: true, "": true}
	for _, s := range e.accept {
		for _, w := range s.want {
			asserted[w.key.value] = true
			if !slices.Contains(names, w.key.value) && !(composed && w.key.value == rules.FieldAddress) {
				p.add(w.key.line, "add (?P<"+w.key.value+">…) to the pattern", "want names %s, which nothing captures", w.key.value)
			}
		}
	}
	for _, name := range names {
		if !asserted[name] {
			p.add(e.pattern.line, "add it to a sample's want", "capture %s is asserted by no sample", name)
			asserted[name] = true
		}
	}
}
