// Package parser holds the nouns of reading: a Record is one log message, a Format how one
// product writes its log, a Stamp a time as it is written, a Symptom what a gateway saw.
//
// Its folders are the stages that bytes pass: source finds logs and opens them, scan cuts them
// into lines and asks gateway and applog, one file a format, what they are; timestamp reads
// their stamps. Records come out, and package rules goes on with them.
package parser

// Role is what kind of program wrote a source.
type Role uint8

const (
	RoleUnknown Role = iota
	RoleGateway      // nginx and its kin
	RoleApp          // an application or its server
	RoleSystem       // kernel, init system, container runtime, sudo, package manager
)

var roleNames = []string{"unknown", "gateway", "app", "system"}

// String returns "gateway", "app", "system" or "unknown".
func (r Role) String() string { return roleNames[r] }

// Level is a severity, ordered from least to most severe.
type Level uint8

const (
	LevelNone Level = iota // not told
	LevelDebug
	LevelInfo
	LevelNotice
	LevelWarn
	LevelError
	LevelCrit
	LevelAlert
	LevelEmerg
)

var levelNames = []string{"", "debug", "info", "notice", "warn", "error", "crit", "alert", "emerg"}

// String returns nginx's word for the level; "" if it was not told.
func (l Level) String() string { return levelNames[l] }

// Kind says which part of a Record is filled beside the common one.
type Kind uint8

const (
	KindLog     Kind = iota // an ordinary log message
	KindGateway             // a line of a gateway's error log: Record.Gateway is filled
	// KindAccess is a finished request: Record.Access is filled (gateways and
	// applications). Where a gateway has one log only (HAProxy, Envoy, ALB), the line of
	// a failed request also fills Record.Gateway with a symptom and counts as an error line.
	KindAccess
)

// A Record is one parsed log message, maybe of several physical lines.
//
// Its byte slices point into the reader's buffer: they are valid until the next
// call of Scan and must be copied to be kept (EachSlice). A format's Parse fills what
// the line tells and leaves the rest at its zero value; the scanner resets the
// record before each line and fills the position.
type Record struct {
	// Position in the decompressed source.
	Line      int64  // number of the first physical line, from 1
	Lines     int32  // physical lines in the record
	Offset    int64  // byte offset of the first byte
	Raw       []byte // the physical lines, joined by \n, without the last newline; bounded
	Truncated bool   // Raw was cut at the bound

	Format *Format // nil if no format knows the line: then it is text
	Kind   Kind
	Stamp  Stamp // ClockNone if the line has none; see After and Before
	Level  Level

	// Outer is the envelope's stamp where it has no zone and the line's own, which is
	// kept as Stamp, has one: together they tell the envelope's zone.
	Outer Stamp

	// After and Before bound the moment of a record without a stamp: the last
	// stamp before it and the next one after it in its stream (ClockNone if unknown).
	After, Before Stamp

	// Identity from the envelope, the outermost that tells it.
	Host      []byte
	Program   []byte // syslog tag, journal identifier, compose service, logger's service name
	Unit      []byte // systemd unit the line is about (UNIT) or comes from (_SYSTEMD_UNIT)
	Container []byte // container id or name
	MessageID []byte // journald's MESSAGE_ID
	PID       int64  // 0 if not told
	TID       int64
	// Contained: the line came from a container's runtime, so that a PID that it tells itself
	// counts inside of the container only and is not the one by which the kernel knows the process.
	Contained bool

	// Message is the text without envelope, stamp and level, un-escaped, its lines
	// joined by \n. Signatures match on it. For structured layouts (JSON, logfmt) it is
	// the message text, then " key=value" for each further field (nested keys dotted,
	// values with blanks quoted), then "\n" and the error and stack texts.
	Message []byte

	Gateway Gateway
	Access  Access
}

