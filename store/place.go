package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"github.com/mattn/go-sqlite3"
)

// SetPatience says how long a write waits for another program's, instead of ten seconds.
func (db *DB) SetPatience(d time.Duration) { db.patience = d }

// Passes reports that what failed may succeed later, without a change to what was asked: another
// program keeps the file locked, the disk is full or cannot be written, the directory is gone.
func Passes(err error) bool {
	var e sqlite3.Error
	if errors.As(err, &e) {
		switch e.Code {
		case sqlite3.ErrBusy, sqlite3.ErrLocked, sqlite3.ErrFull, sqlite3.ErrIoErr, sqlite3.ErrReadonly, sqlite3.ErrCantOpen, sqlite3.ErrPerm, sqlite3.ErrProtocol:
			return true
		}
		return false
	}
	var path *fs.PathError
	return errors.Is(err, errPlace) || errors.As(err, &path)
}

// errPlace is a directory that is gone.
var errPlace = errors.New("there is no place for it")

// Lost reports that the store's path leads to nothing or to another file by now. SQLite goes on
// writing to what it has open, and nobody could read that later.
func (db *DB) Lost() bool {
	if db.path == "" {
		return false
	}
	info, err := os.Stat(db.path)
	return errors.Is(err, fs.ErrNotExist) || err == nil && !os.SameFile(info, db.info)
}

// Restore gives a store that is Lost its place again: all that is in it is written to a new file at
// its path. If another store stands there, writing goes on in that, and replaced is true: what was
// stored before is not in it. No other method may be running.
func (db *DB) Restore(ctx context.Context) (replaced bool, err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("make it again: %w", explain(err))
		}
	}()
	if err := checkPlace(db.path); err != nil {
		return false, fmt.Errorf("%w: %w", errPlace, err)
	}
	_, err = os.Stat(db.path)
	if replaced = err == nil; !replaced {
		if err := db.copyBack(ctx); err != nil {
			return false, err
		}
	}
	anew, err := openFile(ctx, db.path)
	if err != nil {
		return replaced, err
	}
	old := *db
	db.write, db.read, db.info = anew.write, anew.read, anew.info
	old.Close() // SQLite sees that the file has moved, and leaves the new one's log alone
	return replaced, nil
}

// copyBack writes what the open, nameless file holds to the path. The log of the file that is
// gone must not stay beside the new one: SQLite would take it for the new one's
// (https://www.sqlite.org/howtocorrupt.html, "Unlinking or renaming a database file while in use").
func (db *DB) copyBack(ctx context.Context) error {
	copied := db.path + ".new"
	if err := remove(copied); err != nil {
		return err
	}
	if _, err := db.write.ExecContext(ctx, "VACUUM INTO ?", copied); err != nil {
		os.Remove(copied)
		return err
	}
	if err := errors.Join(remove(db.path+"-wal"), remove(db.path+"-shm")); err != nil {
		return err
	}
	return os.Rename(copied, db.path)
}

func remove(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
