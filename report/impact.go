package report

import (
	"strings"

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
		parts = append(parts, number(u.failed)+" × "+u.name)
	}
	return strings.Join(parts, ", ")
}

// clientsWords writes "12" or "about 1,200"; "" if no log tells.
func clientsWords(in *rules.Incident) string {
	if in.Clients <= 0 || in.FailedRequests < 0 {
		return ""
	}
	if in.ClientsAbout {
		return "about " + number(in.Clients)
	}
	return number(in.Clients)
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
		return counts(failed, "request failed", "requests failed")
	case in.OfGateway || len(in.Upstreams) == 0:
		return counts(failed, "request", "requests") + " failed while " + counts(in.Requests-failed, "other was answered", "others were answered") +
			" by the gateway (" + share(failed, in.Requests) + " failed)"
	}
	return number(failed) + " of " + counts(in.Requests, "request", "requests") + " " + meanwhileOf(in) + " failed (" + share(failed, in.Requests) + ")"
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

// The heads of what an incident's report ends with.
const (
	unknownTitle = "Not known, and what would tell"
	nowTitle     = "What to do now"
	nextTitle    = "Prevention"
)

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
