package source

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// TestFollowListsADirectoryOnce: the logs of a directory that are rotated between two polls
// share two listings, one before the files are opened and one after; so do those that an
// earlier Follower left.
func TestFollowListsADirectoryOnce(t *testing.T) {
	const logs = 200
	dir := t.TempDir()
	var args, want []string
	for i := range logs {
		args = append(args, filepath.Join(dir, fmt.Sprintf("app%d.log", i)))
		must(t, os.WriteFile(args[i], fmt.Appendf(nil, "%d before\n", i), 0o644))
	}
	f := newFollower(args, FollowOptions{FromStart: true, PollOnly: true})
	var got []string
	read := func(most int64) {
		t.Helper()
		before := f.listings
		f.tick(t.Context())
		var c Chunk
		for f.step(t.Context(), &c) {
			if !c.Past {
				got = append(got, string(c.Data))
			}
			if c.Gap != nil {
				t.Error(*c.Gap)
			}
			c = Chunk{}
		}
		if n := f.listings - before; n > most {
			t.Errorf("the directory was listed %d times, want %d at most", n, most)
		}
	}
	write := func(generation int) {
		for i, path := range args {
			must(t, os.Rename(path, fmt.Sprintf("%s-2026112%d", path, generation)))
			must(t, os.WriteFile(path, fmt.Appendf(nil, "%d after %d\n", i, generation), 0o644))
		}
	}
	read(0)
	write(1)
	read(2)
	write(2)
	start := f.Positions()
	must(t, f.Close())
	f = newFollower(args, FollowOptions{FromStart: true, PollOnly: true, Start: start})
	defer f.Close()
	read(3) // 600 files are opened in two groups
	for i := range logs {
		want = append(want, fmt.Sprintf("%d before\n", i), fmt.Sprintf("%d after 1\n", i), fmt.Sprintf("%d after 2\n", i))
	}
	slices.Sort(got)
	if slices.Sort(want); !slices.Equal(got, want) {
		t.Errorf("got %d lines, want %d: %q", len(got), len(want), got[:min(len(got), 5)])
	}
}
