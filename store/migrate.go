package store

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
)

// ErrNewerSchema is the error of opening a store that a newer program has written.
var ErrNewerSchema = errors.New("its schema is newer than this program")

// ErrForeign is the error of opening a file that is not a store.
var ErrForeign = errors.New("not a culprit store")

// applicationID marks a file as ours in SQLite's header: "CULP" (migration 0001 sets it;
// https://www.sqlite.org/pragma.html#pragma_application_id).
const applicationID = 0x43554c50

// magic begins every SQLite file (https://www.sqlite.org/fileformat.html).
const magic = "SQLite format 3\x00"

//go:embed migrations/*.sql
var migrationFiles embed.FS

// migrations returns the SQL of all migrations in order: index i leads to schema i+1.
var migrations = sync.OnceValue(func() []string {
	entries, _ := migrationFiles.ReadDir("migrations") // sorted by name; it is built in and cannot fail
	all := make([]string, len(entries))
	for i, entry := range entries {
		if want := fmt.Sprintf("%04d_", i+1); entry.Name()[:len(want)] != want {
			panic("BUG: migration " + entry.Name() + " should begin with " + want)
		}
		text, _ := migrationFiles.ReadFile("migrations/" + entry.Name())
		all[i] = string(text)
	}
	return all
})

// identify looks at an existing file without changing a byte of it, refuses what is not ours
// and returns the schema's number. It must come before the writing handle: that one's journal
// mode is written into the header of whatever file it opens. Name is a data source for reading.
func identify(ctx context.Context, path, name string) (version int, err error) {
	head, err := readHead(path, len(magic))
	if err != nil || len(head) == 0 {
		return 0, nil // a new file; or an error that opening it will tell better
	}
	if string(head) != magic { // SQLite would take a file of a few bytes for an empty one
		return 0, fmt.Errorf("%w: it is no SQLite file at all; name another file", ErrForeign)
	}
	handle, err := sql.Open("sqlite3", name)
	if err != nil {
		return 0, err
	}
	defer handle.Close()
	var id, tables int
	err = handle.QueryRowContext(ctx, `SELECT
		(SELECT application_id FROM pragma_application_id),
		(SELECT user_version FROM pragma_user_version),
		(SELECT count(*) FROM sqlite_schema)`).Scan(&id, &version, &tables)
	if err != nil {
		return 0, err
	}
	return version, judge(id, version, tables)
}

// readHead returns at most n bytes from the beginning of a file.
func readHead(path string, n int) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, int64(n)))
}

// judge decides by the header's numbers and the count of tables whose file it is.
func judge(id, version, tables int) error {
	switch newest := len(migrations()); {
	case id == 0 && version == 0 && tables == 0:
		return nil // empty, or just being made by another process
	case id != applicationID:
		return fmt.Errorf("%w: it is another program's SQLite file; name another file", ErrForeign)
	case version > newest:
		return fmt.Errorf("%w: schema %d, known up to %d; use a newer culprit or name another file", ErrNewerSchema, version, newest)
	}
	return nil
}

// migrate brings the store to the newest schema in one transaction, so an older file is
// afterwards wholly new or wholly as before. The version is read inside the transaction:
// of two processes that open an old file at once, the second finds the work done.
func migrate(ctx context.Context, handle *sql.DB) error {
	all := migrations()
	if version, err := schemaVersion(ctx, handle); err != nil || version == len(all) {
		return err // the common case takes no write lock
	}
	return inTx(ctx, handle, func(tx *sql.Tx) error {
		version, err := schemaVersion(ctx, tx)
		if err != nil {
			return err
		}
		if version > len(all) {
			return ErrNewerSchema
		}
		for i := version; i < len(all); i++ {
			if _, err := tx.ExecContext(ctx, all[i]); err != nil {
				return fmt.Errorf("migrate to schema %d: %w", i+1, err)
			}
		}
		_, err = tx.ExecContext(ctx, fmt.Sprintf("PRAGMA user_version = %d", len(all)))
		return err
	})
}

// queryer is what *sql.DB and *sql.Tx have in common.
type queryer interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

func schemaVersion(ctx context.Context, from queryer) (version int, err error) {
	err = from.QueryRowContext(ctx, "PRAGMA user_version").Scan(&version)
	return version, err
}
