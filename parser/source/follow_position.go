package source

import (
	"bytes"
	"fmt"
	"hash/fnv"
	"strings"
	"time"
)

const (
	// fingerBytes is how much of a file's beginning tells it from others. It grows
	// with the file: a log of one line is known by that line.
	fingerBytes = 1024
	// markerBytes before the offset must be what they were when they were read.
	markerBytes = 64
)

// An Identity tells files apart. Inodes are used again (ext4 gives the number of a
// deleted file to the next one created), and two logs may begin alike, so neither
// device and inode nor the head is enough alone.
type Identity struct {
	Device, Inode uint64
	// Head is the FNV-1a hash of the first HeadBytes decompressed bytes, 1024 at most.
	HeadBytes int
	Head      uint64
}

func (i Identity) file() inode { return inode{i.Device, i.Inode} }

// A Position is how far a path has been read. Device, Inode, Offset and Fingerprint are
// what is to be saved.
type Position struct {
	Path string // as followed
	Identity
	// Offset is that of the next byte to read, in the decompressed file.
	Offset int64
	// Marker is the FNV-1a hash of the MarkerBytes before Offset, 64 at most.
	MarkerBytes int
	Marker      uint64
	// Seen is the file's modification time when it was last looked at. Files of the
	// same log that were written to later are newer.
	Seen time.Time
	// Inside says that Offset is inside of a line that is being passed over.
	Inside bool
	// Linger says that the path's lines come from a newer file by now.
	Linger bool
	// Ahead says that reading came to this file after those of the path's other Positions.
	// It goes on with those, so that what was made of the lines between can be made again;
	// if their files are gone, nothing is lost but that.
	Ahead bool
	// Cursor is the place in a source that is no file, in the source's own words; all
	// but Path is zero then.
	Cursor string
}

// Fingerprint is all of a Position but Path, Device, Inode and Offset, as text.
func (p Position) Fingerprint() string {
	if p.Cursor != "" {
		return cursorPrefix + p.Cursor
	}
	seen := int64(0)
	if !p.Seen.IsZero() {
		seen = p.Seen.UnixNano()
	}
	return fmt.Sprintf("%d:%016x:%d:%016x:%d:%d", p.HeadBytes, p.Head, p.MarkerBytes, p.Marker, seen, p.flags())
}

// isNothing reports that there was no file.
func (p Position) isNothing() bool { return p == Position{Path: p.Path} }

// isVague reports that the file had at most the beginning of a line: many begin like that.
func (p Position) isVague() bool { return p.Offset == 0 && p.HeadBytes < markerBytes }

func (p Position) flags() (bits int) {
	if p.Inside {
		bits |= 1
	}
	if p.Linger {
		bits |= 2
	}
	if p.Ahead {
		bits |= 4
	}
	return bits
}

const (
	cursorPrefix = "cursor:"
	// maxCursor bounds a cursor; the journal's have about 130 bytes.
	maxCursor = 1 << 10
)

// ParsePosition makes a Position of what was saved. A fingerprint that is not one
// leaves a Position that is recognised by device and inode alone, and an error.
func ParsePosition(path string, device, inode uint64, offset int64, fingerprint string) (Position, error) {
	p := Position{Path: path, Offset: max(offset, 0)}
	p.Device, p.Inode = device, inode
	if cursor, ok := strings.CutPrefix(fingerprint, cursorPrefix); ok && len(cursor) <= maxCursor {
		return Position{Path: path, Cursor: cursor}, nil
	}
	var seen int64
	var flags int
	_, err := fmt.Sscanf(fingerprint, "%d:%x:%d:%x:%d:%d", &p.HeadBytes, &p.Head, &p.MarkerBytes, &p.Marker, &seen, &flags)
	if err != nil || p.HeadBytes < 0 || p.HeadBytes > fingerBytes || p.MarkerBytes < 0 || p.MarkerBytes > markerBytes {
		bare := Position{Path: path, Offset: p.Offset}
		bare.Device, bare.Inode = device, inode
		return bare, fmt.Errorf("parse fingerprint %q of %s: not one of a followed file", fingerprint, path)
	}
	p.MarkerBytes = int(min(int64(p.MarkerBytes), p.Offset))
	if seen != 0 {
		p.Seen = time.Unix(0, seen)
	}
	p.Inside, p.Linger, p.Ahead = flags&1 != 0, flags&2 != 0, flags&4 != 0
	return p, nil
}

// hashOf is the hash of Identity and Position.
func hashOf(data []byte) uint64 {
	h := fnv.New64a()
	h.Write(data)
	return h.Sum64()
}

// A marker is the bytes before an offset.
type marker struct {
	bytes [markerBytes]byte
	n     int
}

func (m *marker) get() []byte { return m.bytes[:m.n] }

// add appends what was read and keeps the last bytes.
func (m *marker) add(data []byte) {
	if len(data) >= markerBytes {
		m.n = copy(m.bytes[:], data[len(data)-markerBytes:])
		return
	}
	if over := m.n + len(data) - markerBytes; over > 0 {
		m.n = copy(m.bytes[:], m.bytes[over:m.n])
	}
	m.n += copy(m.bytes[m.n:], data)
}

func (m *marker) equal(data []byte) bool { return bytes.Equal(m.get(), data) }
