package applog

import (
	"culprit/parser"
	"culprit/parser/timestamp"
)

var auditName = []byte("audit")

var audit = parser.Format{
	Name:    "audit",
	Gates:   []parser.Gate{{First: "nt", All: "=(:)"}},
	Role:    parser.RoleSystem,
	Product: "linux",
	Doc:     "auditd(8); audit-userspace src/auditd-event.c: one record of an event; those of one event have the same stamp and serial",
	Parse:   parseAudit,
}

// parseAudit reads [node=host ]type=KIND msg=audit(seconds:serial): fields.
func parseAudit(line []byte, _ *parser.Env, r *parser.Record) bool {
	in := input{line}
	if in.lit("node=") {
		keep(&r.Host, in.word())
		in.blanks()
	}
	text := in
	if !in.lit("type=") {
		return false
	}
	in.word()
	if !in.lit(" msg=audit(") || !in.stamp(timestamp.Epoch, r) || !in.lit(":") {
		return false
	}
	if _, ok := in.number(); !ok || !in.lit("):") {
		return false
	}
	keep(&r.Program, auditName)
	return text.message(r)
}
