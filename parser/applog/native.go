package applog

import (
	"bytes"

	"culprit/parser"
	"culprit/parser/timestamp"
)

// Rust, Erlang and Elixir.

var envLogger = parser.Format{
	Name:    "env-logger",
	Gates:   []parser.Gate{{First: "[", All: "]"}},
	Role:    parser.RoleApp,
	Product: "rust",
	Doc:     "https://docs.rs/env_logger: default format",
	Parse:   text(parseEnvLogger),
}

// parseEnvLogger reads [stamp LEVEL target] text.
func parseEnvLogger(line []byte, _ *parser.Env, r *parser.Record) bool {
	in := input{line}
	if !in.lit("[") || !in.stamp(iso, r) || !in.lit(" ") || !in.upperLevel("]", r) {
		return false
	}
	_, ok := in.until("] ")
	return ok && in.message(r)
}

var tracing = parser.Format{
	Name:    "tracing",
	Gates:   []parser.Gate{{First: parser.Digits, All: ":"}},
	Role:    parser.RoleApp,
	Product: "rust",
	Doc:     "https://docs.rs/tracing-subscriber: fmt::format::Full",
	Parse:   text(parseTracing),
}

// parseTracing reads stamp LEVEL target: text, where a level is padded to five and a
// target is a module path or the names of spans.
func parseTracing(line []byte, _ *parser.Env, r *parser.Record) bool {
	in := input{line}
	if !in.stamp(iso, r) || r.Stamp.Precision > 1 || !in.lit(" ") || !in.blanks() && !hasPrefix(in.rest, "ERROR") && !hasPrefix(in.rest, "DEBUG") && !hasPrefix(in.rest, "TRACE") {
		return false
	}
	if !in.upperLevel("", r) || !in.lit(" ") {
		return false
	}
	t := in
	target, ok := t.until(": ")
	if !ok || indexString(target, " ") >= 0 && target[len(target)-1] != '}' {
		return false
	}
	if bytes.IndexByte(target, '{') < 0 {
		in = t
	}
	return in.message(r)
}

var elixir = parser.Format{
	Name:    "elixir",
	Gates:   []parser.Gate{{First: parser.Digits, All: "[]:"}},
	Role:    parser.RoleApp,
	Product: "elixir",
	Doc:     "https://hexdocs.pm/logger: default format $time $metadata[$level] $message",
	Parse:   text(parseElixir),
}

// parseElixir reads hh:mm:ss.mmm metadata[level] text.
func parseElixir(line []byte, env *parser.Env, r *parser.Record) bool {
	in := input{line}
	if !in.stamp(timeOfDay, r) || !in.lit(" ") {
		return false
	}
	meta, ok := in.until("[")
	if !ok || len(meta) > 0 && bytes.IndexByte(meta, '=') < 0 || !in.level("]", r) || !in.lit("] ") {
		return false
	}
	in.message(r)
	if len(meta) > 0 {
		start := len(env.Buf)
		env.Buf = append(append(env.Buf, meta...), r.Message...)
		r.Message = env.Buf[start:]
	}
	return true
}

var erlang = parser.Format{
	Name:    "erlang",
	Gates:   []parser.Gate{{First: "=", All: "="}},
	Role:    parser.RoleApp,
	Product: "erlang",
	Doc:     "https://www.erlang.org/doc/apps/kernel/logger_formatter.html: legacy header; the report follows on further lines",
	Parse:   text(parseErlang),
}

// parseErlang reads =KIND REPORT==== stamp ===.
func parseErlang(line []byte, _ *parser.Env, r *parser.Record) bool {
	in := input{line}
	if !in.lit("=") {
		return false
	}
	kind, ok := in.until("==== ")
	if !ok || !hasSuffix(kind, " REPORT") || !in.stamp(timestamp.DMY, r) {
		return false
	}
	l, ok := levelOf(kind[:len(kind)-len(" REPORT")])
	if !ok {
		l = parser.LevelError // CRASH, SUPERVISOR
		if kind[0] == 'P' {
			l = parser.LevelInfo // PROGRESS
		}
	}
	tellLevel(r, l)
	r.Message = kind
	return true
}
