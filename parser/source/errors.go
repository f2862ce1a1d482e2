package source

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
)

// A TruncatedError says that a compressed file or an archive ends in its middle:
// an interrupted copy, a disk that was full, a file still being compressed. All
// that could be decompressed was delivered.
type TruncatedError struct {
	Path   string
	Offset int64 // decompressed bytes delivered before the cut
}

func (e *TruncatedError) Error() string {
	if e.Offset == 0 {
		return fmt.Sprintf("read %s: cut off; copy it again to see the rest", e.Path)
	}
	return fmt.Sprintf("read %s: cut off, %d bytes could be read; copy it again to see the rest", e.Path, e.Offset)
}

// A CorruptError says that a compressed file or an archive breaks its format's
// rules, or its checksum is wrong. What came before was delivered.
type CorruptError struct {
	Path   string
	Offset int64 // decompressed bytes delivered before the fault
	Err    error // the decoder's words
}

func (e *CorruptError) Error() string {
	return fmt.Sprintf("read %s: damaged after %d decompressed bytes: %v", e.Path, e.Offset, e.Err)
}

// Unwrap returns the decoder's error.
func (e *CorruptError) Unwrap() error { return e.Err }

// A BombError says that a limit ended the reading of something that decompresses to
// suspiciously much. What came before the limit was delivered.
type BombError struct {
	Path  string
	Limit int64 // decompressed bytes, or decompressed bytes for each compressed one
	Ratio bool  // which of both Limit is
}

func (e *BombError) Error() string {
	what := fmt.Sprintf("more than %d bytes", e.Limit)
	if e.Ratio {
		what = fmt.Sprintf("more than %d times its size", e.Limit)
	}
	return fmt.Sprintf("read %s: decompresses to %s; if that is right, raise --max-archive-bytes", e.Path, what)
}

// A NotLogError says that a file is no text: What it is, and what to do to get a
// log from it ("" if there is nothing to do).
type NotLogError struct {
	Path   string
	What   string
	Advice string
}

func (e *NotLogError) Error() string {
	text := fmt.Sprintf("skip %s: %s", e.Path, e.What)
	if e.Advice != "" {
		text += "; try: " + e.Advice
	}
	return text
}

// A SkippedError counts what was left out of a directory or an archive by its name alone.
type SkippedError struct {
	Path  string
	Count int // hidden files and directories, .git, node_modules and the like
}

func (e *SkippedError) Error() string {
	return fmt.Sprintf("skip %d hidden or foreign files and folders in %s; name one to read it", e.Count, e.Path)
}

// A DuplicateError says that a file holds what another one holds: error.log.1 beside
// the error.log.1.gz that logrotate makes of it, or two members of one name.
type DuplicateError struct {
	Path string
	Of   string // the one that is read; Path itself if that is a later member of this name
}

func (e *DuplicateError) Error() string {
	if e.Of == e.Path {
		return fmt.Sprintf("skip %s: a later member of the archive has the same name", e.Path)
	}
	return fmt.Sprintf("skip %s: same content as %s", e.Path, e.Of)
}

// pathError says verb and path once, whatever layer the error comes from.
func pathError(verb, path string, err error) error {
	if errors.Is(err, io.EOF) || isContext(err) {
		return err
	}
	var inner *fs.PathError
	if errors.As(err, &inner) {
		err = inner.Err
	}
	return fmt.Errorf("%s %s: %w", verb, path, err)
}

// A codecError marks what a decoder complains about, apart from errors of the disk.
type codecError struct{ err error }

func (e *codecError) Error() string { return e.err.Error() }
func (e *codecError) Unwrap() error { return e.err }

// readError turns what a chain of readers ended with into the errors that this
// package promises.
func readError(path string, offset int64, err error) error {
	if err == nil || err == io.EOF || isContext(err) {
		return err
	}
	var bomb *BombError
	var codec *codecError
	switch {
	case errors.As(err, &bomb):
		return &BombError{Path: path, Limit: bomb.Limit, Ratio: bomb.Ratio}
	case errors.Is(err, io.ErrUnexpectedEOF):
		return &TruncatedError{Path: path, Offset: offset}
	case errors.As(err, &codec):
		return &CorruptError{Path: path, Offset: offset, Err: codec.err}
	}
	return pathError("read", path, err)
}

// withPath fills the path that a problem got only when all names were known.
func withPath(err error, path string) error {
	switch e := err.(type) {
	case *NotLogError:
		e.Path = path
	case *SkippedError:
		e.Path = path
	case *DuplicateError:
		e.Path = path
		e.Of = cmp.Or(e.Of, path)
	case *failure:
		if e.err != nil && isFormatError(e.err) {
			return readError(path, 0, e.err)
		}
		return pathError(e.verb, path, e.err)
	default:
		return readError(path, 0, err)
	}
	return err
}

// A failure is an error whose path is not known yet.
type failure struct {
	verb string
	err  error
}

func (e *failure) Error() string { return e.verb + ": " + e.err.Error() }

// fail says what could not be done; withPath says to what.
func fail(verb string, format string, args ...any) error {
	return &failure{verb, fmt.Errorf(format, args...)}
}

// isFormatError reports whether err is about the bytes, not about the machine.
func isFormatError(err error) bool {
	var bomb *BombError
	var codec *codecError
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.As(err, &bomb) || errors.As(err, &codec)
}

func isContext(err error) bool {
	return errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}
