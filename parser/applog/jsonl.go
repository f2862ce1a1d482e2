package applog

import (
	"bytes"

	"culprit/parser"
)

var jsonl = parser.Format{
	Name:  "jsonl",
	Role:  parser.RoleApp,
	Doc:   "field names of zap, zerolog, logrus, slog, pino, bunyan, winston, structlog, python-json-logger, loguru, Serilog, .NET, log4j2, ECS, logstash, GELF, Google Cloud, Monolog and MongoDB, from their documentation",
	Parse: uncoloured(parseJSON),
	Samples: []parser.Sample{
		{ // zap
			Line: `{"level":"error","ts":1795359751.4427,"caller":"main.go:31","msg":"query failed","error":"dial tcp 127.0.0.1:5432: connect: connection refused","stacktrace":"main.main\n\t/app/main.go:31"}`,
			Want: `time=2026-11-22T15:02:31.4427Z level=error msg="query failed caller=main.go:31\ndial tcp 127.0.0.1:5432: connect: connection refused\nmain.main\n\t/app/main.go:31"`,
		},
		{ // zerolog
			Line: `{"level":"fatal","error":"listen tcp :8080: bind: address already in use","time":"2026-11-22T15:02:31Z","message":"cannot start"}`,
			Want: `time=2026-11-22T15:02:31Z level=crit msg="cannot start\nlisten tcp :8080: bind: address already in use"`,
		},
		{ // slog
			Line: `{"time":"2026-11-22T14:31:52.331456789Z","level":"ERROR+2","source":{"function":"main.main","file":"/app/main.go","line":12},"msg":"failed","err":"boom boom","user name":"é"}`,
			Want: `time=2026-11-22T14:31:52.331456Z level=error msg="failed source.function=main.main source.file=/app/main.go source.line=12 user name=é\nboom boom"`,
		},
		{ // structlog
			Line: `{"event":"payment failed","timestamp":"2026-11-22T14:31:52.331456Z","level":"warning","exception":"Traceback (most recent call last):\n  File \"a.py\", line 1\nKeyError: 'x'"}`,
			Want: `time=2026-11-22T14:31:52.331456Z level=warn msg="payment failed\nTraceback (most recent call last):\n  File \"a.py\", line 1\nKeyError: 'x'"`,
		},
		{ // an application's own, on Node
			Line: `{"when":"2026-11-27T01:59:40.917Z","event":"quote.served","path":"/quote/5119"}`,
			Want: `time=2026-11-27T01:59:40.917Z msg="quote.served path=/quote/5119"`,
		},
		{ // AWS CloudTrail (cloudtrail-event-reference-record-contents)
			Line: `{"eventTime":"2026-11-22T14:31:52Z","eventName":"PutObject","errorMessage":"Access Denied"}`,
			Want: `time=2026-11-22T14:31:52Z msg="eventName=PutObject\nAccess Denied"`,
		},
		{ // python-json-logger
			Line: `{"asctime":"2026-11-22 14:31:52,331","levelname":"ERROR","name":"crm.db","process":412,"message":"pool exhausted"}`,
			Want: `time=2026-11-22T14:31:52.331 level=error pid=412 msg="pool exhausted name=crm.db"`,
		},
		{ // loguru
			Line: `{"text":"x\n","record":{"level":{"name":"ERROR","no":40},"message":"bad thing","process":{"id":77,"name":"MainProcess"},"time":{"repr":"2026-11-22","timestamp":1795359751.442787}}}`,
			Want: `time=2026-11-22T15:02:31.442787Z level=error pid=77 msg="bad thing text=\"x\n\" record.level.no=40 record.process.name=MainProcess record.time.repr=2026-11-22"`,
		},
		{ // Serilog compact
			Line: `{"@t":"2026-11-22T14:31:52.3314560Z","@mt":"Order {Id} failed","@l":"Fatal","@x":"System.Exception: boom\r\n   at A.B()","Id":7,"SourceContext":"Shop.Orders"}`,
			Want: `time=2026-11-22T14:31:52.331456Z level=crit msg="Order {Id} failed Id=7 SourceContext=Shop.Orders\nSystem.Exception: boom\r\n   at A.B()"`,
		},
		{ // .NET AddJsonConsole
			Line: `{"Timestamp":"2026-11-22T14:31:52.331Z","EventId":13,"LogLevel":"Error","Category":"Kestrel","Message":"Connection id failed","Exception":"System.IO.IOException: x"}`,
			Want: `time=2026-11-22T14:31:52.331Z level=error msg="Connection id failed EventId=13 Category=Kestrel\nSystem.IO.IOException: x"`,
		},
		{ // log4j2 JsonLayout
			Line: `{"instant":{"epochSecond":1795359751,"nanoOfSecond":442787000},"thread":"main","level":"ERROR","loggerName":"a.B","message":"no","thrown":{"name":"java.lang.OutOfMemoryError","message":"Java heap space","extendedStackTrace":[{"class":"a.B","line":3}]}}`,
			Want: `time=2026-11-22T15:02:31.442787Z level=error msg="no thread=main loggerName=a.B\njava.lang.OutOfMemoryError: Java heap space\n[{\"class\":\"a.B\",\"line\":3}]"`,
		},
		{ // Elastic Common Schema
			Line: `{"@timestamp":"2026-11-22T14:31:52.331Z","log.level":"ERROR","message":"no","service.name":"shop","process.pid":9,"error.type":"java.lang.IllegalStateException","error.message":"bad","error.stack_trace":"java.lang.IllegalStateException: bad\n\tat a.B(C.java:1)"}`,
			Want: `time=2026-11-22T14:31:52.331Z level=error program=shop pid=9 msg="no service.name=shop\njava.lang.IllegalStateException: bad\n\tat a.B(C.java:1)"`,
		},
		{ // logstash-logback-encoder
			Line: `{"@timestamp":"2026-11-22T14:31:52.331+01:00","@version":"1","x":"y","message":"no","logger_name":"a.B","thread_name":"main","level":"WARN","level_value":30000,"stack_trace":"a.X: y\n\tat z"}`,
			Want: `time=2026-11-22T13:31:52.331Z(+01:00) level=warn msg="no x=y logger_name=a.B thread_name=main\na.X: y\n\tat z"`,
		},
		{ // GELF
			Line: `{"version":"1.1","host":"web-1","short_message":"no","full_message":"no\nat x","timestamp":1795359751.442,"level":3,"_pod":"p"}`,
			Want: `time=2026-11-22T15:02:31.442Z level=error host=web-1 msg="no version=1.1 _pod=p\nno\nat x"`,
		},
		{ // Google Cloud
			Line: `{"severity":"INFO","timestamp":"2026-11-22T14:31:52.331Z","httpRequest":{"requestMethod":"GET","requestUrl":"https://shop.example/cart?x=1","status":503,"remoteIp":"198.51.100.7","latency":"0.012s"}}`,
			Want: `time=2026-11-22T14:31:52.331Z level=info client=198.51.100.7 method=GET target=/cart?x=1 status=503 duration=12000 msg="httpRequest.requestMethod=GET httpRequest.requestUrl=https://shop.example/cart?x=1 httpRequest.status=503 httpRequest.remoteIp=198.51.100.7 httpRequest.latency=0.012s"`,
		},
		{ // Monolog
			Line: `{"message":"no","context":{"exception":{"class":"PDOException","message":"gone away","code":2006}},"level":400,"level_name":"ERROR","channel":"app","datetime":"2026-11-22T14:31:52.331456+00:00","extra":[]}`,
			Want: `time=2026-11-22T14:31:52.331456Z level=error msg="no context.exception.code=2006 channel=app extra=[]\nPDOException: gone away"`,
		},
		{ // MongoDB
			Line: `{"t":{"$date":"2026-11-22T14:31:52.331+00:00"},"s":"E","c":"NETWORK","id":22943,"ctx":"listener","msg":"Connection refused","attr":{"connectionCount":3}}`,
			Want: `time=2026-11-22T14:31:52.331Z level=error msg="Connection refused c=NETWORK id=22943 ctx=listener attr.connectionCount=3"`,
		},
		{ // winston with colours, no time
			Line: `{"level":"\u001b[31merror\u001b[39m","message":"\u001b[31mboom\u001b[39m"}`,
			Want: `level=error msg=boom`,
		},
	},
}

