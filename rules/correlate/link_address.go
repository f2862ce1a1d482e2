package correlate

import (
	"net/netip"
	"slices"
	"strings"
)

// What addresses tell of each other, and of where they are.

func hasAddress(names []string) bool {
	return slices.ContainsFunc(names, func(n string) bool { return strings.Contains(n, ":") })
}

// sameAddress compares an upstream as the gateway writes it with an address as a
// server writes it, and returns the weight of the match. A server that says localhost
// tells a person what to open in a browser, whatever it is bound to: Next.js and
// Express's listen(3000) take all addresses (docs: next-cli, app.listen).
func sameAddress(upstream, listen string) int {
	up, li := plainAddress(upstream), plainAddress(listen)
	if up == li {
		return linkAddress
	}
	if strings.HasPrefix(up, "/") || strings.HasPrefix(li, "/") {
		if strings.TrimPrefix(up, "/var") == strings.TrimPrefix(li, "/var") && up != "" {
			return linkAddress // /var/run is /run
		}
		return linkNone
	}
	upHost, upPort := splitPort(up)
	liHost, liPort := splitPort(li)
	if upPort == "" || upPort != liPort {
		return linkNone
	}
	switch {
	case anyHost(liHost) || liHost == "localhost":
		return linkPort
	case loopback(upHost) && loopback(liHost):
		return linkPort
	}
	return linkNone
}

func plainAddress(a string) string {
	a = strings.TrimPrefix(strings.ToLower(a), "unix:")
	if i := strings.Index(a, "://"); i >= 0 {
		a = a[i+3:]
	}
	a = strings.TrimPrefix(a, "unix:")
	if strings.HasPrefix(a, "//") {
		a = a[1:]
	}
	return strings.TrimRight(a, "/:")
}

func splitPort(a string) (host, port string) {
	i := strings.LastIndexByte(a, ':')
	if i < 0 || strings.Trim(a[i+1:], "0123456789") != "" {
		return a, ""
	}
	return strings.Trim(a[:i], "[]"), a[i+1:]
}

func anyHost(h string) bool { return h == "" || h == "0.0.0.0" || h == "::" || h == "*" }

func loopback(h string) bool { return strings.HasPrefix(h, "127.") || h == "::1" || h == "localhost" }

// farAway reports whether the addresses are on other machines.
func farAway(names []string) bool {
	return slices.ContainsFunc(names, func(n string) bool { return n != "" && n[0] >= '0' && n[0] <= '9' && !strings.HasPrefix(n, "127.") })
}

// publicOnly reports whether all the addresses are public ones: of a partner, of a network of caches, of
// nobody whose system's log is among those of the gateway. A unit that merely started or stopped here
// is not theirs.
func publicOnly(names []string) bool {
	seen := false
	for _, n := range names {
		host, _ := splitPort(plainAddress(n))
		ip, err := netip.ParseAddr(host)
		switch {
		case err != nil:
		case ip.IsPrivate(), ip.IsLinkLocalUnicast(), carrierGrade.Contains(ip):
			return false
		default:
			seen = true
		}
	}
	return seen
}

// carrierGrade are the addresses that clouds and overlay networks use as their own
// (https://www.rfc-editor.org/rfc/rfc6598).
var carrierGrade = netip.MustParsePrefix("100.64.0.0/10")
