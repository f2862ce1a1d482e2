package gateway

import (
	"bytes"

	"culprit/parser"
	"culprit/parser/timestamp"
)

// javaGateway is what Spring Cloud Gateway logs of requests that failed: Spring's error handler, with
// an exception of reactor-netty behind it:
//
//	2022-06-10 17:51:12.705 ERROR 5317 --- [ctor-http-nio-2] a.w.r.e.AbstractErrorWebExceptionHandler : [186f1c37-3]  500 Server Error for HTTP POST "/cart"
//
//	io.netty.channel.AbstractChannel$AnnotatedConnectException: Connection refused: cart/10.0.0.5:8080
//		Suppressed: reactor.core.publisher.FluxOnAssembly$OnAssemblyException:
//	Error has been observed at the following site(s):
//		*__checkpoint ⇢ org.springframework.cloud.gateway.filter.WeightCalculatorWebFilter [DefaultWebFilterChain]
//
// Any program of Spring's logs so; what makes it a gateway's is that the trace goes through the
// gateway's own classes, so Parse wants the whole entry. Of answers of its own other than 500 the
// handler tells at DEBUG only, on one line. A logger that prints JSON has the trace in a field.
var javaGateway = &parser.Format{
	Name:    "java-gateway",
	Role:    parser.RoleGateway,
	Product: "spring-cloud-gateway",
	Program: true,
	Doc:     "spring-boot AbstractErrorWebExceptionHandler.java (logError, formatError); spring-cloud-gateway NettyRoutingFilter.java, support/NotFoundException.java",
	Parse:   parseJavaGateway,
}

var springGateway = []byte("org.springframework.cloud.gateway.")

// JavaGateway is the format of entries whose traces go through a gateway's classes, nil if text,
// a whole entry, is none.
func JavaGateway(text []byte) *parser.Format {
	switch {
	case bytes.Contains(text, springGateway):
		return javaGateway
	case bytes.Contains(text, zuulClasses), indexString(text, "FAILURE_") >= 0 && indexString(text, zuulOrigin) >= 0:
		return zuul
	}
	return nil
}

func javaGatewayMessages() []Message { return javaExceptions[:] }

