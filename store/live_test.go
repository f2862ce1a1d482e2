package store

import (
	"fmt"
	"math"
	"path/filepath"
	"reflect"
	"testing"

	"culprit/rules"
)

func TestCheckpoints(t *testing.T) {
	path := filepath.Join(t.TempDir(), "culprit.db")
	db := mustOpen(t, path)
	save := func(checkpoints ...Checkpoint) {
		t.Helper()
		if err := db.Commit(t.Context(), Batch{Checkpoints: checkpoints}); err != nil {
			t.Fatal(err)
		}
	}
	draining := Checkpoint{Path: "a.log", Device: 1, Inode: math.MaxUint64, Offset: 1 << 40, Line: 7, Fingerprint: "\xff\x00f"}
	follower := Checkpoint{Path: "a.log", Device: 1, Inode: 2, Offset: 0}
	other := Checkpoint{Path: "b.log", Device: 1, Inode: 3, Offset: 5}
	save(other, draining, follower)
	save() // nothing changes nothing
	db.Close()
	db = mustOpen(t, path)
	want := func(want ...Checkpoint) {
		t.Helper()
		if got, err := db.Checkpoints(t.Context()); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%v\n got %+v\nwant %+v", err, got, want)
		}
	}
	want(draining, follower, other) // inodes order as signed numbers; the order is fixed, that is what counts
	follower.Offset = 9
	save(follower) // the drained file is gone
	want(follower, other)
}

func TestGaps(t *testing.T) {
	db := mustOpen(t, ":memory:")
	gaps := []Gap{
		{Source: "a.log", From: at(0), To: at(5), Offset: 10, Bytes: 20, Why: "gone before it was read to the end"},
		{Source: "a.log", Offset: -1, Bytes: -1, Why: "truncated"},
		{Source: "a.log", Offset: 0, Bytes: 0, Why: "truncated"},
	}
	for range 2 { // the second time adds none
		if err := db.Commit(t.Context(), Batch{Gaps: gaps}); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := db.Gaps(t.Context()); err != nil || !reflect.DeepEqual(got, gaps) {
		t.Errorf("%v\n got %+v\nwant %+v", err, got, gaps)
	}
}

func TestGapsAreBounded(t *testing.T) {
	db := mustOpen(t, ":memory:")
	fill := fmt.Sprintf("WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < %d) INSERT INTO gaps (source, why) SELECT 's', i FROM c", maxGaps+5)
	if _, err := db.write.Exec(fill); err != nil {
		t.Fatal(err)
	}
	if err := db.Commit(t.Context(), Batch{Gaps: []Gap{{Source: "new", Why: "newest"}}}); err != nil {
		t.Fatal(err)
	}
	got, err := db.Gaps(t.Context())
	if err != nil || len(got) != maxGaps || got[0].Why != "7" || got[maxGaps-1].Why != "newest" {
		t.Errorf("%d gaps, first %+v, %v", len(got), got[0], err)
	}
}

func TestStreams(t *testing.T) {
	db := mustOpen(t, ":memory:")
	quote := quoteAt("app.log", 12, "Listening at: http://127.0.0.1:9001")
	states := []Stream{
		{Source: "app.log", State: rules.StateServing, Since: at(0), Quote: quote},
		{Source: "app.log", Name: "web-2", State: rules.StateFailed, Since: at(1), Quote: quote},
	}
	if err := db.Commit(t.Context(), Batch{Streams: states}); err != nil {
		t.Fatal(err)
	}
	states[0].Since = at(2) // served again
	dead := Stream{Source: "app.log", State: rules.StateDead, Since: at(9), Quote: quote}
	if err := db.Commit(t.Context(), Batch{Streams: []Stream{states[0], dead}}); err != nil {
		t.Fatal(err)
	}
	states = []Stream{states[0], dead, states[1]}
	if got, err := db.Streams(t.Context()); err != nil || !reflect.DeepEqual(got, states) {
		t.Errorf("%v\n got %+v\nwant %+v", err, got, states)
	}
}
