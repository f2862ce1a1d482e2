package report

import (
	"strings"

	"culprit/rules"
)

// historyWords says that an incident recurs: the 4th oom-kill of shop.service in 6 d; "" if
// the store knows of none before.
func historyWords(in *rules.Incident, k clock) string {
	h := in.History
	if h == nil {
		return ""
	}
	text := "the " + ordinal(h.Before+1) + " " + causeName(in) + " of " + whereOf(in)
	if span := in.Start.Micros - h.First.Micros; span > 0 {
		text += " in " + duration(span)
	}
	text += "; the one before began " + k.span(h.Last, rules.Moment{}) + " (" + Clean(h.LastID) + ")"
	if h.Every > 0 {
		text += "; " + rhythm(h.Narrowest, h.Every, h.Widest)
	}
	if h.Limit != "" {
		text += "; limit " + Clean(h.Limit) + " each time"
	}
	return text
}

// ordinal writes 1st, 2nd, 11th, 22nd.
func ordinal(n int64) string {
	text := Number(n)
	switch {
	case strings.HasSuffix(text, "11"), strings.HasSuffix(text, "12"), strings.HasSuffix(text, "13"):
		return text + "th"
	case strings.HasSuffix(text, "1"):
		return text + "st"
	case strings.HasSuffix(text, "2"):
		return text + "nd"
	case strings.HasSuffix(text, "3"):
		return text + "rd"
	}
	return text + "th"
}
