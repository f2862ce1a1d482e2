package gateway

import (
	"hash/maphash"
	"sync/atomic"

	"culprit/parser"
)

// A nginxHead is what stands before the context of an entry, without variable parts, and all
// that it tells:
//
//	connect() failed (111: Connection refused) while connecting to upstream
//
// In an outage a handful of them begin all the lines, so what one means is found out once:
// BenchmarkNginxError/refused takes 260 ns with it, 415 without.
type nginxHead struct {
	text          string
	level         parser.Level
	message, bare int // bytes of text
	phase         parser.Phase
	errno         int32
	symptom       parser.Symptom
	rank          parser.Rank
	says          *Message
}

// nginxHeads are the heads met so far. Each has one place, and the first that takes it stays:
// one that finds it taken is read anew each time, and costs no memory. Any number of goroutines
// may use them.
type nginxHeads struct {
	seed   maphash.Seed
	places [4 << 10]atomic.Pointer[nginxHead]
}

func (x *nginxHeads) place(text []byte) *atomic.Pointer[nginxHead] {
	return &x.places[maphash.Bytes(x.seed, text)%uint64(len(x.places))]
}

// find returns what is known of the head of a line of a level, nil if it has not been met.
func (x *nginxHeads) find(level parser.Level, text []byte) *nginxHead {
	if h := x.place(text).Load(); h != nil && h.level == level && h.text == string(text) {
		return h
	}
	return nil
}

// learn keeps what was found out of a head, which is the whole of it: r has the message, without
// the action, and what it means before the fields of the context are looked at.
func (x *nginxHeads) learn(text, bare []byte, m *Message, r *parser.Record) {
	p, g := x.place(text), &r.Gateway
	if p.Load() != nil {
		return
	}
	p.CompareAndSwap(nil, &nginxHead{
		text: string(text), level: r.Level, message: len(r.Message), bare: len(bare),
		phase: g.Phase, errno: g.Errno, symptom: g.Symptom, rank: g.Rank, says: m,
	})
}

// tell fills the record of a line that begins with the head, and returns its message without
// the error's number.
func (h *nginxHead) tell(line []byte, r *parser.Record) (bare []byte) {
	g := &r.Gateway
	r.Message = line[:h.message:h.message]
	g.Phase, g.Errno, g.Symptom, g.Rank = h.phase, h.errno, h.symptom, h.rank
	g.MessageKey, g.Causes = h.says.ID, h.says.Causes
	return line[:h.bare:h.bare]
}
