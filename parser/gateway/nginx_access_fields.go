package gateway

import (
	"bytes"

	"culprit/parser"
	"culprit/parser/timestamp"
)

// assign puts a named value where it belongs and reports whether it has the shape of
// what the name promises. A first value is kept over a later one of the same kind.
func (s *accessScan) assign(key accessKey, value []byte) bool {
	a := s.a
	switch key {
	case keyTime:
		return s.stamp(value)
	case keyRequest:
		return s.request(value)
	case keyStatus:
		return s.status(value)
	case keyBytes:
		return s.bytes(value)
	case keyDuration:
		return s.duration(value)
	case keyPeer, keyPeerName, keyPeerOrAgent, keyPeerStatus, keyConnect, keyHeader, keyResponse:
		return s.upstream(key, value)
	case keyAnyResponse:
		return setList(&s.anyResponse, value, isTimeElement)
	case keyAppLog:
		s.appLog = true
		return true
	case keyLevel:
		s.levelled = true
		return true
	}
	if len(value) == 0 || isDash(value) {
		return true
	}
	switch key {
	case keyClient:
		s.client(value)
	case keyMethod:
		keep(&a.Method, value)
	case keyProtocol:
		if isTransport(value) {
			keep(&a.Method, value)
		}
	case keyTarget:
		if a.Request == nil { // which has it as the client sent it
			a.Target = s.text(value)
		}
	case keyPath:
		if a.Target == nil {
			a.Target = s.text(value)
		}
	case keyHost:
		keep(&a.Host, s.text(value))
	case keyServer:
		keep(&s.server, value)
	case keyService:
		keep(&s.service, value)
	case keyCache:
		if isCacheStatus(value) || askedBehind(value) || string(value) == "synth" {
			keep(&a.Cache, value)
		}
	}
	return true
}

func (s *accessScan) text(value []byte) []byte {
	if s.raw {
		return value
	}
	return unescaped(s.env, value)
}

func keep(field *[]byte, value []byte) {
	if *field == nil {
		*field = value
	}
}

// stamp takes any stamp with a zone and keeps the most precise one; $msec knows the
// moment best but not the zone, which then comes from the other.
func (s *accessScan) stamp(value []byte) bool {
	value = bytes.Trim(value, "[]")
	stamp, ok := zonedStamp(value)
	if !ok {
		if micros, isTime := seconds(value); isTime && micros < parser.Day && s.a.Duration < 0 {
			s.a.Duration = micros // "time" is the request's in some formats
			return true
		}
		return false
	}
	s.setStamp(stamp)
	return true
}

func (s *accessScan) setStamp(stamp parser.Stamp) {
	old := s.r.Stamp
	if old.Known() && old.Precision <= stamp.Precision {
		old, stamp = stamp, old
	}
	if stamp.Offset == 0 {
		stamp.Offset = old.Offset
	}
	s.r.Stamp = stamp
}

// guess takes a value whose name says nothing for what its shape is: a moment, a
// request line, an address under a name for one. It counts where nothing better does,
// for such a value may be a header that a client made up.
func (s *accessScan) guess(name, value []byte) {
	g := &s.guesses
	switch {
	case len(value) < len("1.1.1.1"):
	case !g.stamp.Known() && decimal(value[0]) && !allDigits(value):
		if stamp, ok := zonedStamp(value); ok {
			g.stamp = stamp
			return
		}
		fallthrough
	case g.client == nil && isClientAddr(value):
		if isAddressName(name) {
			g.client = value
		}
	case g.request == nil && isRequestLine(value) && bytes.Contains(value, []byte(" HTTP/")):
		g.request = value
	}
}

// guesses are the values of names that say nothing.
type guesses struct {
	stamp           parser.Stamp
	client, request []byte
}

func allDigits(b []byte) bool {
	_, ok := wholeNumber(b)
	return ok
}

// isAddressName reports whether a name ends as a client's address may be called, and
// does not begin as the gateway's own is.
func isAddressName(name []byte) bool {
	return (bytes.HasSuffix(name, []byte("ip")) || bytes.HasSuffix(name, []byte("addr"))) && !bytes.HasPrefix(name, []byte("server"))
}

// settleGuesses fills with them what is missing.
func (s *accessScan) settleGuesses() {
	g := &s.guesses
	if !s.r.Stamp.Known() {
		s.r.Stamp = g.stamp
	}
	if s.a.Client == nil && g.client != nil {
		s.client(g.client)
	}
	if g.request != nil && !s.hasRequest && s.a.Target == nil {
		s.request(g.request)
	}
}

