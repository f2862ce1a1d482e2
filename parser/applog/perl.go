package applog

import "culprit/parser"

var mojo = parser.Format{
	Name:    "mojo-log",
	Role:    parser.RoleApp,
	Product: "perl",
	Doc:     "https://docs.mojolicious.org/Mojo/Log: format",
	Parse:   text(parseMojo),
	Samples: []parser.Sample{
		{
			Line: `[2026-11-22 14:30:00.12345] [4631] [error] Worker 4640 has no heartbeat (50 seconds), restarting (see FAQ for more)`,
			Want: `time=2026-11-22T14:30:00.12345 level=error pid=4631 msg="Worker 4640 has no heartbeat (50 seconds), restarting (see FAQ for more)"`,
		},
		{
			Line: `[2026-11-22 14:30:00.12345] [4631] [info] [a1b2c3d4] GET "/cart"`,
			Want: `time=2026-11-22T14:30:00.12345 level=info pid=4631 msg="[a1b2c3d4] GET \"/cart\""`,
		},
	},
}

// parseMojo reads [stamp] [pid] [level] text, whose stamp has five digits behind its dot and no
// zone; gunicorn's has a zone and no fraction.
func parseMojo(line []byte, env *parser.Env, r *parser.Record) bool {
	const stamp = len("[2026-11-22 14:30:00.12345]")
	return len(line) > stamp && line[20] == '.' && line[stamp-1] == ']' && parseGunicorn(line, env, r)
}
