package applog

import (
	"bytes"

	"culprit/parser"
)

var dotnetConsole = parser.Format{
	Name:    "dotnet-console",
	Gates:   []parser.Gate{{First: parser.Digits + "tdiwfc", All: "[]:"}},
	Role:    parser.RoleApp,
	Product: "dotnet",
	Doc:     "Microsoft.Extensions.Logging.Console SimpleConsoleFormatter: level: Category[id], the text on the next lines, indented by six",
	Parse:   text(parseDotnetConsole),
}

var dotnetLevels = []string{"trce: ", "dbug: ", "info: ", "warn: ", "fail: ", "crit: "}

// parseDotnetConsole reads [stamp ]level: Category[id][ text].
func parseDotnetConsole(line []byte, _ *parser.Env, r *parser.Record) bool {
	in := input{line}
	if in.stamp(iso, r) && !in.blanks() {
		return false
	}
	if !among(dotnetLevels, in.rest[:min(6, len(in.rest))]) {
		return false
	}
	in.level(":", r)
	in.lit(": ")
	t := in
	category, ok := t.until("[")
	if !ok || !isName(category) || !in.message(r) {
		return false
	}
	_, ok = t.number()
	return ok && t.lit("]")
}

var serilogConsole = parser.Format{
	Name:    "serilog-console",
	Gates:   []parser.Gate{{First: parser.Digits + "[", All: "[]:"}},
	Role:    parser.RoleApp,
	Product: "dotnet",
	Doc:     "https://github.com/serilog/serilog-sinks-console: [{Timestamp:HH:mm:ss} {Level:u3}] {Message}",
	Parse:   text(parseSerilogConsole),
}

// parseSerilogConsole reads [hh:mm:ss LVL] text, and the file sink's stamp [LVL] text.
func parseSerilogConsole(line []byte, _ *parser.Env, r *parser.Record) bool {
	in := input{line}
	if in.lit("[") {
		return in.stamp(timeOfDay, r) && in.lit(" ") && in.upperLevel("]", r) && in.lit("] ") && in.message(r)
	}
	if !in.stamp(iso, r) || r.Stamp.Clock != parser.ClockZoned || !in.lit(" [") || len(in.rest) < 4 || in.rest[3] != ']' {
		return false
	}
	return in.upperLevel("]", r) && in.lit("] ") && in.message(r)
}

var nlog = parser.Format{
	Name:    "nlog",
	Gates:   []parser.Gate{{First: parser.Digits, All: "|:"}},
	Role:    parser.RoleApp,
	Product: "dotnet",
	Doc:     "https://github.com/NLog/NLog/wiki/File-target: default layout ${longdate}|${level:uppercase=true}|${logger}|${message}",
	Parse:   text(parseNLog),
}

// parseNLog reads stamp|LEVEL|logger|text.
func parseNLog(line []byte, _ *parser.Env, r *parser.Record) bool {
	in := input{line}
	if !in.stamp(iso, r) || !in.lit("|") || !in.level("|", r) || !in.lit("|") {
		return false
	}
	if i := bytes.IndexByte(in.rest, '|'); i >= 0 && isName(in.rest[:i]) {
		in.rest = in.rest[i+1:]
	}
	return in.message(r)
}
