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
	Gates:   []parser.Gate{{All: "[]", Word: "Resolved ["}, {All: "0.:", Word: "org.springframework.cloud.gateway."}},
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

// javaExceptions are what the clients of these gateways say (netty, reactor-netty, Apache
// HttpClient, Ribbon), each as its text begins.
var javaExceptions = vocabularies["java"]

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
	if class := exception[:exceptionEnd(exception)]; indexString(class, "WebClientRequestException") >= 0 || !tellException(exception, javaExceptions(), &r.Gateway) {
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
	if !ok || !tellException(said, javaExceptions(), &r.Gateway) || r.Gateway.Rank != parser.RankPrimary {
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
