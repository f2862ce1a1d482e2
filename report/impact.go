package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"culprit/parser"
	"culprit/rules"
)

// maxURLsTold is how many URL groups are told; JSON has all.
const maxURLsTold = 5

type askedURL struct {
	name   string
	failed int64
}

// urlsOf lists the worst URL groups of an incident, and all others as one.
func urlsOf(in *rules.Incident) (list []askedURL) {
	var others int64
	told := maxURLsTold
	if len(in.URLs) == told+1 { // its name takes no more room than "others"
		told++
	}
	for i, u := range in.URLs {
		if u.URL == "" || i >= told {
			others += u.Failed
			continue
		}
		list = append(list, askedURL{Clean(u.URL), u.Failed})
	}
	if others > 0 {
		list = append(list, askedURL{"others", others})
	}
	return list
}

// askedFor writes "12 × GET /media/{id}/meta, 3 × others"; "" if no log tells.
func askedFor(in *rules.Incident) string {
	var parts []string
	for _, u := range urlsOf(in) {
		parts = append(parts, Number(u.failed)+" × "+u.name)
	}
	return strings.Join(parts, ", ")
}

// clientsWords writes "12" or "about 1,200"; "" if no log tells.
func clientsWords(in *rules.Incident) string {
	if in.Clients <= 0 || in.FailedRequests < 0 {
		return ""
	}
	if in.ClientsAbout {
		return "about " + Number(in.Clients)
	}
	return Number(in.Clients)
}

// shareOf says how many requests failed, and of how many where a log tells: of those to the
// upstream, or beside what the gateway answered well, where no log says which upstream a request
// went to. That leaves out what failed for another incident.
func shareOf(in *rules.Incident) string {
	failed := failures(in)
	switch {
	case failed == 0 && in.ErrorLines > 0:
		return noFailedRequest
	case in.FailedRequests < 0 || in.Requests < failed || failed <= 0:
		return Counts(failed, "request failed", "requests failed")
	case in.OfGateway || len(in.Upstreams) == 0:
		return Counts(failed, "request", "requests") + " failed while " + Counts(in.Requests-failed, "other was answered", "others were answered") +
			" by the gateway (" + share(failed, in.Requests) + " failed)"
	}
	return Number(failed) + " of " + Counts(in.Requests, "request", "requests") + " " + meanwhileOf(in) + " failed (" + share(failed, in.Requests) + ")"
}

// meanwhileOf names the requests that an incident's failures are a share of.
func meanwhileOf(in *rules.Incident) string {
	if len(in.Upstreams) > 1 {
		return "to these upstreams in that time"
	}
	return "to this upstream in that time"
}

// noFailedRequest is said where the gateway's error log tells of failures: they were retried
// with success, or left no line because no request was read.
const noFailedRequest = "no failed request is in the access log"

// Heads of an incident's parts.
const (
	unknownTitle = "Not known, and what would tell"
	nowTitle     = "What to do now"
	nextTitle    = "Prevention"
)

func proofTitle(in *rules.Incident) string {
	if sure(in) == "" {
		return "Lines that may bear on it"
	}
	return "Proof"
}

func seenTitle(in *rules.Incident) string {
	return "What " + cmp.Or(in.Gateway, "the gateway") + " saw"
}

func rejectedTitle(in *rules.Incident) string {
	if sure(in) == "" {
		return "Considered, without enough to go on"
	}
	return "Considered and rejected"
}

// unknown lists what is not known; that nothing is missing is said, too.
func unknown(in *rules.Incident) []string {
	if len(in.Missing) == 0 {
		return []string{"nothing that a further log would be known to tell"}
	}
	return in.Missing
}

// upstreamWords lists the addresses.
func upstreamWords(in *rules.Incident) string {
	if len(in.Upstreams) > 0 {
		return strings.Join(in.Upstreams, ", ")
	}
	if !in.OfTheGateway() {
		return "none is named in the logs"
	}
	if in.Gateway != "" {
		return "none; the gateway itself (" + in.Gateway + ")"
	}
	return "none; the gateway itself"
}

