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
	Role:    parser.RoleGateway,
	Product: "yarp",
	Program: true,
	Doc:     "https://github.com/dotnet/yarp src/ReverseProxy/Forwarder/HttpForwarder.cs (Log.ErrorProxying), ForwarderMiddleware.cs; dotnet/runtime SimpleConsoleFormatter.cs, JsonConsoleFormatter.cs",
	Parse:   parseYARP,
}

const (
	yarpCategory = "Yarp.ReverseProxy.Forwarder."
	yarpNobody   = "No available destinations after load balancing for cluster '"
)

// yarpEvents are the classes and numbers of the entries (EventIds.cs): on the console they
// stand alone on the first line.
var yarpEvents = [...]string{"HttpForwarder[48]", "HttpForwarder[66]", "ForwarderMiddleware[7]"}

func yarpMessages() []Message { return append(yarpErrors[:], yarpExceptions[:]...) }

// yarpErrors are the ForwarderErrors with their texts.
var yarpErrors = [...]Message{
	{ID: "yarp.Request", Template: "Request: An error was encountered before receiving a response.", Rank: parser.RankPrimary, Class: parser.SymptomOther, Phases: []parser.Phase{parser.PhaseNone}, Meaning: "no connection, or it broke before the answer's header was there; the exception decides"},
	{ID: "yarp.RequestTimedOut", Template: "RequestTimedOut: The request timed out before receiving a response.", Rank: parser.RankPrimary, Class: parser.SymptomReadTimeout, Phases: []parser.Phase{parser.PhaseReadingHeader}, Causes: []string{"slow-upstream"}, Meaning: "the answer's header did not come within ActivityTimeout, 100 s unless configured; the client got a 504"},
	{ID: "yarp.RequestCanceled", Template: "RequestCanceled: The request was canceled before receiving a response.", Rank: parser.RankNoise, Class: parser.SymptomClientAbort, Phases: []parser.Phase{parser.PhaseReadingHeader}, Causes: []string{"client-abort"}, Meaning: "the client went away first"},
	{ID: "yarp.RequestBodyCanceled", Template: "RequestBodyCanceled: Copying the request body was canceled.", Rank: parser.RankNoise, Class: parser.SymptomClientAbort, Phases: []parser.Phase{parser.PhaseSendingRequest}, Causes: []string{"client-abort"}, Meaning: "the client went away while it sent the body"},
	{ID: "yarp.RequestBodyClient", Template: "RequestBodyClient: The client reported an error when copying the request body.", Rank: parser.RankNoise, Class: parser.SymptomClientAbort, Phases: []parser.Phase{parser.PhaseSendingRequest}, Causes: []string{"client-abort"}, Meaning: "the client's body broke off or was too large"},
	{ID: "yarp.RequestBodyDestination", Template: "RequestBodyDestination: The destination reported an error when copying the request body.", Rank: parser.RankPrimary, Class: parser.SymptomConnReset, Phases: []parser.Phase{parser.PhaseSendingRequest}, Meaning: "the connection broke while the request was sent"},
	{ID: "yarp.RequestCreation", Template: "RequestCreation: An error was encountered while creating the request message.", Rank: parser.RankPrimary, Class: parser.SymptomBadURL, Phases: []parser.Phase{parser.PhaseNone}, Causes: []string{"gateway-config"}, Meaning: "no request could be made from the configured address and transforms"},
	{ID: "yarp.ResponseHeaders", Template: "ResponseHeaders: The destination returned a response that cannot be proxied back to the client.", Rank: parser.RankPrimary, Class: parser.SymptomProtocolError, Phases: []parser.Phase{parser.PhaseReadingHeader}, Causes: []string{"invalid-response"}, Meaning: "the answer's header is one that may not be passed on"},
	{ID: "yarp.ResponseBodyDestination", Template: "ResponseBodyDestination: The destination reported an error when copying the response body.", Rank: parser.RankPrimary, Class: parser.SymptomTruncatedBody, Phases: []parser.Phase{parser.PhaseReadingBody}, Meaning: "the upstream broke off in the body, after the status was sent"},
	{ID: "yarp.ResponseBodyClient", Template: "ResponseBodyClient: The client reported an error when copying the response body.", Rank: parser.RankNoise, Class: parser.SymptomClientAbort, Phases: []parser.Phase{parser.PhaseSendingToClient}, Causes: []string{"client-abort"}, Meaning: "the client went away during the answer"},
	{ID: "yarp.ResponseBodyCanceled", Template: "ResponseBodyCanceled: Copying the response body was canceled.", Rank: parser.RankNoise, Class: parser.SymptomClientAbort, Phases: []parser.Phase{parser.PhaseSendingToClient}, Causes: []string{"client-abort"}, Meaning: "the client went away during the answer"},
	{ID: "yarp.NoAvailableDestinations", Template: yarpNobody, Rank: parser.RankSecondary, Class: parser.SymptomNoLivePeer, Phases: []parser.Phase{parser.PhaseConnecting}, Causes: []string{"not-listening"}, Meaning: "health checks or filters left no destination of the cluster; the client got a 503"},
}

