package applog

import (
	"bytes"

	"culprit/parser"
	"culprit/parser/timestamp"
)

var postgresql = parser.Format{
	Name:    "postgresql",
	Gates:   []parser.Gate{{First: parser.Digits, All: "[]:"}},
	Role:    parser.RoleApp,
	Product: "postgresql",
	Doc:     "https://www.postgresql.org/docs/current/runtime-config-logging.html: log_line_prefix '%m [%p] ' and Debian's '%m [%p] %q%u@%d '",
	Parse:   text(parsePostgreSQL),
}

var postgresSeverities = []struct {
	word  string
	level parser.Level
}{
	{"LOG:  ", parser.LevelInfo}, {"ERROR:  ", parser.LevelError}, {"FATAL:  ", parser.LevelCrit}, {"PANIC:  ", parser.LevelAlert},
	{"FEHLER:  ", parser.LevelError}, {"ERREUR:  ", parser.LevelError}, {"PANIK:  ", parser.LevelAlert}, {"WARNUNG:  ", parser.LevelWarn}, // lc_messages
	{"WARNING:  ", parser.LevelWarn}, {"NOTICE:  ", parser.LevelNotice}, {"INFO:  ", parser.LevelInfo}, {"DEBUG:  ", parser.LevelDebug},
}

// Lines that belong to the severity before them; their word stays in the text.
var postgresDetails = []string{"DETAIL:  ", "HINT:  ", "STATEMENT:  ", "CONTEXT:  ", "QUERY:  ", "LOCATION:  "}

// parsePostgreSQL reads stamp zone [pid] anything SEVERITY:  text.
func parsePostgreSQL(line []byte, _ *parser.Env, r *parser.Record) bool {
	in := input{line}
	if !in.stamp(iso, r) || !in.lit(" ") {
		return false
	}
	if isUpper(in.peek()) { // a zone that means several offsets
		in.word()
		in.blanks()
	}
	w, ok := in.bracket()
	if !ok {
		return false
	}
	number := input{w}
	if !number.pid(r) { // %p, or %p-%l
		return false
	}
	at := indexString(in.rest, ":  ")
	if at < 0 {
		return false
	}
	start := bytes.LastIndexByte(in.rest[:at], ' ') + 1
	in.rest = in.rest[start:]
	for _, s := range postgresSeverities {
		if in.lit(s.word) {
			tellLevel(r, s.level)
			return in.message(r)
		}
	}
	for _, s := range postgresDetails {
		if hasPrefix(in.rest, s) {
			return in.message(r)
		}
	}
	return false
}

var mysql = parser.Format{
	Name:    "mysql",
	Gates:   []parser.Gate{{First: parser.Digits, All: "[]:"}, {First: parser.Digits, All: ":", Word: "InnoDB: "}, {First: parser.Digits, All: ":", Word: " mysqld"}},
	Role:    parser.RoleApp,
	Product: "mysql",
	Doc:     "https://dev.mysql.com/doc/refman/8.0/en/error-log-format.html; MariaDB: stamp, thread, [level]",
	Parse:   text(parseMySQL),
}

// parseMySQL reads stamp thread [Level] text, and before MySQL 5.7 no thread and not always a level.
func parseMySQL(line []byte, _ *parser.Env, r *parser.Record) bool {
	in := input{line}
	short := in.stamp(timestamp.ShortDate, r)
	if !short && !in.stamp(iso, r) || !in.blanks() {
		return false
	}
	if short && (hasPrefix(in.rest, "InnoDB: ") || hasPrefix(in.rest, "mysqld")) {
		return in.message(r)
	}
	if _, ok := in.number(); !short && (!ok || !in.lit(" ")) {
		return false
	}
	w, ok := in.bracket()
	if !ok {
		return false
	}
	l, ok := levelOf(w)
	switch string(w) {
	case "Note":
		l, ok = parser.LevelInfo, true
	case "System":
		l, ok = parser.LevelNotice, true
	}
	tellLevel(r, l)
	return ok && in.message(r)
}

var redis = parser.Format{
	Name:    "redis",
	Gates:   []parser.Gate{{First: parser.Digits, All: ":"}},
	Role:    parser.RoleApp,
	Product: "redis",
	Doc:     "redis src/server.c: serverLogRaw; Valkey and Sentinel too",
	Parse:   text(parseRedis),
}

// parseRedis reads pid:role stamp mark text, and what a signal handler writes
// (serverLogFromHandler): pid:signal-handler (seconds) text.
func parseRedis(line []byte, _ *parser.Env, r *parser.Record) bool {
	in := input{line}
	if !in.pid(r) || !in.lit(":") {
		return false
	}
	if in.lit("signal-handler (") {
		return in.stamp(timestamp.Epoch, r) && in.lit(") ") && in.message(r)
	}
	if !isUpper(in.peek()) {
		return false
	}
	in.rest = in.rest[1:]
	if !in.lit(" ") || !in.stamp(timestamp.DMY, r) || !in.lit(" ") {
		return false
	}
	switch {
	case in.lit(". "), in.lit("- "):
		tellLevel(r, parser.LevelDebug)
	case in.lit("* "):
		tellLevel(r, parser.LevelNotice)
	case in.lit("# "):
		tellLevel(r, parser.LevelWarn)
	default:
		return false
	}
	return in.message(r)
}
