package applog

import "culprit/parser"

var mojo = parser.Format{
	Name:    "mojo-log",
	Gates:   []parser.Gate{{First: "[", All: "]."}},
	Role:    parser.RoleApp,
	Product: "perl",
	Doc:     "https://docs.mojolicious.org/Mojo/Log: format",
	Parse:   text(parseMojo),
}

// parseMojo reads [stamp] [pid] [level] text, whose stamp has five digits behind its dot and no
// zone; gunicorn's has a zone and no fraction.
func parseMojo(line []byte, env *parser.Env, r *parser.Record) bool {
	const stamp = len("[2026-11-22 14:30:00.12345]")
	return len(line) > stamp && line[20] == '.' && line[stamp-1] == ']' && parseGunicorn(line, env, r)
}