// javaExceptions are what the clients of these gateways say (netty, reactor-netty, Apache
// HttpClient, Ribbon), each as its text begins.
var javaExceptions = [...]Message{
	{ID: "java.refused-epoll", Template: "finishConnect(..) failed: Connection refused", Rank: parser.RankPrimary, Class: parser.SymptomConnRefused, Phases: []parser.Phase{parser.PhaseConnecting}, Causes: []string{"not-listening", "restart"}, Meaning: "nothing listens on the address and port"},
	{ID: "java.refused", Template: "Connection refused", Rank: parser.RankPrimary, Class: parser.SymptomConnRefused, Phases: []parser.Phase{parser.PhaseConnecting}, Causes: []string{"not-listening", "restart"}, Meaning: "nothing listens on the address and port"},
	{ID: "java.connect-timeout", Template: "connection timed out", Rank: parser.RankPrimary, Class: parser.SymptomConnectTimeout, Phases: []parser.Phase{parser.PhaseConnecting}, Causes: []string{"network-unreachable"}, Meaning: "the connect got no answer in time"},
	{ID: "java.connect-timeout-socket", Template: "connect timed out", Rank: parser.RankPrimary, Class: parser.SymptomConnectTimeout, Phases: []parser.Phase{parser.PhaseConnecting}, Causes: []string{"network-unreachable"}, Meaning: "the connect got no answer in time"},
	{ID: "java.connect-timeout-kernel", Template: "finishConnect(..) failed: Connection timed out", Rank: parser.RankPrimary, Class: parser.SymptomConnectTimeout, Phases: []parser.Phase{parser.PhaseConnecting}, Causes: []string{"network-unreachable"}, Meaning: "the connect got no answer in time"},
	{ID: "java.no-route-epoll", Template: "finishConnect(..) failed: No route to host", Rank: parser.RankPrimary, Class: parser.SymptomNoRoute, Phases: []parser.Phase{parser.PhaseConnecting}, Causes: []string{"network-unreachable"}, Meaning: "no route to the address"},
	{ID: "java.no-route", Template: "No route to host", Rank: parser.RankPrimary, Class: parser.SymptomNoRoute, Phases: []parser.Phase{parser.PhaseConnecting}, Causes: []string{"network-unreachable"}, Meaning: "no route to the address"},
	{ID: "java.closed-before", Template: "Connection prematurely closed BEFORE response", Rank: parser.RankPrimary, Class: parser.SymptomPrematureClose, Phases: []parser.Phase{parser.PhaseReadingHeader}, Meaning: "the upstream closed the connection before it answered"},
	{ID: "java.closed-during", Template: "Connection prematurely closed DURING response", Rank: parser.RankPrimary, Class: parser.SymptomTruncatedBody, Phases: []parser.Phase{parser.PhaseReadingBody}, Meaning: "the upstream broke off in the body"},
	{ID: "java.no-response", Template: "The target server failed to respond", Rank: parser.RankPrimary, Class: parser.SymptomPrematureClose, Phases: []parser.Phase{parser.PhaseReadingHeader}, Meaning: "the upstream closed the connection before it answered"},
	{ID: "java.reset", Template: "Connection reset", Rank: parser.RankPrimary, Class: parser.SymptomConnReset, Phases: []parser.Phase{parser.PhaseReadingHeader}, Meaning: "the upstream reset the connection"},
	{ID: "java.reset-epoll", Template: "recvAddress(..) failed: Connection reset by peer", Rank: parser.RankPrimary, Class: parser.SymptomConnReset, Phases: []parser.Phase{parser.PhaseReadingHeader}, Meaning: "the upstream reset the connection"},
	{ID: "java.reset-epoll-4.1", Template: "readAddress(..) failed: Connection reset by peer", Rank: parser.RankPrimary, Class: parser.SymptomConnReset, Phases: []parser.Phase{parser.PhaseReadingHeader}, Meaning: "the upstream reset the connection"},
	{ID: "java.read-timeout", Template: "Read timed out", Rank: parser.RankPrimary, Class: parser.SymptomReadTimeout, Phases: []parser.Phase{parser.PhaseReadingHeader}, Causes: []string{"slow-upstream"}, Meaning: "the upstream did not answer in time"},
	{ID: "spring-cloud-gateway.timeout", Template: `504 GATEWAY_TIMEOUT "Response took longer than timeout: `, Rank: parser.RankPrimary, Class: parser.SymptomReadTimeout, Phases: []parser.Phase{parser.PhaseReadingHeader}, Causes: []string{"slow-upstream"}, Meaning: "the answer's header did not come within response-timeout; the client got a 504"},
	{ID: "spring-cloud-gateway.timeout-cause", Template: "Response took longer than timeout: ", Rank: parser.RankPrimary, Class: parser.SymptomReadTimeout, Phases: []parser.Phase{parser.PhaseReadingHeader}, Causes: []string{"slow-upstream"}, Meaning: "the answer's header did not come within response-timeout; the client got a 504"},
	{ID: "spring-cloud-gateway.no-instance", Template: `503 SERVICE_UNAVAILABLE "Unable to find instance for `, Rank: parser.RankPrimary, Class: parser.SymptomNoLivePeer, Phases: []parser.Phase{parser.PhaseConnecting}, Causes: []string{"not-listening", "gateway-config"}, Meaning: "the service registry knows no instance of the service; the client got a 503"},
	{ID: "zuul.no-instance", Template: "Load balancer does not have available server for client: ", Rank: parser.RankPrimary, Class: parser.SymptomNoLivePeer, Phases: []parser.Phase{parser.PhaseConnecting}, Causes: []string{"not-listening", "gateway-config"}, Meaning: "the service registry knows no instance of the service"},
	{ID: "java.resolve", Template: "Failed to resolve '", Rank: parser.RankPrimary, Class: parser.SymptomResolveFailed, Phases: []parser.Phase{parser.PhaseResolving}, Causes: []string{"dns-failure"}, Meaning: "the upstream's name could not be resolved"},
	{ID: "java.resolve-4.1", Template: "failed to resolve '", Rank: parser.RankPrimary, Class: parser.SymptomResolveFailed, Phases: []parser.Phase{parser.PhaseResolving}, Causes: []string{"dns-failure"}, Meaning: "the upstream's name could not be resolved"},
	{ID: "reactor-netty.pending-full", Template: "Pending acquire queue has reached its maximum size of ", Rank: parser.RankPrimary, Class: parser.SymptomQueueFull, Phases: []parser.Phase{parser.PhaseQueue}, Causes: []string{"upstream-saturated", "slow-upstream"}, Meaning: "all connections to the upstream were in use, and the queue for one was full"},
	{ID: "reactor-netty.pending-timeout", Template: "Pool#acquire(Duration) has been pending for more than the configured timeout of ", Rank: parser.RankPrimary, Class: parser.SymptomQueueFull, Phases: []parser.Phase{parser.PhaseQueue}, Causes: []string{"upstream-saturated", "slow-upstream"}, Meaning: "all connections to the upstream were in use, and none became free in time"},
}

func parseJavaGateway(text []byte, env *parser.Env, r *parser.Record) bool {
	e := javaEntryOf(text, env, r)
	if i := indexString(e.first, "Resolved ["); i >= 0 {
		return e.head(e.first[:i], r) && javaResolved(e.first[i:], r)
	}
	return e.failed(springGateway, env, r)
}

// A javaEntry is what a logger printed, on lines or as an object.
type javaEntry struct {
	text        []byte
	first, rest []byte // its first line, and the others
	json        bool   // then r has the time and the level
}

