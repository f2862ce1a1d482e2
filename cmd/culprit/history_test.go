package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// The report says that an incident recurs, whatever the order in which the logs of the
// three days came into the store.
func TestHistoryAcrossRuns(t *testing.T) {
	cases := []string{"two-upstreams-two-causes", "tz-ny-gateway-utc-app", "shared-log-two-go-services"}
	want := ""
	for range cases {
		db := filepath.Join(t.TempDir(), "culprit.db")
		for _, c := range cases {
			culprit(t, exitDone, "analyze", "-q", "--db", db, "-o", os.DevNull, "../../fixtures/cases/"+c+"/logs")
		}
		text, _ := culprit(t, exitDone, "report", "--db", db, "6b34672c495fc870")
		text = strings.Join(strings.Fields(text), " ")
		const words = "Before the 3rd unhandled-exception of search (127.0.0.1:8090) in 1 min 44 s; the one before began 2026-11-22 15:13:58 UTC (ac94bca7df165241); between 33 s and 1 min 11 s apart"
		if !strings.Contains(text, words) {
			t.Errorf("no %q in\n%s", words, text)
		}
		if want == "" {
			want = text
		}
		if text != want {
			t.Errorf("after %v:\n%s\nwant\n%s", cases, text, want)
		}
		first, _ := culprit(t, exitDone, "report", "--db", db, "c01d43394c237386")
		if strings.Contains(first, "Before") {
			t.Errorf("the first one has a history:\n%s", first)
		}
		cases = slices.Concat(cases[1:], cases[:1])
	}
	// The end of analyze says it too, and the same logs again are no further incident.
	db := filepath.Join(t.TempDir(), "culprit.db")
	for range 2 {
		for _, c := range cases[:2] {
			culprit(t, exitDone, "analyze", "-q", "--db", db, "-o", os.DevNull, "../../fixtures/cases/"+c+"/logs")
		}
		text, _ := culprit(t, exitDone, "analyze", "-q", "--db", db, "../../fixtures/cases/"+cases[2]+"/logs")
		if !strings.Contains(text, "Before    the 3rd unhandled-exception of search") {
			t.Errorf("no history:\n%s", text)
		}
	}
}
