package applog

import (
	"bytes"

	"culprit/parser"
	"culprit/parser/timestamp"
)

var phpFPM = parser.Format{
	Name:    "php-fpm",
	Role:    parser.RoleApp,
	Product: "php-fpm",
	Doc:     "php-src sapi/fpm/fpm/zlog.c: level_names, timestamps",
	Parse:   text(parsePHPFPM),
	Samples: []parser.Sample{
		{
			Line: `[22-Nov-2026 15:11:06] WARNING: [pool www] server reached pm.max_children setting (3), consider raising it`,
			Want: `time=2026-11-22T15:11:06 level=warn msg="[pool www] server reached pm.max_children setting (3), consider raising it"`,
		},
		{
			Line: `[22-Nov-2026 15:11:06.123456] NOTICE: pid 412, fpm_children_make(), line 420: [pool www] child 8503 started`,
			Want: `time=2026-11-22T15:11:06.123456 level=notice pid=412 msg="[pool www] child 8503 started"`,
		},
	},
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
	Role:    parser.RoleApp,
	Product: "php",
	Doc:     "php-src main/main.c: php_log_err_with_severity",
	Parse:   text(parsePHPErrorLog),
	Samples: []parser.Sample{
		{
			Line: `[22-Nov-2026 14:33:14 UTC] PHP Fatal error:  Uncaught Error: no in /srv/a.php:3`,
			Want: `time=2026-11-22T14:33:14Z level=crit msg="PHP Fatal error:  Uncaught Error: no in /srv/a.php:3"`,
		},
		{
			Line: `[22-Nov-2026 14:33:14 Europe/Berlin] PHP Warning:  Undefined variable $x in /srv/a.php on line 3`,
			Want: `time=2026-11-22T14:33:14 level=warn msg="PHP Warning:  Undefined variable $x in /srv/a.php on line 3"`,
		},
		{
			Line: `[22-Nov-2026 14:33:14 UTC] cart: cannot reach pricing`,
			Want: `time=2026-11-22T14:33:14Z msg="cart: cannot reach pricing"`,
		},
		{
			Line: `PHP Parse error:  syntax error, unexpected end of file in /srv/a.php on line 9`,
			Want: `level=crit msg="PHP Parse error:  syntax error, unexpected end of file in /srv/a.php on line 9"`,
		},
	},
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
	Role:    parser.RoleApp,
	Product: "php",
	Doc:     "Monolog LineFormatter: [%datetime%] %channel%.%level_name%: %message% %context% %extra%; Laravel, Symfony",
	Parse:   text(parseMonolog),
	Samples: []parser.Sample{
		{
			Line: `[2026-11-22 14:30:00] production.ERROR: SQLSTATE[HY000] [2002] Connection refused {"exception":"[object] (PDOException(code: 2002): x at /srv/a.php:3)`,
			Want: `time=2026-11-22T14:30:00 level=error msg="SQLSTATE[HY000] [2002] Connection refused\n[object] (PDOException(code: 2002): x at /srv/a.php:3)"`,
		},
		{
			Line: `[2026-11-22T14:30:00.123456+00:00] request.CRITICAL: Uncaught PHP Exception Error: "no" at a.php line 3 {"id":7} []`,
			Want: `time=2026-11-22T14:30:00.123456Z level=crit msg="Uncaught PHP Exception Error: \"no\" at a.php line 3 id=7"`,
		},
	},
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