// Gateway holds the fields of a gateway's error line. Slices are as written by
// the gateway: unescaped bytes that a client may have chosen.
type Gateway struct {
	Symptom    Symptom
	Phase      Phase
	Rank       Rank
	Errno      int32 // the platform's error number, 0 if none
	Connection int64 // nginx's *connection, the client's; 0 if none
	Client     []byte
	Server     []byte // server_name of the block, or the listening address
	Request    []byte // request line as received
	Host       []byte // Host header
	Scheme     []byte // http, https, fastcgi, uwsgi, grpc, …
	// Upstream is the address as written, without scheme and URI:
	// 127.0.0.1:9001, [::1]:8080, unix:/run/app.sock; or the group's name if Group.
	Upstream []byte
	Group    bool // Upstream is a name (no live upstreams, unresolved host), not an address
	// Quoted is text of the upstream itself that the gateway passes on: FastCGI stderr.
	Quoted []byte
	// MessageKey is the id of the catalogue entry that classified the line, "" if none.
	MessageKey string
	// Causes are the ids of what usually causes the message, best first, from the
	// same entry; shared, not to be changed.
	Causes []string
}

// MaxAttempts bounds how many tries of one request an Access keeps.
const MaxAttempts = 8

// An Attempt is one try of one request on one upstream. Durations are in
// microseconds, -1 where not told ("-").
type Attempt struct {
	Addr     []byte // as written; nil if not told; the group's name for no live upstreams
	Status   int16  // what the upstream answered or the gateway assigned; 0 if not told
	Connect  int64
	Header   int64
	Response int64
	Pass     uint8 // separated by " : " (internal redirect): 0, 1, …
}

// Access holds one finished request, from an access log or an application's
// request line. Durations are in microseconds, -1 where not told.
type Access struct {
	Client   []byte
	Host     []byte // virtual host, if logged
	Request  []byte // whole request line; nil if the log gives only parts
	Method   []byte
	Target   []byte // path with query, as logged
	Status   int16  // 0 if none was logged; 9 for nginx's 009
	Bytes    int64
	Duration int64 // of the whole request
	Cache    []byte
	Attempts [MaxAttempts]Attempt
	Tries    int  // filled Attempts; further ones are dropped
	HasUps   bool // the format logs upstream fields at all ("-" then means that none was touched)
	AtStart  bool // Stamp marks the request's start, not its end (HAProxy, Envoy)
	Made     Made // who made the status, where the format tells it
	// Pool is the name of the group that served the request, as the gateway writes it:
	// HAProxy's backend, Envoy's cluster, an ALB's target group, ingress-nginx's
	// namespace-service-port; nil if not told.
	Pool      []byte
	RequestID []byte // request or trace id, nil if not told
}

// Made says who made a status.
type Made uint8

const (
	MadeUnknown  Made = iota
	MadeUpstream      // the upstream answered it
	MadeGateway       // the gateway made it
)

// Reset clears the record for the next line, keeping nothing.
func (r *Record) Reset() {
	*r = Record{} // in place; with the two fields in the literal, a record was copied
	r.Access.Duration, r.Access.Bytes = -1, -1
}

// EachSlice calls f for every byte slice of the record, so that f may move it to other
// memory. It is the only list of them: a new field goes in here.
func (r *Record) EachSlice(f func(*[]byte)) {
	for _, b := range [...]*[]byte{&r.Raw, &r.Host, &r.Program, &r.Unit, &r.Container, &r.MessageID, &r.Message} {
		f(b)
	}
	if r.Kind == KindLog {
		return
	}
	g := &r.Gateway
	for _, b := range [...]*[]byte{&g.Client, &g.Server, &g.Request, &g.Host, &g.Scheme, &g.Upstream, &g.Quoted} {
		f(b)
	}
	if r.Kind != KindAccess {
		return
	}
	a := &r.Access
	for _, b := range [...]*[]byte{&a.Client, &a.Host, &a.Request, &a.Method, &a.Target, &a.Cache, &a.Pool, &a.RequestID} {
		f(b)
	}
	for i := range a.Attempts[:a.Tries] {
		f(&a.Attempts[i].Addr)
	}
}

