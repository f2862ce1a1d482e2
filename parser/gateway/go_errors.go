package gateway

import (
	"bytes"

	"culprit/parser"
)

var goVocabulary = phrasesOf("go")

// A goFailure is what the text of a Go error tells about a proxied request.
type goFailure struct {
	message *Message // nil if nothing in the text is known
	class   parser.Symptom
	phase   parser.Phase
	rank    parser.Rank
	errno   int32  // Linux's number of the system's error in the text, 0 if none
	addr    []byte // the peer: host:port, a socket's path (isUnix) or a name (isName); nil if not told
	isUnix  bool
	isName  bool
	// local is the near end of a connection that was read or written; with addr it
	// tells whose connection it was.
	local []byte
}

// goVerifyPrefix wraps what x509 says, since Go 1.20.
var goVerifyPrefix = []byte("tls: failed to verify certificate: ")

// maxGoWraps bounds how many wrapping texts are taken off; real chains have four.
const maxGoWraps = 12

// readGoError finds the known text behind the wrapping ones. Go puts "what: " before
// the error it wraps, so each place behind ": " may be where the known text begins,
// and the first that fits decides: what a peer sent is quoted behind it.
func readGoError(text []byte) goFailure {
	sending := false
	for range maxGoWraps {
		text = bytes.TrimPrefix(text, goVerifyPrefix)
		if m := goVocabulary().find(text); m != nil {
			f := goFailure{message: m, class: m.Class, rank: m.Rank}
			if len(m.Phases) > 0 {
				f.phase = m.Phases[0]
			}
			f.peer(text)
			if sending && f.phase == parser.PhaseReadingHeader {
				f.phase = parser.PhaseSendingRequest
			}
			f.clientSide()
			return f
		}
		sending = sending || has(text, "readfrom ")
		next := nextGoCause(text)
		if next < 0 {
			break
		}
		text = text[next:]
	}
	return goFailure{}
}

// nextGoCause returns where the next wrapped text can begin, -1 if there is none. A
// quoted URL (Get "http://…": …) is passed over as a whole.
func nextGoCause(text []byte) int {
	from := 0
	if open := bytes.IndexByte(text, '"'); open >= 0 && open < bytes.Index(text, []byte(": ")) {
		from = min(quotedEnd(text, open+1)+1, len(text))
	}
	i := bytes.Index(text[from:], []byte(": "))
	if i < 0 {
		return -1
	}
	return from + i + len(": ")
}

// peer reads the far end from "dial tcp addr: …", "dial tcp: lookup name …", "lookup name …",
// "read tcp local->addr: …" (net.OpError.Error), and the system's error.
func (f *goFailure) peer(text []byte) {
	if name, ok := bytes.CutPrefix(bytes.TrimPrefix(text, []byte("dial tcp: ")), []byte("lookup ")); ok {
		f.addr, f.isName = lookedUp(name), true
		return
	}
	op, rest, ok := bytes.Cut(text, []byte(" "))
	if !ok || !isGoOp(op) {
		return
	}
	network, rest, ok := bytes.Cut(rest, []byte(" "))
	if !ok || len(network) == 0 || network[len(network)-1] == ':' {
		return
	}
	ends, cause, ok := bytes.Cut(rest, []byte(": "))
	if !ok {
		return
	}
	f.isUnix = has(network, "unix")
	f.errno = goErrno(cause)
	if arrow := bytes.Index(ends, []byte("->")); arrow >= 0 {
		f.local, ends = ends[:arrow], ends[arrow+len("->"):]
	}
	if len(ends) > 0 {
		f.addr = ends
	}
	f.refine()
}

// refine gives a socket error without a text of its own its class by errno.
func (f *goFailure) refine() {
	if f.class == parser.SymptomOther && f.rank == parser.RankPrimary && f.errno != 0 {
		f.class = socketClass(f.errno, f.phase, f.class)
	}
}

