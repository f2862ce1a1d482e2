package scan

import (
	"bytes"
	"math/bits"
)

// A gate is what a line must have for a format to take it, as far as it can be told at a
// glance. A gate may let lines through that the format refuses, but must not keep one from
// it: TestGates and FuzzGates hold the table against the formats.
//
// Why: a line that no format knows was given to all of them. Without and with gates, MB/s of
// a thread's own time (BenchmarkReader): plain text 13 and 180, text of many kinds in lines of 35
// bytes 9 and 100, gunicorn's logs with their tracebacks 52 and 179, syslog around
// free text 18 and 93. What a format has taken before is still tried without a look.
type gate struct {
	first   string // the first byte that is no blank, as in a character class; "" for any
	all     string // bytes that stand somewhere in the line, 0 for any digit
	some    string // of these at least one, if there are any
	word    string // this stands in the line
	program string // or else the envelope names a program that begins so: then any line
	more    func(line []byte) bool
}

const (
	numbers = "0-9"
	capital = "A-Z"
	object  = "{"
	// yarpHead begins a stamp, a level or an object.
	yarpHead = numbers + "[{tdiwfcDIWE:"
)

// gates by format: one of a format's must let the line through. Formats without an entry
// are asked about every line.
var gates = map[string][]gate{
	// Gateways.
	"nginx-error":              {{first: object}, {first: numbers + "[na", all: "[]"}},
	"haproxy-access":           {{first: object}, {all: "[]/:"}, {all: "/="}, {program: "haproxy"}},
	"haproxy-event":            haproxyGates,
	"mod-jk":                   {{first: "[", all: "[]:"}},
	"apache-error":             {{first: "[A("}, {first: numbers + "A-Z{\"a-z@_", word: "AH"}},
	"envoy-access":             {{first: object}, {first: `["A`, all: `"`}, {all: "=", word: "flags="}},
	"envoy-events":             {{first: object}},
	"envoy-log":                {{first: object}, {first: "["}, {first: numbers, all: ":"}},
	"caddy-error":              {{first: object}, {first: numbers, all: "/:"}, {first: "E", all: ":"}},
	"caddy-access":             {{first: object}, {first: numbers, all: "\t/:"}},
	"traefik-access":           {{first: object}, {all: `["`}},
	"cloudflared":              {{first: object}, {first: numbers, word: "ERR "}},
	"pingora":                  {{word: "Fail to proxy: "}},
	"squid-access":             {{first: numbers, all: "./"}},
	"squid-cache":              {{first: numbers, all: "/:|"}},
	"traefik-log":              {{first: object}, {first: numbers, all: ":"}, {first: "tl", all: "="}, {first: "TDIWEFP", all: ">"}},
	"heroku-router":            {{first: "a", all: "="}, {all: "=", word: "router"}},
	"aws-alb-access":           {{first: "hwg", all: `"/:`}},
	"aws-elb-access":           {{first: numbers, all: `":`}},
	"iis-access":               {{first: numbers, all: "-:/"}},
	"cloudfront-access":        {{first: numbers, all: "\t-:/"}},
	"lighttpd-error":           {{first: numbers + "(", all: "()."}},
	"varnish-log":              {{first: "*", all: "<>"}, {first: numbers + "-"}},
	"varnishd":                 {{first: "EIDW", all: ":"}, {first: "Cc", all: "("}, {first: "C", word: "Child "}, {program: "varnishd"}},
	"ingress-nginx-controller": {{first: "IWEF", all: "]:"}},
	"gitlab-workhorse":         {{word: "badgateway: failed "}},
	"krakend-error":            {{all: "[]:", word: "[ENDPOINT: "}},
	"oauth2-proxy-error":       {{first: "[", word: "] Error proxying to upstream"}},
	"oauth2-proxy-access":      {{all: `["/:`}},
	"java-gateway":             {{all: "[]", word: "Resolved ["}, {all: "0.:", word: "org.springframework.cloud.gateway."}},
	"zuul":                     {{all: "0.:", word: "com.netflix.zuul."}, {all: "_=", word: ", origin = "}},
	"yarp":                     {{all: ".:", word: "ReverseProxy.Forwarder."}, {first: yarpHead, all: ".:", word: "before receiving a response."}, {first: yarpHead, all: ".:", word: " body."}, {first: yarpHead, all: "'", word: "after load balancing for cluster '"}},
	"ocelot":                   {{first: yarpHead, all: ".:", word: "ResponderMiddleware"}},
	"go-proxy-error":           {{all: ":"}},
	"node-proxy-error":         {{first: numbers + "[PF"}},
	"varnish-access":           {{all: `["`}},
	"varnish-own":              {{first: object, word: "andling"}, {first: object, word: "arnish"}, {first: object, word: "etch"}, {first: object, word: "ackend"}, {word: ` connect"`}, {word: ` reuse"`}, {program: "varnishncsa"}},
	"lighttpd-access":          {{all: `["`}},
	"kong-log":                 {{first: object}},
	"apisix-log":               {{first: object}},
	"apache-access":            {{all: `["`}},
	"nginx-error-loose":        {{word: "upstream"}, {word: "sending to client"}},
	"nginx-access":             {{first: object}, {all: "0", some: "\"=:_.\t|;", more: holdsStatus}},

	// Objects and pairs.
	"audit": {{first: "nt", all: "=(:)"}},
	"pino":  {{first: object}}, "jsonl": {{first: object}}, "logfmt": {{first: "A-Za-z@_", all: "="}},

	// A bracket or another mark first.
	"kernel":   {{first: "["}, {program: "kernel"}},
	"mojo-log": {{first: "[", all: "]."}},
	"gunicorn": {{first: "[", all: "]"}}, "celery": {{first: "[", all: "]"}}, "monolog": {{first: "[", all: "]"}},
	"jvm": {{first: "[", all: "]"}}, "env-logger": {{first: "[", all: "]"}}, "php-fpm": {{first: "[", all: "]"}},
	"django-runserver": {{first: "[", all: "]"}}, "passenger": {{first: "[", all: "]"}}, "nest": {{first: "[", all: "]"}},
	"gin": {{first: "[", all: "]"}}, "puma": {{first: "[", all: "]"}}, "php-error-log": {{first: "["}, {first: "P", all: ":"}},
	"erlang": {{first: "=", all: "="}}, "cron": {{first: "(", all: "()"}},

	// A letter first.
	"klog":        {{first: "DVTIANWEFC", all: "]:"}},
	"ruby-logger": {{first: "DVTIANWEFC", all: ",[#]"}},
	"rails":       {{first: "S", all: "\":"}},
	"uvicorn":     {{first: capital, all: ":"}},

	// A stamp first, or a word before it.
	"serilog-console":   {{first: numbers + "[", all: "[]:"}},
	"uwsgi":             {{first: "*[MTWFS", all: ":"}},
	"redis":             {{first: numbers, all: ":"}},
	"postgresql":        {{first: numbers, all: "[]:"}},
	"mysql":             {{first: numbers, all: "[]:"}, {first: numbers, all: ":", word: "InnoDB: "}, {first: numbers, all: ":", word: " mysqld"}},
	"spring-boot":       {{first: numbers, all: "-:"}},
	"nlog":              {{first: numbers, all: "|:"}},
	"jetty":             {{first: numbers, all: ":"}},
	"wildfly":           {{first: numbers, all: "[]()"}},
	"logback":           {{first: numbers, all: "[]:"}},
	"tomcat":            {{first: numbers, all: "[]:"}},
	"java-util-logging": {{first: capital, all: ":"}},
	"zap-console":       {{first: numbers + capital + "[", all: "\t"}},
	"tracing":           {{first: numbers, all: ":"}},
	"zerolog-console":   {{first: numbers, all: ":"}, {first: capital, all: "[]", more: levelBracket}},
	"elixir":            {{first: numbers, all: "[]:"}},
	"pm2":               {{first: numbers, all: ":"}},
	"supervisord":       {{first: numbers, all: ",:"}},
	"ztunnel":           {{first: object, word: `"scope":"access"`}, {first: numbers, all: "=:", word: " dst."}},
	"docker-events":     {{first: numbers, all: "():"}},
	"dpkg":              {{first: numbers, all: ":"}},
	"syslog-hostless":   {{first: capital, all: "[]:"}, {program: "dnsmasq"}},
	"sudo":              {{all: "=:"}},
	"systemctl-status":  {{first: "A", word: " since "}},
	"python-logging":    {{first: numbers + "[", all: ","}, {first: capital, all: ":"}},
	"go-log":            {{all: "0/:"}},
	"dotnet-console":    {{first: numbers + "tdiwfc", all: "[]:"}},
	"app-access":        {{all: "[]"}},
	"levelled-text":     {{first: numbers + "[", all: "0"}, {first: capital, all: "0", more: stampOrLevel}},
	"timestamped-text":  {{first: numbers + "[", all: "0"}, {first: capital, all: "0", more: stampOrLevel}},
}

