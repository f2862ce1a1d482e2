package applog

import (
	"bytes"

	"culprit/parser"
	"culprit/parser/timestamp"
)

var postgresql = parser.Format{
	Name:    "postgresql",
	Role:    parser.RoleApp,
	Product: "postgresql",
	Doc:     "https://www.postgresql.org/docs/current/runtime-config-logging.html: log_line_prefix '%m [%p] ' and Debian's '%m [%p] %q%u@%d '",
	Parse:   text(parsePostgreSQL),
	Samples: []parser.Sample{
		{
			Line: `2026-11-22 15:10:13.838 UTC [29663] LOG:  listening on IPv4 address "127.0.0.1", port 5432`,
			Want: `time=2026-11-22T15:10:13.838Z level=info pid=29663 msg="listening on IPv4 address \"127.0.0.1\", port 5432"`,
		},
		{
			Line: `2026-11-22 15:10:26.444 UTC [29851] postgres@postgres FATAL:  sorry, too many clients already`,
			Want: `time=2026-11-22T15:10:26.444Z level=crit pid=29851 msg="sorry, too many clients already"`,
		},
		{
			Line: `2026-11-22 15:10:26.444 CET [29851] web@shop FEHLER:  Relation »carts« existiert nicht`,
			Want: `time=2026-11-22T14:10:26.444Z(+01:00) level=error pid=29851 msg="Relation »carts« existiert nicht"`,
		},
		{
			Line: `2026-11-22 15:10:26.444 IST [29851] STATEMENT:  SELECT 1`,
			Want: `time=2026-11-22T15:10:26.444 pid=29851 msg="STATEMENT:  SELECT 1"`,
		},
	},
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
	Role:    parser.RoleApp,
	Product: "mysql",
	Doc:     "https://dev.mysql.com/doc/refman/8.0/en/error-log-format.html; MariaDB: stamp, thread, [level]",
	Parse:   text(parseMySQL),
	Samples: []parser.Sample{
		{
			Line: `2026-11-22T14:30:00.123456Z 0 [ERROR] [MY-010119] [Server] Aborting`,
			Want: `time=2026-11-22T14:30:00.123456Z level=error msg="[MY-010119] [Server] Aborting"`,
		},
		{
			Line: `2026-11-22 14:30:00 0 [Note] mariadbd: ready for connections.`,
			Want: `time=2026-11-22T14:30:00 level=info msg="mariadbd: ready for connections."`,
		},
		{
			Line: `2026-11-26  7:42:24 0 [Note] /usr/sbin/mariadbd: ready for connections.`,
			Want: `time=2026-11-26T07:42:24 level=info msg="/usr/sbin/mariadbd: ready for connections."`,
		},
		{
			Line: `261126  7:42:24 [ERROR] mysqld got signal 11 ;`,
			Want: `time=2026-11-26T07:42:24 level=error msg="mysqld got signal 11 ;"`,
		},
		{
			Line: `261126 07:42:24 InnoDB: Assertion failure in thread 1234 in file btr0cur.c line 339`,
			Want: `time=2026-11-26T07:42:24 msg="InnoDB: Assertion failure in thread 1234 in file btr0cur.c line 339"`,
		},
		{
			Line: `261126 07:42:25 mysqld_safe Number of processes running now: 0`,
			Want: `time=2026-11-26T07:42:25 msg="mysqld_safe Number of processes running now: 0"`,
		},
		{
			Line: `2026-11-22T14:30:00.123456Z 0 [System] [MY-010931] [Server] /usr/sbin/mysqld: ready for connections.`,
			Want: `time=2026-11-22T14:30:00.123456Z level=notice msg="[MY-010931] [Server] /usr/sbin/mysqld: ready for connections."`,
		},
	},
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
	Role:    parser.RoleApp,
	Product: "redis",
	Doc:     "redis src/server.c: serverLogRaw; Valkey and Sentinel too",
	Parse:   text(parseRedis),
	Samples: []parser.Sample{
		{
			Line: `14722:M 22 Nov 2026 14:52:29.076 * Ready to accept connections tcp`,
			Want: `time=2026-11-22T14:52:29.076 level=notice pid=14722 msg="Ready to accept connections tcp"`,
		},
		{
			Line: `14722:M 22 Nov 2026 14:52:29.076 # Can't save in background: fork: Cannot allocate memory`,
			Want: `time=2026-11-22T14:52:29.076 level=warn pid=14722 msg="Can't save in background: fork: Cannot allocate memory"`,
		},
		{
			Line: `14722:signal-handler (1795360000) Received SIGTERM scheduling shutdown...`,
			Want: `time=2026-11-22T15:06:40Z pid=14722 msg="Received SIGTERM scheduling shutdown..."`,
		},
	},
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