// impactOf lists how many and what share, and whose the failures were.
func impactOf(in *rules.Incident, totals *rules.Totals) (facts []fact) {
	add := func(name, text string) { facts = append(facts, fact{name, Clean(text)}) }
	if in.Failed() >= 0 {
		failed := failures(in)
		text := shareOf(in)
		if totals.Requests > 0 && failed > 0 && failed <= totals.Requests {
			text += fmt.Sprintf("; %s of %s in all logs (%s)", Number(failed), Number(totals.Requests), share(failed, totals.Requests))
		}
		add("Failed requests", text)
		for _, s := range in.StatusCounts {
			add("of them answered "+statusWord(s.Status), Number(s.Count))
		}
		for _, u := range urlsOf(in) {
			add("for "+u.name, Number(u.failed))
		}
		if text := clientsWords(in); text != "" {
			add("Clients", text)
		}
	} else {
		add("Failed requests", "not known: no access log")
	}
	if made, passed := madeBy(in); passed > 0 {
		add("Failures the gateway made", Number(made))
		add("Errors passed through from the upstream", Number(passed))
	}
	if in.ErrorLines >= 0 {
		add("Gateway error lines", Number(in.ErrorLines))
		if in.SecondaryLines > 0 {
			add("of them failures of the upstream", Number(in.PrimaryLines))
			further := in.FurtherLines()
			if n := in.SecondaryLines - further; n > 0 {
				add("of them the gateway's reaction to earlier failures", Number(n))
			}
			if further > 0 {
				add("of them further ones about the same failures", Number(further))
			}
		}
	}
	return facts
}

func share(part, whole int64) string {
	percent := float64(part) / float64(whole) * 100
	switch {
	case part > 0 && percent < 0.05:
		return "<0.1 %"
	case percent < 10:
		return fmt.Sprintf("%.1f %%", percent)
	}
	return fmt.Sprintf("%.0f %%", percent)
}

// madeBy splits primary symptoms by who made the answer.
func madeBy(in *rules.Incident) (gateway, upstream int64) {
	for i := range in.Symptoms {
		switch s := &in.Symptoms[i]; {
		case s.Class == parser.SymptomUpstreamStatus:
			upstream += s.Count
		case s.Rank == parser.RankPrimary:
			gateway += s.Count
		}
	}
	return gateway, upstream
}

const patience = "Whether clients that repeat a failed request after 1, 2 and 4 s would have got through is not known: "

// repetitions are those of a client that waits 1 s, then 2 s, then 4 s.
var repetitions = []string{"first", "second", "third"}

// backoffOf says whether patience would have helped; "" where no access log tells.
func backoffOf(in *rules.Incident) string {
	b := in.Backoff
	if in.Verdict.Cause.OfTheRequest() && in.FailedRequests > 0 {
		return "Clients that repeat a failed request gain nothing by waiting: with this cause the same request fails again until the cause is mended."
	}
	if asked := oneThing(in); asked != "" {
		return patience + "all that failed asked for " + asked +
			", and what was answered well in those seconds was something else."
	}
	if b == (rules.Backoff{}) && in.FailedRequests > 0 && in.State == "open" {
		why := "the logs end less than a minute after the last failure."
		if !in.OfTheGateway() {
			why = "no good answer in the logs can be told to be of this upstream, and " + why
		}
		return patience + why
	}
	all := b.First + b.Second + b.Third + b.Never
	through := all - b.Never
	if all <= 0 || through < 0 {
		return ""
	}
	text := "Clients that repeat a failed request after waiting 1 s, then 2 s, then 4 s: "
	reckoned := ", computed from how requests that began in those seconds fared."
	if in.Verdict.Cause.Family() == "crashed" && sure(in) != "" {
		reckoned += map[bool]string{true: " It", false: " One of them"}[all == 1] + " may be what ended it, and would end it again."
	}
	if slices.ContainsFunc(in.URLs, func(g rules.URLGroup) bool {
		return strings.HasPrefix(g.URL, "POST ") || strings.HasPrefix(g.URL, "PATCH ")
	}) {
		reckoned += " Repeat a POST only where the application takes it once."
	}
	switch {
	case through == 0 && all == 1:
		return text + "the one request would not have got through; the failures lasted longer."
	case through == 0:
		return text + "none of " + Number(all) + " would have got through; the failures lasted longer."
	case all == 1:
		return text + "the one request would have got through at the " + repetitions[b.Second+2*b.Third] + " repetition" + reckoned
	case b.Never == 0:
		text += "all " + Number(all) + " would have got through"
	default:
		text += Number(through) + " of " + Number(all) + " would have got through"
	}
	var at []string
	for i, n := range []int64{b.First, b.Second, b.Third} {
		if n > 0 {
			at = append(at, Number(n)+" at the "+repetitions[i]+" repetition")
		}
	}
	return text + " (" + strings.Join(at, ", ") + ")" + reckoned
}

// oneThing is what all failed requests asked for, where nothing that was answered meanwhile tells
// how it would have fared; else "".
func oneThing(in *rules.Incident) string {
	if in.Backoff == (rules.Backoff{}) && in.FailedRequests > 0 && len(in.URLs) == 1 && (!in.OfGateway && in.Requests > failures(in) || in.State == "resolved") {
		return Clean(in.URLs[0].URL)
	}
	return ""
}
