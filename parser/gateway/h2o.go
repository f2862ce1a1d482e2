package gateway

import (
	"bytes"

	"culprit/parser"
)

// h2o is the error log of H2O. It has neither stamps nor addresses; a container's or the
// journal's envelope may tell when:
//
//	[lib/core/proxy.c] in request:/cart:connection failed
//
// The text behind the path, which H2O cuts, is one of a closed list.
var h2o = &parser.Format{
	Name:    "h2o-error",
	Role:    parser.RoleGateway,
	Product: "h2o",
	Doc:     "h2o lib/core/util.c (h2o_req_log_error), lib/common/http1client.c of 2.2, lib/common/httpclient.c and socket.c of 2.3",
	Parse:   parseH2O,
}

var h2oWords = [...]Message{
	{ID: "h2o.connection-failed", Template: "connection failed", Class: parser.SymptomOther, Phases: atConnect, Causes: []string{"not-listening", "network-unreachable"}, Meaning: "the connect failed; refused or unreachable, H2O 2.2 does not say"},
	{ID: "h2o.connection-failure", Template: "connection failure", Class: parser.SymptomOther, Phases: atConnect, Causes: []string{"not-listening", "network-unreachable"}, Meaning: "the connect failed"},
	{ID: "h2o.connection-refused", Template: "connection refused", Class: parser.SymptomConnRefused, Phases: atConnect, Causes: []string{"not-listening", "restart"}, Meaning: "nothing listens on the address and port"},
	{ID: "h2o.connection-timed-out", Template: "connection timed out", Class: parser.SymptomConnectTimeout, Phases: atConnect, Causes: []string{"network-unreachable"}, Meaning: "the connect got no answer in time"},
	{ID: "h2o.connection-timeout", Template: "connection timeout", Class: parser.SymptomConnectTimeout, Phases: atConnect, Causes: []string{"network-unreachable"}, Meaning: "the connect got no answer in time"},
	{ID: "h2o.connect-timeout", Template: "connect timeout", Class: parser.SymptomConnectTimeout, Phases: atConnect, Causes: []string{"network-unreachable"}, Meaning: "the connect got no answer in time"},
	{ID: "h2o.host-unreachable", Template: "host unreachable", Class: parser.SymptomNoRoute, Phases: atConnect, Causes: []string{"network-unreachable"}, Meaning: "no route to the address"},
	{ID: "h2o.network-unreachable", Template: "network unreachable", Class: parser.SymptomNoRoute, Phases: atConnect, Causes: []string{"network-unreachable"}, Meaning: "no route to the address"},
	{ID: "h2o.first-byte-timeout", Template: "first byte timeout", Class: parser.SymptomReadTimeout, Phases: atHeader, Causes: []string{"slow-upstream"}, Meaning: "the upstream took the request and did not answer in time"},
	{ID: "h2o.io-timeout", Template: "I/O timeout", Class: parser.SymptomReadTimeout, Phases: atHeader, Causes: []string{"slow-upstream"}, Meaning: "the upstream took the request and did not answer in time"},
	{ID: "h2o.io-error-head", Template: "I/O error (head)", Class: parser.SymptomPrematureClose, Phases: atHeader, Causes: []string{"keepalive-race"}, Meaning: "the upstream closed before it answered"},
	{ID: "h2o.io-error", Template: "I/O error", Class: parser.SymptomPrematureClose, Phases: atHeader, Meaning: "the connection broke before the answer was complete"},
	{ID: "h2o.closed-by-peer", Template: "socket closed by peer", Class: parser.SymptomPrematureClose, Phases: atHeader, Meaning: "the upstream closed before it answered"},
	{ID: "h2o.parse-error", Template: "failed to parse the response", Class: parser.SymptomInvalidHeader, Phases: atHeader, Causes: []string{"invalid-response"}, Meaning: "the upstream's answer is not HTTP"},
	{ID: "h2o.content-length", Template: "invalid content-length", Class: parser.SymptomInvalidHeader, Phases: atHeader, Causes: []string{"invalid-response"}, Meaning: "the upstream's answer has a length that is none"},
	{ID: "h2o.handshake", Template: "ssl handshake failure", Class: parser.SymptomTLSHandshake, Phases: atHandshake, Causes: []string{"tls-failure", "protocol-mismatch"}, Meaning: "the TLS handshake failed"},
	{ID: "h2o.certificate", Template: "invalid certificate", Class: parser.SymptomTLSVerify, Phases: atHandshake, Causes: []string{"tls-failure"}, Meaning: "the upstream's certificate does not hold"},
	{ID: "h2o.certificate-name", Template: "certificate name mismatch", Class: parser.SymptomTLSVerify, Phases: atHandshake, Causes: []string{"tls-failure"}, Meaning: "the upstream's certificate is another name's"},
}

var (
	atConnect   = []parser.Phase{parser.PhaseConnecting}
	atHeader    = []parser.Phase{parser.PhaseReadingHeader}
	atHandshake = []parser.Phase{parser.PhaseTLSHandshake}
)

func h2oMessages() []Message { return h2oWords[:] }

func parseH2O(line []byte, env *parser.Env, r *parser.Record) bool {
	place, rest, ok := bytes.Cut(line, []byte("] in request:"))
	if !ok || !has(place, "[lib/") {
		return false
	}
	r.Kind, r.Level, r.Message = parser.KindGateway, parser.LevelError, line
	g := &r.Gateway
	g.Symptom, g.Rank = parser.SymptomOther, parser.RankNoise
	for i := range h2oWords {
		m := &h2oWords[i]
		if path, ok := bytes.CutSuffix(rest, []byte(m.Template)); ok && bytes.HasSuffix(path, []byte(":")) && (has(place, "[lib/core/proxy.c") || has(place, "[lib/handler/fastcgi.c")) {
			m.tell(nil, 0, g)
			g.Rank = parser.RankPrimary
		}
	}
	return true
}
