package parser

import (
	"slices"
	"strings"
)

// A Symptom is what a gateway saw go wrong, never why. The list is closed
// (a new class is a decision); the text forms are part of the outside contract.
type Symptom uint8

const (
	SymptomNone Symptom = iota
	SymptomConnRefused
	SymptomConnReset
	SymptomPrematureClose
	SymptomConnectTimeout
	SymptomReadTimeout
	SymptomSendTimeout
	SymptomTLSHandshake
	SymptomTLSVerify
	SymptomInvalidHeader
	SymptomNoHTTPHeader
	SymptomHeaderTooBig
	SymptomProtocolError
	SymptomNoRoute
	SymptomResolveFailed
	SymptomNoResolver
	SymptomBadURL
	SymptomSocketMissing
	SymptomSocketPermission
	SymptomNoLivePeer
	SymptomPeerDisabled
	SymptomPeerDown
	SymptomHealthCheckFailed
	SymptomQueueFull
	SymptomNoPorts
	SymptomNoConnections
	SymptomNoFiles
	SymptomNoMemory
	SymptomDiskFull
	SymptomUpstreamStatus
	SymptomTruncatedBody
	SymptomGatewayCrash
	SymptomRefusedOnPurpose
	SymptomClientAbort
	SymptomOther
	symptomCount
)

var symptomNames = [symptomCount]string{
	"", "conn-refused", "conn-reset", "premature-close", "connect-timeout", "read-timeout", "send-timeout",
	"tls-handshake", "tls-verify", "invalid-header", "no-http-header", "header-too-big", "protocol-error",
	"no-route", "resolve-failed", "no-resolver", "bad-url", "socket-missing", "socket-permission", "no-live-peer",
	"peer-disabled", "peer-down", "health-check-failed", "queue-full", "no-ports", "no-connections", "no-files",
	"no-memory", "disk-full", "upstream-status", "truncated-body", "gateway-crash", "refused-on-purpose",
	"client-abort", "other",
}

// String returns the kebab-case text form; "" for SymptomNone.
func (s Symptom) String() string { return symptomNames[s] }

// symptomWords say the same to people.
var symptomWords = [symptomCount]string{
	"", "connection refused", "connection reset", "connection closed too early", "no connection in time", "no answer in time", "request not taken in time",
	"TLS handshake failed", "certificate not accepted", "header not valid", "no HTTP header", "header too large", "protocol broken",
	"no route to the host", "name not resolved", "no resolver configured", "address not valid", "unix socket missing", "not permitted to connect", "no live upstream left",
	"server taken out of use", "server down", "health check failed", "queue full", "no local port left", "no connection left", "no file descriptor left",
	"no memory left", "disk full", "error status from the upstream", "answer cut short", "a worker of the gateway died", "refused on purpose",
	"client went away", "a failure of another kind",
}

// Words returns what a person would call it: connection refused.
func (s Symptom) Words() string { return symptomWords[s] }

// During returns what a person would say of a symptom in a phase: connection refused while
// connecting to upstream. A phase that the symptom names already is not named twice.
func (s Symptom) During(p Phase) string {
	switch {
	case p == PhaseResolving && (s == SymptomResolveFailed || s == SymptomNoResolver), p == PhaseHealthCheck && s == SymptomHealthCheckFailed,
		p == PhaseQueue && s == SymptomQueueFull:
		return s.Words()
	case p == PhaseTLSHandshake && (s == SymptomTLSHandshake || s == SymptomTLSVerify):
		return "TLS handshake with the upstream failed" + map[bool]string{true: ": " + s.Words()}[s == SymptomTLSVerify]
	}
	return s.Words() + p.Words()
}

// ParseSymptom returns the symptom with the given text form.
func ParseSymptom(text string) (Symptom, bool) {
	i := slices.Index(symptomNames[:], text)
	return Symptom(max(i, 0)), i > 0
}

// Symptoms lists all classes in their fixed order.
func Symptoms() []Symptom {
	all := make([]Symptom, 0, symptomCount-1)
	for s := SymptomNone + 1; s < symptomCount; s++ {
		all = append(all, s)
	}
	return all
}

// Rank says how a gateway's line relates to an outage.
type Rank uint8

const (
	RankNone      Rank = iota // not a symptom
	RankNoise                 // bears on no outage: favicon, client closed, buffered to a temporary file
	RankSecondary             // the gateway reacts to earlier failures: no live upstreams, temporarily disabled
	RankPrimary               // the upstream (or the gateway itself) failed this request
)

var rankNames = []string{"", "noise", "secondary", "primary"}

// String returns "primary", "secondary", "noise" or "".
func (r Rank) String() string { return rankNames[r] }

// Phase is what the gateway was doing, in nginx's own words as kebab-case
// (src/http/ngx_http_upstream.c and neighbours); other gateways map onto them.
type Phase uint8

const (
	PhaseNone Phase = iota
	PhaseQueue
	PhaseResolving
	PhaseConnecting
	PhaseTLSHandshake
	PhaseSendingRequest
	PhaseReadingHeader
	PhaseReadingBody
	PhaseSendingToClient
	PhaseUpgraded
	PhaseHealthCheck
	PhaseOther
	phaseCount
)

var phaseNames = [phaseCount]string{
	"none", "queue", "resolving", "connecting-to-upstream", "ssl-handshaking-to-upstream", "sending-request-to-upstream",
	"reading-response-header-from-upstream", "reading-upstream", "sending-to-client", "proxying-upgraded-connection",
	"health-check", "other",
}

// String returns the kebab-case text form; "none" for PhaseNone.
func (p Phase) String() string { return phaseNames[p] }

// Words returns what stands behind a symptom's: " while connecting to upstream"; "" where
// there is nothing to say.
func (p Phase) Words() string {
	switch p {
	case PhaseNone, PhaseOther:
		return ""
	case PhaseQueue, PhaseHealthCheck:
		return " in the " + strings.ReplaceAll(p.String(), "-", " ")
	}
	return " while " + strings.ReplaceAll(strings.Replace(p.String(), "ssl-handshaking-to", "making-TLS-with", 1), "-", " ")
}
