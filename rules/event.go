package rules

import (
	"fmt"
	"strconv"
	"strings"

	"culprit/parser"
)

// An Interval is a span of time [From, To) in microseconds since the epoch. What
// a stamp of whole seconds tells is an interval, not a moment.
type Interval struct{ From, To int64 }

// Interval bounds of the unknown past and future.
const (
	Past   int64 = -1 << 62
	Future int64 = 1 << 62
)

// A Place is where in a source a record stands.
type Place struct {
	Line      int64  // physical line of Text, from 1; 0 if unknown (joined in the middle)
	FirstLine int64  // of the whole record
	LastLine  int64  //
	Offset    int64  // byte offset of the record in the decompressed source
	Length    int64  // bytes of the record
	Hash      uint64 // xxhash of the record's raw bytes
}

// An Event is what leaves the scanner: a record, or many equal ones folded, that
// is a symptom or holds hits. Its times are in the source's own clock until the
// engine has aligned the sources.
type Event struct {
	Source int    // index of the Digest it came from; set by the engine
	Stream string // sub-stream inside the source (unit, container, compose service, tag, each of one host, see SplitStream); "" is the whole file
	When   Interval
	Last   Interval // of the last folded record
	Clock  parser.Clock
	Count  int64 // folded records
	Lines  int64 // physical lines among them that count as the gateway's error lines; 0 for hits

	Place   Place  // of the first
	Text    string // the physical line that matched, raw, at most MaxText bytes
	Message string // its decoded form, where an envelope hid it; else ""
	Head    string // decoded first line of the record, where a service behind is complained of on a later one; at most MaxHead bytes
	Level   parser.Level

	Host, Program, Unit, Container string
	PID                            int64
	Technology                     string // product of the record's format: gunicorn, kernel; "" if generic

	// For a symptom.
	Symptom  parser.Symptom
	Phase    parser.Phase
	Rank     parser.Rank
	Errno    int32
	Upstream string // address or group name as written; "" if none was told
	Group    bool
	Scheme   string
	VHost    string   // server_name or Host header
	Started  int64    // earliest start of a request in it: When.From minus the longest wait; equal to When.From if unknown
	Requests []uint64 // hashes of (client, request line), at most MaxRequests, sorted
	Hints    []Cause  // what usually causes the gateway's message, best first
	Access   bool     // inferred from an access line, not an error line: counts no error line
	Asked    bool     // told by an access line that says what went wrong (HAProxy's, Envoy's, Traefik's)

	// For evidence; a symptom may hold hits too (FastCGI stderr).
	Hits []Hit
}

// Bounds of what an event keeps.
const (
	MaxText     = 4 << 10
	MaxHead     = 256
	MaxRequests = 64
	// MaxClients is the k of a k-minimum-values sketch: beyond it a count of clients is an
	// estimate, off by an eighth in the middle.
	MaxClients   = 64
	MaxURLGroups = 16
)

// Marks of a text that was cut down to MaxText: what stood before it, and after it.
const (
	cutBefore = "[cut]… "
	cutAfter  = " …[cut]"
)

// CutText bounds a text to MaxText bytes around the one at a place, between runes, and
// marks where it was cut.
func CutText(text []byte, at int) string {
	if len(text) <= MaxText {
		return string(text)
	}
	room := MaxText - len(cutBefore) - len(cutAfter)
	from := 0
	if at >= room {
		from = min(at-room/4, len(text)-room)
	}
	end := from + room
	for from > 0 && from < end && text[from]&0xC0 == 0x80 {
		from++
	}
	for end > from && end < len(text) && text[end]&0xC0 == 0x80 {
		end--
	}
	out := string(text[from:end])
	if from > 0 {
		out = cutBefore + out
	}
	if end < len(text) {
		out += cutAfter
	}
	return out
}

// Uncut is what CutText left of a text, and whether that is only a part of it.
func Uncut(text string) (part string, cut bool) {
	part, front := strings.CutPrefix(text, cutBefore)
	part, back := strings.CutSuffix(part, cutAfter)
	return part, front || back
}

