package applog

import (
	"bytes"

	"culprit/parser"
	"culprit/parser/timestamp"
)

var goLog = parser.Format{
	Name:    "go-log",
	Gates:   []parser.Gate{{All: "0/:"}},
	Role:    parser.RoleApp,
	Product: "go",
	Doc:     "https://pkg.go.dev/log: LstdFlags, with or without a prefix; slog's default handler adds a level",
	Parse:   text(parseGoLog),
}

// parseGoLog reads [prefix]stamp text. A prefix is a service's name or a level.
// nginx's error log, which has [level] behind such a stamp, is refused.
func parseGoLog(line []byte, _ *parser.Env, r *parser.Record) bool {
	in := input{line}
	if len(line) > 0 && !isDigit(line[0]) && !in.goPrefix(r) {
		return false
	}
	if !in.stamp(timestamp.Slashed, r) || !in.lit(" ") && len(in.rest) > 0 {
		return false
	}
	if nginxLevel(in) {
		return false
	}
	if !in.anyLevel(r) {
		keptLevel(in, r)
	}
	in.lit(":")
	return in.message(r)
}

// nginxLevel reports whether the rest goes on as nginx's "[error] 12#34: ".
func nginxLevel(in input) bool {
	if _, ok := in.bracket(); !ok || !in.lit(" ") {
		return false
	}
	_, ok := in.number()
	return ok && in.lit("#")
}

// goPrefix takes "[name] ", "name: ", "name " or "LEVEL: " before the stamp.
func (in *input) goPrefix(r *parser.Record) bool {
	name, bracketed := in.bracket()
	if !bracketed {
		name = bytes.TrimSuffix(in.word(), []byte(":"))
	}
	if !isName(name) || !in.blanks() || !isDigit(in.peek()) {
		return false
	}
	if l, ok := levelOf(name); ok {
		tellLevel(r, l)
	} else {
		keep(&r.Program, name)
	}
	return true
}

var gin = parser.Format{
	Name:    "gin",
	Gates:   []parser.Gate{{First: "[", All: "]"}},
	Role:    parser.RoleApp,
	Product: "go",
	Doc:     "gin-gonic/gin logger.go: defaultLogFormatter",
	Parse:   text(parseGin),
}

// parseGin reads [GIN] date - time | text, and [GIN-debug] text.
func parseGin(line []byte, _ *parser.Env, r *parser.Record) bool {
	in := input{line}
	if in.lit("[GIN-debug] ") {
		tellLevel(r, parser.LevelDebug)
		in.anyLevel(r)
		return in.message(r)
	}
	if !in.lit("[GIN] ") || len(in.rest) < 21 || !hasPrefix(in.rest[10:], " - ") {
		return false
	}
	var joined [19]byte // 2026/11/22 15:16:24
	copy(joined[:], in.rest[:11])
	copy(joined[11:], in.rest[13:21])
	s, _, ok := timestamp.Slashed(joined[:])
	if !ok {
		return false
	}
	r.Stamp = Prefer(r.Stamp, s)
	in.rest = in.rest[21:]
	in.blanks()
	in.lit("|")
	return in.message(r)
}

var klog = parser.Format{
	Name:    "klog",
	Gates:   []parser.Gate{{First: "DVTIANWEFC", All: "]:"}},
	Role:    parser.RoleApp,
	Product: "kubernetes",
	Doc:     "https://github.com/kubernetes/klog: header of klog.go, formatHeader; glog",
	Parse:   text(parseKlog),
}

// parseKlog reads Lmmdd stamp pid file:line] text.
func parseKlog(line []byte, _ *parser.Env, r *parser.Record) bool {
	if len(line) < 22 || !isDigit(line[1]) {
		return false
	}
	l, ok := levelLetter(line[0])
	in := input{line[1:]}
	if !ok || !in.stamp(timestamp.Klog, r) || !in.blanks() || !in.pid(r) || !in.lit(" ") {
		return false
	}
	tellLevel(r, l)
	_, ok = in.until("] ")
	return ok && in.message(r)
}

var zapConsole = parser.Format{
	Name:    "zap-console",
	Gates:   []parser.Gate{{First: parser.Digits + parser.Capitals + "[", All: "\t"}},
	Role:    parser.RoleApp,
	Product: "go",
	Doc:     "go.uber.org/zap console encoder: parts split by tabs, then JSON",
	Parse:   text(parseZapConsole),
}

// parseZapConsole reads stamp TAB LEVEL TAB parts TAB {json}; caller and logger are
// optional, so they stay in the text.
func parseZapConsole(line []byte, env *parser.Env, r *parser.Record) bool {
	in := input{line}
	if !in.stamp(anyStamp, r) || !in.lit("\t") || !in.level("\t", r) || !in.lit("\t") || bytes.HasPrefix(in.rest, ztunnelScope) {
		return false
	}
	return messageWithFields(in.rest, env, r)
}

var zerologConsole = parser.Format{
	Name:    "zerolog-console",
	Gates:   []parser.Gate{{First: parser.Digits, All: ":"}, {First: parser.Capitals, All: "[]", More: levelBracket}},
	Role:    parser.RoleApp,
	Product: "go",
	Doc:     "github.com/rs/zerolog ConsoleWriter: kitchen time or RFC 3339 and a three-letter level; logrus on a terminal: LEVL[seconds]",
	Parse:   text(parseZerologConsole),
}

var zerologLevels = []string{"TRC ", "DBG ", "INF ", "WRN ", "ERR ", "FTL ", "PNC "}

// parseZerologConsole reads a stamp and a three-letter level. The kitchen time has
// minutes only: no stamp is made of it.
func parseZerologConsole(line []byte, _ *parser.Env, r *parser.Record) bool {
	in := input{line}
	if t := in; len(line) > 4 && isUpper(line[0]) && t.level("[", r) && t.lit("[") {
		_, ok := t.number()
		return ok && t.lit("] ") && t.message(r)
	}
	if !in.stamp(iso, r) && !in.kitchen() || !in.lit(" ") {
		return false
	}
	if !among(zerologLevels, in.rest[:min(4, len(in.rest))]) {
		return false
	}
	return in.level("", r) && in.message(r)
}

// kitchen takes Go's time.Kitchen: 2:46PM.
func (in *input) kitchen() bool {
	t := *in
	hour, ok := t.number()
	if !ok || hour > 12 || !t.lit(":") {
		return false
	}
	minute, ok := t.number()
	if !ok || minute > 59 || !t.lit("PM") && !t.lit("AM") {
		return false
	}
	*in = t
	return true
}
