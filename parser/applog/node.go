package applog

import (
	"culprit/parser"
	"culprit/parser/timestamp"
)

var pm2Name = []byte("pm2")

var pm2 = parser.Format{
	Name:    "pm2",
	Gates:   []parser.Gate{{First: parser.Digits, All: ":"}},
	Role:    parser.RoleSystem,
	Product: "pm2",
	Doc:     "pm2 lib/Daemon.js and lib/Utility.js: its own log with PM2 log: or PM2 error:",
	Parse:   text(parsePM2),
}

// parsePM2 reads stamp: PM2 log: text.
func parsePM2(line []byte, _ *parser.Env, r *parser.Record) bool {
	in := input{line}
	if !in.stamp(iso, r) || !in.lit(": PM2 ") {
		return false
	}
	keep(&r.Program, pm2Name)
	if !in.lit("log: ") && in.lit("error: ") {
		tellLevel(r, parser.LevelError)
	}
	return in.message(r)
}

var nest = parser.Format{
	Name:    "nest",
	Gates:   []parser.Gate{{First: "[", All: "]"}},
	Role:    parser.RoleApp,
	Product: "node",
	Doc:     "nestjs/nest console-logger.service.ts: formatMessage",
	Parse:   text(parseNest),
}

// parseNest reads [app] pid  - stamp LEVEL text; the stamp follows the locale.
func parseNest(line []byte, _ *parser.Env, r *parser.Record) bool {
	in := input{line}
	if _, ok := in.bracket(); !ok || !in.lit(" ") || !in.pid(r) || !in.blanks() || !in.lit("- ") {
		return false
	}
	if !in.stamp(timestamp.TwelveHour, r) && !in.stamp(anyStamp, r) || !in.blanks() {
		return false
	}
	return in.level("", r) && in.message(r)
}
