package source

import (
	"bytes"
	"context"
	"errors"
	"hash/fnv"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestOpenReadsEveryKind(t *testing.T) {
	text := logText(3000)
	small := []byte(line)
	two := []member{{"nginx/error.log", text}, {"nginx/access.log", small}}
	f := func(name string, data []byte, want map[string]string, problems ...string) {
		t.Helper()
		dir := folder(t, member{name, data})
		wantTree(t, []string{dir}, Options{}, want, problems...)
		// The same through a pipe, which can be read once only.
		piped := map[string]string{}
		for path, content := range want {
			piped["-"+strings.TrimPrefix(path, name)] = content
		}
		for i, p := range problems {
			problems[i] = "-" + strings.TrimPrefix(p, name)
		}
		wantTree(t, []string{"-"}, Options{Stdin: bytes.NewReader(data)}, piped, problems...)
	}
	f("error.log", text, map[string]string{"error.log": string(text)})
	f("empty.log", nil, map[string]string{"empty.log": ""})
	f("error.log.gz", gz(t, text), map[string]string{"error.log.gz": string(text)})
	f("error.log.zst", zst(t, text), map[string]string{"error.log.zst": string(text)})
	f("error.log.xz", xzed(t, text), map[string]string{"error.log.xz": string(text)})
	f("error.log.bz2", bz2(t), map[string]string{"error.log.bz2": strings.Repeat(line, 40)})
	f("empty.log.gz", gz(t, nil), map[string]string{"empty.log.gz": ""})
	// The name lies.
	f("error.log", gz(t, text), map[string]string{"error.log": string(text)})
	f("error.log.gz", text, map[string]string{"error.log.gz": string(text)})
	f("notes.txt", tarred(t, two...), map[string]string{"notes.txt!nginx/error.log": string(text), "notes.txt!nginx/access.log": line})
	// Several members, padding as on a tape, a skippable frame in front.
	f("a.gz", append(gz(t, text), gz(t, small)...), map[string]string{"a.gz": string(text) + line})
	f("a.gz", append(gz(t, small), make([]byte, 700)...), map[string]string{"a.gz": line})
	f("a.zst", append(zst(t, text), zst(t, small)...), map[string]string{"a.zst": string(text) + line})
	f("a.zst", append([]byte("\x50\x2a\x4d\x18\x04\x00\x00\x00abcd"), zst(t, small)...), map[string]string{"a.zst": line})
	f("a.xz", append(xzed(t, text), xzed(t, small)...), map[string]string{"a.xz": string(text) + line})
	// Archives.
	want := func(archive string) map[string]string {
		return map[string]string{archive + "!nginx/error.log": string(text), archive + "!nginx/access.log": line}
	}
	f("l.tar", tarred(t, two...), want("l.tar"))
	f("l.tgz", gz(t, tarred(t, two...)), want("l.tgz"))
	f("l.tar.zst", zst(t, tarred(t, two...)), want("l.tar.zst"))
	f("l.tar.xz", xzed(t, tarred(t, two...)), want("l.tar.xz"))
	f("l.zip", zipped(t, two...), want("l.zip"))
	f("empty.tar.gz", gz(t, tarred(t, member{"a.log", nil})), map[string]string{"empty.tar.gz!a.log": ""})
	// Nested.
	nested := []member{{"app/error.log.2.gz", gz(t, text)}, {"in.tar", tarred(t, two[1])}, {"in.zip", zipped(t, two[1])}}
	want = func(a string) map[string]string {
		return map[string]string{a + "!app/error.log.2.gz": string(text), a + "!in.tar!nginx/access.log": line,
			a + "!in.zip!nginx/access.log": line}
	}
	f("n.tar", tarred(t, nested...), want("n.tar"))
	f("n.tar.gz", gz(t, tarred(t, nested...)), want("n.tar.gz"))
	f("n.zip", zipped(t, nested...), want("n.zip"))
	// Names that climb out, hidden members, a member twice.
	f("evil.zip", zipped(t, member{"../../etc/a.log", small}, member{"/abs.log", small}, member{`win\c.log`, small}),
		map[string]string{"evil.zip!etc/a.log": line, "evil.zip!abs.log": line, "evil.zip!win/c.log": line})
	f("mac.tar", tarred(t, member{"./a.log", small}, member{"./._a.log", small}, member{".git/HEAD", small}),
		map[string]string{"mac.tar!a.log": line}, "mac.tar: skip 2 hidden")
	f("again.tar", tarred(t, member{"a.log", []byte("old\n")}, member{"a.log", small}),
		map[string]string{"again.tar!a.log": line}, "again.tar!a.log: later member")
	// PowerShell's UTF-16, with a rune outside the basic plane.
	f("ps.log", []byte("\xff\xfee\x00r\x00r\x00 \x00\x3d\xd8\x00\xde\xe4\x00\n\x00"), map[string]string{"ps.log": "err \U0001F600ä\n"})
	f("be.log", []byte("\xfe\xff\x00o\x00k\x00\n"), map[string]string{"be.log": "ok\n"})
}

// The members of a compressed tar that do not fit into memory are decompressed again.
func TestTarMembersBeyondBudget(t *testing.T) {
	text := logText(2000)
	p := filepath.Join(folder(t, member{"a.tar.gz", gz(t, tarred(t, member{"1.log", text}, member{"2.log.gz", gz(t, text)}))}), "a.tar.gz")
	f := &finder{opts: Options{}.withDefaults(), budget: 100}
	f.argument(p, false)
	f.file(context.Background(), &f.files[0])
	if len(f.found) != 2 || len(f.problems) != 0 || f.budget != 100 {
		t.Fatalf("got %d sources, problems %v, budget %d", len(f.found), f.problems, f.budget)
	}
	for _, one := range f.found {
		for range 2 {
			if data, err := readAll(t, one.source); err != nil || !bytes.Equal(data, text) {
				t.Errorf("%s: got %d bytes, %v", one.name.shown, len(data), err)
			}
		}
	}
	f = &finder{opts: Options{Stdin: bytes.NewReader(gz(t, tarred(t, member{"1.log", text})))}.withDefaults(), budget: 100}
	f.argument("-", false)
	f.file(context.Background(), &f.files[0])
	wantProblems(t, report(f.problems), "-!1.log: too large to be read from a pipe")
}

// Whatever the cut, the delivered bytes are a prefix, and the cut is told.
func TestCutArchivesGiveAPrefix(t *testing.T) {
	text, long := logText(4000), logText(20_000) // xz loses up to 64 KiB before the cut
	two := []member{{"a.log", text}, {"b.log", text[:5000]}}
	for name, c := range map[string]struct {
		data  []byte
		whole map[string][]byte
		least float64 // share of the data that half of the file must give
	}{
		"a.gz":     {gz(t, text), map[string][]byte{"": text}, 0.4},
		"a.zst":    {zst(t, text), map[string][]byte{"": text}, 0.25},
		"a.xz":     {xzed(t, long), map[string][]byte{"": long}, 0.3},
		"a.bz2":    {bz2(t), map[string][]byte{"": []byte(strings.Repeat(line, 40))}, 0},
		"a.tar":    {tarred(t, two...), map[string][]byte{"!a.log": text, "!b.log": text[:5000]}, 0.4},
		"a.tar.gz": {gz(t, tarred(t, two...)), map[string][]byte{"!a.log": text, "!b.log": text[:5000]}, 0.4},
		"a.zip":    {zipped(t, two...), map[string][]byte{"!a.log": text, "!b.log": text[:5000]}, 0.4},
	} {
		for i := 1; i < 16; i++ {
			cut := c.data[:len(c.data)*i/16]
			dir := folder(t, member{name, cut})
			sources, problems := Open(context.Background(), []string{dir}, Options{})
			told, got, all := 0, 0, 0
			for _, s := range sources {
				data, err := readAll(t, s)
				want := c.whole[strings.TrimPrefix(s.Path, name)]
				if !bytes.HasPrefix(want, data) {
					t.Errorf("%s cut at %d/16: %s: %d bytes are no prefix", name, i, s.Path, len(data))
				}
				var e *TruncatedError
				switch {
				case errors.As(err, &e):
					told++
					if e.Offset != int64(len(data)) || e.Path != s.Path {
						t.Errorf("%s cut at %d/16: got %+v after %d bytes", name, i, e, len(data))
					}
				case err != nil:
					t.Errorf("%s cut at %d/16: %v", name, i, err)
				case len(data) < len(want):
					t.Errorf("%s cut at %d/16: %s: %d of %d bytes and no error", name, i, s.Path, len(data), len(want))
				}
				got += len(data)
			}
			for _, p := range problems {
				if e := new(*TruncatedError); errors.As(p.Err, e) {
					told++
				} else {
					t.Errorf("%s cut at %d/16: problem %v", name, i, p.Err)
				}
			}
			for _, w := range c.whole {
				all += len(w)
			}
			if told == 0 {
				t.Errorf("%s cut at %d/16: nobody says so", name, i)
			}
			if i >= 8 && float64(got) < c.least*float64(all) {
				t.Errorf("%s cut at %d/16: only %d of %d bytes", name, i, got, all)
			}
		}
	}
}

func TestDamagedArchivesAreTold(t *testing.T) {
	text := logText(5000)
	for name, data := range map[string][]byte{"a.gz": gz(t, text), "a.zst": zst(t, text), "a.xz": xzed(t, text),
		"a.zip": zipped(t, member{"a.log", text})} {
		bad := bytes.Clone(data)
		for i := range 8 {
			bad[len(bad)/3+i] ^= 0x5a
		}
		sources, _ := Open(context.Background(), []string{folder(t, member{name, bad})}, Options{})
		if len(sources) != 1 {
			t.Fatalf("%s: %d sources", name, len(sources))
		}
		_, err := readAll(t, sources[0])
		var corrupt *CorruptError
		var cut *TruncatedError // garbage may also look like data that is missing
		if !errors.As(err, &corrupt) && !errors.As(err, &cut) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	// Text behind the compressed part.
	dir := folder(t, member{"a.gz", append(gz(t, []byte(line)), "not gzip at all"...)})
	sources, _ := Open(context.Background(), []string{dir}, Options{})
	data, err := readAll(t, sources[0])
	if e := new(*CorruptError); string(data) != line || !errors.As(err, e) {
		t.Errorf("got %q, %v", data, err)
	}
	// xz that asks for a 4 GiB dictionary (the header's checksum is wrong too, but that comes later).
	huge := xzed(t, text)
	huge[12+4] = 40
	if got := xzDictionary(huge); got != 4<<30 {
		t.Errorf("xzDictionary = %d", got)
	}
	if got := xzDictionary(xzed(t, text)); got != 8<<20 {
		t.Errorf("xzDictionary = %d, want the library's default", got)
	}
}

func TestBombsEndAtTheLimit(t *testing.T) {
	zeros := append([]byte(line), make([]byte, 3<<20)...)
	for i := range zeros[len(line):] {
		zeros[len(line)+i] = "a\n"[i/100%2]
	}
	const limit = 1 << 20
	for name, data := range map[string][]byte{"a.gz": gz(t, zeros), "a.zst": zst(t, zeros), "a.xz": xzed(t, zeros),
		"a.zip": zipped(t, member{"a.log", zeros}), "a.tar.gz": gz(t, tarred(t, member{"a.log", zeros})),
		"b.tar.gz": gz(t, tarred(t, member{"a.log.gz", gz(t, zeros)}))} {
		dir := folder(t, member{name, data})
		sources, problems := Open(context.Background(), []string{dir}, Options{MaxArchiveBytes: limit})
		if len(sources) != 1 || len(problems) != 0 {
			t.Fatalf("%s: %d sources, %v", name, len(sources), problems)
		}
		got, err := readAll(t, sources[0])
		var bomb *BombError
		if !errors.As(err, &bomb) || bomb.Limit != limit || !strings.Contains(err.Error(), "--max-archive-bytes") {
			t.Errorf("%s: got %v", name, err)
		}
		if !bytes.Equal(got, zeros[:limit]) {
			t.Errorf("%s: %d bytes delivered", name, len(got))
		}
		// Exactly the limit is no bomb.
		sources, _ = Open(context.Background(), []string{dir}, Options{MaxArchiveBytes: int64(len(zeros))})
		if got, err := readAll(t, sources[0]); err != nil || len(got) != len(zeros) {
			t.Errorf("%s: got %d bytes, %v", name, len(got), err)
		}
	}
}

// The decoder takes 128 KiB ahead, so the ratio is seen up to a 1000 times that later.
func TestRatioEndsABomb(t *testing.T) {
	unit := zst(t, make([]byte, 16<<20))
	data := bytes.Repeat(unit, 40) // 640 MiB in a few KiB
	p := filepath.Join(folder(t, member{"a.zst", data}), "a.zst")
	sources, _ := Open(context.Background(), []string{p}, Options{})
	r, err := sources[0].Open(context.Background())
	must(t, err)
	defer r.Close()
	n, err := io.CopyBuffer(io.Discard, struct{ io.Reader }{r}, make([]byte, 1<<18))
	var bomb *BombError
	if !errors.As(err, &bomb) || !bomb.Ratio || n < freeBytes || n > freeBytes+8<<20 {
		t.Errorf("got %v after %d bytes", err, n)
	}
}

func TestLayersAndMembersAreBounded(t *testing.T) {
	deep := []byte(line)
	for range 7 {
		deep = gz(t, deep)
	}
	wantTree(t, []string{folder(t, member{"deep.gz", deep})}, Options{}, nil, "deep.gz: more than 6 layers")
	three := []member{{"1.log", []byte(line)}, {"2.log", []byte(line)}, {"3.log", []byte(line)}}
	for name, data := range map[string][]byte{"a.tar": tarred(t, three...), "a.zip": zipped(t, three...), "a.tgz": gz(t, tarred(t, three...))} {
		wantTree(t, []string{folder(t, member{name, data})}, Options{MaxMembers: 2},
			map[string]string{name + "!1.log": line, name + "!2.log": line}, name+": more than 2 members")
	}
}

func TestZipRefusals(t *testing.T) {
	data := zipped(t, member{"a.log", []byte(line)})
	locked := bytes.Clone(data)
	dir := bytes.Index(locked, []byte("PK\x01\x02"))
	locked[dir+8] |= 1
	wantTree(t, []string{folder(t, member{"l.zip", locked})}, Options{}, nil, "l.zip!a.log: encrypted")
	other := bytes.Clone(data)
	other[dir+10] = 98 // PPMd
	wantTree(t, []string{folder(t, member{"p.zip", other})}, Options{}, nil, "p.zip!a.log: method 98")
	wrong := bytes.Clone(data)
	wrong[dir+16] ^= 1 // CRC-32
	sources, _ := Open(context.Background(), []string{folder(t, member{"w.zip", wrong})}, Options{})
	got, err := readAll(t, sources[0])
	if e := new(*CorruptError); string(got) != line || !errors.As(err, e) {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestHeadHashIsOfTheFirstDecompressedBytes(t *testing.T) {
	text := logText(200)
	h := fnv.New64a()
	h.Write(text[:headBytes])
	for name, data := range map[string][]byte{"a": text, "a.gz": gz(t, text), "a.tar": tarred(t, member{"a", text}),
		"b.tgz": gz(t, tarred(t, member{"a", text})), "longer": append(bytes.Clone(text), line...)} {
		sources, _ := Open(context.Background(), []string{folder(t, member{name, data})}, Options{})
		if got := sources[0].HeadHash(); got != h.Sum64() {
			t.Errorf("%s: got %x, want %x", name, got, h.Sum64())
		}
	}
}

func FuzzOpen(f *testing.F) {
	text := logText(30)
	two := []member{{"a.log", text}, {"b.log.gz", gz(f, text)}}
	for _, seed := range [][]byte{text, gz(f, text), zst(f, text), xzed(f, text), bz2(f), tarred(f, two...), zipped(f, two...),
		gz(f, tarred(f, two...)), zst(f, zipped(f, two...)), []byte("\xff\xfea\x00"), []byte("PK\x05\x06")} {
		f.Add(seed)
		f.Add(seed[:len(seed)/2])
	}
	p := filepath.Join(f.TempDir(), "x")
	f.Fuzz(func(t *testing.T, data []byte) {
		must(t, os.WriteFile(p, data, 0o644))
		o := Options{MaxArchiveBytes: 1 << 20, MaxMembers: 20, MaxDepth: 3, Stdin: bytes.NewReader(data)}
		sources, _ := Open(t.Context(), []string{p, "-"}, o)
		if len(sources) > 2*20 {
			t.Fatalf("%d sources", len(sources))
		}
		for _, s := range sources {
			got, _ := readAll(t, s)
			if len(got) > 1<<20 && len(got) > len(data) {
				t.Fatalf("%s: %d bytes", s.Path, len(got))
			}
		}
	})
}
