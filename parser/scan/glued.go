package scan

import (
	"bytes"

	"culprit/parser/gateway"
)

// A full disk loses the end of a line with its newline, and what nginx writes once there
// is room again stands right behind. Such a second entry becomes a record of its own, with
// the same line number.
//
// A client can write an entry into its Referer, which nginx does not escape. So the second
// entry must come from a process that has written an entry of its own in this source:
// the numbers of nginx's workers are nothing that a client sees.

// maxWorkers is how many process numbers of nginx are remembered; workers of one machine
// seldom are more.
const maxWorkers = 64

// workers are the processes that wrote nginx's entries, the last ones.
type workers struct {
	pids [maxWorkers]int64
	next int
}

func (w *workers) know(pid int64) bool {
	for _, p := range w.pids {
		if p == pid {
			return true
		}
	}
	return false
}

// saw remembers a process. Most entries come from the one that wrote the entry before.
func (w *workers) saw(pid int64) {
	if w.pids[(w.next+maxWorkers-1)%maxWorkers] == pid || w.know(pid) {
		return
	}
	w.pids[w.next] = pid
	w.next = (w.next + 1) % maxWorkers
}

// mayBeGlued reports whether a line may hold a second entry: it is an entry itself, or text
// that nginx quotes.
func mayBeGlued(prev *slot, inner []byte) bool {
	return len(inner) > 2*prefixLength && (inner[4] == '/' || prev != nil && prev.grammar.lang == nginxQuote)
}

// prefixLength is that of a stamp, up to the level.
const prefixLength = len("2026/11/22 15:01:47 [")

// unglue places all entries of a line but the last one, which it returns like a line.
func (r *Reader) unglue(s, prev *slot, p physical, inner []byte) (*slot, *slot, physical, []byte) {
	for at := r.glued(prev, inner); at >= 0; at = r.glued(prev, inner) {
		next, rest, text := r.cutGlued(s, &p, inner, at)
		s.begin(p)
		r.place(s, prev, p, inner[:at])
		s, p, inner, prev = next, rest, text, r.openOf(next.id)
	}
	return s, prev, p, inner
}

// glued returns where in a line a second entry of nginx begins, -1 if there is none.
func (r *Reader) glued(prev *slot, inner []byte) int {
	if bytes.IndexByte(inner[min(len(inner), prefixLength):], '[') < 0 { // nearly all entries
		return -1
	}
	own, ok := entryPID(inner)
	if !ok && (prev == nil || prev.grammar.lang != nginxQuote) {
		return -1
	}
	for from := 1; from < len(inner); {
		n := gateway.NginxGlued(inner[from:])
		if n < 0 {
			return -1
		}
		if pid, ok := entryPID(inner[from+n:]); ok && (pid == own || r.workers.know(pid)) {
			return from + n
		}
		from += n + 1
	}
	return -1
}

// entryPID reads the process number from the prefix of an entry:
// 2026/11/22 15:01:47 [error] 812#812: …
func entryPID(b []byte) (pid int64, ok bool) {
	const stamp = len("2026/11/22 15:01:47 ")
	if len(b) < stamp+10 || b[4] != '/' || b[7] != '/' || b[stamp] != '[' {
		return 0, false
	}
	end := bytes.IndexByte(b[stamp:stamp+10], ']')
	if end < 0 {
		return 0, false
	}
	i := stamp + end + 1
	for i < len(b) && b[i] == ' ' {
		i++
	}
	first := i
	for i < len(b) && i < first+18 && b[i] >= '0' && b[i] <= '9' {
		pid = pid*10 + int64(b[i]-'0')
		i++
	}
	return pid, pid > 0 && i < len(b) && b[i] == '#'
}

// cutGlued cuts p and the text inside it at the second entry and returns a slot for the
// rest that knows what the envelopes told, with the rest.
func (r *Reader) cutGlued(s *slot, p *physical, inner []byte, at int) (next *slot, rest physical, text []byte) {
	next = r.take()
	outer := tell(&s.rec)
	outer.restore(&next.rec)
	next.layers, next.id, next.env.Year = s.layers, s.id, s.env.Year
	text, rest = inner[at:], *p
	if k := len(p.raw) - len(inner); k >= 0 && len(p.raw) > 0 && &p.raw[k] == &inner[0] {
		rest.raw, rest.offset = p.raw[k+at:], p.offset+int64(k+at)
		p.raw = p.raw[:k+at]
	} else {
		next.keep(&text) // it was un-escaped into the memory of s
	}
	next.rec.EachSlice(next.keep)
	next.begin(rest)
	return next, rest, text
}