// yarpExceptions are what HttpClient says (dotnet/runtime src/libraries/System.Net.Http
// Resources/Strings.resx), each as its text begins.
var yarpExceptions = [...]Message{
	{ID: "dotnet.refused", Template: "Connection refused", Rank: parser.RankPrimary, Class: parser.SymptomConnRefused, Phases: []parser.Phase{parser.PhaseConnecting}, Causes: []string{"not-listening", "restart"}, Meaning: "nothing listens on the address and port"},
	{ID: "dotnet.refused-windows", Template: "No connection could be made because the target machine actively refused it.", Rank: parser.RankPrimary, Class: parser.SymptomConnRefused, Phases: []parser.Phase{parser.PhaseConnecting}, Causes: []string{"not-listening", "restart"}, Meaning: "nothing listens on the address and port"},
	{ID: "dotnet.connect-timeout", Template: "Connection timed out", Rank: parser.RankPrimary, Class: parser.SymptomConnectTimeout, Phases: []parser.Phase{parser.PhaseConnecting}, Causes: []string{"network-unreachable"}, Meaning: "the connect got no answer in time"},
	{ID: "dotnet.connect-timeout-windows", Template: "A connection attempt failed because the connected party did not properly respond after a period of time", Rank: parser.RankPrimary, Class: parser.SymptomConnectTimeout, Phases: []parser.Phase{parser.PhaseConnecting}, Causes: []string{"network-unreachable"}, Meaning: "the connect got no answer in time"},
	{ID: "dotnet.connect-configured", Template: "A connection could not be established within the configured ConnectTimeout.", Rank: parser.RankPrimary, Class: parser.SymptomConnectTimeout, Phases: []parser.Phase{parser.PhaseConnecting}, Causes: []string{"network-unreachable", "upstream-saturated"}, Meaning: "the connect got no answer in time"},
	{ID: "dotnet.no-route", Template: "No route to host", Rank: parser.RankPrimary, Class: parser.SymptomNoRoute, Phases: []parser.Phase{parser.PhaseConnecting}, Causes: []string{"network-unreachable"}, Meaning: "no route to the address"},
	{ID: "dotnet.no-network", Template: "Network is unreachable", Rank: parser.RankPrimary, Class: parser.SymptomNoRoute, Phases: []parser.Phase{parser.PhaseConnecting}, Causes: []string{"network-unreachable"}, Meaning: "no route to the network"},
	{ID: "dotnet.unknown-name", Template: "Name or service not known", Rank: parser.RankPrimary, Class: parser.SymptomResolveFailed, Phases: []parser.Phase{parser.PhaseResolving}, Causes: []string{"dns-failure"}, Meaning: "the destination's name is not known"},
	{ID: "dotnet.unknown-name-windows", Template: "No such host is known.", Rank: parser.RankPrimary, Class: parser.SymptomResolveFailed, Phases: []parser.Phase{parser.PhaseResolving}, Causes: []string{"dns-failure"}, Meaning: "the destination's name is not known"},
	{ID: "dotnet.name-later", Template: "Resource temporarily unavailable", Rank: parser.RankPrimary, Class: parser.SymptomResolveFailed, Phases: []parser.Phase{parser.PhaseResolving}, Causes: []string{"dns-failure"}, Meaning: "no DNS server answered: .NET gives EAI_AGAIN this text"},
	{ID: "dotnet.no-ports", Template: "Cannot assign requested address", Rank: parser.RankPrimary, Class: parser.SymptomNoPorts, Phases: []parser.Phase{parser.PhaseConnecting}, Causes: []string{"gateway-resources"}, Meaning: "no local port was left to connect from"},
	{ID: "dotnet.no-files", Template: "Too many open files", Rank: parser.RankPrimary, Class: parser.SymptomNoFiles, Phases: []parser.Phase{parser.PhaseConnecting}, Causes: []string{"gateway-resources"}, Meaning: "the proxy's process had no file descriptor left"},
	{ID: "dotnet.tls", Template: "The SSL connection could not be established, see inner exception.", Rank: parser.RankPrimary, Class: parser.SymptomTLSHandshake, Phases: []parser.Phase{parser.PhaseTLSHandshake}, Causes: []string{"tls-failure"}, Meaning: "the TLS handshake with the destination failed"},
	{ID: "dotnet.tls-plain", Template: "Cannot determine the frame size or a corrupted frame was received.", Rank: parser.RankPrimary, Class: parser.SymptomTLSHandshake, Phases: []parser.Phase{parser.PhaseTLSHandshake}, Causes: []string{"protocol-mismatch"}, Meaning: "what answered the handshake was no TLS: a plain port"},
	{ID: "dotnet.tls-certificate", Template: "The remote certificate", Rank: parser.RankPrimary, Class: parser.SymptomTLSVerify, Phases: []parser.Phase{parser.PhaseTLSHandshake}, Causes: []string{"tls-failure"}, Meaning: "the destination's certificate was not accepted"},
	{ID: "dotnet.ended", Template: "The response ended prematurely", Rank: parser.RankPrimary, Class: parser.SymptomPrematureClose, Phases: []parser.Phase{parser.PhaseReadingHeader}, Meaning: "the destination closed the connection before the answer was complete"},
	{ID: "dotnet.closed", Template: "The server shut down the connection.", Rank: parser.RankPrimary, Class: parser.SymptomPrematureClose, Phases: []parser.Phase{parser.PhaseReadingHeader}, Meaning: "the destination closed the connection before the answer was complete"},
	{ID: "dotnet.reset", Template: "Unable to read data from the transport connection: Connection reset by peer", Rank: parser.RankPrimary, Class: parser.SymptomConnReset, Phases: []parser.Phase{parser.PhaseReadingHeader}, Meaning: "the destination reset the connection"},
	{ID: "dotnet.reset-socket", Template: "Connection reset by peer", Rank: parser.RankPrimary, Class: parser.SymptomConnReset, Phases: []parser.Phase{parser.PhaseReadingHeader}, Meaning: "the destination reset the connection"},
	{ID: "dotnet.reset-windows", Template: "An existing connection was forcibly closed by the remote host", Rank: parser.RankPrimary, Class: parser.SymptomConnReset, Phases: []parser.Phase{parser.PhaseReadingHeader}, Meaning: "the destination reset the connection"},
	{ID: "dotnet.pipe", Template: "Unable to write data to the transport connection: Broken pipe", Rank: parser.RankPrimary, Class: parser.SymptomConnReset, Phases: []parser.Phase{parser.PhaseSendingRequest}, Meaning: "the destination closed the connection while the request was sent"},
	{ID: "dotnet.status-line", Template: "Received an invalid status line:", Rank: parser.RankPrimary, Class: parser.SymptomNoHTTPHeader, Phases: []parser.Phase{parser.PhaseReadingHeader}, Causes: []string{"invalid-response", "protocol-mismatch"}, Meaning: "the answer did not begin with an HTTP status line"},
	{ID: "dotnet.header-line", Template: "Received an invalid header ", Rank: parser.RankPrimary, Class: parser.SymptomInvalidHeader, Phases: []parser.Phase{parser.PhaseReadingHeader}, Causes: []string{"invalid-response"}, Meaning: "the answer's header was not valid"},
	{ID: "dotnet.header-size", Template: "The HTTP response headers length exceeded the set limit of ", Rank: parser.RankPrimary, Class: parser.SymptomHeaderTooBig, Phases: []parser.Phase{parser.PhaseReadingHeader}, Causes: []string{"response-too-large"}, Meaning: "the answer's header was larger than HttpClient allows"},
	{ID: "dotnet.h2-reset", Template: "The HTTP/2 server reset the stream.", Rank: parser.RankPrimary, Class: parser.SymptomConnReset, Phases: []parser.Phase{parser.PhaseReadingHeader}, Meaning: "the destination gave up the stream"},
	{ID: "dotnet.h2-handshake", Template: "An HTTP/2 connection could not be established because the server did not complete the HTTP/2 handshake.", Rank: parser.RankPrimary, Class: parser.SymptomProtocolError, Phases: []parser.Phase{parser.PhaseReadingHeader}, Causes: []string{"protocol-mismatch"}, Meaning: "the destination does not speak HTTP/2 on this port"},
	{ID: "dotnet.h2-invalid", Template: "The HTTP/2 server sent invalid data on the connection.", Rank: parser.RankPrimary, Class: parser.SymptomProtocolError, Phases: []parser.Phase{parser.PhaseReadingHeader}, Causes: []string{"invalid-response"}, Meaning: "the destination broke HTTP/2"},
}

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
	for i := range yarpErrors {
		name, words := yarpErrors[i].words()
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
	for i := range yarpErrors {
		m := &yarpErrors[i]
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
	tellException(exception, yarpExceptions[:], g)
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
