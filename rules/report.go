package rules

// Totals counts over all sources of a run, inside and outside incidents; -1
// where no source could tell.
type Totals struct {
	Incidents         int64
	GatewayErrorLines int64 // primary + secondary lines of all gateways' error logs
	Requests          int64 // finished requests in gateways' access logs
	FailedRequests    int64 // of them answered 500, 502, 503 or 504
	FailedOther       int64 // of them failed otherwise: 009, cut body, connection closed without an answer
	ClientAborts      int64 // 499 and its like: the client went away, nobody's fault here
	Refused           int64 // refused on purpose: limit_req, limit_conn, a configured 503
}

// A Report is what one run over a set of sources found. It is plain data: no
// database and no clock is needed to print it.
type Report struct {
	Window    [2]Moment // first and last moment that any source tells of; zero if unknown
	Sources   []SourceInfo
	Totals    Totals
	Incidents []Incident // by start, then first upstream, then id
}
