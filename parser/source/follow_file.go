package source

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"io"
	"io/fs"
	"os"
	"sync/atomic"
)

// A followed file is one descriptor and the place up to which it was read. Whatever
// happens to its names, the descriptor leads to the same bytes.
type followed struct {
	name    string // under which it was opened
	file    *os.File
	bytes   io.ReaderAt // of the file
	info    fs.FileInfo // as last looked at
	known   fs.FileInfo // as looked at before the last read that found all as it was
	packed  *packedFile // nil for a plain file
	wide    bool        // UTF-16
	head    []byte      // up to fingerBytes
	before  marker
	offset  int64
	inside  bool // of a line that is passed over
	past    past // what is read back
	ended   bool // the last read came to the end
	away    bool // the path leads to another file now, or to none
	copied  bool // a copy that somebody made of the file: nobody goes on writing it
	free    bool // no process has it open for writing
	held    bool // some process has
	left    bool // given up although it is held
	settled bool // newer files are being read
	hot     int  // polls with a read for which it is read even if it looks unchanged
	tried   bool // it was read since the last poll, and had no more
	quiet   int  // polls without a change
	calm    int  // polls without lines
}

func newFollowed(name string, file *os.File, info fs.FileInfo) *followed {
	return &followed{name: name, file: file, bytes: file, info: info, known: info, hot: 2}
}

// fresh says what a read has brought.
type fresh uint8

const (
	nothing   fresh = iota
	lines           // in the Chunk
	passed          // bytes were passed over: read on
	rewritten       // the bytes before the offset are not those that were read
	emptied         // there was no line in it yet, and there may have been and be gone
	broken          // the read failed
)

// read takes lines at the offset. buf has room for the marker and a block.
func (f *followed) read(buf []byte, c *Chunk) (fresh, error) {
	if f.packed != nil {
		return f.readPacked(c)
	}
	if f.offset == 0 && f.known.Size() < markerBytes {
		f.look(false) // its time is all that can tell that it was written, copied and truncated
	}
	m := f.before.n
	n, err := f.bytes.ReadAt(buf[:m+blockBytes], f.offset-int64(m))
	if err != nil && err != io.EOF {
		return broken, err
	}
	if n < m || !f.before.equal(buf[:m]) || f.offset == 0 && n < len(f.head) || f.isPast() && f.info.Size() < f.past.end {
		return rewritten, nil
	}
	if f.offset == 0 && f.known.Size() < markerBytes && !f.info.ModTime().Equal(f.known.ModTime()) {
		return emptied, nil
	}
	// Between two calls of the system the file may have been truncated and filled again, even
	// inside of ReadAt, which calls until buf is full. Then it begins otherwise by now.
	if n > m && (!f.extendHead(buf[:n], f.offset-int64(m)) || !f.growHead()) {
		return rewritten, nil
	}
	f.ended, f.known = n < m+blockBytes, f.info
	if end := f.offset + int64(n-m); end > f.info.Size() { // written to since the last look
		if info, err := f.file.Stat(); err == nil && info.Size() == end {
			f.known = info
		}
	}
	data := f.limitPast(buf[m:n])
	if f.wide {
		return f.cutWide(data, c), nil
	}
	return f.cut(data, c), nil
}

// intact reports whether what was read is still in the file.
func (f *followed) intact() bool {
	if f.packed != nil {
		return true
	}
	var now [markerBytes]byte
	m := f.before.n
	n, err := f.bytes.ReadAt(now[:m], f.offset-int64(m))
	if err != nil && err != io.EOF {
		return true // the next read will say what is wrong
	}
	return f.before.equal(now[:n]) && f.growHead()
}

// growHead reads the head again. It reports false if it is not what it was.
func (f *followed) growHead() bool {
	var buf [fingerBytes]byte
	return f.extendHead(f.readHead(&buf), 0)
}

// extendHead makes the head longer by what was read at an offset. It reports false if the
// two do not agree, or if the file is shorter than its head.
func (f *followed) extendHead(data []byte, at int64) bool {
	if at > int64(len(f.head)) {
		return true
	}
	known := f.head[at:]
	if !bytes.HasPrefix(data, known) {
		return false
	}
	if room := fingerBytes - len(f.head); room > 0 && len(data) > len(known) {
		f.head = append(f.head, data[len(known):min(len(data), len(known)+room)]...)
		h := f.head
		f.wide = len(h) >= 2 && (h[0] == 0xff && h[1] == 0xfe || h[0] == 0xfe && h[1] == 0xff)
	}
	return true
}

// readHead reads the first bytes as they are now.
func (f *followed) readHead(buf *[fingerBytes]byte) []byte {
	n, _ := f.bytes.ReadAt(buf[:], 0)
	return buf[:n]
}