// haproxyGates: a line with a level, one of a connection, and the events that name HAProxy's
// objects so clearly that they need no envelope.
var haproxyGates = []gate{
	{first: "[", all: "]("}, {all: "[]/:"}, {first: "SBHA", all: "/"}, {first: "bp", all: "!"}, {first: "P", all: "."}, {first: "C", all: "("},
	{all: "/", word: " changed "}, {all: "/", word: " IP changed "}, {program: "haproxy"},
}

// holdsStatus reports whether three digits stand alone, as a status does.
func holdsStatus(line []byte) bool {
	for i := 2; i < len(line); i += 3 { // one of any three neighbours
		if !isDigit(line[i]) {
			continue
		}
		from, to := i, i+1
		for from > 0 && isDigit(line[from-1]) {
			from--
		}
		for to < len(line) && isDigit(line[to]) {
			to++
		}
		if to-from == 3 && (from == 0 || !inWord(line[from-1])) && (to == len(line) || !inWord(line[to])) {
			return true
		}
		i = max(i, to-2)
	}
	return false
}

// stampOrLevel reports whether a line that begins with a capital may begin with a stamp, of
// which the name of a month or day is the first word, or with a level in capitals.
func stampOrLevel(line []byte) bool {
	return len(line) > 3 && (line[1] >= 'A' && line[1] <= 'Z' || line[3] == ' ' || line[3] == ',')
}

