package gateway

import (
	"bytes"
	"strings"

	"culprit/parser"
	"culprit/parser/timestamp"
)

// yarp is what YARP, the reverse proxy of .NET, says about requests that failed, in whatever
// program is built with it:
//
//	warn: Yarp.ReverseProxy.Forwarder.HttpForwarder[48]
//	      Request: An error was encountered before receiving a response.
//	      System.Net.Http.HttpRequestException: Connection refused (10.0.0.5:8080)
//	       ---> System.Net.Sockets.SocketException (111): Connection refused
//
// The name of the ForwarderError says how far the request came, the exception behind it what
// went wrong. The console's logger prints all over several lines or, as JSON, on one; other
// loggers leave the category out, but the proxy's words are its own. Parse wants the lines of
// one entry joined by \n; all other entries of the program are an application's.
var yarp = &parser.Format{
	Name:    "yarp",
	Gates:   []parser.Gate{{All: ".:", Word: "ReverseProxy.Forwarder."}, {First: yarpFirst, All: ".:", Word: "before receiving a response."}, {First: yarpFirst, All: ".:", Word: " body."}, {First: yarpFirst, All: "'", Word: "after load balancing for cluster '"}},
	Role:    parser.RoleGateway,
	Product: "yarp",
	Program: true,
	Doc:     "https://github.com/dotnet/yarp src/ReverseProxy/Forwarder/HttpForwarder.cs (Log.ErrorProxying), ForwarderMiddleware.cs; dotnet/runtime SimpleConsoleFormatter.cs, JsonConsoleFormatter.cs",
	Parse:   parseYARP,
}

const yarpCategory = "Yarp.ReverseProxy.Forwarder."

// yarpEvents are the classes and numbers of the entries (EventIds.cs): on the console they
// stand alone on the first line.
var yarpEvents = [...]string{"HttpForwarder[48]", "HttpForwarder[66]", "ForwarderMiddleware[7]"}

// yarpErrors are the ForwarderErrors with their texts.
var yarpErrors = vocabularies["yarp"]

// dotnetExceptions are what HttpClient says (dotnet/runtime src/libraries/System.Net.Http
// Resources/Strings.resx), each as its text begins.
var dotnetExceptions = vocabularies["dotnet"]

func parseYARP(lines []byte, env *parser.Env, r *parser.Record) bool {
	if has(lines, "{") {
		return yarpJSON(lines, env, r)
	}
	head, text, ok := yarpParts(lines)
	if !ok || !yarpHead(head, r) {
		return false
	}
	return yarpFailure(text, r)
}

// yarpParts cuts off what the logger puts before the proxy's words: a logger that knows no
// enumerations may put those in quotes.
func yarpParts(lines []byte) (head, text []byte, ok bool) {
	first := lines[:min(len(lines), 400)]
	if i := indexString(first, yarpCategory); i >= 0 {
		for _, event := range &yarpEvents {
			if has(first[i+len(yarpCategory):], event) {
				return lines[:i], bytes.TrimLeft(lines[i+len(yarpCategory)+len(event):], " \n\r"), true
			}
		}
	}
	errors := yarpErrors()
	for i := range errors {
		name, words := errors[i].words()
		at := indexString(first, words)
		if at < 0 {
			continue
		}
		before := bytes.TrimSuffix(first[:at], []byte(`"`))
		if at = len(before) - len(name); at >= 0 && string(before[at:]) == name {
			return lines[:at], lines[at:], true
		}
	}
	return nil, nil, false
}

// words cuts "Name: text" behind the colon; what has no name is all text.
func (m *Message) words() (name, text string) {
	if i := strings.Index(m.Template, ": "); i > 0 && strings.IndexByte(m.Template[:i], ' ') < 0 {
		return m.Template[:i+2], m.Template[i+2:]
	}
	return "", m.Template
}

// yarpFirst begins a stamp, a level or an object.
const yarpFirst = parser.Digits + "[{tdiwfcDIWE:"

