package gateway

import (
	"bytes"

	"culprit/parser"
)

const (
	stderrOpening = `FastCGI sent in stderr: "`
	phpPrefix     = "PHP message: "
)

// nginxQuoted sets Gateway.Quoted from FastCGI stderr: the text between the quotes
// (the closing one is missing where the line was cut or goes on), one message of PHP a
// line, each without the "PHP message: " that PHP-FPM puts before it (sapi/fpm,
// sapi_cgi_log_message) and often not apart from the one before.
func nginxQuoted(env *parser.Env, r *parser.Record) {
	text, ok := bytes.CutPrefix(r.Message, []byte(stderrOpening))
	if !ok {
		return
	}
	if n := len(text); n > 0 && text[n-1] == '"' {
		text = text[:n-1]
	}
	text, _ = bytes.CutPrefix(text, []byte(phpPrefix))
	if !bytes.Contains(text, []byte(phpPrefix)) {
		r.Gateway.Quoted = text
		return
	}
	start := len(env.Buf)
	for {
		one, rest, more := bytes.Cut(text, []byte(phpPrefix))
		env.Buf = append(env.Buf, bytes.TrimRight(one, "; \n")...)
		if !more {
			break
		}
		env.Buf = append(env.Buf, '\n')
		text = rest
	}
	r.Gateway.Quoted = env.Buf[start:len(env.Buf):len(env.Buf)]
}
