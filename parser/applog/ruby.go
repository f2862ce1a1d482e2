package applog

import (
	"bytes"

	"culprit/parser"
)

var rubyLogger = parser.Format{
	Name:    "ruby-logger",
	Role:    parser.RoleApp,
	Product: "ruby",
	Doc:     "ruby lib/logger/formatter.rb: Format; Rails, unicorn, Sidekiq",
	Parse:   text(parseRubyLogger),
	Samples: []parser.Sample{
		{
			Line: `I, [2026-11-22T14:38:03.606916 #24446]  INFO -- : worker=0 ready`,
			Want: `time=2026-11-22T14:38:03.606916 level=info pid=24446 msg="worker=0 ready"`,
		},
		{
			Line: `E, [2026-11-22T14:38:03.606916 #24446] ERROR -- : worker=0 PID:24450 timeout (61s > 60s), killing`,
			Want: `time=2026-11-22T14:38:03.606916 level=error pid=24446 msg="worker=0 PID:24450 timeout (61s > 60s), killing"`,
		},
		{
			Line: `F, [2026-11-22T14:38:03.606916 #1] FATAL -- shop: [9f3a] PG::ConnectionBad`,
			Want: `time=2026-11-22T14:38:03.606916 level=crit program=shop pid=1 msg="[9f3a] PG::ConnectionBad"`,
		},
		{
			Line: `I, [2026-11-22T09:30:00.123456 #4412]  INFO -- : [9f3a] Started GET "/cart" for 192.0.2.7 at 2026-11-22 09:30:00 -0500`,
			Want: `time=2026-11-22T14:30:00Z(-05:00) level=info pid=4412 client=192.0.2.7 method=GET target=/cart msg="[9f3a] Started GET \"/cart\" for 192.0.2.7 at 2026-11-22 09:30:00 -0500"`,
		},
	},
}

// parseRubyLogger reads L, [stamp #pid] LEVEL -- progname: text.
func parseRubyLogger(line []byte, _ *parser.Env, r *parser.Record) bool {
	if len(line) < 4 || line[1] != ',' || line[2] != ' ' {
		return false
	}
	l, ok := levelLetter(line[0])
	in := input{line[3:]}
	if !ok || !in.lit("[") || !in.stamp(iso, r) || !in.lit(" #") || !in.pid(r) || !in.lit("]") {
		return false
	}
	tellLevel(r, l)
	in.blanks()
	in.word()
	if !in.lit(" -- ") {
		return false
	}
	name, ok := in.until(":")
	if !ok {
		return false
	}
	if isName(name) {
		keep(&r.Program, name)
	}
	return in.message(r)
}

var rails = parser.Format{
	Name:    "rails",
	Role:    parser.RoleApp,
	Product: "ruby",
	Doc:     "railties lib/rails/rack/logger.rb: started_request_message, where the log has no formatter",
	Parse:   text(parseRails),
	Samples: []parser.Sample{
		{
			Line: `Started GET "/cart?item=7" for 192.0.2.7 at 2026-11-22 14:30:00 +0100`,
			Want: `time=2026-11-22T13:30:00Z(+01:00) client=192.0.2.7 method=GET target=/cart?item=7 msg="Started GET \"/cart?item=7\" for 192.0.2.7 at 2026-11-22 14:30:00 +0100"`,
		},
	},
}

// parseRails reads a line that begins with Started and ends with a stamp.
func parseRails(line []byte, _ *parser.Env, r *parser.Record) bool {
	if !bytes.HasPrefix(line, railsStart) {
		return false
	}
	in := input{line}
	return in.message(r) && railsStamp(r)
}

// railsStamp reads the stamp at the end of Rails' line of a request that began.
func railsStamp(r *parser.Record) bool {
	i := bytes.LastIndex(r.Message, railsTime)
	if i < 0 {
		return false
	}
	in := input{r.Message[i+len(railsTime):]}
	outer := r.Stamp
	if !in.stamp(iso, r) || r.Stamp.Clock != parser.ClockZoned {
		r.Stamp = outer
		return false
	}
	if outer.Clock == parser.ClockLocal {
		r.Outer = outer // the logger's, without a zone
	}
	return true
}

var puma = parser.Format{
	Name:    "puma",
	Role:    parser.RoleApp,
	Product: "puma",
	Doc:     "puma lib/puma/log_writer.rb: PidFormatter; lib/puma/error_logger.rb",
	Parse:   text(parsePuma),
	Samples: []parser.Sample{
		{Line: `[27226] * Listening on http://127.0.0.1:9292`, Want: `pid=27226 msg="* Listening on http://127.0.0.1:9292"`},
		{Line: `[27226] ! Terminating timed out worker (worker failed to check in within 60 seconds): 27240`,
			Want: `pid=27226 msg="! Terminating timed out worker (worker failed to check in within 60 seconds): 27240"`},
		{Line: `[27226] - Worker 0 (PID: 27240) booted in 0.02s, phase: 0`, Want: `pid=27226 msg="- Worker 0 (PID: 27240) booted in 0.02s, phase: 0"`},
	},
}

// parsePuma reads [pid] text of cluster mode. Single mode has no prefix.
func parsePuma(line []byte, _ *parser.Env, r *parser.Record) bool {
	in := input{line}
	return in.lit("[") && in.pid(r) && in.lit("] ") && r.PID > 0 && in.message(r)
}

var passenger = parser.Format{
	Name:    "passenger",
	Role:    parser.RoleApp,
	Product: "passenger",
	Doc:     "passenger src/cxx_supportlib/LoggingKit/Implementation.cpp: realLog",
	Parse:   text(parsePassenger),
	Samples: []parser.Sample{
		{
			Line: `[ N 2026-11-22 14:42:05.1234 1234/T1 age/Cor/CoreMain.cpp:1024 ]: Passenger core online, PID 1234`,
			Want: `time=2026-11-22T14:42:05.1234 level=notice pid=1234 msg="Passenger core online, PID 1234"`,
		},
		{
			Line: `[ E 2026-11-22 14:42:05.1234 1234/Td age/Cor/App/Implementation.cpp:218 ]: Could not spawn process`,
			Want: `time=2026-11-22T14:42:05.1234 level=error pid=1234 msg="Could not spawn process"`,
		},
	},
}

// parsePassenger reads [ L stamp pid/thread file:line ]: text.
func parsePassenger(line []byte, _ *parser.Env, r *parser.Record) bool {
	if len(line) < 6 || line[0] != '[' || line[1] != ' ' || line[3] != ' ' {
		return false
	}
	l, ok := levelLetter(line[2])
	in := input{line[4:]}
	if !ok || !in.stamp(iso, r) || !in.lit(" ") || !in.pid(r) || !in.lit("/") {
		return false
	}
	tellLevel(r, l)
	_, ok = in.until("]: ")
	return ok && in.message(r)
}
