package report

import (
	"strings"

	"culprit/rules"
)

// foundWords says where a quoted line is now; "" if nobody looked.
func foundWords(f *rules.Found) string {
	if f == nil {
		return ""
	}
	switch f.State {
	case rules.FoundUnchanged:
		return "verified"
	case rules.FoundElsewhere:
		return "now at " + Clean(place(f.At))
	case rules.FoundChanged:
		return "NOT THERE ANY MORE"
	case rules.FoundGone:
		return "FILE GONE"
	}
	return "NOT READABLE"
}

// foundWhy says what is there instead of a quoted line, "" if it was found.
func foundWhy(f *rules.Found) string {
	if f == nil || f.Why == "" {
		return ""
	}
	return sentence(Clean(f.Why))
}

// verifiedOf sums up how the quoted lines were found, "" if nobody looked.
func verifiedOf(incidents []rules.Incident) string {
	counted := map[rules.FoundState]int64{}
	var all int64
	for i := range incidents {
		for _, q := range incidents[i].Quotes() {
			if q.Found != nil {
				counted[q.Found.State]++
				all++
			}
		}
	}
	if all == 0 {
		return ""
	}
	var parts []string
	for _, s := range []struct {
		state rules.FoundState
		words string
	}{
		{rules.FoundUnchanged, "unchanged"}, {rules.FoundElsewhere, "found elsewhere"}, {rules.FoundChanged, "not in its file any more"},
		{rules.FoundGone, "gone with its file"}, {rules.FoundUnreadable, "not readable"},
	} {
		if n := counted[s.state]; n > 0 {
			parts = append(parts, Number(n)+" "+s.words)
		}
	}
	return Counts(all, "quoted line was", "quoted lines were") + " looked for again: " + strings.Join(parts, ", ") + "."
}