// levelBracket reports whether a bracket stands right behind the first word, as in INFO[0001].
func levelBracket(line []byte) bool {
	i := bytes.IndexByte(line, '[')
	return i > 0 && i <= 12
}

// inWord reports whether c beside digits makes them a part of something else: an id, a
// path, a version.
func inWord(c byte) bool {
	return c|0x20 >= 'a' && c|0x20 <= 'z' || c == '.' || c == '/' || c == '-' || c == '_'
}

func isDigit(c byte) bool { return c-'0' <= 9 }

// marks are the bytes that a look at a line tells apart; digits count as one.
const marks = "0[](){}<>\"'=:;,./|_-+*#@!\t\x1b"

// A look is what is seen of a line at a glance.
type look struct {
	first byte   // that is no blank; 0 if there is none
	marks uint32 // which of the marks stand in the line, by place
}

func lookAt(line []byte) (l look) {
	for _, c := range line {
		if c != ' ' && c != '\t' {
			l.first = c
			break
		}
	}
	for _, c := range line {
		l.marks |= markBits[c]
	}
	return l
}

var markBits = func() (all [256]uint32) {
	for i := range len(marks) {
		all[marks[i]] = 1 << i
	}
	for c := '0'; c <= '9'; c++ {
		all[c] = 1
	}
	return all
}()