func javaEntryOf(text []byte, env *parser.Env, r *parser.Record) javaEntry {
	e := javaEntry{text: text, json: has(text, "{")}
	if e.json {
		e.text = javaJSON(text, env, r)
	}
	e.first, e.rest, _ = bytes.Cut(e.text, newline)
	return e
}

// head reads what stands before the message, and reports whether there is a level.
func (e *javaEntry) head(b []byte, r *parser.Record) bool {
	if e.json {
		return r.Level != parser.LevelNone
	}
	return javaHead(b, r)
}

// failed reads an entry whose trace goes through a gateway's classes.
func (e *javaEntry) failed(through []byte, env *parser.Env, r *parser.Record) bool {
	if len(e.rest) == 0 || !bytes.Contains(e.rest, through) {
		return false
	}
	exception := bytes.TrimLeft(e.rest, " \r\n")
	if class := exception[:exceptionEnd(exception)]; indexString(class, "WebClientRequestException") >= 0 || !tellException(exception, javaExceptions[:], &r.Gateway) {
		return false // a filter's own question to another service, or a fault of the program
	}
	e.head(e.first, r)
	r.Kind, r.Message = parser.KindGateway, e.text
	r.Gateway.Request = javaRequest(e.first, env)
	javaService(exception, &r.Gateway)
	return true
}

// javaJSON puts together what a logger printed as one JSON object: the message and, on lines of its
// own, the trace, which logstash-logback-encoder calls stack_trace and Elastic's layout
// error.stack_trace or, in an object, error: {stack_trace} (Spring Boot's structured logging).
func javaJSON(line []byte, env *parser.Env, r *parser.Record) []byte {
	var message, trace []byte
	for j := openJSON(line); j.next(); {
		switch string(j.key) {
		case "@timestamp", "timestamp":
			if stamp, n, ok := timestamp.ISO(j.value); ok && n == len(j.value) {
				r.Stamp = stamp
			}
		case "level", "log.level":
			javaLevel(j.value, r)
		case "message":
			message = j.value
		case "stack_trace", "error.stack_trace":
			trace = j.value
		case "error", "log":
			for in := j.enter(); in && j.next(); {
				switch string(j.key) {
				case "stack_trace":
					trace = j.value
				case "level":
					javaLevel(j.value, r)
				}
			}
		}
	}
	return textAndError(env, unescaped(env, message), unescaped(env, trace))
}

// javaHead reads the stamp, if the entry begins with one, and the level, and reports whether
// there is one.
func javaHead(b []byte, r *parser.Record) bool {
	if stamp, n, ok := timestamp.ISO(b); ok {
		r.Stamp, b = stamp, b[n:]
	}
	return javaLevel(b[:min(len(b), 80)], r)
}

func javaLevel(b []byte, r *parser.Record) bool {
	for _, l := range &javaLevels {
		if indexString(b, l.word) >= 0 {
			r.Level = l.level
			return true
		}
	}
	return false
}

var javaLevels = [...]struct {
	word  string
	level parser.Level
}{
	{"ERROR", parser.LevelError}, {"WARN", parser.LevelWarn}, {"DEBUG", parser.LevelDebug}, {"INFO", parser.LevelInfo},
}

// javaResolved reads Resolved [ResponseStatusException: 504 GATEWAY_TIMEOUT "…"] for HTTP GET /cart.
func javaResolved(said []byte, r *parser.Record) bool {
	said, asked, ok := bytes.Cut(said[len("Resolved ["):], []byte("] for HTTP "))
	if !ok || !tellException(said, javaExceptions[:], &r.Gateway) || r.Gateway.Rank != parser.RankPrimary {
		return false
	}
	r.Kind, r.Message, r.Gateway.Request = parser.KindGateway, said, bytes.TrimRight(asked, " \r")
	javaService(said, &r.Gateway)
	return true
}

// javaRequest puts together what stands in 500 Server Error for HTTP POST "/cart".
func javaRequest(first []byte, env *parser.Env) []byte {
	_, asked, ok := bytes.Cut(first, []byte(" Server Error for HTTP "))
	if !ok {
		return nil
	}
	method, target, _ := bytes.Cut(asked, []byte(` "`))
	return requestLine(env, method, bytes.TrimRight(target, "\" \r"), nil)
}

// javaService takes the name of the service that has no instance, or no address.
func javaService(exception []byte, g *parser.Gateway) {
	if g.Symptom != parser.SymptomNoLivePeer && g.Symptom != parser.SymptomResolveFailed {
		return
	}
	for _, before := range [...]string{"Unable to find instance for ", "server for client: ", "ailed to resolve '"} {
		if i := indexString(exception, before); i >= 0 {
			g.Upstream, g.Group = untilAny(exception[i+len(before):], "\"' \r\n"), true
			return
		}
	}
}
