package applog

import (
	"bytes"

	"culprit/parser"
	"culprit/parser/timestamp"
)

var phpFPM = parser.Format{
	Name:    "php-fpm",
	Gates:   []parser.Gate{{First: "[", All: "]"}},
	Role:    parser.RoleApp,
	Product: "php-fpm",
	Doc:     "php-src sapi/fpm/fpm/zlog.c: level_names, timestamps",
	Parse:   text(parsePHPFPM),
}

// parsePHPFPM reads [stamp] LEVEL: text; at log_level debug pid, function and line
// stand before the text.
func parsePHPFPM(line []byte, _ *parser.Env, r *parser.Record) bool {
	in := input{line}
	if !in.lit("[") || !in.stamp(timestamp.DMY, r) || !in.lit("] ") || !in.upperLevel(":", r) || !in.lit(": ") {
		return false
	}
	if t := in; t.lit("pid ") && t.pid(r) && t.lit(", ") {
		if _, ok := t.until(", line "); ok {
			t.number()
			if t.lit(": ") {
				in = t
			}
		}
	}
	return in.message(r)
}

var phpErrorLog = parser.Format{
	Name:    "php-error-log",
	Gates:   []parser.Gate{{First: "["}, {First: "P", All: ":"}},
	Role:    parser.RoleApp,
	Product: "php",
	Doc:     "php-src main/main.c: php_log_err_with_severity",
	Parse:   text(parsePHPErrorLog),
}

var phpLevels = []struct {
	text  string
	level parser.Level
}{
	{"PHP Fatal error: ", parser.LevelCrit}, {"PHP Parse error: ", parser.LevelCrit}, {"PHP Core error: ", parser.LevelCrit},
	{"PHP Compile error: ", parser.LevelCrit}, {"PHP Recoverable fatal error: ", parser.LevelError}, {"PHP Warning: ", parser.LevelWarn},
	{"PHP Core warning: ", parser.LevelWarn}, {"PHP Compile warning: ", parser.LevelWarn},
	{"PHP Notice: ", parser.LevelNotice}, {"PHP Deprecated: ", parser.LevelNotice},
}

// parsePHPErrorLog reads [stamp zone] text; the text keeps PHP's own level words,
// since they are part of its messages.
func parsePHPErrorLog(line []byte, _ *parser.Env, r *parser.Record) bool {
	in := input{line}
	stamped := in.lit("[")
	if stamped && (!in.stamp(timestamp.DMY, r) || !in.lit("] ")) {
		return false
	}
	for i := range phpLevels {
		if hasPrefix(in.rest, phpLevels[i].text) {
			tellLevel(r, phpLevels[i].level)
			return in.message(r)
		}
	}
	return stamped && in.message(r)
}

var monolog = parser.Format{
	Name:    "monolog",
	Gates:   []parser.Gate{{First: "[", All: "]"}},
	Role:    parser.RoleApp,
	Product: "php",
	Doc:     "Monolog LineFormatter: [%datetime%] %channel%.%level_name%: %message% %context% %extra%; Laravel, Symfony",
	Parse:   text(parseMonolog),
}

// parseMonolog reads [stamp] channel.LEVEL: text {context} [extra].
func parseMonolog(line []byte, env *parser.Env, r *parser.Record) bool {
	in := input{line}
	if !in.lit("[") || !in.stamp(iso, r) || !in.lit("] ") {
		return false
	}
	channel := in.word()
	i := bytes.LastIndexByte(channel, '.')
	if i < 1 || !hasSuffix(channel, ":") || !isName(channel[:i]) {
		return false
	}
	l, ok := levelOf(channel[i+1 : len(channel)-1])
	if !ok {
		return false
	}
	tellLevel(r, l)
	in.rest = bytes.TrimSuffix(bytes.TrimRight(in.rest, " "), []byte(" []"))
	return messageWithFields(trimBlanks(in.rest), env, r)
}
