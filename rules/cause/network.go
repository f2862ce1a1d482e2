package cause

import (
	"strings"

	"culprit/rules"
)

// saidIn reports whether a line of the gateway's, or the message of a proof, holds one of the texts.
func saidIn(c *rules.Case, in *rules.Incident, texts ...string) bool {
	var lines []string
	for i := range in.Symptoms {
		lines = append(lines, in.Symptoms[i].Example.Text)
	}
	for _, p := range in.Verdict.Proof {
		lines = append(lines, c.Evidence[p.Candidate].Event.Text)
	}
	for _, line := range lines {
		for _, text := range texts {
			if strings.Contains(line, text) {
				return true
			}
		}
	}
	return false
}

// Advice for names: what is to do depends on whether somebody answered that the name does not
// exist, or nobody answered.
type names struct{ now, next []string }

var (
	stopGap = "until it resolves, put the last address that is known to be right {pin}"

	noSuchName = names{
		now: []string{"see whether the name exists: dig {host} @RESOLVER (the resolver that the gateway uses); compare its spelling, its search domain and whether what registers it is up; {resolver}", stopGap},
		next: []string{"raise an alarm when the name has no address, and ask for it with the gateway's resolver before each change of zone, service registry or gateway configuration: " +
			"a further resolver would have given the same answer"},
	}
	noAnswer = names{
		now:  []string{"see whether the resolver answers: dig {host} @RESOLVER (the resolver that the gateway uses); {resolver}", stopGap},
		next: []string{"use more than one resolver, and raise an alarm when the name has no answer"},
	}
	untoldName = names{now: noAnswer.now, next: []string{"raise an alarm when the name has no answer; a further resolver helps only where one does not answer at all"}}
)

// resolving says which it was. The words are of nginx (ngx_resolver_strerror), gai_strerror(3), Go
// (net/dnsclient_unix.go), Node (uv_strerror), dnsmasq, HAProxy (src/resolvers.c) and Envoy.
func resolving(c *rules.Case, in *rules.Incident) names {
	switch {
	case saidIn(c, in, "(3: Host not found)", "NXDOMAIN", "Name or service not known", "no such host", "ENOTFOUND", "nodename nor servname", "Name does not resolve", "No address associated",
		"(EAI 2)", "NX status", "non-existent domain", "name error", "name does not exist"):
		return noSuchName
	case saidIn(c, in, "timed out", "timeout", "Temporary failure", "EAI_AGAIN", "(2: Server failure)", "SERVFAIL", "server misbehaving", "(5: Operation refused)", "connection refused", "(EAI 3)"):
		return noAnswer
	}
	return untoldName
}

// refusedVersion reports whether one end of TLS refused the other's version: alert 70
// (https://www.rfc-editor.org/rfc/rfc8446#section-6.2), or OpenSSL's words for it.
func refusedVersion(c *rules.Case, in *rules.Incident) bool {
	return saidIn(c, in, "alert protocol version", "alert number 70", "unsupported protocol", "protocol version not supported", "no protocols available", "tls: protocol version")
}

// spoken is what to do where a line shows which protocol the upstream speaks or expects; "" if
// none does: OpenSSL and Go of a peer that is not TLS, nginx and Go of one that is; Go of an
// answer that begins with HTTP/2's SETTINGS frame, and servers of HTTP/2 only of a request that is
// none; nginx of an answer of HTTP/1 where it expected HTTP/2 ("HTT" read as a frame's length).
func spoken(c *rules.Case, in *rules.Incident) string {
	switch {
	case saidIn(c, in, `malformed HTTP response "\x00\x00`, "HTTP/2 only endpoint", "invalid preface", "bogus greeting", "HTTP/2 preface", "invalid HTTP version preface"):
		return "{address} speaks HTTP/2 only: see with curl -v --http2-prior-knowledge http://{address}/, and change {scheme}; where the gateway cannot speak it, let the upstream take HTTP/1.1 too"
	case saidIn(c, in, "too large http2 frame: 4740180", "PRI * HTTP/2.0", `malformed HTTP version "HTTP/2`):
		return "{address} speaks HTTP/1 only: see with curl -v --http1.1 http://{address}/, and change {scheme}"
	case saidIn(c, in, "wrong version number", "first record does not look like a TLS handshake", "packet length too long"):
		return "{address} does not speak TLS: see what it speaks (curl -v http://{address}/), and change {scheme}"
	case saidIn(c, in, "HTTP request was sent to HTTPS port", "HTTP request to an HTTPS server", `malformed HTTP response "\x15\x03`):
		return "{address} speaks TLS: see with curl -vk https://{address}/, and change {scheme}"
	}
	return ""
}
