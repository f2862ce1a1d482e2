package rules

// A Cause is one id of the closed list of root causes. It is the stable name: it
// stands in the database, in JSON, in reports and in tests.
type Cause string

const (
	CauseOOMKill            Cause = "oom-kill"
	CauseMemoryExhausted    Cause = "memory-exhausted"
	CauseCrashSignal        Cause = "crash-signal"
	CauseUnhandledException Cause = "unhandled-exception"
	CauseWorkerTimeout      Cause = "worker-timeout"
	CauseKilled             Cause = "killed"
	CauseRestart            Cause = "restart"
	CauseStartFailure       Cause = "start-failure"
	CauseNotListening       Cause = "not-listening"
	CauseInvalidResponse    Cause = "invalid-response"
	CauseProtocolMismatch   Cause = "protocol-mismatch"
	CauseResponseTooLarge   Cause = "response-too-large"
	CauseTLSFailure         Cause = "tls-failure"
	CauseNetworkUnreachable Cause = "network-unreachable"
	CauseDNSFailure         Cause = "dns-failure"
	CauseSlowUpstream       Cause = "slow-upstream"
	CauseUpstreamSaturated  Cause = "upstream-saturated"
	CauseDependencyFailure  Cause = "dependency-failure"
	CauseGatewayResources   Cause = "gateway-resources"
	CauseGatewayConfig      Cause = "gateway-config"
	CauseKeepaliveRace      Cause = "keepalive-race"
	CauseClientAbort        Cause = "client-abort"
	CauseUnknown            Cause = "unknown"
)

var causeFamilies = []struct {
	cause  Cause
	family string
}{
	{CauseOOMKill, "crashed"}, {CauseMemoryExhausted, "crashed"}, {CauseCrashSignal, "crashed"},
	{CauseUnhandledException, "crashed"}, {CauseWorkerTimeout, "crashed"}, {CauseKilled, "crashed"},
	{CauseRestart, "not running"}, {CauseStartFailure, "not running"}, {CauseNotListening, "not running"},
	{CauseInvalidResponse, "gibberish"}, {CauseProtocolMismatch, "gibberish"},
	{CauseResponseTooLarge, "gibberish"}, {CauseTLSFailure, "gibberish"},
	{CauseNetworkUnreachable, "network"}, {CauseDNSFailure, "network"},
	{CauseSlowUpstream, "slow"}, {CauseUpstreamSaturated, "slow"}, {CauseDependencyFailure, "slow"},
	{CauseGatewayResources, "gateway"}, {CauseGatewayConfig, "gateway"}, {CauseKeepaliveRace, "gateway"},
	{CauseClientAbort, "client"}, {CauseUnknown, "unknown"},
}

// Causes lists all causes in their fixed order.
func Causes() []Cause {
	all := make([]Cause, len(causeFamilies))
	for i, c := range causeFamilies {
		all[i] = c.cause
	}
	return all
}

// Family returns the cause's family: crashed, not running, gibberish, network,
// slow, gateway, client or unknown; "" if c is no cause.
func (c Cause) Family() string {
	for _, f := range causeFamilies {
		if f.cause == c {
			return f.family
		}
	}
	return ""
}

// OfTheRequest reports whether a cause makes the same request fail again whenever it is
// repeated, while others succeed.
func (c Cause) OfTheRequest() bool {
	return c == CauseResponseTooLarge || c == CauseGatewayConfig
}

// Waits reports whether a cause is one that requests wait for: what tells of it is written when
// the wait is over.
func (c Cause) Waits() bool { return c.Family() == "slow" }