// A Tally counts access lines that are alike: same upstream, virtual host,
// status and second.
type Tally struct {
	Second   int64  // seconds since the epoch, in the source's clock
	More     int64  // so many seconds after it are in it too; failures only, in a very long outage
	Stream   string // StreamAccess and a tag if whose lines they are is still to be settled, else ""
	Upstream string
	VHost    string
	Status   int16 // what the client got
	From     int16 // what the upstream answered; 0 if unknown or none
	Made     Maker
	Symptom  parser.Symptom // what the upstream fields show of a failure; SymptomNone for a success
	Phase    parser.Phase
	Count    int64
	Reused   int64      // of them with a connect time of 0.000 (a kept-alive connection)
	Fresh    int64      // of them with a connect time above 0.000; where none is logged, neither counts
	Waited   int64      // longest request duration, microseconds
	Long     int64      // failures that took two seconds and more
	Once     int64      // failures of a method that a gateway may send again (GET, PUT, …) and did not
	Requests []uint64   // hashes of (client, request line); failures only, at most MaxRequests
	Clients  []uint64   // the smallest hashes of clients' addresses, sorted; failures only, at most MaxClients
	Groups   []URLGroup // failures only, at most MaxURLGroups and one without a name for the rest
	Place    Place      // of the first; of a good one its line only
	Text     string     // of the first, for failures only
}

// Failed reports whether a status is a failure that the gateway's user sees. nginx logs
// 009 of an answer without a valid HTTP header, which it passes on as HTTP/0.9.
func Failed(status int16) bool {
	switch status {
	case 500, 502, 503, 504, 9, Unanswered:
		return true
	}
	return OfCloudflare(status)
}

// OfCloudflare reports whether a status is one of those that Cloudflare answers in place of an origin
// that did not.
func OfCloudflare(status int16) bool { return status >= 520 && status <= 530 }

// Unanswered is counted for a session that its gateway ended without a status: of a protocol
// that has none (HAProxy's mode tcp), or before an answer. Reports write it as 000.
const Unanswered int16 = 1

// StatusText is a status in three digits.
func StatusText(status int16) string {
	if status == Unanswered {
		status = 0
	}
	return fmt.Sprintf("%03d", status)
}

// Maker says who made a status.
type Maker uint8

const (
	MakerUnknown  Maker = iota
	MakerUpstream       // the upstream answered it
	MakerGateway        // the gateway made it
)

// A Told is how many requests a gateway's error lines say that an upstream failed in a
// second, whether another one then answered them or not.
type Told struct {
	When     Interval // in the source's clock
	Clock    parser.Clock
	Upstream string         // that the first line of each names; "" if none does
	Symptom  parser.Symptom // and how it says that it failed
	Count    int64
	Nameless []Nameless
	Clients  []uint64 // the smallest hashes of clients' addresses, sorted, at most MaxClients
}

// Nameless counts a request's error lines of one phase that name no upstream.
type Nameless struct {
	Phase parser.Phase
	Lines int64 // that count as the gateway's error lines
}

// A Fact is something a source says about identity: who listens where, under
// which pid, unit or container.
type Fact struct {
	Stream string
	Kind   FactKind
	Value  string
	When   Interval // first seen
	Last   Interval
	Place  Place
	Text   string
	Count  int64
}

// FactKind is the kind of node that a Fact links its stream to.
type FactKind uint8

const (
	FactListens    FactKind = iota + 1 // address, or ":port" if only the port is told
	FactPID                            // a process that writes into the stream or belongs to its service
	FactMaster                         // the pid that holds the listening socket
	FactUnit                           //
	FactContainer                      //
	FactProgram                        // program or technology name
	FactService                        // the service's own name for itself
	FactHost                           //
	FactTechnology                     // product of its format or of a signature that hit: gunicorn, jvm
	FactNames                          // address, or ":port", that it names in words that need not mean listening
)

// StreamGateway is the stream of a gateway's own lines, whatever else stands in their
// source: one paste, one compose project or one journal holds the lines of many.
const StreamGateway = "gateway:"

// OfGateway reports whether a stream is that of a gateway's own lines, on one host or of no
// host that is told.
func OfGateway(stream string) bool { return strings.HasPrefix(stream, StreamGateway) }

// StreamAccess begins the stream of tagged access lines of a form that gateways and
// applications share (nginx's combined is gunicorn's and Apache's, too); the tag follows.
// Only beside the other sources it shows whose they are.
const StreamAccess = "access:"