// cut puts the complete lines of data into c.
func (f *followed) cut(data []byte, c *Chunk) fresh {
	switch {
	case len(data) == 0:
		return nothing
	case f.inside:
		return f.pass(data)
	case data[0] == 0:
		zeros := len(data) - len(bytes.TrimLeft(data, "\x00"))
		f.advance(data[:zeros])
		if zeros == blockBytes {
			f.leap()
		}
		return passed
	}
	if bytes.IndexByte(data, 0) >= 0 {
		if i := bytes.Index(data, []byte("\n\x00")); i >= 0 {
			data = data[:i+1] // the zeros will be passed over next
		}
	}
	i := bytes.LastIndexByte(data, '\n')
	switch {
	case i >= 0:
		data = data[:i+1]
	case len(data) < blockBytes:
		return nothing
	default:
		f.inside, c.Partial = true, true
	}
	f.deliver(data, data, c)
	return lines
}

// leap goes to where a hole of the file ends.
func (f *followed) leap() {
	f.offset = max(f.offset, holeEnd(f.file, f.offset)-markerBytes) // the marker is in the hole
}

// pass goes to the end of a line that was too long.
func (f *followed) pass(data []byte) fresh {
	if i := bytes.IndexByte(data, '\n'); i >= 0 {
		data, f.inside = data[:i+1], false
	}
	f.advance(data)
	return passed
}

// deliver fills c with data, which raw is in the file.
func (f *followed) deliver(data, raw []byte, c *Chunk) {
	c.Data, c.Offset, c.From, c.Past = data, f.offset, f.position(""), f.isPast()
	c.From.Linger = false
	f.advance(raw)
}

func (f *followed) advance(raw []byte) {
	f.before.add(raw)
	f.offset += int64(len(raw))
}

// flush puts what there is of an unterminated line into c. It reports passed if the file is
// not as it was when it was looked at: read on.
func (f *followed) flush(buf []byte, c *Chunk) fresh {
	var raw []byte
	if f.packed != nil {
		raw = f.packed.rest()
	} else {
		if f.look(false) {
			return passed
		}
		n, _ := f.bytes.ReadAt(buf[:blockBytes], f.offset)
		raw = buf[:n]
		if !f.intact() {
			return nothing // the next read will find out
		}
	}
	if len(raw) == 0 {
		return nothing
	}
	data := raw
	if f.wide {
		data = f.narrow(raw)
	}
	if f.packed == nil && (bytes.IndexByte(data, '\n') >= 0 || len(raw) == blockBytes) {
		f.ended = false
		return passed
	}
	if f.inside {
		f.advance(raw)
		return nothing
	}
	c.Partial = true
	f.deliver(data, raw, c)
	if f.packed != nil {
		f.packed.take(len(raw))
	}
	return lines
}

func (f *followed) identity() Identity {
	id := fileID(f.info)
	return Identity{Device: id.device, Inode: id.number, HeadBytes: len(f.head), Head: hashOf(f.head)}
}

func (f *followed) position(path string) Position {
	p := Position{Path: path, Identity: f.identity(), Linger: f.settled, Seen: f.known.ModTime()}
	before := &f.before
	if p.Offset, p.Inside = f.offset, f.inside; f.isPast() { // what is read back is no progress
		p.Offset, p.Inside, before = f.past.end, false, &f.past.before
	}
	p.MarkerBytes, p.Marker = before.n, hashOf(before.get())
	return p
}

// seek goes to an offset; the marker becomes what stands before it.
func (f *followed) seek(offset int64) {
	f.offset, f.inside, f.past.end = offset, false, 0
	m := min(offset, markerBytes)
	f.before.n = 0
	if n, _ := f.file.ReadAt(f.before.bytes[:m], offset-m); int64(n) == m {
		f.before.n = n
	}
}

// restart begins at the first byte of what is another file's content now.
func (f *followed) restart() {
	f.offset, f.inside, f.before.n, f.head, f.wide, f.past.end = 0, false, 0, nil, false, 0
	f.hot, f.ended, f.known = 2, false, f.info
	f.growHead()
}

// seekEnd goes behind the last complete line, so that the line that is being written
// comes whole; a line of more than a block is joined in its middle.
func (f *followed) seekEnd(buf []byte) {
	size := f.info.Size()
	from := max(size-blockBytes, 0)
	n, _ := f.file.ReadAt(buf[:size-from], from)
	if i := bytes.LastIndexByte(buf[:n], '\n'); i >= 0 {
		size = from + int64(i) + 1
	} else if from == 0 {
		size = 0
	}
	f.growHead()
	if f.wide {
		size += size & 1
	}
	f.seek(size)
	if size == from+int64(n) && from > 0 && bytes.LastIndexByte(buf[:n], '\n') < 0 {
		f.inside = true
	}
}

