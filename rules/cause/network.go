package cause

import (
	"cmp"
	"strings"

	"culprit/parser"
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
		now: []string{"see whether the name exists: `dig {host} @RESOLVER` (the resolver that the gateway uses); compare its spelling, its search domain and whether what registers it is up; {resolver}", stopGap},
		next: []string{"raise an alarm when the name has no address, and ask for it with the gateway's resolver before each change of zone, service registry or gateway configuration: " +
			"a further resolver would have given the same answer"},
	}
	noAnswer = names{
		now:  []string{"see whether the resolver answers: `dig {host} @RESOLVER` (the resolver that the gateway uses); {resolver}", stopGap},
		next: []string{"use more than one resolver, and raise an alarm when the name has no answer"},
	}
	untoldName = names{now: noAnswer.now, next: []string{"raise an alarm when the name has no answer; a further resolver helps only where one does not answer at all"}}
)

// resolving says which it was. The words are of nginx (ngx_resolver_strerror), gai_strerror(3), Go
// (net/dnsclient_unix.go), Node (uv_strerror), dnsmasq, HAProxy (src/resolvers.c) and Envoy.
func resolving(c *rules.Case, in *rules.Incident) names {
	switch {
	case noSuch(c, in):
		return noSuchName
	case noReply(c, in):
		return noAnswer
	}
	return untoldName
}

func noSuch(c *rules.Case, in *rules.Incident) bool {
	return saidIn(c, in, "(3: Host not found)", "NXDOMAIN", "Name or service not known", "no such host", "ENOTFOUND", "nodename nor servname", "Name does not resolve", "No address associated",
		"(EAI 2)", "NX status", "non-existent domain", "name error", "name does not exist")
}

func noReply(c *rules.Case, in *rules.Incident) bool {
	return saidIn(c, in, "timed out", "timeout", "Temporary failure", "EAI_AGAIN", "(2: Server failure)", "SERVFAIL", "server misbehaving", "(5: Operation refused)", "connection refused", "(EAI 3)")
}

// refusedVersion reports whether one end of TLS refused the other's version: alert 70
// (https://www.rfc-editor.org/rfc/rfc8446#section-6.2), or OpenSSL's words for it.
func refusedVersion(c *rules.Case, in *rules.Incident) bool {
	return saidIn(c, in, "alert protocol version", "alert number 70", "unsupported protocol", "protocol version not supported", "no protocols available", "tls: protocol version")
}

// wantsCertificate reports whether the upstream ended the handshake because the gateway showed no
// certificate: alert 116 of TLS 1.3, or the upstream's own words (OpenSSL, Go's crypto/tls, JSSE).
func wantsCertificate(c *rules.Case, in *rules.Incident) bool {
	return saidIn(c, in, "alert number 116", "certificate required", "did not return a certificate", "didn't provide a certificate", "mpty client certificate chain")
}

// circles reports whether the gateway met its own limit of internal redirects (nginx, Apache's AH00124).
func circles(c *rules.Case, in *rules.Incident) bool {
	return saidIn(c, in, "rewrite or internal redirection cycle", "exceeded the limit of 10 internal redirects")
}