// parseJSON reads one JSON object a line.
func parseJSON(line []byte, env *parser.Env, r *parser.Record) bool {
	line = trimBlanks(line)
	if len(line) < 2 || line[0] != '{' || !jsonStarts(line[1:]) {
		return false
	}
	w := jsonWalk{b: line, f: fields{r: r, buf: env.Buf, start: len(env.Buf)}}
	return w.object() && w.f.finish(env, nil)
}

// jsonStarts tells an object's first key, which may stand on the next line, from other text
// in braces.
func jsonStarts(b []byte) bool {
	b = bytes.TrimLeft(b, " \t\r\n")
	return len(b) > 0 && b[0] == '"'
}

// maxDepth bounds how deep members are looked at; deeper objects stay as they are.
const maxDepth = 6

// A jsonWalk goes over an object once and hands each leaf to f. A cut-off end ends
// it without complaint. f is no pointer: then the whole walk stays on the stack.
type jsonWalk struct {
	b     []byte
	i     int
	depth int
	key   key
	f     fields
}

// object reads the members of the object at i and reports whether it looked like
// one up to its end or the cut.
func (w *jsonWalk) object() bool {
	w.i++ // {
	for {
		w.blanks(',')
		if w.i >= len(w.b) {
			return true
		}
		if w.b[w.i] == '}' {
			w.i++
			return true
		}
		if w.b[w.i] != '"' {
			return false
		}
		name, whole := w.str()
		if !whole {
			return true
		}
		w.blanks(0)
		if w.i < len(w.b) && w.b[w.i] != ':' {
			return false
		}
		w.i++
		w.blanks(0)
		n, m := w.key.n, w.key.m
		w.key.push(name.raw)
		ok := w.i >= len(w.b) || w.value()
		w.key.cut(n, m)
		if !ok {
			return false
		}
	}
}