// look takes note of what the file system says, and reports a change. poll is false if
// it is no poll.
func (f *followed) look(poll bool) (changed bool) {
	if f.packed != nil {
		return false
	}
	info, err := f.file.Stat()
	if err != nil {
		f.hot = 1 // the read will say what is wrong
		return false
	}
	return f.note(info, poll)
}

func (f *followed) note(info fs.FileInfo, poll bool) (changed bool) {
	if poll {
		f.calm++
	}
	changed = info.Size() != f.info.Size() || !info.ModTime().Equal(f.info.ModTime())
	if changed && f.info.Size() > f.known.Size() {
		f.calm = 0 // it had grown, and nobody has read that
	}
	f.info = info
	switch {
	case changed:
		// Two polls: a second change within the clock tick of the first leaves the same stamp.
		f.hot, f.quiet, f.tried = 2, 0, false
	case poll:
		if f.tried { // polls may pass while other files are read and their lines are worked on
			f.hot = max(f.hot-1, 0)
		}
		f.tried = false
		f.quiet++
	}
	return changed
}

// release asks whether anybody can still write, and reports when nobody can any more.
func (f *followed) release() (justNow bool) {
	if f.free || f.left {
		return false
	}
	if f.packed != nil || f.copied {
		f.free = true
	} else {
		var known bool
		f.free, known = hasLetGo(f.file)
		f.held = known && !f.free
	}
	return f.free
}

// back takes a file that was away for the path's present one again.
func (f *followed) back() {
	f.away, f.free, f.held, f.left, f.settled = false, false, false, false, false
}

func (f *followed) close() {
	if f.packed != nil {
		f.packed.r.Close()
	}
	f.file.Close()
}

// cutWide is cut for UTF-16: offsets are the file's, Data is UTF-8.
func (f *followed) cutWide(data []byte, c *Chunk) fresh {
	end := 0
	for i := 0; i+1 < len(data); i += 2 {
		if f.order().Uint16(data[i:]) == '\n' {
			end = i + 2
		}
	}
	switch {
	case end == 0 && len(data) < blockBytes:
		return nothing
	case end == 0:
		end, c.Partial = len(data), true
	}
	f.deliver(f.narrow(data[:end]), data[:end], c)
	return lines
}

func (f *followed) order() binary.ByteOrder { return byteOrder(f.head) }

// narrow makes UTF-8 of UTF-16, without its mark.
func (f *followed) narrow(raw []byte) []byte {
	u := utf16Reader{r: bufio.NewReader(bytes.NewReader(raw))}
	if f.offset > 0 {
		u.order = f.order()
	}
	out, _ := io.ReadAll(&u)
	return out
}

// A packedFile is a compressed file that is read once, from its first byte on.
type packedFile struct {
	r     io.ReadCloser
	buf   []byte
	taken int // delivered, to be dropped with the next read
	n     int
	err   error
}

// unpack makes a decoder of a descriptor that stays open.
func unpack(ctx context.Context, file *os.File, k kind) (*packedFile, error) {
	l := Options{}.withDefaults().limits()
	b := blob{size: -1, open: func(ctx context.Context, n *atomic.Int64) (io.ReadCloser, error) {
		return &base{alive: ctx.Err, r: io.NewSectionReader(file, 0, 1<<62), n: n, Closer: nopCloser{}}, nil
	}}
	r, err := b.decoded(codecs[k], &l).open(context.WithoutCancel(ctx), new(atomic.Int64))
	if err != nil {
		return nil, err
	}
	return &packedFile{r: r}, nil
}

// rest is what was decompressed and not taken yet.
func (p *packedFile) rest() []byte { return p.buf[p.taken:p.n] }

func (p *packedFile) take(n int) { p.taken += n }

// fill makes rest a block, or all that is left.
func (p *packedFile) fill() {
	if p.buf == nil {
		p.buf = make([]byte, blockBytes)
	}
	p.n = copy(p.buf, p.rest())
	p.taken = 0
	for p.n < len(p.buf) && p.err == nil {
		var n int
		n, p.err = p.r.Read(p.buf[p.n:])
		p.n += n
	}
}

func (f *followed) readPacked(c *Chunk) (fresh, error) {
	p := f.packed
	p.fill()
	f.ended = p.err != nil
	before := f.offset
	got := f.cut(p.rest(), c)
	p.take(int(f.offset - before))
	if got == nothing && p.err != io.EOF {
		return broken, readError(f.name, f.offset+int64(len(p.rest())), p.err)
	}
	return got, nil
}
