package source

import (
	"bytes"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"
)

func TestFollow17LineInManyPieces(t *testing.T) {
	r := begun(t)
	for n := 2; n <= 100; n++ {
		line := strings.TrimSuffix(r.next(), "\n") + strings.Repeat("y", n) + "\n"
		for i := range n {
			r.raw(line[len(line)*i/n : len(line)*(i+1)/n])
			r.poll(n % 3)
		}
		r.wrote = append(r.wrote, line)
	}
	r.settle()
	r.want(0)
}

func TestFollow18RunesAndCarriageReturnsSplit(t *testing.T) {
	r := begun(t)
	for i := range 4 {
		line := fmt.Sprintf("%d: ключ 鍵 🔑 ключ\r\n", i)
		r.wrote = append(r.wrote, line)
		for j := range len(line) {
			r.raw(line[j : j+1])
			if r.poll(1); j == len(line)/2 {
				r.rotate() // the writer finishes the line in the old file
			}
		}
		r.reopen()
	}
	r.settle()
	r.want(0)
}

func TestFollow19ZerosAreSkipped(t *testing.T) {
	r := newRig(t)
	w, err := os.OpenFile(r.path, os.O_CREATE|os.O_WRONLY, 0o644) // no O_APPEND
	must(t, err)
	r.w = w
	r.start()
	r.write(5000)
	r.poll(r.f.pace.idle + 1)
	r.copytruncate(nil)
	r.poll(2)
	r.write(3)
	r.settle()
	r.want(0)
	r.poll(r.f.pace.idle + 1)
	must(t, os.Truncate(r.path, 0))
	_, err = w.Seek(1<<40, 0) // a hole that cannot be read byte by byte
	must(t, err)
	r.poll(2)
	r.write(3)
	r.settle()
	r.want(0)
}

func TestFollow20LongLines(t *testing.T) {
	r := begun(t)
	long := strings.Repeat("z", 10<<20)
	r.raw(long[:1<<20])
	r.poll(3)
	r.start() // inside of the line
	r.raw(long[1<<20:])
	r.poll(3)
	r.raw("\n")
	r.write(3)
	r.settle()
	r.want(0)
	if len(r.parts) != 1 || len(r.parts[0]) != blockBytes {
		t.Errorf("got %d parts", len(r.parts))
	}
	exact := strings.Repeat("e", blockBytes-1) + "\n"
	r.raw(exact)
	r.wrote = append(r.wrote, exact)
	r.write(1)
	r.settle()
	r.want(0)
}

func TestFollow21AnyBytes(t *testing.T) {
	r := begun(t)
	for _, line := range []string{
		"\xff\xfe\x80 invalid\n", "\x1b[31mred\x1b[0m\n", "a\x00b\n", "\x01\x02\x7f\n", "\n", "\r\n", "\xe2\x28\xa1\n", "\v\f\x85\n",
	} {
		r.raw(line)
		r.wrote = append(r.wrote, line)
		r.poll(1)
	}
	r.write(2)
	r.settle()
	r.want(0)
}

func TestFollow21UTF16(t *testing.T) {
	r := newRig(t)
	r.reopen()
	wide := func(s string) string {
		var b bytes.Buffer
		for _, u := range utf16.Encode([]rune(s)) {
			b.Write([]byte{byte(u), byte(u >> 8)})
		}
		return b.String()
	}
	r.raw("\xff\xfe")
	r.start()
	for i := range 20 {
		line := fmt.Sprintf("%d Ċ ਊ ключ 🔑\r\n", i) // Ċ and ਊ have the newline's byte
		r.wrote = append(r.wrote, line)
		text := wide(line)
		r.raw(text[:i+1])
		r.poll(1)
		r.raw(text[i+1:])
		if i == 10 {
			r.start()
		}
	}
	r.settle()
	r.want(0)
}

func TestFollowJoinsAnExistingFileAtItsLastLine(t *testing.T) {
	r := newRig(t)
	r.opts.FromStart = false
	r.reopen()
	r.write(5000)
	old := r.wrote
	half := r.next()
	r.raw(half[:20])
	r.start()
	r.poll(2)
	if len(r.got) != 0 {
		t.Fatalf("got %d old lines", len(r.got))
	}
	if !slices.Equal(r.past, old) {
		t.Errorf("read back: %s", diff(old, r.past))
	}
	r.raw(half[20:])
	r.wrote = []string{half}
	r.write(2)
	r.rotate() // a file that comes later is read from its first byte
	r.reopen()
	r.write(3)
	r.settle()
	r.want(0)
}

