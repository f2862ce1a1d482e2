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

// glued returns where in a line a second entry of nginx begins, -1 if there is none: in an
// entry or in text that nginx quotes.
func (r *Reader) glued(prev *slot, inner []byte) int {
	own, ok := entryPID(inner)
	if ok {
		r.workers.saw(own)
	} else if prev == nil || prev.grammar.lang != nginxQuote {
		return -1
	}
	for from := 1; from < len(inner); {
		n := gateway.NginxGlued(inner[from:])
		if n < 0 {
			return -1
		}
		if pid, ok := entryPID(inner[from+n:]); ok && r.workers.know(pid) {
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
	return pid, i > first && i < len(b) && b[i] == '#'
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