// clientSide recognises an error on the client's connection, where no address of
// the client is known, by its ends: a server's port here and an ephemeral one there
// (Linux gives out 32768 and up). Upstreams have it the other way round.
func (f *goFailure) clientSide() {
	if portOf(f.local) > 0 && portOf(f.local) < firstEphemeral && portOf(f.addr) >= firstEphemeral {
		f.abort()
	}
}

const firstEphemeral = 32768

// abort makes f a failure of the client's connection.
func (f *goFailure) abort() {
	f.class, f.rank, f.phase, f.addr = parser.SymptomClientAbort, parser.RankNoise, parser.PhaseOther, nil
}

// tell writes f into g. A socket's path gets the prefix that all gateways' have.
func (f *goFailure) tell(env *parser.Env, g *parser.Gateway) {
	m := f.message
	g.Symptom, g.Phase, g.Rank, g.Errno = f.class, f.phase, f.rank, f.errno
	g.MessageKey, g.Causes = m.ID, m.Causes
	switch {
	case len(f.addr) == 0 || f.rank == parser.RankNoise:
	case f.isUnix:
		start := len(env.Buf)
		env.Buf = append(append(env.Buf, "unix:"...), f.addr...)
		g.Upstream = env.Buf[start:len(env.Buf):len(env.Buf)]
	default:
		g.Upstream, g.Group = f.addr, f.isName
	}
}

func isGoOp(op []byte) bool {
	switch string(op) {
	case "dial", "read", "write", "readfrom":
		return true
	}
	return false
}

// lookedUp is the name in "name on server: …" or "name: …".
func lookedUp(b []byte) []byte {
	end := bytes.IndexByte(b, ' ')
	if end < 0 {
		end = len(b)
	}
	name := bytes.TrimSuffix(b[:end], []byte(":"))
	if len(name) == 0 {
		return nil
	}
	return name
}

// portOf is the port behind the last colon, 0 if there is none.
func portOf(addr []byte) int64 {
	n, ok := wholeNumber(addr[bytes.LastIndexByte(addr, ':')+1:])
	if !ok || len(addr) == 0 {
		return 0
	}
	return n
}

// goErrno finds the number of a system's error by its end: Go writes the text of its
// own tables (syscall/zerrors_linux_amd64.go; Windows': FormatMessage), in lower case.
func goErrno(cause []byte) int32 {
	for i := range goErrnos {
		if e := &goErrnos[i]; bytes.HasSuffix(cause, e.text) {
			return e.number
		}
	}
	return 0
}

var goErrnos = []struct {
	text   []byte
	number int32
}{
	{[]byte("connection refused"), errRefused}, {[]byte("connection reset by peer"), errReset},
	{[]byte("broken pipe"), errPipe}, {[]byte("connection timed out"), errTimedOut}, {[]byte("operation timed out"), errTimedOut},
	{[]byte("no route to host"), errHostUnreach}, {[]byte("network is unreachable"), errNetUnreach}, {[]byte("host is down"), errHostDown},
	{[]byte("cannot assign requested address"), errNoAddress}, {[]byte("can't assign requested address"), errNoAddress},
	{[]byte("too many open files"), errFiles}, {[]byte("too many open files in system"), errFilesSystem},
	{[]byte("no such file or directory"), errNoEntry}, {[]byte("permission denied"), errAccess},
	{[]byte("operation not permitted"), errPerm}, {[]byte("resource temporarily unavailable"), errAgain},
	{[]byte("invalid argument"), errInvalid}, {[]byte("no buffer space available"), errNoBuffers}, {[]byte("cannot allocate memory"), errNoMemory},
	{[]byte("software caused connection abort"), errAborted}, {[]byte("transport endpoint is not connected"), errNotConn},
	{[]byte("address family not supported by protocol"), errFamily}, {[]byte("not a directory"), errNotDir},
	{[]byte("actively refused it."), errRefused}, {[]byte("forcibly closed by the remote host."), errReset},
	{[]byte("connected host has failed to respond."), errTimedOut},
}
