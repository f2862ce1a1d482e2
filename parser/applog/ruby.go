package applog

import (
	"bytes"

	"culprit/parser"
)

var rubyLogger = parser.Format{
	Name:    "ruby-logger",
	Gates:   []parser.Gate{{First: "DVTIANWEFC", All: ",[#]"}},
	Role:    parser.RoleApp,
	Product: "ruby",
	Doc:     "ruby lib/logger/formatter.rb: Format; Rails, unicorn, Sidekiq",
	Parse:   text(parseRubyLogger),
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
	Gates:   []parser.Gate{{First: "S", All: "\":"}},
	Role:    parser.RoleApp,
	Product: "ruby",
	Doc:     "railties lib/rails/rack/logger.rb: started_request_message, where the log has no formatter",
	Parse:   text(parseRails),
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
	Gates:   []parser.Gate{{First: "[", All: "]"}},
	Role:    parser.RoleApp,
	Product: "puma",
	Doc:     "puma lib/puma/log_writer.rb: PidFormatter; lib/puma/error_logger.rb",
	Parse:   text(parsePuma),
}

// parsePuma reads [pid] text of cluster mode. Single mode has no prefix.
func parsePuma(line []byte, _ *parser.Env, r *parser.Record) bool {
	in := input{line}
	return in.lit("[") && in.pid(r) && in.lit("] ") && r.PID > 0 && in.message(r)
}

var passenger = parser.Format{
	Name:    "passenger",
	Gates:   []parser.Gate{{First: "[", All: "]"}},
	Role:    parser.RoleApp,
	Product: "passenger",
	Doc:     "passenger src/cxx_supportlib/LoggingKit/Implementation.cpp: realLog",
	Parse:   text(parsePassenger),
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
