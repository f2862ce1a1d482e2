package cause

import (
	"slices"

	"culprit/parser"
	"culprit/rules"
)

// own is what a symptom says by itself, before any other line is read: the cause
// it speaks for and how strongly. A symptom that is not listed decides nothing
// (a closed connection or a reset has many causes).
var own = map[parser.Symptom]struct {
	cause  rules.Cause
	weight int
	why    string
}{
	parser.SymptomConnRefused:       {rules.CauseNotListening, 14, "connections were refused: nothing listened on the address"},
	parser.SymptomSocketMissing:     {rules.CauseNotListening, 20, "the unix socket did not exist"},
	parser.SymptomSocketPermission:  {rules.CauseNotListening, 28, "the gateway was not permitted to use the address"},
	parser.SymptomConnectTimeout:    {rules.CauseNetworkUnreachable, 20, "connecting timed out: packets were dropped or the host was dead"},
	parser.SymptomNoRoute:           {rules.CauseNetworkUnreachable, 28, "the host could not be reached"},
	parser.SymptomReadTimeout:       {rules.CauseSlowUpstream, 16, "the upstream accepted the requests and did not answer in time"},
	parser.SymptomSendTimeout:       {rules.CauseSlowUpstream, 14, "the upstream did not take the request in time"},
	parser.SymptomTLSHandshake:      {rules.CauseTLSFailure, 18, "the TLS handshake with the upstream failed"},
	parser.SymptomTLSVerify:         {rules.CauseTLSFailure, 30, "the upstream's certificate was not accepted"},
	parser.SymptomInvalidHeader:     {rules.CauseInvalidResponse, 26, "the upstream's header was not valid"},
	parser.SymptomNoHTTPHeader:      {rules.CauseInvalidResponse, 24, "the upstream's answer did not begin with an HTTP header"},
	parser.SymptomHeaderTooBig:      {rules.CauseResponseTooLarge, 30, "the upstream's header was larger than the gateway's buffer"},
	parser.SymptomProtocolError:     {rules.CauseInvalidResponse, 20, "the upstream's bytes broke the protocol"},
	parser.SymptomResolveFailed:     {rules.CauseDNSFailure, 30, "the upstream's name could not be resolved"},
	parser.SymptomNoResolver:        {rules.CauseGatewayConfig, 28, "the gateway has no resolver for a name in a variable"},
	parser.SymptomBadURL:            {rules.CauseGatewayConfig, 30, "the gateway's configuration made an invalid upstream address"},
	parser.SymptomNoPorts:           {rules.CauseGatewayResources, 28, "the gateway had no local port left"},
	parser.SymptomNoConnections:     {rules.CauseGatewayResources, 30, "the gateway had no connection left"},
	parser.SymptomNoFiles:           {rules.CauseGatewayResources, 30, "the gateway had no file descriptor left"},
	parser.SymptomNoMemory:          {rules.CauseGatewayResources, 28, "the gateway had no memory left"},
	parser.SymptomDiskFull:          {rules.CauseGatewayResources, 30, "the gateway's disk was full"},
	parser.SymptomQueueFull:         {rules.CauseUpstreamSaturated, 26, "the queue for the upstream was full"},
	parser.SymptomGatewayCrash:      {rules.CauseCrashSignal, 26, "a worker of the gateway itself died"},
	parser.SymptomPeerDown:          {rules.CauseNotListening, 8, "the gateway's health checks took the server out"},
	parser.SymptomHealthCheckFailed: {rules.CauseNotListening, 6, "health checks failed"},
}

// overrules lists causes that a message's own words name more exactly than its
// class: the catalogue's hint wins over the class's usual cause.
var overrules = []rules.Cause{
	rules.CauseProtocolMismatch, rules.CauseTLSFailure, rules.CauseResponseTooLarge, rules.CauseGatewayConfig,
	rules.CauseGatewayResources, rules.CauseDNSFailure, rules.CauseInvalidResponse, rules.CauseNetworkUnreachable, rules.CauseUpstreamSaturated,
}

// A group of symptoms that a cause treats alike.
type group uint8

const (
	gClosed  group = iota // closed or reset in the middle
	gRefused              // nothing listens
	gSocket               // unix socket missing
	gDenied               // not permitted to connect
	gSilent               // accepted and silent
	gConnect              // connect timed out
	gRoute                // no route
	gGarbage              // not valid HTTP
	gTooBig
	gTLS
	gName   // not resolved
	gStatus // the upstream answered 5xx itself
	gOwn    // the gateway's own fault
	gCut    // body cut
	gNone   // secondary and the rest: fits all
	groups
)

