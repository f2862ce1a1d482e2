package pipeline

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"culprit/parser"
	"culprit/parser/source"
	"culprit/rules"
	"culprit/rules/digest"
)

// A bomb is a bug: it panics at one record.
type bomb struct {
	matcher
	at []byte
}

type matcher interface {
	Match(r *parser.Record, hits []rules.Hit) []rules.Hit
}

func (b bomb) Match(r *parser.Record, hits []rules.Hit) []rules.Hit {
	if bytes.Contains(r.Message, b.at) {
		panic("index out of range")
	}
	return b.matcher.Match(r, hits)
}

const (
	bombLine    = "2026-11-22T10:00:05Z ERROR boom\n"
	refusedLine = `2026/11/22 10:00:05 [error] 29679#29679: *74 connect() failed (111: Connection refused) while connecting to upstream, client: 198.51.100.14, server: crm.example.com, request: "GET /deals HTTP/1.1", upstream: "http://127.0.0.1:9060/deals", host: "crm.example.com"` + "\n"
)

// bombed is a folder of a gateway's log and of one with a bug behind a thousand lines.
func bombed(t *testing.T) (dir string, cfg Config) {
	t.Helper()
	dir = t.TempDir()
	for name, text := range map[string]string{
		"error.log": refusedLine,
		"shop.log":  strings.Repeat("2026-11-22T10:00:04Z ERROR fine\n", 1000) + bombLine,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	cfg = config(1, dir)
	cfg.Matcher = bomb{cfg.Matcher, []byte("boom")}
	return dir, cfg
}

// A bug that one file's lines wake costs that file, from there on, and is told.
func TestBugInOneFile(t *testing.T) {
	_, cfg := bombed(t)
	var first []byte
	for _, workers := range []int{1, 2, 8} {
		cfg.Workers, cfg.chunk = workers, 4<<10
		r, text, err := analyze(cfg)
		if err != nil || len(r.Incidents) != 1 || len(r.Sources) != 2 {
			t.Fatalf("%d workers: %v, %+v", workers, err, r)
		}
		for _, s := range r.Sources {
			if broken := s.Path == "shop.log"; broken != strings.Contains(s.Error, "a bug of culprit ended the reading of this file (index out of range)") {
				t.Errorf("%d workers: %s: error %q", workers, s.Path, s.Error)
			} else if broken && (s.Lines == 0 || s.Lines > 1000) {
				t.Errorf("%d workers: %d lines were read before", workers, s.Lines)
			}
		}
		if first == nil {
			first = text
		}
		same(t, "workers", first, text)
	}
}

// A brittle reader has a bug behind so many bytes, as a decoder may.
type brittle struct {
	io.Reader
	left int
}

func (b *brittle) Read(p []byte) (int, error) {
	if b.left -= len(p); b.left < 0 {
		panic("index out of range")
	}
	return b.Reader.Read(p)
}

// A bug that a file's bytes wake where it is unpacked costs what stands behind it, too.
func TestBugInUnpacking(t *testing.T) {
	for _, workers := range []int{1, 2, 8} {
		cfg := config(workers)
		cfg.chunk = 4 << 10
		text := strings.NewReader(strings.Repeat(refusedLine, 1000))
		stats, err := newCrew(&cfg, workers).scan(t.Context(), &brittle{text, 100 << 10}, casesYear, digest.New(rules.SourceInfo{}, cfg.Matcher, nil))
		if err == nil || !strings.Contains(err.Error(), "a bug of culprit ended the reading of this file (index out of range)") {
			t.Errorf("%d workers: %v", workers, err)
		}
		if stats.Lines < 200 || stats.Lines > 400 {
			t.Errorf("%d workers: %d lines were read before", workers, stats.Lines)
		}
	}
}

// Live, it is told as a gap, and other files go on.
func TestBugInOneFollowedFile(t *testing.T) {
	_, cfg := bombed(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var gap string
	var incidents int
	err := Tail(ctx, LiveConfig{
		Config: cfg, Now: time.Now,
		Follow: source.FollowOptions{FromStart: true, Poll: 20 * time.Millisecond},
		Sink: func(u Update) error {
			for _, g := range u.Gaps {
				gap = g.Path + ": " + g.Reason
			}
			if incidents = len(u.Report.Incidents); incidents > 0 && gap != "" {
				cancel()
			}
			return nil
		},
	})
	if err != nil || incidents != 1 || !strings.Contains(gap, "shop.log: a bug of culprit ended the reading") {
		t.Errorf("%v, %d incidents, gap %q", err, incidents, gap)
	}
}
