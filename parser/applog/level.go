package applog

import "culprit/parser"

// levelOf returns the level that a logger's word means, in any case: the full
// words, some of their translations, and the short forms of Serilog, zerolog, logrus, supervisord and .NET.
func levelOf(word []byte) (parser.Level, bool) {
	var lower [12]byte
	if len(word) == 0 || len(word) > len(lower) {
		return parser.LevelNone, false
	}
	for i, x := range word {
		lower[i] = x | 0x20
	}
	switch string(lower[:len(word)]) {
	case "trace", "debug", "dbg", "verbose", "trc", "vrb", "debu", "trac", "blat", "trce", "dbug", "fine", "finer",
		"finest":
		return parser.LevelDebug, true
	case "info", "information", "inf", "log":
		return parser.LevelInfo, true
	case "notice":
		return parser.LevelNotice, true
	case "warn", "warning", "wrn", "warnung", "aviso":
		return parser.LevelWarn, true
	case "err", "error", "eror", "erro", "severe", "fail", "fehler", "erreur", "errore":
		return parser.LevelError, true
	case "critical", "crit", "fatal", "ftl", "fata", "panic", "dpanic", "pani", "pnc":
		return parser.LevelCrit, true
	case "alert":
		return parser.LevelAlert, true
	case "emerg", "emergency":
		return parser.LevelEmerg, true
	}
	return parser.LevelNone, false
}

// levelLetter returns the level of a one-letter form: klog, Ruby's Logger,
// MongoDB, Android.
func levelLetter(x byte) (parser.Level, bool) {
	switch x {
	case 'D', 'V', 'T':
		return parser.LevelDebug, true
	case 'I', 'A': // Ruby's "any" is printed whatever the threshold
		return parser.LevelInfo, true
	case 'N':
		return parser.LevelNotice, true
	case 'W':
		return parser.LevelWarn, true
	case 'E':
		return parser.LevelError, true
	case 'F', 'C':
		return parser.LevelCrit, true
	}
	return parser.LevelNone, false
}

// levelNumber returns the level of a number: syslog's 0-7, pino's and bunyan's
// 10-60, Monolog's 100-600.
func levelNumber(n int64) parser.Level {
	switch {
	case n < 10:
		return SyslogLevel(n)
	case n < 30:
		return parser.LevelDebug
	case n < 40:
		return parser.LevelInfo
	case n < 50:
		return parser.LevelWarn
	case n < 60:
		return parser.LevelError
	case n < 100:
		return parser.LevelCrit
	case n < 200:
		return parser.LevelDebug
	case n < 250:
		return parser.LevelInfo
	case n < 300:
		return parser.LevelNotice
	case n < 400:
		return parser.LevelWarn
	case n < 500:
		return parser.LevelError
	case n < 550:
		return parser.LevelCrit
	case n < 600:
		return parser.LevelAlert
	}
	return parser.LevelEmerg
}