func groupOf(s parser.Symptom) group {
	switch s {
	case parser.SymptomConnReset, parser.SymptomPrematureClose, parser.SymptomGatewayCrash: // whoever died, what ends a process cuts what it was at
		return gClosed
	case parser.SymptomConnRefused, parser.SymptomPeerDown, parser.SymptomHealthCheckFailed:
		return gRefused
	case parser.SymptomSocketMissing:
		return gSocket
	case parser.SymptomSocketPermission:
		return gDenied
	case parser.SymptomReadTimeout, parser.SymptomSendTimeout, parser.SymptomQueueFull:
		return gSilent
	case parser.SymptomConnectTimeout:
		return gConnect
	case parser.SymptomNoRoute:
		return gRoute
	case parser.SymptomInvalidHeader, parser.SymptomNoHTTPHeader, parser.SymptomProtocolError:
		return gGarbage
	case parser.SymptomHeaderTooBig:
		return gTooBig
	case parser.SymptomTLSHandshake, parser.SymptomTLSVerify:
		return gTLS
	case parser.SymptomResolveFailed, parser.SymptomNoResolver:
		return gName
	case parser.SymptomUpstreamStatus:
		return gStatus
	case parser.SymptomBadURL, parser.SymptomNoPorts, parser.SymptomNoConnections, parser.SymptomNoFiles, parser.SymptomNoMemory,
		parser.SymptomDiskFull:
		return gOwn
	case parser.SymptomTruncatedBody:
		return gCut
	}
	return gNone
}

// fits says whether a cause can make a gateway see such symptoms, in decibans.
//
//	an OOM kill: closes and resets at once, then refusals until the restart;
//	an orderly restart: refusals, few closes;
//	garbage: invalid headers with no crash at all;
//	two protocols: HAProxy's word for a connection that HTTP/2 could not begin on is that for a refused one,
//	or for one that was not made in time ("proto h2" to a server of HTTP/1, 2.6.12: SC and sC).
var fits = map[rules.Cause][groups]int{
	//                                 closed refused socket denied silent connect route garbage big  tls  name status own  cut none
	rules.CauseOOMKill:            {8, 6, 5, -30, -6, -8, -12, -18, -25, -15, -25, 2, -25, 8, 0},
	rules.CauseMemoryExhausted:    {8, 6, 5, -30, 0, -6, -15, -18, -25, -15, -25, 6, -25, 8, 0},
	rules.CauseCrashSignal:        {8, 6, 5, -30, -10, -10, -15, -18, -25, -15, -25, 0, 0, 8, 0},
	rules.CauseUnhandledException: {8, 5, 4, -30, -10, -12, -18, -12, -20, -15, -25, 6, -25, 8, 0},
	rules.CauseWorkerTimeout:      {8, -6, -10, -30, 6, 0, -18, -18, -25, -18, -25, 4, -25, 8, 0},
	rules.CauseKilled:             {8, 6, 5, -30, -6, -8, -12, -18, -25, -15, -25, 0, -25, 8, 0},
	rules.CauseRestart:            {5, 8, 8, -30, -4, -4, -8, -18, -25, -15, -22, 3, -20, 5, 0},
	rules.CauseStartFailure:       {2, 8, 8, -30, -8, -6, -12, -15, -25, -12, -15, 3, -20, 0, 0},
	rules.CauseNotListening:       {-12, 2, 2, 2, -20, -10, -10, -25, -25, -20, -25, -15, -25, -20, 0},
	rules.CauseInvalidResponse:    {-6, -20, -20, -20, -15, -20, -25, 6, -5, -15, -25, -15, -25, 0, 0},
	rules.CauseProtocolMismatch:   {-4, -6, -20, -20, -10, -6, -25, 2, -5, 4, -25, 0, -25, -10, 0},
	rules.CauseResponseTooLarge:   {-15, -25, -25, -25, -20, -25, -25, -5, 4, -20, -25, -15, -25, -15, 0},
	rules.CauseTLSFailure:         {-6, -20, -20, -20, -12, -15, -20, -15, -25, 4, -25, -10, -25, -15, 0},
	rules.CauseNetworkUnreachable: {-6, -6, -25, -20, 0, 4, 4, -25, -25, -8, -10, -15, -25, 0, 0},
	rules.CauseDNSFailure:         {-15, -12, -25, -25, -10, -10, -10, -25, -25, -20, 4, -6, -25, -20, 0},
	rules.CauseSlowUpstream:       {-6, -15, -15, -20, 3, -4, -15, -25, -25, -15, -25, 0, -25, 3, 0},
	rules.CauseUpstreamSaturated:  {0, 0, 3, -15, 6, 6, -15, -25, -25, -8, -25, 6, -20, 0, 0},
	rules.CauseDependencyFailure:  {-2, -2, -6, -15, 6, -6, -15, -20, -25, -18, -25, 8, -25, 0, 0},
	rules.CauseGatewayResources:   {-15, -20, -15, -15, -12, -6, -15, -25, -25, -20, -15, -15, 5, -5, 0},
	rules.CauseGatewayConfig:      {-15, -8, -4, 0, -15, -10, -15, -15, -15, -10, 0, -15, 5, -15, 0},
}

