package gateway

import (
	"bytes"
	"fmt"
	"strings"

	"culprit/parser"
)

// combinedFormat is what nginx logs without a log_format of its own.
const combinedFormat = `$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" "$http_user_agent"`

// ParseLogFormat compiles an nginx log_format to a Format that reads exactly such
// lines. It takes the bare format, with or without escape=default|json|none in front,
// the quoted pieces as they stand in nginx.conf, the whole directive
// `log_format name escape=json '…' '…';`, or the word combined.
//
// Variables that no part of a Record holds are passed over. Between two variables
// there must be literal text, else no line could be cut in one way; the error says
// where. Errors read "parse log format at byte N: …", N counting from 0.
func ParseLogFormat(format string) (*parser.Format, error) {
	text, err := readLogFormat(format)
	if err != nil {
		return nil, err
	}
	layout, err := compileLogFormat(text)
	if err != nil {
		return nil, err
	}
	return &parser.Format{
		Name:    text.name,
		Role:    parser.RoleGateway,
		Product: "nginx",
		Doc:     "the user's log_format; https://nginx.org/en/docs/http/ngx_http_log_module.html#log_format",
		Parse:   layout.parse,
	}, nil
}

// A logFormatText is a format freed from the configuration's quotes; at holds for
// every byte its place in what the user wrote.
type logFormatText struct {
	name  string
	bytes []byte
	at    []int
	end   int
	raw   bool // escape=none
}

func logFormatError(at int, what string, args ...any) error {
	return fmt.Errorf("parse log format at byte %d: %s", at, fmt.Sprintf(what, args...))
}

// place returns where byte i of the text came from.
func (t *logFormatText) place(i int) int {
	if i < len(t.at) {
		return t.at[i]
	}
	return t.end
}

// A configReader reads the tokens of nginx's configuration language.
type configReader struct {
	s string
	i int
}

const configBlanks = " \t\r\n"

func (c *configReader) skipBlanks() {
	for c.i < len(c.s) && strings.IndexByte(configBlanks, c.s[c.i]) >= 0 {
		c.i++
	}
}

// word takes what reaches to the next blank, quote or semicolon.
func (c *configReader) word() string {
	start := c.i
	for c.i < len(c.s) && strings.IndexByte(configBlanks+";'\"", c.s[c.i]) < 0 {
		c.i++
	}
	return c.s[start:c.i]
}

func readLogFormat(format string) (*logFormatText, error) {
	c := &configReader{s: format}
	t := &logFormatText{name: "log-format", end: len(format)}
	c.skipBlanks()
	if strings.HasPrefix(format[c.i:], "log_format") && strings.TrimLeft(format[c.i+len("log_format"):], configBlanks) != format[c.i+len("log_format"):] {
		c.i += len("log_format")
		c.skipBlanks()
		if t.name = c.word(); t.name == "" || strings.Contains(t.name, "=") {
			return nil, logFormatError(c.i, "log_format has no name")
		}
		if err := t.readEscape(c); err != nil {
			return nil, err
		}
		return t, t.readPieces(c)
	}
	if err := t.readEscape(c); err != nil {
		return nil, err
	}
	rest := strings.TrimRight(format[c.i:], configBlanks)
	switch {
	case rest == "combined":
		t.name = rest
		return t, t.unescape(combinedFormat, 0)
	case strings.HasPrefix(rest, "'"):
		return t, t.readPieces(c)
	}
	return t, t.unescape(rest, c.i)
}

// readEscape takes escape=… if it stands next.
func (t *logFormatText) readEscape(c *configReader) error {
	c.skipBlanks()
	if !strings.HasPrefix(c.s[c.i:], "escape=") {
		return nil
	}
	at := c.i
	switch mode := c.word(); mode {
	case "escape=none":
		t.raw = true
	case "escape=default", "escape=json":
	default:
		return logFormatError(at, "%s is none of escape=default, escape=json, escape=none", mode)
	}
	c.skipBlanks()
	return nil
}

