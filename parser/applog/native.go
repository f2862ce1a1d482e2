package applog

import (
	"bytes"

	"culprit/parser"
	"culprit/parser/timestamp"
)

// Rust, Erlang and Elixir.

var envLogger = parser.Format{
	Name:    "env-logger",
	Role:    parser.RoleApp,
	Product: "rust",
	Doc:     "https://docs.rs/env_logger: default format",
	Parse:   text(parseEnvLogger),
	Samples: []parser.Sample{
		{
			Line: `[2026-11-22T14:30:00Z ERROR shop::db] pool timed out`,
			Want: `time=2026-11-22T14:30:00Z level=error msg="pool timed out"`,
		},
		{
			Line: `[2026-11-22T14:30:00Z INFO  actix_web::middleware::logger] 127.0.0.1 "GET /cart HTTP/1.1" 200 12 "-" "curl/7.88" 0.000123`,
			Want: `time=2026-11-22T14:30:00Z level=info client=127.0.0.1 method=GET target=/cart status=200 bytes=12 msg="127.0.0.1 \"GET /cart HTTP/1.1\" 200 12 \"-\" \"curl/7.88\" 0.000123"`,
		},
	},
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
	Role:    parser.RoleApp,
	Product: "rust",
	Doc:     "https://docs.rs/tracing-subscriber: fmt::format::Full",
	Parse:   text(parseTracing),
	Samples: []parser.Sample{
		{
			Line: "\x1b[2m2026-11-22T14:30:00.123456Z\x1b[0m \x1b[31mERROR\x1b[0m \x1b[2mshop::db\x1b[0m\x1b[2m:\x1b[0m pool timed out \x1b[3mmax\x1b[0m\x1b[2m=\x1b[0m10",
			Want: `time=2026-11-22T14:30:00.123456Z level=error msg="pool timed out max=10"`,
		},
		{
			Line: `2026-11-22T14:30:00.123456Z  INFO request{method=GET uri=/cart version=HTTP/1.1}: tower_http::trace::on_response: finished processing request latency=3 ms status=200`,
			Want: `time=2026-11-22T14:30:00.123456Z level=info method=GET target=/cart status=200 msg="request{method=GET uri=/cart version=HTTP/1.1}: tower_http::trace::on_response: finished processing request latency=3 ms status=200"`,
		},
	},
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
	Role:    parser.RoleApp,
	Product: "elixir",
	Doc:     "https://hexdocs.pm/logger: default format $time $metadata[$level] $message",
	Parse:   text(parseElixir),
	Samples: []parser.Sample{
		{
			Line: `14:43:38.557 [error] GenServer Shop.Cache terminating`,
			Want: `time=14:43:38.557 level=error msg="GenServer Shop.Cache terminating"`,
		},
		{
			Line: `14:43:38.557 request_id=F9a [info] Sent 500 in 3ms`,
			Want: `time=14:43:38.557 level=info msg="request_id=F9a Sent 500 in 3ms"`,
		},
	},
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
	Role:    parser.RoleApp,
	Product: "erlang",
	Doc:     "https://www.erlang.org/doc/apps/kernel/logger_formatter.html: legacy header; the report follows on further lines",
	Parse:   text(parseErlang),
	Samples: []parser.Sample{
		{
			Line: `=ERROR REPORT==== 22-Nov-2026::14:43:37.654284 ===`,
			Want: `time=2026-11-22T14:43:37.654284 level=error msg="ERROR REPORT"`,
		},
		{
			Line: `=CRASH REPORT==== 22-Nov-2026::14:43:37.654284 ===`,
			Want: `time=2026-11-22T14:43:37.654284 level=error msg="CRASH REPORT"`,
		},
	},
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
