// Package store keeps incidents, and what a live run must remember, in one SQLite file.
//
// It stands at the end of the flow, beside package report: the program's commands put
// into it what the engine found and read it back for later reports.
//
//	db, err := store.Open(ctx, "culprit.db")   // checks whose file it is, migrates it
//	err = db.Put(ctx, run, incidents)          // one transaction, idempotent
//	for in, err := range db.Incidents(ctx, store.Filter{Cause: "oom-kill"}) { … }
//
// Who only reads opens it with OpenToRead, which needs no right to write.
//
// Why two handles: the driver begins every transaction of a handle in the same way. The
// writing one begins immediately (_txlock), so two writers queue instead of failing when
// a reader turns writer; with that setting a reader would queue too. So reading has a
// handle of its own that begins deferred and cannot write. Pragmas stand in the data
// source name, because one given by Exec holds for a single pooled connection only.
//
// Why no clock: a row says when the logs say something happened, never when it was
// stored. So analysing the same logs twice changes nothing the second time.
package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"github.com/mattn/go-sqlite3"
)

// memory is the path of a store that lives as long as its DB and no longer.
const memory = ":memory:"

// Data source parameters: how every connection of a handle is set up.
const (
	writing = "?_txlock=immediate&_journal_mode=WAL&_synchronous=NORMAL&_foreign_keys=on&_busy_timeout=200"
	reading = "?mode=ro&_query_only=on&_busy_timeout=10000"
)

// A DB is an open store. Its methods may be called from several goroutines; writers
// take turns, readers see the last commit and wait for nobody.
type DB struct {
	write *sql.DB // nil where nothing can be written, see OpenToRead
	read  *sql.DB // the same as write for ":memory:", whose only connection holds everything

	path     string        // "" in memory
	copied   string        // directory of the copy that is read, see OpenToRead; "" if there is none
	info     fs.FileInfo   // of the file that is open
	patience time.Duration // for other writers
}

// Open opens the store at path, makes it if there is none, and migrates an older one in
// one transaction. Path ":memory:" keeps everything in memory until Close. A file of a
// newer program is refused with ErrNewerSchema, one that is not a store with ErrForeign;
// neither is touched.
func Open(ctx context.Context, path string) (db *DB, err error) {
	if path == memory {
		db, err = openMemory(ctx)
	} else if err = checkPlace(path); err == nil {
		db, err = openFile(ctx, path)
	}
	return db, wrap("open "+path, explain(err))
}

func openMemory(ctx context.Context) (*DB, error) {
	handle, err := sql.Open("sqlite3", "file::memory:"+writing)
	if err != nil {
		return nil, err
	}
	handle.SetMaxOpenConns(1) // a second connection would see a second, empty database
	if err := migrate(ctx, handle); err != nil {
		return nil, errors.Join(err, handle.Close())
	}
	return &DB{write: handle, read: handle}, nil
}

func openFile(ctx context.Context, path string) (*DB, error) {
	uri, err := fileURI(path)
	if err != nil {
		return nil, err
	}
	if _, err := identify(ctx, path, uri+reading); err != nil {
		return nil, err
	}
	db := &DB{path: path, patience: patience}
	if db.write, err = sql.Open("sqlite3", uri+writing); err != nil {
		return nil, err
	}
	db.write.SetMaxOpenConns(1)
	err = patiently(ctx, patience, func() error { return migrate(ctx, db.write) })
	if err == nil {
		db.info, err = os.Stat(path)
	}
	if err != nil {
		return nil, errors.Join(err, db.write.Close())
	}
	if db.read, err = sql.Open("sqlite3", uri+reading); err != nil {
		return nil, errors.Join(err, db.write.Close())
	}
	return db, nil
}

// patience is how long a write waits for other programs.
const patience = 10 * time.Second