// readPieces takes quoted or bare pieces up to a semicolon or the end and joins them.
func (t *logFormatText) readPieces(c *configReader) error {
	for {
		c.skipBlanks()
		if c.i == len(c.s) {
			return nil
		}
		start := c.i
		switch quote := c.s[c.i]; quote {
		case ';':
			t.end = c.i
			return nil
		case '\'', '"':
			end := closingQuote(c.s, c.i+1, quote)
			if end < 0 {
				return logFormatError(start, "quote is not closed")
			}
			c.i = end + 1
			if err := t.unescape(c.s[start+1:end], start+1); err != nil {
				return err
			}
		default:
			if err := t.unescape(c.word(), start); err != nil {
				return err
			}
		}
	}
}

func closingQuote(s string, i int, quote byte) int {
	for ; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case quote:
			return i
		}
	}
	return -1
}

// maxLogFormat bounds a format, and so its variables.
const maxLogFormat = 16 << 10

// unescape appends a piece without the configuration's backslashes
// (ngx_conf_read_token): \" \' \\ and \t \r \n; others stand for themselves.
func (t *logFormatText) unescape(piece string, at int) error {
	if len(t.bytes)+len(piece) > maxLogFormat {
		return logFormatError(at, "format is longer than %d bytes", maxLogFormat)
	}
	for i := 0; i < len(piece); i++ {
		c, place := piece[i], at+i
		if c == '\\' && i+1 < len(piece) {
			if k := strings.IndexByte(`"'\trn`, piece[i+1]); k >= 0 {
				c = "\"'\\\t\r\n"[k]
				i++
			}
		}
		t.bytes, t.at = append(t.bytes, c), append(t.at, place)
	}
	return nil
}

// A logVariable is one variable and the literal text behind it.
type logVariable struct {
	name  string
	key   accessKey
	fixed int // its length where it never varies, else 0
	after []byte
}

// fixedLengths are the variables that nginx prints in one length only.
var fixedLengths = map[string]int{
	"time_local": clfLength, "time_iso8601": len("2026-11-22T15:07:11+00:00"), "status": len("200"),
}

func compileLogFormat(t *logFormatText) (*logLayout, error) {
	l := &logLayout{raw: t.raw}
	known := 0
	literal := &l.before
	for i := 0; i < len(t.bytes); {
		if t.bytes[i] != '$' {
			*literal = append(*literal, t.bytes[i])
			i++
			continue
		}
		name, end, err := t.variable(i)
		if err != nil {
			return nil, err
		}
		if n := len(l.variables); n > 0 && len(*literal) == 0 {
			return nil, logFormatError(t.place(i), "$%s follows $%s without a separator", name, l.variables[n-1].name)
		}
		v := logVariable{name: name, key: nginxVariables[name], fixed: fixedLengths[name]}
		if v.key != keyNone && v.key != keyIgnored {
			known++
		}
		l.variables = append(l.variables, v)
		literal = &l.variables[len(l.variables)-1].after
		i = end
	}
	if known == 0 {
		return nil, logFormatError(t.end, "no variable for time, client, request, status or upstream")
	}
	return l, nil
}

// variable reads $name or ${name} at i.
func (t *logFormatText) variable(i int) (name string, end int, err error) {
	start := i + 1
	braced := start < len(t.bytes) && t.bytes[start] == '{'
	if braced {
		start++
	}
	end = start
	for end < len(t.bytes) && (alphabetic(t.bytes[end]) || decimal(t.bytes[end]) || t.bytes[end] == '_') {
		end++
	}
	name = string(t.bytes[start:end])
	switch {
	case name == "":
		return "", 0, logFormatError(t.place(i), "$ without the name of a variable")
	case braced && (end == len(t.bytes) || t.bytes[end] != '}'):
		return "", 0, logFormatError(t.place(i), "${%s is not closed", name)
	case braced:
		end++
	}
	return name, end, nil
}

// literalAt reports whether text stands at pos in line.
func literalAt(line []byte, pos int, text []byte) bool {
	return pos <= len(line) && bytes.HasPrefix(line[pos:], text)
}