// TestFollowReadsBack: so far and no farther, and a restart in the middle of it has lost
// nothing and takes nothing old for new. So has a file that is cut meanwhile.
func TestFollowReadsBack(t *testing.T) {
	for _, cut := range []bool{false, true} {
		r := newRig(t)
		r.opts.FromStart = false
		r.reopen()
		line := strings.Repeat("o", 1023) + "\n"
		r.raw(strings.Repeat(line, pastBytes/len(line)+100))
		r.start()
		r.f.tick(t.Context())
		r.drain(3)
		if cut {
			r.truncate(pastBytes / 2 / 1024 * 1024)
			r.poll(1)
		}
		r.write(2)
		if r.drain(2); len(r.past) == 0 || len(r.got) > 0 {
			t.Fatalf("%d lines read back, %d new", len(r.past), len(r.got))
		}
		if !cut {
			r.start()
			r.past = nil
		}
		r.settle()
		r.want(len(r.gaps))
		n := len(strings.Join(r.past, ""))
		if !cut && (n > pastBytes || n < pastBytes-2*len(line) || len(r.gaps) > 0) {
			t.Errorf("read back %d bytes, gaps %v", n, r.gaps)
		}
	}
}

func TestFollowFlushesAnUnfinishedLineIfAsked(t *testing.T) {
	r := newRig(t)
	r.opts.Flush = 4 * DefaultPoll
	r.reopen()
	r.start()
	r.write(1)
	r.raw("prompt> ")
	if r.poll(3); len(r.parts) != 0 {
		t.Fatalf("too early: %q", r.parts)
	}
	r.poll(4)
	r.raw("typed\n")
	r.poll(1)
	r.wrote = append(r.wrote, "typed\n")
	r.want(0)
	if !slices.Equal(r.parts, []string{"prompt> "}) {
		t.Errorf("got %q", r.parts)
	}
}

func TestFollowChunkSaysWhereItIs(t *testing.T) {
	r := begun(t)
	r.rotate()
	r.reopen()
	r.write(4000)
	r.rotate()
	r.reopen()
	r.w.Close()
	for i := 2; i > 0; i-- {
		data, err := os.ReadFile(fmt.Sprintf("%s.%d", r.path, i))
		must(t, err)
		info, err := os.Stat(fmt.Sprintf("%s.%d", r.path, i))
		must(t, err)
		number := fileID(info).number
		at := int64(0)
		if i == 2 {
			at = int64(len(data)) // begun has read it
		}
		for at < int64(len(data)) {
			r.f.tick(t.Context())
			var c Chunk
			if !r.f.step(t.Context(), &c) {
				break
			}
			r.keep(c)
			if c.Path != r.path || c.From.Inode != number || c.Offset != at || !bytes.Equal(c.Data, data[at:at+int64(len(c.Data))]) {
				t.Fatalf("got %s inode %d offset %d, want inode %d offset %d", c.Path, c.From.Inode, c.Offset, number, at)
			}
			at += int64(len(c.Data))
		}
		if at != int64(len(data)) {
			t.Errorf("%d of %d bytes", at, len(data))
		}
	}
	r.want(0)
}

func TestParsePosition(t *testing.T) {
	good := Position{Path: "p", Offset: 100, MarkerBytes: 64, Marker: 7, Inside: true}
	good.Device, good.Inode, good.HeadBytes, good.Head = 1, 2, 100, 9
	for _, bad := range []string{"", "x", "1:2", "-1:0:0:0:0:0", "99999:0:0:0:0:0", "1:1:65:1:1:1", good.Fingerprint()[5:]} {
		p, err := ParsePosition("p", 1, 2, 100, bad)
		if err == nil {
			t.Errorf("%q: no error", bad)
		}
		if p.Offset != 100 || p.Inode != 2 || p.HeadBytes != 0 {
			t.Errorf("%q: got %+v", bad, p)
		}
	}
	// A position whose fingerprint is lost goes on by number alone.
	r := begun(t)
	r.kill()
	for i, p := range r.opts.Start {
		r.opts.Start[i], _ = ParsePosition(p.Path, p.Device, p.Inode, p.Offset, "lost")
	}
	r.write(2)
	r.f = newFollower(r.args, r.opts)
	r.settle()
	r.want(0)
}

func FuzzParsePosition(f *testing.F) {
	f.Add("100:0000000000000009:64:0000000000000007:0:1", int64(100))
	f.Fuzz(func(t *testing.T, text string, offset int64) {
		p, err := ParsePosition("p", 1, 2, offset, text)
		if p.Offset < 0 || p.MarkerBytes < 0 || int64(p.MarkerBytes) > p.Offset || p.HeadBytes < 0 || p.HeadBytes > fingerBytes {
			t.Fatalf("%+v", p)
		}
		if err != nil {
			return
		}
		if q, err := ParsePosition("p", 1, 2, offset, p.Fingerprint()); err != nil || q != p {
			t.Fatalf("%+v came back as %+v: %v", p, q, err)
		}
	})
}
