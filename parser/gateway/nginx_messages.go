package gateway

import (
	"hash/maphash"
	"strings"
	"sync"

	"culprit/parser"
)

// A Message is one entry of the vocabulary of nginx and its family.
type Message struct {
	ID       string // stable name, the value of Gateway.MessageKey
	Template string // as printed, without prefix and context; <name> is a variable part
	Class    parser.Symptom
	Rank     parser.Rank
	Levels   []parser.Level // the usual one first
	Phases   []parser.Phase // what can stand behind "while"; PhaseNone for nothing; empty for any
	Causes   []string       // ids of root causes that usually stand behind it, likeliest first
	Meaning  string         // for people, one clause

	fixed  bool // the template has no variable part but the error's number and text
	rule   messageRule
	errno  int32  // canonical number the template insists on, 0 for any
	phases uint16 // bit set of Phases, 0 for any
	levels uint16 // bit set of Levels
}

// A messageRule says how errno, phase and level refine a message's class and rank.
type messageRule uint8

const (
	ruleNone     messageRule = iota
	ruleSocket               // connect, recv, send and their kin: errno decides, phase and level tell the side
	ruleTLS                  // OpenSSL: phase and level tell the side
	ruleTimer                // a timer of nginx ran out: phase decides
	ruleFile                 // a file: errno decides, level tells a temporary file from a static one
	ruleResource             // accept, socket, bind: errno decides
	ruleResolve              // names: noise on behalf of OCSP
	ruleLimit                // limit_req and limit_conn: a dry run refuses nothing
	ruleStderr               // FastCGI stderr: the upstream's words decide
	ruleLua                  // ngx.log: the script's words decide
)

var ruleNames = []string{"-", "socket", "tls", "timer", "file", "resource", "resolve", "limit", "stderr", "lua"}

// vocabulary is the parsed file with its two indexes: Lua's texts stand behind a
// source position and are looked up without it.
type vocabulary struct {
	messages []Message
	plain    *templateIndex
	lua      *templateIndex
	anyLua   *Message
	heads    nginxHeads
}

var nginxVocabulary = sync.OnceValue(loadVocabulary)

const (
	luaTemplate    = "[lua] <lua_source>: "
	anyLuaTemplate = "[lua] <lua_source>:<line_no>: "
)

func loadVocabulary() *vocabulary {
	v := &vocabulary{messages: vocabularies["nginx"](), plain: newTemplateIndex(), lua: newTemplateIndex(), heads: nginxHeads{seed: maphash.MakeSeed()}}
	for i := range v.messages {
		m := &v.messages[i]
		template := withoutErrno(m)
		switch {
		case strings.HasPrefix(template, anyLuaTemplate):
			v.anyLua = m
		case strings.HasPrefix(template, luaTemplate):
			v.lua.add(template[len(luaTemplate):], m)
		default:
			t := v.plain.add(template, m)
			m.fixed = len(t.parts) == 1
		}
	}
	v.plain.sort()
	v.lua.sort()
	return v
}

// withoutErrno cuts the errno part off the template, as it is cut off messages, and
// keeps a concrete number as a condition.
func withoutErrno(m *Message) string {
	if t, ok := strings.CutSuffix(m.Template, " (<errno>: <errno_text>)"); ok {
		return t
	}
	bare, number, text := cutErrno([]byte(m.Template))
	m.errno = canonicalErrno(number, text)
	return string(bare)
}

// parseMessages parses the embedded file, whose shape a test checks. Rows share the few
// lists of levels, phases and causes that there are: with one of its own for each, nginx's
// vocabulary took a fifth of the time that a run over a small folder takes.
func parseMessages(tsv string) []Message {
	all := make([]Message, 0, strings.Count(tsv, "\n"))
	levels, phases, causes := map[string][]parser.Level{}, map[string][]parser.Phase{}, map[string][]string{}
	var f [9]string
	for line := range strings.Lines(tsv) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		if !splitRow(strings.TrimSuffix(line, "\n"), &f) {
			panic("BUG: nginx_messages.tsv: row without nine columns: " + line)
		}
		m := Message{ID: f[0], Template: f[3], Meaning: f[8]}
		m.Levels = shared(levels, f[1], parseLevels)
		m.Phases = shared(phases, f[2], parsePhases)
		m.rule = messageRule(indexOf(ruleNames, f[4]))
		m.Class, _ = parser.ParseSymptom(f[5])
		m.Rank = parseRank(f[6])
		if f[7] != "-" {
			m.Causes = shared(causes, f[7], func(text string) []string { return strings.Split(text, ",") })
		}
		for _, p := range m.Phases {
			m.phases |= 1 << p
		}
		for _, l := range m.Levels {
			m.levels |= 1 << l
		}
		all = append(all, m)
	}
	return all
}

// splitRow cuts a row at its tabs and reports whether it has as many columns as f.
func splitRow(row string, f *[9]string) bool {
	for i := range f {
		var more bool
		if f[i], row, more = strings.Cut(row, "\t"); more != (i < len(f)-1) {
			return false
		}
	}
	return true
}

// shared is what parse makes of the text, made once.
func shared[T any](known map[string][]T, text string, parse func(string) []T) []T {
	list, ok := known[text]
	if !ok {
		list = parse(text)
		known[text] = list
	}
	return list
}

func parseLevels(text string) (levels []parser.Level) {
	for word := range strings.SplitSeq(text, "|") {
		levels = append(levels, levelOf([]byte(word)))
	}
	return levels
}

func parsePhases(text string) []parser.Phase {
	var phases []parser.Phase
	for word := range strings.SplitSeq(text, "|") {
		for p := parser.PhaseNone; p <= parser.PhaseOther; p++ {
			if p.String() == word {
				phases = append(phases, p)
			}
		}
	}
	if strings.Contains(text, "*") {
		return nil
	}
	return phases
}

func parseRank(text string) parser.Rank {
	for r := parser.RankNone; r <= parser.RankPrimary; r++ {
		if r.String() == text {
			return r
		}
	}
	panic("BUG: nginx_messages.tsv: unknown rank: " + text)
}

func indexOf(names []string, name string) int {
	for i, n := range names {
		if n == name {
			return i
		}
	}
	panic("BUG: nginx_messages.tsv: unknown rule: " + name)
}

// classifyNginx says what a message of nginx means: bare is without context and errno, which
// is Linux's number. The message is nil if the vocabulary does not have it; class and rank are
// then guessed from errno, phase and level.
func classifyNginx(level parser.Level, phase parser.Phase, bare []byte, errno int32) (*Message, parser.Symptom, parser.Rank) {
	m := nginxVocabulary().find(level, phase, bare, errno)
	if m == nil {
		class, rank := guess(level, phase, bare, errno)
		return nil, class, rank
	}
	class, rank := m.refine(level, phase, bare, errno)
	return m, class, rank
}

func (v *vocabulary) find(level parser.Level, phase parser.Phase, bare []byte, errno int32) *Message {
	for len(bare) > 0 && (bare[len(bare)-1] == ' ' || bare[len(bare)-1] == '\n') {
		bare = bare[:len(bare)-1]
	}
	if text, ok := luaText(bare); ok {
		if t := v.lua.find(text); t != nil {
			return t.choose(level, phase, errno)
		}
		return v.anyLua
	}
	if t := v.plain.find(bare); t != nil {
		return t.choose(level, phase, errno)
	}
	return nil
}
