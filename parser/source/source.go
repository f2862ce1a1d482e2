// Package source finds the logs that a user named and reads them as plain bytes.
//
// It is the first stage: bytes on a disk or a pipe become named streams that the
// scanner cuts into lines. Open takes the arguments of the command line (files,
// directories, globs, archives, "-") and returns one Source for each log, in an
// order that depends on the logs alone; Source.Open gives a log's decompressed
// bytes. The pieces, in the order they are used: walk.go expands arguments,
// sniff.go tells by the first bytes what a file is, explore.go peels compression
// and archives, codec.go, tar.go and zip.go read them, rotation.go and name.go
// say which logs belong together and what they are called.
//
// Why archives are not unpacked: a log analyser that is run on a full disk must
// not write to it. What reading costs instead:
//
//   - a file, a .gz, a member of a plain .tar or of a .zip: one pass, no memory
//     beyond the decoder's window;
//   - a member of a compressed tar: Open decompresses the archive once, to list it,
//     and keeps each member in memory, packed by S2 (to about a seventh of a log's
//     length), as long as all kept members together stay below 128 MiB. A member that
//     does not fit is decompressed again from the archive's beginning whenever it is
//     opened: n large members cost about n/2 further passes;
//   - an archive on standard input or a FIFO can be read once only, so there such a
//     member is reported and left out.
//
// A damaged input is not an error of the program: what can be read is delivered,
// then the reader ends with *TruncatedError, *BombError or *CorruptError.
package source

import (
	"cmp"
	"context"
	"io"
	"sync/atomic"
	"time"
)

// Defaults of Options.
const (
	DefaultMaxArchiveBytes = 8 << 30
	DefaultMaxRatio        = 1000
	DefaultMaxMembers      = 10_000
	DefaultMaxDepth        = 6
)

// Options bounds what hostile or broken input may cost. The zero value is useful.
type Options struct {
	// MaxArchiveBytes is how many decompressed bytes one compressed file or one
	// member of an archive may have; 0 means 8 GiB. Callers pass 0 unless the user
	// said a number, see MaxRatio.
	MaxArchiveBytes int64
	// MaxRatio is how many bytes one compressed byte may become; 0 means 1000
	// (DEFLATE's own limit is 1032, logs reach 10 to 100). It is not applied to the first
	// 64 MiB, nor below a MaxArchiveBytes that is stated: who states it has decided.
	MaxRatio int
	// MaxMembers is how many members one named file may hold, in all archives nested
	// in it; 0 means 10,000.
	MaxMembers int
	// MaxDepth is how many layers of compression and archive may lie around a log;
	// 0 means 6. A .gz in a .tar.gz has three.
	MaxDepth int
	// Stdin is what "-" reads; nil makes "-" a Problem.
	Stdin io.Reader
}

func (o Options) withDefaults() Options {
	o.MaxMembers = cmp.Or(o.MaxMembers, DefaultMaxMembers)
	o.MaxDepth = cmp.Or(o.MaxDepth, DefaultMaxDepth)
	o.MaxRatio = cmp.Or(o.MaxRatio, DefaultMaxRatio)
	return o
}

// A Source is one log, ready to be read.
type Source struct {
	// Path is the name that reports show: the path as given, relative to the
	// argument where that was a directory, archive.tar.gz!member for a member, with
	// the shortest distinguishing tail in front where two arguments hold equal names.
	Path string
	// Group is the same for all files of one rotated log (error.log, error.log.1,
	// error.log.2.gz, error.log-20261122.gz) and for no other.
	Group string
	// Rotation counts the files of a group from 0, the oldest.
	Rotation int
	// Size is how many stored bytes reading takes, what Read counts up to: the file's
	// length, a member's length in its archive; -1 if that is unknown (a pipe, /proc).
	Size int64
	// ModTime is when the log was last written, as the file system or the archive tells
	// it; zero if unknown.
	ModTime time.Time

	blob     blob
	hash     uint64
	read     *atomic.Int64
	location string
}

// Open returns the log's bytes, decompressed and, if it was UTF-16, as UTF-8. It may be
// called from any goroutine and again, except for a Source that reads a pipe, which
// can be opened once, and stops when the ctx of the package's Open is done. Reads end with
// ctx's error soon after ctx is done. Reads of a plain file go straight to read(2): use
// blocks of 256 KiB or more, and no bufio.
//
// The last error is io.EOF, *TruncatedError, *BombError, *CorruptError, or one of the
// machine.
func (s *Source) Open(ctx context.Context) (io.ReadCloser, error) {
	if s.blob.once == nil {
		s.read.Store(0)
	}
	r, err := s.blob.open(ctx, s.read)
	if err != nil {
		return nil, pathError("open", s.Path, err)
	}
	return &stream{r: r, source: s}, nil
}

// Read returns how many stored bytes were consumed since the last Open; with Size
// it tells the progress. It may be called from any goroutine.
func (s *Source) Read() int64 { return s.read.Load() }

// HeadHash is the FNV-1a hash of the first 4 KiB of the decompressed bytes, of
// fewer if the log is shorter. A log keeps it through renames and compression.
// It was taken by the package's Open, so it costs nothing here.
func (s *Source) HeadHash() uint64 { return s.hash }

// Location is where the log lies, however it was named: the absolute path of its file,
// followed by !member for one in an archive; "-" is standard input.
func (s *Source) Location() string { return s.location }

// A Problem is something that was named and cannot be read, or not to its end. It
// does not stop the others. Err may be *NotLogError, *SkippedError, *DuplicateError or one
// of the errors that reading gives.
type Problem struct {
	Path string // as in Source.Path
	Err  error
}

// Open finds all logs that args name. The Sources are sorted by Group, Rotation and
// Path, the Problems by Path; neither depends on the order of args. It reads the head of
// each file, and compressed tars wholly (see the package comment).
func Open(ctx context.Context, args []string, opts Options) ([]*Source, []Problem) {
	f := &finder{opts: opts.withDefaults(), budget: keepBytes}
	f.expand(args)
	for i := range f.files {
		if ctx.Err() != nil {
			f.problem(f.files[i].name, ctx.Err())
			break
		}
		f.file(ctx, &f.files[i])
	}
	group(f.found)
	dropDoubles(f)
	distinguish(f)
	sources := number(f.found)
	return sources, report(f.problems)
}