// spoken is what to do where a line shows which protocol the upstream speaks or expects; "" if
// none does: OpenSSL and Go of a peer that is not TLS, nginx and Go of one that is, servers with either
// of a client that spoke plain HTTP to them; Go of an
// answer that begins with HTTP/2's SETTINGS frame, and servers of HTTP/2 only of a request that is
// none; nginx of an answer of HTTP/1 where it expected HTTP/2 ("HTT" read as a frame's length).
func spoken(c *rules.Case, in *rules.Incident) (what, todo string) {
	switch {
	case saidIn(c, in, `malformed HTTP response "\x00\x00`, "HTTP/2 only endpoint", "invalid preface", "bogus greeting", "HTTP/2 preface", "invalid HTTP version preface"):
		return "the upstream speaks HTTP/2 only", "{address} speaks HTTP/2 only: see with curl -v --http2-prior-knowledge http://{address}/, and change {scheme}; where the gateway cannot speak it, let the upstream take HTTP/1.1 too"
	case saidIn(c, in, "too large http2 frame: 4740180", "PRI * HTTP/2.0", `malformed HTTP version "HTTP/2`):
		return "the upstream speaks HTTP/1 only", "{address} speaks HTTP/1 only: see with curl -v --http1.1 http://{address}/, and change {scheme}"
	case saidIn(c, in, "HTTP request was sent to HTTPS port", "HTTP request to an HTTPS server", `malformed HTTP response "\x15\x03`,
		"TLS handshake error from ", "SSL: HTTP_REQUEST]", "routines::http request", "routines:ssl3_get_record:http request", "nrecognized SSL message", "not an SSL/TLS record"): // the last ones are the server's words
		return "the upstream speaks TLS", "{address} speaks TLS: see with curl -vk https://{address}/, and change {scheme}"
	case saidIn(c, in, "wrong version number", "first record does not look like a TLS handshake", "packet length too long"):
		return "the upstream does not speak TLS", "{address} does not speak TLS: see what it speaks (curl -v http://{address}/), and change {scheme}"
	}
	return "", ""
}

// denied reports whether the gateway was not permitted to connect, and met nothing else.
func denied(c *rules.Case) bool {
	return c.Primary(parser.SymptomSocketPermission) > 0 && c.Primary(parser.SymptomSocketPermission) == c.Primary(parser.SymptomNone)
}

// listeningOf is how to see whether anything listens.
func listeningOf(in *rules.Incident) string {
	if len(in.Upstreams) > 0 && strings.HasPrefix(in.Upstreams[0], "unix:") {
		return "`ss -lxp`"
	}
	if _, port := hostPortOf(in); port != "PORT" {
		return ticked("ss -ltnp 'sport = :" + port + "'")
	}
	return "`ss -ltnp`"
}

// socketOf is how to see who may connect to a socket.
func socketOf(in *rules.Incident) string {
	if len(in.Upstreams) > 0 {
		if path, unix := strings.CutPrefix(in.Upstreams[0], "unix:"); unix && strings.HasPrefix(path, "/") && plainName(strings.ReplaceAll(path[1:], "/", ".")) {
			text := ticked("ls -l "+path) + "; " + ticked("namei -l "+path)
			if strings.Contains(path, "php") {
				text += "; listen.owner, listen.group and listen.mode of the pool"
			}
			return text
		}
	}
	return "`ls -l SOCKET`; firewall and security modules (`ausearch -m avc`, `journalctl -k`) may forbid an address, too"
}

// lockWords are what PostgreSQL, MySQL and SQLite say of a lock that another one holds.
var lockWords = []string{"still waiting for", "Lock wait timeout exceeded", "deadlock detected", "Deadlock found", "due to lock timeout", "database is locked", "could not obtain lock"}

// A spent resource of the gateway's own: how to have more of it, and what shows its use.
type spent struct{ raise, use string }

func spentOf(in *rules.Incident) spent {
	for i := range in.Symptoms {
		switch in.Symptoms[i].Class {
		case parser.SymptomDiskFull:
			return spent{"make room on the disk that the quoted line names: `df -h`, `df -i`, then `du -x -d 1` of its mount; see what the gateway keeps there (temporary bodies, caches, logs)", "df"}
		case parser.SymptomNoFiles:
			return spent{"raise the limit of open files of the gateway (LimitNOFILE of its unit, and its own setting): {resources}", "the open files in /proc/PID/fd"}
		case parser.SymptomNoPorts:
			return spent{"see which address uses up the local ports: `ss -s`, `ss -tan state time-wait`; keep connections to the upstream alive, or widen net.ipv4.ip_local_port_range", "ss -s"}
		case parser.SymptomNoMemory:
			return spent{"see what takes the memory: `free -m`, `ps aux --sort=-rss | head`", "sar -r"}
		case parser.SymptomNoConnections:
			return spent{"see who holds the connections (`ss -tn`), and raise their number: {resources}", ""}
		}
	}
	return spent{raise: "raise what the quoted line names: {resources}"}
}

// statusFor is what shows how much of what ran out is used.
func statusFor(in *rules.Incident) string { return cmp.Or(spentOf(in).use, wordsOf(in.Gateway).status) }