// AppendProcess makes a stream's name that of one process, as syslog writes it: several
// services that one interpreter runs write under its name. Which processes are one service
// is settled beside the other sources.
func AppendProcess(name []byte, pid int64) []byte {
	return append(strconv.AppendInt(append(name, '['), pid, 10), ']')
}

// SplitProcess is a stream's name and the process in it, 0 if it is not of one process.
func SplitProcess(name string) (program string, pid int64) {
	if open := strings.LastIndexByte(name, '['); open > 0 && strings.HasSuffix(name, "]") {
		if pid, err := strconv.ParseInt(name[open+1:len(name)-1], 10, 64); err == nil {
			return name[:open], pid
		}
	}
	return name, 0
}

// OfSystem reports whether a program's lines are about other programs.
func OfSystem(program string) bool {
	switch program {
	case "kernel", "systemd", "sudo", "su", "sshd", "CRON", "cron", "dockerd", "containerd", "kubelet", "systemd-oomd",
		"systemd-logind", "systemd-coredump", "earlyoom", "supervisord", "pm2", "dpkg", "audit", "auditd", "rsyslogd", "monit":
		return true
	}
	return false
}

// Prefixes of the pseudo-streams that system lines teach facts about.
const (
	SubjectUnit      = "unit:"
	SubjectContainer = "container:"
)

// streamHost stands between a stream's name and the host that it was written on. No
// envelope's name or host holds a control character.
const streamHost = "\x1f"

// StreamOn names a stream of one host: in a central log many hosts write under one tag.
func StreamOn(name, host string) string {
	if host == "" {
		return name
	}
	return name + streamHost + host
}

// AppendHost makes a stream's name that of one host.
func AppendHost(name, host []byte) []byte { return append(append(name, streamHost...), host...) }

// SplitStream is a stream's name and its host, "" if its lines tell none.
func SplitStream(stream string) (name, host string) {
	name, host, _ = strings.Cut(stream, streamHost)
	return name, host
}

// ZoneFrom says how a source's zone became known.
type ZoneFrom string

const (
	ZoneStated   ZoneFrom = "stated"   // its stamps carry it
	ZoneInferred ZoneFrom = "inferred" // from requests, pids or a sibling source
	ZoneFlag     ZoneFrom = "flag"     // --tz
	ZoneAssumed  ZoneFrom = "assumed"  // UTC, for want of better
)

// A Digest is what scanning one source leaves: folded and bounded, however many
// bytes went in.
type Digest struct {
	Source   SourceInfo
	Events   []Event
	Tallies  []Tally
	Requests []Request
	Named    []Request // that lines of applications name by their path, see Request.Named
	Facts    []Fact
	// Pools are the sets of addresses and group names that one request named.
	Pools [][]string
	// Told counts failed requests by what error lines say, where their threads tell which
	// lines are of one request.
	Told []Told
	// Speakers are the streams, by tag, that symptoms of a gateway stand in.
	Speakers []string
	// Program says that a gateway's errors stand among all that its program writes (parser.Format.Program).
	Program bool
	// OwnZone is the zone of the source's zoneless stamps, in seconds east of UTC, as
	// lines with two stamps prove it; valid if HasOwnZone.
	OwnZone    int32
	HasOwnZone bool
}

// SourceInfo describes one source and how reading it went.
type SourceInfo struct {
	Path     string // as given, relative to the argument's directory; archive!member
	Group    string // key of the rotated family it belongs to; Path if alone
	Format   string // most frequent format; "" if none was recognised
	Formats  []string
	Role     parser.Role
	Gateway  string // product, if it is a gateway's log
	Lines    int64
	Unparsed int64
	Samples  []string // first unparsed lines, cleaned, at most five
	Bytes    int64    // decompressed
	First    parser.Stamp
	Last     parser.Stamp
	HeadHash uint64 // of the first 4 KiB: breaks ties instead of the name
	Location string // absolute path of the file, then !member; for finding it again, never printed
	Error    string // why it was not read, or not to its end
	Warnings []string

	// Settled by the engine.
	ZoneOffset int32 // seconds east of UTC that its zoneless stamps were read in
	Zone       string
	ZoneFrom   ZoneFrom
	Skew       int64 // microseconds that its clock is ahead of the gateway's (negative: behind)

	Loopback  bool // every client of its access lines is this machine: it may be the log of an application behind the gateway
	HasErrors bool // a gateway's error log is in it: absence of lines means something
	HasAccess bool // access lines are in it
}
