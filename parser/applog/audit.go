package applog

import (
	"culprit/parser"
	"culprit/parser/timestamp"
)

var auditName = []byte("audit")

var audit = parser.Format{
	Name:    "audit",
	Role:    parser.RoleSystem,
	Product: "linux",
	Doc:     "auditd(8); audit-userspace src/auditd-event.c: one record of an event; those of one event have the same stamp and serial",
	Parse:   parseAudit,
	Samples: []parser.Sample{
		{
			Line: `type=OBJ_PID msg=audit(1514202775.088:351): opid=24067 oauid=-1 ouid=3010 oses=-1 ocomm="python"`,
			Want: `time=2017-12-25T11:52:55.088Z program=audit msg="type=OBJ_PID msg=audit(1514202775.088:351): opid=24067 oauid=-1 ouid=3010 oses=-1 ocomm=\"python\""`,
		},
		{
			Line: `node=web-1 type=EXECVE msg=audit(1514202775.088:352): argc=3 a0="kill" a1="-9" a2="24067"`,
			Want: `time=2017-12-25T11:52:55.088Z host=web-1 program=audit msg="type=EXECVE msg=audit(1514202775.088:352): argc=3 a0=\"kill\" a1=\"-9\" a2=\"24067\""`,
		},
	},
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
