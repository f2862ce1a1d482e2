package gateway

import (
	"bytes"

	"culprit/parser"
)

// settle decides what the unnamed values were and fills the attempts.
func (s *accessScan) settle() {
	s.settleGuesses()
	s.settleHead()
	keep(&s.a.Host, s.server)
	if s.a.Client == nil && isClientAddr(s.a.Host) {
		s.a.Client, s.a.Host = s.a.Host, nil // LTSV calls the client host
	}
	s.settleForwarded()
	if s.shapes.peer.logged {
		s.ups.addr.set(s.shapes.peer.text)
	}
	s.settleStatus()
	s.settleTimes()
	if s.agentOrPeer.logged && !s.ups.addr.logged && s.ups.status.logged {
		s.ups.addr = s.agentOrPeer
	}
	if s.peerName.logged && !s.ups.addr.logged {
		s.ups.addr = s.peerName
	}
	s.settleResponse()
	s.ups.fill(s.a)
	s.settleService()
}

// settleService takes the name that ingress-nginx gives to a service's port. It stands also in lines of
// what nginx answered by itself, a redirect to https: of those, only a 503 may be for want of a pod.
func (s *accessScan) settleService() {
	if len(s.service) > 0 && !isDash(s.service) && (s.a.Tries > 0 || s.a.Status == 503) {
		keep(&s.a.Pool, s.service)
	}
}

// settleResponse says whose response_time is.
func (s *accessScan) settleResponse() {
	switch l := &s.anyResponse; {
	case !l.logged:
	case s.a.Duration < 0 && !isList(l.text):
		s.a.Duration = secondsOrNone(l.text)
	default:
		s.ups.response.set(l.text)
	}
}

// settleForwarded takes the lone quoted text behind the user agent for the peer only
// in lines that begin with a virtual host: nginx-proxy's format has it there, and
// X-Forwarded-For seldom comes with a port.
func (s *accessScan) settleForwarded() {
	text := s.forwarded
	if text == nil || s.a.Host == nil || s.ups.logged() || s.shapes.peer.logged {
		return
	}
	if kindOfList(text) == kindPeer || s.a.Status == 502 && isPeerName(text) && !isClientAddr(text) {
		s.shapes.peer.set(text)
	}
}

// settleStatus picks $upstream_status among the unnamed statuses: as long as the
// peers' list, best equal to the final status at its end, else the first behind the
// peers. Without peers only a list or the same status convinces.
func (s *accessScan) settleStatus() {
	f := &s.shapes
	if s.ups.status.logged || f.nStatuses == 0 {
		if f.statusMissing {
			s.ups.status.set([]byte("-"))
		}
		return
	}
	best, bestScore := -1, 0
	for i := range f.statuses[:f.nStatuses] {
		if score := s.statusScore(i); score > bestScore {
			best, bestScore = i, score
		}
	}
	if best < 0 {
		return
	}
	s.ups.status.set(f.statuses[best])
	if word := f.beforeStatus[best]; !s.ups.addr.logged && word != nil && s.a.Status == 502 {
		s.ups.addr.set(word) // no live upstreams: the group's name
		if bytes.Equal(s.a.Host, word) {
			s.a.Host = nil
		}
	}
}

func (s *accessScan) statusScore(i int) int {
	text := s.shapes.statuses[i]
	same := statusOf(text[len(text)-3:]) == s.a.Status
	if text[len(text)-1] == ' ' || isDash(text[len(text)-1:]) {
		same = false
	}
	if !s.ups.addr.logged {
		if same || len(text) > 3 {
			return 1
		}
		return 0
	}
	score := 0
	if elements(text) == elements(s.ups.addr.text) {
		score = 2
		if same {
			score += 2
		}
		if s.shapes.statusAfter[i] {
			score++
		}
	}
	return score
}

func elements(text []byte) int {
	n := 1
	for _, rest, separator := cutElement(text); separator != 0; n++ {
		_, rest, separator = cutElement(rest)
	}
	return n
}

