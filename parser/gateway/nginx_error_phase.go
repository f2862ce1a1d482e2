package gateway

import (
	"bytes"

	"culprit/parser"
)

// phaseOf maps nginx's actions, the words behind "while", onto phases. Actions of the
// client's side and of the process are PhaseOther.
func phaseOf(action []byte) (p parser.Phase, known bool) {
	switch string(action) {
	case "connecting to upstream":
		return parser.PhaseConnecting, true
	case "reading response header from upstream", "reading response from upstream":
		return parser.PhaseReadingHeader, true
	case "SSL handshaking to upstream":
		return parser.PhaseTLSHandshake, true
	case "sending request to upstream", "proxying and sending to upstream":
		return parser.PhaseSendingRequest, true
	case "reading upstream", "proxying and reading from upstream":
		return parser.PhaseReadingBody, true
	case "sending to client", "sending early hints to client", "proxying and sending to client":
		return parser.PhaseSendingToClient, true
	case "proxying upgraded connection", "proxying connection", "proxying":
		return parser.PhaseUpgraded, true
	case "resolving":
		return parser.PhaseResolving, true
	case "waiting for request", "SSL handshaking", "reading PROXY protocol", "reading client request line",
		"reading client request headers", "reading client pipelined request line", "keepalive",
		"processing HTTP/2 connection", "reading client request", "closing request", "logging request",
		"sending response to client", "sending mp4 to client", "sending flv to client", "initializing session",
		"prereading client data", "proxying and reading from client", "returning text", "passing connection to port",
		"in http auth state", "logging to syslog", "requesting certificate status":
		return parser.PhaseOther, true
	}
	return mailOrAccept(action)
}

// mailOrAccept knows the actions with a variable part: accept names the listening
// address, mail the command (src/mail/ngx_mail_proxy_module.c).
func mailOrAccept(action []byte) (parser.Phase, bool) {
	switch {
	case has(action, "accepting new connection on "):
		return parser.PhaseOther, true
	case has(action, "sending ") && len(action) < 48 && bytes.HasSuffix(action, []byte(" to upstream")):
		return parser.PhaseSendingRequest, true
	}
	return parser.PhaseOther, false
}

// looksLikeAction reports whether words behind "while" can be an action of a module
// unknown here: letters and blanks only, and a verb in front as all of nginx's have.
func looksLikeAction(b []byte) bool {
	verb, _, _ := bytes.Cut(b, []byte(" "))
	if len(b) > 60 || !bytes.HasSuffix(verb, []byte("ing")) {
		return false
	}
	for _, c := range b {
		if c != ' ' && c|0x20-'a' >= 26 {
			return false
		}
	}
	return true
}
