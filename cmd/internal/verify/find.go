package verify

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"errors"
	"io"
	"slices"

	"culprit/parser/source"
	"culprit/rules"

	"github.com/cespare/xxhash/v2"
)

// maxHits is how often a line may stand in a file before further ones are passed over.
const maxHits = 16

// maxLine is how much of a line is compared: scanning kept no more of it either.
const maxLine = 256 << 10

// A hit is a line whose text is the wanted one.
type hit struct {
	line  int64
	start int64 // offset of the record around it; -1 if the file begins behind it
}

// A trial asks whether the record that begins at an offset is the wanted one.
type trial struct {
	of     *wanted
	offset int64
	line   int64 // of the quoted line, if it is
}

// find returns the wanted lines that a source holds, and their numbers. It reads the source
// once, and again if lines were found elsewhere than at their offset.
func find(ctx context.Context, s *source.Source, wants []*wanted) (map[*wanted]int64, error) {
	first := make([]trial, len(wants))
	for i, w := range wants {
		first[i] = trial{of: w, offset: w.place.Offset}
	}
	found, hits, err := pass(ctx, s, first, wants)
	if err != nil {
		return nil, err
	}
	var second []trial
	for _, w := range wants {
		if _, ok := found[w]; ok {
			continue
		}
		for _, h := range hits[w] {
			if h.start >= 0 {
				second = append(second, trial{of: w, offset: h.start})
			}
		}
	}
	if len(second) == 0 {
		return found, nil
	}
	again, _, err := pass(ctx, s, second, nil)
	for _, w := range wants {
		if _, ok := found[w]; ok {
			continue
		}
		if line, ok := again[w]; ok {
			found[w] = line
		} else if line, ok := alone(w, hits[w]); ok {
			found[w] = line
		}
	}
	return found, err
}

// alone takes a line without the record around it, if nothing else can be meant: on the
// same line as before, or the only one of a record of several lines.
func alone(w *wanted, hits []hit) (int64, bool) {
	for _, h := range hits {
		if h.line == w.place.Line {
			return h.line, true
		}
	}
	if len(hits) == 1 && w.place.LastLine > w.place.FirstLine {
		return hits[0].line, true
	}
	return 0, false
}

// pass reads a source to its end, tries the trials and notes where the wanted lines stand.
// What a source gives before it breaks is looked at as well.
func pass(ctx context.Context, s *source.Source, trials []trial, wants []*wanted) (map[*wanted]int64, map[*wanted][]hit, error) {
	found, hits := map[*wanted]int64{}, map[*wanted][]hit{}
	r, err := s.Open(ctx)
	if err != nil {
		return found, hits, ctx.Err()
	}
	defer r.Close()
	texts := indexOf(wants)
	attempts := attemptsOf(trials)
	lines := lineReader{r: bufio.NewReaderSize(r, maxLine+2), starts: make([]int64, texts.back+1)}
	for {
		line, err := lines.next()
		if err != nil {
			break
		}
		for _, t := range attempts.on(&lines, line) {
			found[t.of] = t.line
		}
		for _, w := range texts.match(line) {
			if len(hits[w]) < maxHits {
				hits[w] = append(hits[w], hit{lines.number, lines.start(w.place.Line - w.place.FirstLine)})
			}
		}
	}
	return found, hits, ctx.Err()
}

// A lineReader reads lines as the scanner does: without \r, NUL bytes and what is too long.
type lineReader struct {
	r      *bufio.Reader
	number int64
	offset int64 // of the line in the stream
	end    int64
	starts []int64 // offsets of the last lines, by number
}

func (l *lineReader) next() ([]byte, error) {
	line, err := l.r.ReadSlice('\n')
	l.offset = l.end
	l.end += int64(len(line))
	for errors.Is(err, bufio.ErrBufferFull) { // the head is compared, the rest passed over
		line = bytes.Clone(line)
		var rest []byte
		rest, err = l.r.ReadSlice('\n')
		l.end += int64(len(rest))
	}
	if err != nil && (len(line) == 0 || err != io.EOF) {
		return nil, io.EOF
	}
	l.number++
	l.starts[l.number%int64(len(l.starts))] = l.offset
	return plain(line), nil
}