// zonedStamp reads $time_local, $time_iso8601 or $msec, the whole of b.
func zonedStamp(b []byte) (parser.Stamp, bool) {
	if len(b) < 10 || len(b) > 40 || !decimal(b[0]) || !decimal(b[1]) {
		return parser.Stamp{}, false
	}
	var stamp parser.Stamp
	var n int
	var ok bool
	switch {
	case b[2] == '/':
		stamp, n, ok = timestamp.CLF(b)
	case b[4] == '-':
		stamp, n, ok = timestamp.ISO(b)
	default:
		stamp, n, ok = timestamp.Epoch(b)
	}
	return stamp, ok && n == len(b) && stamp.Clock == parser.ClockZoned
}

// localStamp accepts what is a stamp with a date and without a zone, and no more: lighttpd's
// and Apache's %{format}t may be of any form.
func localStamp(b []byte) (parser.Stamp, bool) {
	if len(b) < len("2006-01-02 15:04:05") || len(b) > 40 || !decimal(b[0]) {
		return parser.Stamp{}, false
	}
	stamp, n, ok := timestamp.Read(b)
	return stamp, ok && n == len(b) && stamp.Clock == parser.ClockLocal
}

func (s *accessScan) client(value []byte) {
	if s.a.Client != nil {
		return
	}
	if comma := bytes.IndexByte(value, ','); comma > 0 {
		value = value[:comma]
	}
	if isPeerAddr(value) && !bytes.HasPrefix(value, []byte("unix:")) {
		value = value[:bytes.LastIndexByte(value, ':')] // $remote_addr:$remote_port
	}
	if n := len(value); n > 2 && value[0] == '[' && value[n-1] == ']' {
		value = value[1 : n-1]
	}
	s.a.Client = value
}

func (s *accessScan) request(value []byte) bool {
	if s.a.Request == nil {
		setRequest(s.a, s.text(value))
	}
	s.hasRequest = true
	return true
}

func (s *accessScan) status(value []byte) bool {
	if s.hasStatus || !isStatus(value) {
		return false
	}
	s.a.Status, s.hasStatus = statusOf(value), true
	return true
}

func (s *accessScan) bytes(value []byte) bool {
	n, ok := wholeNumber(value)
	if ok && s.a.Bytes < 0 {
		s.a.Bytes = n
	}
	return ok
}

func (s *accessScan) duration(value []byte) bool {
	micros, ok := seconds(value)
	if ok && s.a.Duration < 0 {
		s.a.Duration = micros
	}
	return ok
}

// upstream takes the value of an upstream variable if it can be one. A missing one
// may be printed as - or as nothing.
func (s *accessScan) upstream(key accessKey, value []byte) bool {
	s.named = true
	switch key {
	case keyPeer:
		if s.a.Client == nil && isClientAddr(value) { // "peer" is the client to some
			s.client(value)
			return true
		}
		return setList(&s.ups.addr, value, isPeerElement)
	case keyPeerName:
		return setList(&s.peerName, value, isPeerElement)
	case keyPeerOrAgent:
		return setList(&s.agentOrPeer, value, isPeerElement)
	case keyPeerStatus:
		return setList(&s.ups.status, value, isStatusElement)
	case keyConnect:
		return setList(&s.ups.connect, value, isTimeElement)
	case keyHeader:
		return setList(&s.ups.header, value, isTimeElement)
	}
	return setList(&s.ups.response, value, isTimeElement)
}

// setList keeps value if every element of it passes.
func setList(l *upstreamList, value []byte, passes func([]byte) bool) bool {
	for rest, separator := value, byte(1); separator != 0; {
		var element []byte
		element, rest, separator = cutElement(rest)
		if len(element) > 0 && !isDash(element) && !passes(element) {
			return false
		}
	}
	l.set(value)
	return true
}

func isPeerElement(b []byte) bool {
	return isPeerAddr(b) || isPeerName(b) || bytes.Contains(b, []byte("://")) && bytes.IndexByte(b, ' ') < 0
}

func isStatusElement(b []byte) bool {
	_, ok := wholeNumber(b)
	return ok && len(b) <= 3
}

func isTimeElement(b []byte) bool {
	_, ok := seconds(b)
	return ok
}

func isTransport(b []byte) bool { return string(b) == "TCP" || string(b) == "UDP" }
