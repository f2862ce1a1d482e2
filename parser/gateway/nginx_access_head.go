package gateway

import "bytes"

// headFields are the unnamed values before the status. In a format that has the
// answer before the request, the status is one of them too.
type headFields struct {
	status   []byte    // the first that is neither a user's name nor the peer's
	last     []byte    // a status, if the last token but numbers and dashes was one
	named    bool      // last stands where a user's name does, behind one dash
	peers    [3][]byte // addresses with port: gateway's, client's or upstream's
	nPeers   int
	noStatus bool   // a dash stands right behind the last of them
	path     []byte // a bare text that begins with a slash
	words    int    // bare words before the request
	word     []byte // the last token, if it was one
	dashes   int    // in a row up to here
}

// unlabelledHead takes a value before the status.
func (s *accessScan) unlabelledHead(text []byte, kind fieldKind) {
	h, f := &s.head, &s.shapes
	peerLast, dashes := f.peerLast, h.dashes
	f.peerLast, f.timeLast, h.dashes, h.word = false, false, 0, nil
	if kind != kindDash && kind != kindNumber {
		h.last = nil
	}
	switch kind {
	case kindStatus:
		s.headStatus(text, peerLast, dashes)
	case kindTime:
		s.shapedTime(text)
	case kindClient:
		s.client(text)
	case kindPeer:
		f.peerLast = true
		if h.nPeers < len(h.peers) {
			h.peers[h.nPeers] = text
			h.nPeers++
		}
	case kindDash:
		h.dashes = dashes + 1
		switch {
		case peerLast:
			h.noStatus = true
		case f.nTimes > 0:
			f.addTime(text)
		}
	case kindWord:
		if isDomain(text) {
			keep(&s.a.Host, text)
			s.unknown = s.unknown || s.local && bytes.IndexByte(text, ':') > 0 // or a line of a source file
		} else if !s.local || !s.known(text) {
			s.unknown = true
			if !s.hasRequest && h.path == nil {
				h.words++
				h.word = text
			}
		}
	}
}

// headStatus takes three digits. Behind the request they are the status; before it
// they may be that, the peer's or a number as a user's name.
func (s *accessScan) headStatus(text []byte, peerLast bool, dashes int) {
	h, f := &s.head, &s.shapes
	switch {
	case s.hasRequest || s.pending != nil:
		s.answer(text)
		return
	case isList(text):
		f.addStatus(text, nil)
		return
	}
	h.last, h.named = text, dashes == 1 && f.nTimes == 0
	switch {
	case h.named:
	case h.status == nil && (!peerLast || h.nPeers == 2 && s.a.Client == nil):
		h.status = text
	default:
		f.addStatus(text, nil)
	}
}

// stampSeen forgets a number as a user's name: that stands before the stamp.
func (h *headFields) stampSeen() {
	if h.named {
		h.last = nil
	}
}

// answerFromHead takes the status that stood before the request, if there it stood:
// with the times and the peer of the answer, or right before the request.
func (s *accessScan) answerFromHead() {
	h, f := &s.head, &s.shapes
	text := h.last
	if h.status != nil && isUsualStatus(h.status) && (f.nTimes > 0 || h.nPeers > 0) {
		text = h.status
	}
	if text != nil && s.status(text) {
		s.wantBytes = h.last != nil
	}
}

// takePath takes a bare text that begins with a slash, and what of the upstream stands
// between the status and it: an address, a dash or, of no live upstreams, a word.
func (s *accessScan) takePath(text []byte) {
	h := &s.head
	h.path = text
	if h.words == 1 && h.word != nil && isPeerName(h.word) && string(h.status) == "502" {
		h.words = 0
		s.shapes.peer.set(h.word)
	} else if h.dashes > 0 && h.status != nil {
		s.shapes.peer.set(dash)
	}
}

var dash = []byte("-")

// settleHead says whose the addresses with a port are, and takes what stood before a
// request that is only a path.
func (s *accessScan) settleHead() {
	h, f := &s.head, &s.shapes
	if peers := h.peers[:h.nPeers]; len(peers) > 0 {
		if s.a.Client == nil && len(peers) > 1 && !s.stream {
			peers = peers[1:] // the gateway's own comes first
		}
		if s.a.Client == nil {
			s.client(peers[0])
			peers = peers[1:]
		}
		if n := len(peers); n > 0 {
			f.peer.set(peers[n-1])
			f.statusMissing = f.statusMissing || h.noStatus
		}
	}
	if s.hasStatus {
		return
	}
	switch {
	case h.last != nil && s.hasRequest:
		s.status(h.last)
	case h.path != nil && s.a.Target == nil && h.words == 0 && f.peer.logged && h.status != nil && isUsualStatus(h.status):
		s.status(h.status)
		s.a.Target = h.path
	}
}