var escapeBit = markBits[0x1b]

// A turnstile is a gate made ready.
type turnstile struct {
	first     [4]uint64 // bit set of bytes
	all, some uint32
	word      []byte
	program   []byte
	more      func(line []byte) bool
}

// lets reports whether a line gets through as far as the look tells.
func (t *turnstile) lets(l *look) bool {
	return t.first[l.first>>6]>>(l.first&63)&1 != 0 && l.marks&t.all == t.all && (t.some == 0 || l.marks&t.some != 0)
}

// asks reports whether the line itself has to be looked at, too.
func (t *turnstile) asks() bool { return t.word != nil || t.program != nil || t.more != nil }

// pass reports whether a line gets through that the look has let through.
func (t *turnstile) pass(line, program []byte) bool {
	if t.program != nil {
		return bytes.HasPrefix(program, t.program)
	}
	return (t.word == nil || bytes.Contains(line, t.word)) && (t.more == nil || t.more(line))
}

// A screen is the list of candidates for all lines that look alike. Lines of one program
// look alike in few ways, so that the list is seldom made.
type screen struct {
	key  uint64
	list []screened
}

// A screened candidate takes a line if t, which may be nil, lets it through. One candidate
// may stand several times in a row.
type screened struct {
	c *candidate
	t *turnstile
}

// screen returns the candidates for lines that look like l, in their order. Text with escape
// sequences, which some formats take out first, goes to all. The list is valid until the next call.
func (d *detector) screen(l *look) []screened {
	key := uint64(l.first)<<32 | uint64(l.marks) | 1<<63
	s := &d.screens[(key^key>>9^key>>18^key>>27^key>>36)%uint64(len(d.screens))]
	if s.key == key {
		return s.list
	}
	s.key, s.list = key, s.list[:0]
	for _, c := range d.all {
		if len(c.gates) == 0 || l.marks&escapeBit != 0 {
			s.list = append(s.list, screened{c, nil})
			continue
		}
		s.list = c.screened(s.list, l)
	}
	return s.list
}

// screened appends the candidate with those of its gates that are still to be asked.
func (c *candidate) screened(list []screened, l *look) []screened {
	before := len(list)
	for i := range c.gates {
		t := &c.gates[i]
		switch {
		case !t.lets(l):
		case !t.asks():
			return append(list[:before], screened{c, nil})
		default:
			list = append(list, screened{c, t})
		}
	}
	return list
}

// turnstiles by format.
var turnstiles = func() map[string][]turnstile {
	all := make(map[string][]turnstile, len(gates))
	for name, list := range gates {
		for _, g := range list {
			all[name] = append(all[name], g.ready())
		}
	}
	return all
}()

func (g *gate) ready() turnstile {
	t := turnstile{all: maskOf(g.all), some: maskOf(g.some), more: g.more}
	if g.word != "" {
		t.word = []byte(g.word)
	}
	if g.program != "" {
		t.program = []byte(g.program)
	}
	for i := 0; i < len(g.first); i++ {
		from, to := g.first[i], g.first[i]
		if i+2 < len(g.first) && g.first[i+1] == '-' {
			to = g.first[i+2]
			i += 2
		}
		for c := int(from); c <= int(to); c++ {
			t.first[c>>6] |= 1 << (c & 63)
		}
	}
	if g.first == "" {
		t.first = [4]uint64{1<<64 - 1, 1<<64 - 1, 1<<64 - 1, 1<<64 - 1}
	}
	return t
}

func maskOf(bytes string) (mask uint32) {
	for i := range len(bytes) {
		if markBits[bytes[i]] == 0 || bits.OnesCount32(markBits[bytes[i]]) != 1 {
			panic("BUG: a gate asks for a byte that nobody looks at: " + bytes[i:i+1])
		}
		mask |= markBits[bytes[i]]
	}
	return mask
}