// value reads one value and hands it on.
func (w *jsonWalk) value() bool {
	switch w.b[w.i] {
	case '"':
		v, _ := w.str()
		w.f.add(&w.key, v)
		return true
	case '{':
		if w.depth < maxDepth {
			w.depth++
			ok := w.object()
			w.depth--
			return ok
		}
		fallthrough
	case '[':
		end := nestedEnd(w.b, w.i)
		if end < 0 {
			end = len(w.b)
		}
		w.f.add(&w.key, value{raw: w.b[w.i:end]})
		w.i = end
		return true
	}
	start := w.i
	for w.i < len(w.b) && w.b[w.i] != ',' && w.b[w.i] != '}' && w.b[w.i] != ']' && w.b[w.i] > ' ' {
		w.i++
	}
	if raw := w.b[start:w.i]; len(raw) > 0 && string(raw) != "null" {
		w.f.add(&w.key, value{raw: raw})
	}
	return w.i > start
}

// str reads a string; whole is false if the line ends inside of it.
func (w *jsonWalk) str() (v value, whole bool) {
	start := w.i + 1
	end := stringEnd(w.b, w.i)
	if end < 0 {
		w.i = len(w.b)
		v.raw = runeStart(w.b[start:])
	} else {
		w.i, whole = end, true
		v.raw = w.b[start : end-1]
	}
	v.quoted = true
	v.escaped = bytes.IndexByte(v.raw, '\\') >= 0
	return v, whole
}

// blanks skips blanks and the given byte.
func (w *jsonWalk) blanks(also byte) {
	for w.i < len(w.b) && (w.b[w.i] == ' ' || w.b[w.i] == '\t' || w.b[w.i] == '\n' || w.b[w.i] == '\r' || also != 0 && w.b[w.i] == also) {
		w.i++
	}
}