// A Format is how one product writes its log.
type Format struct {
	Name    string // kebab-case: nginx-error, gunicorn
	Role    Role
	Product string // nginx, gunicorn, java; "" for a generic layout such as jsonl
	Doc     string // source of the grammar: the vendor's code or documentation
	// Threads says that a process and thread which error lines name works on one request at
	// a time.
	Threads bool
	// Program says that the gateway is a part of a program whose other lines, in layouts that
	// applications have too, stand around its own.
	Program bool
	// Gates: one of them lets a line through, or all do if there are none, see Gate.
	Gates []Gate
	// Glued: a second entry may stand on the line of a first one that a full disk cut; the numbers of
	// the processes that write entries tell.
	Glued bool
	// Handshakes: what its TLS library says of a handshake stands on lines of its own.
	Handshakes bool
	// Parse reads one physical line without its newline and envelope and reports
	// whether it is of this format. It may leave r half filled when it reports false.
	// It must not keep line, allocate, or look at the clock.
	Parse func(line []byte, env *Env, r *Record) bool
	// Again, if not nil, reads a line that is much like one that Parse has read before, as Parse would,
	// and reports whether it is such a line. It takes whole entries only, behind which none goes on,
	// and always sets the same fields, so a record that nothing else has filled needs no Reset for it.
	// If it reports false, r may be half filled.
	Again func(line []byte, env *Env, r *Record) bool
	// HeadDecides: of lines that begin with a date, Parse takes every one that agrees with one that
	// it took in all that stands before the Message, if a letter begins that of both, and tells
	// the same of both, but for a request and what stands behind a { or colours.
	HeadDecides bool
}

// Words that the scanner looks for in the text of applications, wherever they stand: of what is
// behind a gateway, and of a process's number.
const (
	WordUpstream = "upstream"
	WordBackend  = "backend"
	WordPID      = "pid="
)

// Env is what a line does not tell about itself.
type Env struct {
	// Year seeds the year of stamps without one (the file's modification time or the
	// clock's, read once by cmd). The scanner then lets it roll over with the source's months.
	Year int
	// Buf is scratch space that Parse may append to and slice, for a Message that is
	// not a part of the line (un-escaped JSON). The scanner cuts it to length 0 before
	// each record and keeps its capacity, so a Parse may grow it once and not again.
	Buf []byte
	// Last is the stamp that Parse read last, with its text: in an outage thousands of lines a second
	// have the same. BenchmarkNginxError/refused takes 212 ns with it, 260 without.
	Last LastStamp
	// Marks, if not nil, are those between the values of the last line that Again has read.
	Marks *Marks
}

// Marks are the texts before the values of a line, in their order, as its format has them in each line.
// What the values are the format knows.
type Marks struct {
	All    [16]Mark
	N      int
	Values uint16 // bit set of them
	Quoted bool   // the last one stands in quotes
}

// A Mark is the text before a value. Its first eight bytes are compared as one number.
type Mark struct {
	Text       [32]byte
	Length     uint8
	Value      uint8
	Quoted     bool   // a quote is its last byte
	Word, Mask uint64 // of the bytes that count
}

// A LastStamp is what a text was read as.
type LastStamp struct {
	text  [32]byte
	n     int
	stamp Stamp
}

// Of returns the stamp of a text that is the one kept.
func (l *LastStamp) Of(text []byte) (Stamp, bool) {
	return l.stamp, len(text) > 0 && string(text) == string(l.text[:l.n])
}

// Keep notes the stamp of a text; one that is too long is not kept.
func (l *LastStamp) Keep(text []byte, s Stamp) {
	if len(text) <= len(l.text) {
		l.n, l.stamp = copy(l.text[:], text), s
	}
}