// yarpHead reads a stamp, a level and names. A request, which a client chooses, is quoted.
func yarpHead(b []byte, r *parser.Record) bool {
	if len(b) > 200 || bytes.IndexByte(b, '"') >= 0 {
		return false
	}
	b = bytes.TrimPrefix(b, []byte("["))
	stamp, n, ok := timestamp.ISO(b)
	if !ok {
		stamp, n, ok = timestamp.TimeOfDay(b)
	}
	if ok {
		r.Stamp, b = stamp, b[n:]
	}
	for _, l := range &yarpLevels {
		if indexString(b, l.word) >= 0 {
			r.Level = l.level
			break
		}
	}
	return r.Level != parser.LevelNone
}

var yarpLevels = [...]struct {
	word  string
	level parser.Level
}{
	{"warn", parser.LevelWarn}, {"WRN", parser.LevelWarn}, {"WARN", parser.LevelWarn}, {"Warn", parser.LevelWarn},
	{"info", parser.LevelInfo}, {"INF", parser.LevelInfo}, {"Info", parser.LevelInfo},
	{"dbug", parser.LevelDebug}, {"DBG", parser.LevelDebug}, {"DEBUG", parser.LevelDebug}, {"Debug", parser.LevelDebug},
	{"fail", parser.LevelError}, {"ERR", parser.LevelError}, {"Err", parser.LevelError},
}

// yarpFailure classes the entry: by the exception where only that tells what went wrong.
func yarpFailure(text []byte, r *parser.Record) bool {
	r.Kind, r.Message = parser.KindGateway, text
	g := &r.Gateway
	g.Symptom, g.Rank = parser.SymptomOther, parser.RankPrimary
	first, rest, _ := bytes.Cut(text, newline)
	errors := yarpErrors()
	for i := range errors {
		m := &errors[i]
		name, words := m.words()
		said := bytes.TrimPrefix(first, []byte(name))
		if len(said) == len(first) && name != "" {
			continue
		}
		if said = bytes.TrimPrefix(said, []byte(`"`)); !has(said, words) {
			continue
		}
		m.tell(nil, 0, g)
		said = said[len(words):]
		switch {
		case m.ID == "yarp.NoAvailableDestinations":
			g.Upstream, g.Group = untilAny(said, "'"), true
		case g.Rank == parser.RankPrimary && len(bytes.TrimLeft(said, `" `)) > 0: // all on one line
			yarpCause(m, bytes.TrimLeft(said, `" `), g)
		case g.Rank == parser.RankPrimary:
			yarpCause(m, trimBlanks(rest), g)
		}
		break
	}
	return true
}

// yarpCause lets the exception say what went wrong, but not how far the request came if the
// proxy says that.
func yarpCause(m *Message, exception []byte, g *parser.Gateway) {
	if m.Class != parser.SymptomOther {
		return
	}
	tellException(exception, dotnetExceptions(), g)
}

// yarpJSON reads what .NET's console logger prints as JSON.
func yarpJSON(line []byte, env *parser.Env, r *parser.Record) bool {
	category, message, exception := dotnetEntry(line, r)
	if !has(category, "Yarp.ReverseProxy.") {
		return false
	}
	_, text, ok := yarpParts(textAndError(env, unescaped(env, message), unescaped(env, exception)))
	return ok && yarpFailure(text, r)
}

// dotnetEntry reads time and level of an object of .NET's console logger, and returns who says what, escaped:
//
//	{"EventId":48,"LogLevel":"Warning","Category":"Yarp…","Message":"…","Exception":"…"}
func dotnetEntry(line []byte, r *parser.Record) (category, message, exception []byte) {
	for j := openJSON(line); j.next(); {
		switch string(j.key) {
		case "Timestamp":
			if stamp, n, ok := timestamp.ISO(j.value); ok && n == len(j.value) {
				r.Stamp = stamp
			}
		case "LogLevel":
			yarpHead(j.value, r)
		case "Category":
			category = j.value
		case "Message":
			message = j.value
		case "Exception":
			exception = j.value
		}
	}
	return category, message, exception
}
