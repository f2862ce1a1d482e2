package scan

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"culprit/parser"
)

// Lines of httpd 2.4.71 before a back end that speaks no TLS; a client's handshake failed, too.
func TestLibraryLinesOfHandshakes(t *testing.T) {
	const stamp = "[Thu Nov 26 00:11:48.186656 2026] [ssl:info] "
	failed := stamp + "[pid 24701:tid 24723] [remote 127.0.0.1:20988] AH02003: SSL Proxy connect failed\n"
	library := func(tid int) string {
		return stamp + fmt.Sprintf("[pid 24701:tid %d] SSL Library Error: error:0A00010B:SSL routines::wrong version number\n", tid)
	}
	client := stamp + "[pid 24701:tid 24724] [client 203.0.113.9:53891] AH02008: SSL library error 1 in handshake (server shop.example.org:443)\n"
	other := stamp + "[pid 24701:tid 24725] [client 203.0.113.9:53891] AH01964: Connection to child 0 established (server shop.example.org:80)\n"
	f := func(name, text string, want ...string) {
		t.Helper()
		r := NewReader(strings.NewReader(text), Options{Year: 2026})
		var got []string
		for r.Scan(context.Background()) {
			if g := &r.Record().Gateway; strings.Contains(string(r.Record().Message), "SSL Library Error") {
				text := g.Rank.String() + " " + string(g.Upstream)
				if len(g.Causes) > 0 && g.Rank == parser.RankPrimary {
					text += " " + g.Causes[0]
				}
				got = append(got, strings.TrimSpace(text))
			}
		}
		if strings.Join(got, ", ") != strings.Join(want, ", ") {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	const whose = "primary 127.0.0.1:20988 protocol-mismatch"
	f("behind the back end's", failed+library(24723), whose)
	f("two errors", failed+library(24723)+library(24723), whose, whose)
	f("another thread's between", failed+client+library(24724)+library(24723), "noise", whose)
	f("a client's", client+library(24724), "noise")
	f("of another thread", failed+library(24724), "noise")
	f("long after", failed+strings.Repeat(other, handshakeLines)+library(24723), "noise")
}
