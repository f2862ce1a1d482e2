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
	for i, u := range in.URLs {
		if u.URL == "" || i >= maxURLsTold {
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

// meanwhileOf says of which requests an incident's failures are a share; "" if no log tells.
func meanwhileOf(in *rules.Incident) string {
	failed := failures(in)
	if in.FailedRequests < 0 || in.Requests < failed || failed <= 0 {
		return ""
	}
	switch {
	case in.OfGateway || len(in.Upstreams) == 0:
		return "to the gateway in that time"
	case len(in.Upstreams) > 1:
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
	nextTitle    = "Against the next time"
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