// patiently tries again while another process is in the way. SQLite itself waits for 200 ms only:
// it cannot be interrupted then. And of two that open a new file at once, one fails to switch
// to the write-ahead log, for which SQLite does not wait at all
// (https://www.sqlite.org/wal.html, "Sometimes Queries Return SQLITE_BUSY In WAL Mode").
func patiently(ctx context.Context, patience time.Duration, do func() error) error {
	end := time.NewTimer(patience)
	defer end.Stop()
	for wait := time.Millisecond; ; wait = min(2*wait, 50*time.Millisecond) {
		err := do()
		var e sqlite3.Error
		if !errors.As(err, &e) || e.Code != sqlite3.ErrBusy {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-end.C:
			return err
		case <-time.After(wait):
		}
	}
}

// fileURI writes path as SQLite's URI, so that a question mark or a percent sign in a
// file's name stays part of the name (https://www.sqlite.org/uri.html).
func fileURI(path string) (string, error) {
	absolute, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	return "file:" + (&url.URL{Path: absolute}).EscapedPath(), nil
}

// checkPlace finds the mistakes for which SQLite's own words say too little.
func checkPlace(path string) error {
	if info, err := os.Stat(path); err == nil {
		if info.IsDir() {
			return errors.New("it is a directory; name a file in it")
		}
		return nil
	}
	dir := filepath.Dir(path)
	switch info, err := os.Stat(dir); {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("the directory %s does not exist; make it or name another file", dir)
	case err == nil && !info.IsDir():
		return fmt.Errorf("%s is not a directory", dir)
	}
	return nil
}

// explain adds what to do to the errors of SQLite that a person can act on.
func explain(err error) error {
	var e sqlite3.Error
	if !errors.As(err, &e) {
		return err
	}
	hints := map[sqlite3.ErrNo]string{
		sqlite3.ErrCantOpen: "the file or its directory cannot be written (SQLite needs both); choose another place",
		sqlite3.ErrReadonly: "the file is read-only; choose another place",
		sqlite3.ErrPerm:     "no permission; choose another place",
		sqlite3.ErrCorrupt:  "the file is damaged; move it away and analyse the logs again",
		sqlite3.ErrFull:     "make room on its disk",
		sqlite3.ErrBusy:     "another program keeps it locked; end that one, or wait",
		sqlite3.ErrIoErr:    "the disk does not take or give what is asked of it; look at the kernel's log",
	}
	if hint := hints[e.Code]; hint != "" {
		return fmt.Errorf("%w: %s", err, hint)
	}
	return err
}

// Close ends all reading and writing. A last checkpoint folds the write-ahead log into the file.
func (db *DB) Close() error {
	var errs []error
	for _, handle := range []*sql.DB{db.read, db.write} {
		if handle != nil {
			errs = append(errs, handle.Close()) // twice is no mistake
		}
	}
	if db.copied != "" {
		errs = append(errs, os.RemoveAll(db.copied))
	}
	return errors.Join(errs...)
}

// SQLiteVersion returns the version of the SQLite that is built in, such as "3.50.4".
func SQLiteVersion() string {
	version, _, _ := sqlite3.Version()
	return version
}

// wrap says what failed; nil stays nil.
func wrap(what string, err error) error {
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}

// update runs do in one immediate transaction: all of it is kept, or none.
func (db *DB) update(ctx context.Context, do func(tx *sql.Tx) error) error {
	if db.write == nil {
		return errors.New("it was opened to be read only")
	}
	return patiently(ctx, db.patience, func() error { return inTx(ctx, db.write, do) })
}

// view runs do in one transaction that sees one state of the store.
func (db *DB) view(ctx context.Context, do func(tx *sql.Tx) error) error {
	return inTx(ctx, db.read, do)
}

func inTx(ctx context.Context, handle *sql.DB, do func(tx *sql.Tx) error) error {
	tx, err := handle.BeginTx(ctx, nil)
	if err != nil {
		return explain(err)
	}
	if err := do(tx); err != nil {
		tx.Rollback() // its own error would only hide the cause
		return explain(err)
	}
	return explain(tx.Commit())
}