// foundBy is how a request would have failed where a health check's words name a cause.
var foundBy = map[rules.Cause]group{
	rules.CauseNotListening: gRefused, rules.CauseNetworkUnreachable: gRoute, rules.CauseDNSFailure: gName,
	rules.CauseTLSFailure: gTLS, rules.CauseProtocolMismatch: gTLS, rules.CauseInvalidResponse: gGarbage,
	rules.CauseSlowUpstream: gSilent, rules.CauseDependencyFailure: gStatus,
}

// explains is the order of links in a chain: when both are about one service and
// the key comes first, the listed causes are its consequences.
var explains = map[rules.Cause][]rules.Cause{
	rules.CauseOOMKill: {rules.CauseNetworkUnreachable, rules.CauseKilled, rules.CauseCrashSignal, rules.CauseRestart, rules.CauseNotListening,
		rules.CauseUnhandledException, rules.CauseMemoryExhausted, rules.CauseSlowUpstream, rules.CauseUpstreamSaturated},
	rules.CauseMemoryExhausted: {rules.CauseCrashSignal, rules.CauseKilled, rules.CauseUnhandledException, rules.CauseRestart,
		rules.CauseNotListening, rules.CauseSlowUpstream, rules.CauseUpstreamSaturated, rules.CauseStartFailure},
	rules.CauseCrashSignal:        {rules.CauseKilled, rules.CauseRestart, rules.CauseNotListening, rules.CauseUnhandledException, rules.CauseUpstreamSaturated},
	rules.CauseUnhandledException: {rules.CauseRestart, rules.CauseNotListening, rules.CauseCrashSignal, rules.CauseKilled},
	rules.CauseWorkerTimeout: {rules.CauseKilled, rules.CauseUnhandledException, rules.CauseRestart, rules.CauseCrashSignal,
		rules.CauseSlowUpstream, rules.CauseOOMKill},
	rules.CauseKilled:       {rules.CauseRestart, rules.CauseNotListening, rules.CauseCrashSignal, rules.CauseNetworkUnreachable},
	rules.CauseRestart:      {rules.CauseKilled, rules.CauseNotListening, rules.CauseCrashSignal, rules.CauseUnhandledException, rules.CauseSlowUpstream},
	rules.CauseStartFailure: {rules.CauseUnhandledException, rules.CauseRestart, rules.CauseNotListening, rules.CauseKilled, rules.CauseDependencyFailure},
	rules.CauseDependencyFailure: {rules.CauseSlowUpstream, rules.CauseUpstreamSaturated, rules.CauseUnhandledException,
		rules.CauseWorkerTimeout},
	rules.CauseUpstreamSaturated:  {rules.CauseSlowUpstream, rules.CauseNetworkUnreachable, rules.CauseNotListening},
	rules.CauseNetworkUnreachable: {rules.CauseSlowUpstream, rules.CauseDependencyFailure},
	rules.CauseDNSFailure:         {rules.CauseSlowUpstream},
	rules.CauseGatewayConfig:      {rules.CauseDNSFailure, rules.CauseNotListening},
	rules.CauseResponseTooLarge:   {rules.CauseInvalidResponse},
	rules.CauseProtocolMismatch:   {rules.CauseTLSFailure, rules.CauseInvalidResponse, rules.CauseNotListening, rules.CauseNetworkUnreachable},
}

func folds(root, consequence rules.Cause) bool { return slices.Contains(explains[root], consequence) }
