// Package applog reads the logs of applications, their servers, databases and the
// system around them: one Format for each layout, and the envelopes around them.
//
// A line reaches a Format without its envelope (syslog header, docker's JSON, …).
// What the envelope already told stays: program, host and pid are set only where
// they are empty, and the stamp only where the line's own knows more (Prefer).
//
// Formats are tried in the order of Formats: what has unmistakable marks first,
// layouts that are only a stamp and a text last.
package applog

import "culprit/parser"

// Formats returns all application layouts in detection order. The list is new, the
// formats are shared and must not be changed.
func Formats() []*parser.Format {
	return []*parser.Format{
		&kernelText,
		// Layouts with marks of their own.
		&ztunnel, &pino, &jsonl, &audit, &logfmt, &klog, &rubyLogger, &rails, &mojo, &gunicorn, &celery, &monolog, &jvm, &envLogger, &phpFPM, &phpErrorLog,
		&djangoServer, &serilogConsole, &passenger, &nest, &gin, &uwsgi, &redis, &erlang,
		&postgresql, &mysql, &springBoot, &nlog, &jetty, &wildfly, &logback, &tomcat, &jul, &zapConsole, &tracing,
		&zerologConsole, &elixir, &pm2, &supervisord, &dockerEvents, &dpkg, &hostlessSyslog, &sudo, &systemctlStatus, &cron,
		&pythonLogging, &goLog, &uvicorn, &dotnetConsole, &puma, &clfAccess,
		// A stamp, maybe a level, and text.
		&levelledText, &timestampedText,
	}
}

type parseFunc = func(line []byte, env *parser.Env, r *parser.Record) bool

// text completes the parse function of a text layout: colours are removed before
// it, and a message that reports a finished request becomes an access record.
func text(parse parseFunc) parseFunc {
	return uncoloured(func(line []byte, env *parser.Env, r *parser.Record) bool {
		if !parse(line, env, r) {
			return false
		}
		if r.Kind == parser.KindLog && FindRequest(r.Message, &r.Access) {
			r.Kind = parser.KindAccess
			if r.Access.AtStart {
				railsStamp(r)
			}
		}
		return true
	})
}

// tellPID fills the pid unless an envelope has told it.
func tellPID(r *parser.Record, pid int64) {
	if r.PID == 0 {
		r.PID = pid
	}
}

// tellLevel sets the line's own level: the logger knows better than its carrier,
// which gives one priority to all lines of a stream.
func tellLevel(r *parser.Record, l parser.Level) {
	if l != parser.LevelNone {
		r.Level = l
	}
}
