package source

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"time"
)

// localHeader is the fixed part of a zip member's own header (APPNOTE.TXT 4.3.7).
const localHeader = 30

// salvage reads a zip whose directory is missing, because the copy was cut off, by
// the headers in front of the members. A header that leaves the size to what follows the
// data (streamed zips) is the last one that can be read.
func (f *finder) salvage(ctx context.Context, n name, place *extent, layers int, left *int) {
	f.problem(n, io.ErrUnexpectedEOF)
	section, closer, err := place.open()
	if err != nil {
		f.problem(n, &failure{"open", err})
		return
	}
	defer closer.Close()
	for at := int64(0); at < place.len && ctx.Err() == nil; {
		m, err := readLocal(section, at)
		if err != nil {
			return
		}
		if err := f.another(left); err != nil {
			f.problem(n, err)
			return
		}
		f.salvaged(ctx, n.inside(cleanMember(m.name)), &m, place, layers, left)
		if m.streamed {
			return
		}
		at = m.data + m.size
	}
}

func (f *finder) salvaged(ctx context.Context, n name, m *local, place *extent, layers int, left *int) {
	c, ok := zipCodecs[m.method]
	if !ok || m.encrypted || m.name == "" || m.name[len(m.name)-1] == '/' || isForeignPath(cleanMember(m.name)) {
		return
	}
	size := m.size
	if m.streamed {
		if m.method == 0 {
			return // nothing says where it ends
		}
		size = place.len - m.data
	}
	b := place.within(m.data, size).blob(layers)
	f.explore(ctx, n, f.packedMember(b, c, m.method, nil), time.Time{}, left)
}

// A local is a member as its own header tells it.
type local struct {
	name      string
	method    uint16
	data      int64 // where its bytes begin
	size      int64 // compressed; 0 if streamed
	streamed  bool
	encrypted bool
}

var errNoMember = errors.New("no member's header")

func readLocal(r io.ReaderAt, at int64) (local, error) {
	var h [localHeader]byte
	if _, err := r.ReadAt(h[:], at); err != nil {
		return local{}, err
	}
	if !bytes.HasPrefix(h[:], []byte("PK\x03\x04")) {
		return local{}, errNoMember
	}
	le := binary.LittleEndian
	flags := le.Uint16(h[6:])
	name := make([]byte, le.Uint16(h[26:]))
	if _, err := r.ReadAt(name, at+localHeader); err != nil {
		return local{}, err
	}
	size := int64(le.Uint32(h[18:]))
	return local{
		name:      string(name),
		method:    le.Uint16(h[8:]),
		data:      at + localHeader + int64(len(name)) + int64(le.Uint16(h[28:])),
		size:      size,
		streamed:  flags&8 != 0 && size == 0 || size == 1<<32-1,
		encrypted: flags&1 != 0,
	}, nil
}