// start is the offset of the line so many before the current one, -1 if there is none.
func (l *lineReader) start(back int64) int64 {
	if back < 0 || back >= l.number || back >= int64(len(l.starts)) {
		return -1
	}
	return l.starts[(l.number-back)%int64(len(l.starts))]
}

// plain takes off what the scanner takes off.
func plain(line []byte) []byte {
	line = bytes.TrimSuffix(line, []byte{'\n'})
	line = line[:min(len(line), maxLine)]
	line = bytes.TrimSuffix(line, []byte{'\r'})
	if bytes.IndexByte(line, 0) >= 0 {
		line = bytes.ReplaceAll(line, []byte{0}, nil)
	}
	return line
}

// An index finds wanted lines by their text.
type index struct {
	whole map[string][]*wanted
	long  []*wanted // of which only a part is known
	back  int64     // lines that the deepest quoted line stands behind its record's first
}

func indexOf(wants []*wanted) index {
	x := index{whole: map[string][]*wanted{}}
	for _, w := range wants {
		if w.cut {
			x.long = append(x.long, w)
		} else {
			x.whole[w.text] = append(x.whole[w.text], w)
		}
		x.back = max(x.back, min(w.place.Line-w.place.FirstLine, maxBack))
	}
	return x
}

// maxBack bounds how many lines before the quoted one a record may begin; the scanner's own
// bound of a record.
const maxBack = 1000

func (x *index) match(line []byte) []*wanted {
	if len(line) < rules.MaxText/2 || len(x.long) == 0 {
		return x.whole[string(line)]
	}
	var out []*wanted
	for _, w := range x.long {
		if bytes.Contains(line, []byte(w.text)) {
			out = append(out, w)
		}
	}
	return append(out, x.whole[string(line)]...)
}

// attempts are trials: those still to begin, by offset, and those under way.
type attempts struct {
	waiting []trial
	open    []*attempt
}

type attempt struct {
	trial
	digest *xxhash.Digest
	left   int64 // bytes of the record still to come
}

func attemptsOf(trials []trial) *attempts {
	trials = slices.DeleteFunc(slices.Clone(trials), func(t trial) bool { return t.of.place.Length <= 0 })
	slices.SortStableFunc(trials, func(a, b trial) int { return cmp.Compare(a.offset, b.offset) })
	return &attempts{waiting: trials}
}

// on gives the current line to the attempts and returns those that have come to the right hash.
func (a *attempts) on(l *lineReader, line []byte) (right []trial) {
	open := a.open
	a.open = nil
	for _, one := range open {
		one.digest.Write([]byte{'\n'}) // records join their lines by it
		one.left--
		right = a.feed(one, line, right)
	}
	for len(a.waiting) > 0 && a.waiting[0].offset < l.end {
		t := a.waiting[0]
		a.waiting = a.waiting[1:]
		at := t.offset - l.offset // inside the line: an entry that is glued to another
		if at < 0 || at > int64(len(line)) {
			continue
		}
		t.line = l.number + t.of.place.Line - t.of.place.FirstLine
		right = a.feed(&attempt{trial: t, digest: xxhash.New(), left: t.of.place.Length}, line[at:], right)
	}
	return right
}

func (a *attempts) feed(one *attempt, line []byte, right []trial) []trial {
	part := line[:min(int64(len(line)), max(one.left, 0))]
	one.digest.Write(part)
	one.left -= int64(len(part))
	switch {
	case one.left > 0:
		a.open = append(a.open, one)
	case one.left == 0 && one.digest.Sum64() == one.of.place.Hash:
		right = append(right, one.trial)
	}
	return right
}