// settleTimes names the unnamed durations. By convention $request_time comes first
// and the upstream's follow in the order connect, header, response; what cannot be
// so (the request shorter than its attempt, a list or a dash as request time) turns it.
func (s *accessScan) settleTimes() {
	f := &s.shapes
	times := f.times[:f.nTimes]
	if !s.ups.addr.logged && !s.ups.status.logged && s.loneTime(times) {
		return
	}
	for len(times) > 0 && isDash(times[len(times)-1].text) {
		times = times[:len(times)-1] // an attempt always has a response time: some other value
	}
	if i := requestTime(times); s.a.Duration < 0 && i >= 0 {
		s.a.Duration = secondsOrNone(times[i].text)
		copy(times[i:], times[i+1:])
		times = times[:len(times)-1]
	}
	if responseFirst(times) {
		n, first := min(len(times), 3), times[0]
		copy(times, times[1:n])
		times[n-1] = first
	}
	switch len(times) {
	case 0:
	case 1:
		if s.stream {
			s.ups.connect.set(times[0].text)
			break
		}
		s.ups.response.set(times[0].text)
	case 2:
		if isHeaderTime(times[0].text, times[1].text) {
			s.ups.header.set(times[0].text)
		} else {
			s.ups.connect.set(times[0].text)
		}
		s.ups.response.set(times[1].text)
	default:
		s.ups.connect.set(times[0].text)
		s.ups.header.set(times[1].text)
		s.ups.response.set(times[2].text)
	}
}

// responseFirst recognises times that begin with the response's: it is never shorter
// than the others.
func responseFirst(times []upstreamList) bool {
	for i := 1; i < len(times); i++ {
		if !isDash(times[i].text) {
			return totalSeconds(times[0].text) > totalSeconds(times[i].text)+slack
		}
	}
	return false
}

// loneTime reports whether there is one number at most, and takes it: the request
// time, or the upstream's if it is a list. The dashes beside it are upstream
// variables of a request that touched none.
func (s *accessScan) loneTime(times []upstreamList) bool {
	lone := -1
	for i := range times {
		switch {
		case isDash(times[i].text):
		case lone >= 0:
			return false
		default:
			lone = i
		}
	}
	if lone < 0 {
		return true
	}
	s.a.HasUps = s.a.HasUps || len(times) > 1
	if s.a.Duration < 0 && !isList(times[lone].text) {
		s.a.Duration = secondsOrNone(times[lone].text)
	} else {
		s.ups.response.set(times[lone].text)
	}
	return true
}

func isList(text []byte) bool {
	_, _, separator := cutElement(text)
	return separator != 0
}

// slack is how far nginx's clocks may differ within a line.
const slack = 2 * parser.Millisecond

// requestTime returns which of the times is $request_time, -1 if none: a single
// value that is not shorter than the others, the first of equals.
func requestTime(times []upstreamList) int {
	if len(times) == 0 {
		return -1
	}
	longest := int64(-1)
	for i := range times {
		longest = max(longest, totalSeconds(times[i].text))
	}
	for _, i := range [...]int{0, len(times) - 1} {
		if !isDash(times[i].text) && !isList(times[i].text) && totalSeconds(times[i].text)+slack >= longest {
			if i == 0 && len(times) == 3 && increasing(times) {
				continue
			}
			return i
		}
	}
	return -1
}

// increasing recognises three upstream times without a request time.
func increasing(times []upstreamList) bool {
	return secondsOrNone(times[0].text)+slack < secondsOrNone(times[2].text)
}

// totalSeconds adds up the elements of a list.
func totalSeconds(text []byte) int64 {
	total := int64(0)
	for rest, separator := text, byte(1); separator != 0; {
		var element []byte
		element, rest, separator = cutElement(rest)
		total += max(secondsOrNone(element), 0)
	}
	return total
}

// isHeaderTime tells a header time from a connect time before a response time: the
// header comes near the end, the connection is made near the start.
func isHeaderTime(first, response []byte) bool {
	f, r := totalSeconds(first), totalSeconds(response)
	return f > 2*parser.Millisecond && f >= r/2
}
