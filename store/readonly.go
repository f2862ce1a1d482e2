package store

import (
	"context"
	"database/sql"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/mattn/go-sqlite3"
)

// still is how a store is read to which nobody writes: no lock is taken, no file is made beside it.
const still = "?mode=ro&immutable=1&_query_only=on"

// OpenToRead opens a store that is there already, for reading. One that may be written is opened
// as Open does. One that may not, in a directory that may not or on a medium that cannot, is read
// as it is, whether a write-ahead log stands beside it or not.
func OpenToRead(ctx context.Context, path string) (*DB, error) {
	if path == memory {
		return Open(ctx, path)
	}
	db, err := openToRead(ctx, path)
	return db, wrap("open "+path, explain(err))
}

func openToRead(ctx context.Context, path string) (*DB, error) {
	if err := canRead(path); err != nil {
		return nil, err
	}
	if canWrite(path) {
		if db, err := openFile(ctx, path); !unwritable(err) {
			return db, err
		} // else its directory is read-only
	}
	return openStill(ctx, path)
}

func canRead(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return errors.Unwrap(err) // the path is named already
	}
	return f.Close()
}

func canWrite(path string) bool {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return false
	}
	return f.Close() == nil
}

// unwritable reports an error of opening that says that a file may be read only.
func unwritable(err error) bool {
	var e sqlite3.Error
	return errors.As(err, &e) && (e.Code == sqlite3.ErrReadonly || e.Code == sqlite3.ErrCantOpen || e.Code == sqlite3.ErrPerm)
}

// openStill opens a store without writing anything beside it. A log that nobody has open (its
// index, "-shm", is not there) can be read only where that index may be made; and what an older
// program has written must be migrated first. Then both is done to a copy
// (https://www.sqlite.org/wal.html#readonly).
func openStill(ctx context.Context, path string) (*DB, error) {
	uri, err := fileURI(path)
	if err != nil {
		return nil, err
	}
	how := reading
	if size(path+"-shm") < 0 {
		if size(path+"-wal") > 0 {
			return openCopy(ctx, path)
		}
		how = still
	}
	version, err := identify(ctx, path, uri+how)
	if unwritable(err) || err == nil && version < len(migrations()) {
		return openCopy(ctx, path)
	}
	if err != nil {
		return nil, err
	}
	read, err := sql.Open("sqlite3", uri+how)
	if err != nil {
		return nil, err
	}
	return &DB{read: read}, nil
}

// size is -1 where there is no such file.
func size(path string) int64 {
	info, err := os.Stat(path)
	if err != nil {
		return -1
	}
	return info.Size()
}

// openCopy opens a copy of a store in a directory of its own, which Close removes.
func openCopy(ctx context.Context, path string) (*DB, error) {
	dir, err := os.MkdirTemp("", "culprit-store-")
	if err != nil {
		return nil, err
	}
	db, err := func() (*DB, error) {
		copied := filepath.Join(dir, "culprit.db")
		if err := copyStore(path, copied); err != nil {
			return nil, err
		}
		return openFile(ctx, copied)
	}()
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	db.copied = dir
	return db, nil
}

// copyStore copies a store with its log. Who writes to it meanwhile would leave two halves that do
// not belong together: then it is copied again.
func copyStore(from, to string) error {
	const tries = 5
	for range tries {
		before := stateOf(from)
		for _, part := range []string{"", "-wal"} {
			if err := copyFile(from+part, to+part); err != nil && (part == "" || !errors.Is(err, fs.ErrNotExist)) {
				return err
			}
		}
		if stateOf(from) == before {
			return nil
		}
		if err := remove(to + "-wal"); err != nil {
			return err
		}
	}
	return errors.New("another program writes to it without a pause; try again")
}

// stateOf changes when a store or its log is written to.
func stateOf(path string) (state [4]int64) {
	for i, part := range []string{"", "-wal"} {
		if info, err := os.Stat(path + part); err == nil {
			state[2*i], state[2*i+1] = info.Size(), info.ModTime().UnixNano()
		}
	}
	return state
}

func copyFile(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.Create(to)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}
