package scan

import (
	"bytes"

	"culprit/parser"
	"culprit/parser/gateway"
)

// Records of gateways that take several lines: varnishlog's transactions, and proxies in
// Node, which print the error behind the line that says what it was for.

// opensVarnish recognises the line that opens a transaction of varnishlog.
func opensVarnish(_ *parser.Record, inner []byte) lang {
	if gateway.VarnishGroupStart(inner) {
		return varnish
	}
	return none
}

func firstVarnish(g *grammar, line []byte) { g.phase = varnishDepth(line, '*') }

// stepVarnish takes the transaction's records, which stand as deep as it, up to its End.
func stepVarnish(g *grammar, line []byte) verdict {
	depth := varnishDepth(line, '-')
	if depth != g.phase || !gateway.VarnishGroupLine(line) {
		return no
	}
	if hasPrefix(bytes.TrimLeft(line[depth:], " "), "End") {
		g.end()
	}
	return yes
}

// varnishDepth is the width of the mark before a line: "--" and "**" at depth 2, "-4-" at 4.
func varnishDepth(line []byte, mark byte) uint8 {
	n := 0
	for n < len(line) && n < 8 && (line[n] == mark || line[n] >= '0' && line[n] <= '9') {
		n++
	}
	return uint8(n)
}

// opensCutQuote recognises an entry of HAProxy or Traefik that a screen or a hand broke: it ends
// inside of a quote, in whose text they escape others. Only a line that no format knows goes on
// with it.
func opensCutQuote(r *parser.Record, inner []byte) lang {
	if len(inner) <= longestCut && inner[0] != '{' && r.Gateway.Rank > parser.RankNoise && openQuote(inner) {
		return nginxBroken
	}
	return none
}

// opensCutConnect recognises one of Apache: what it says of a connect ends in "failed"
// (proxy_util.c, AH00957).
func opensCutConnect(r *parser.Record, inner []byte) lang {
	if len(inner) <= longestCut && r.Gateway.Rank > parser.RankNoise && contains(inner, ": attempt to connect to ") && !bytes.HasSuffix(inner, []byte("failed")) {
		return nginxBroken
	}
	return none
}

func opensNodeProxy(*parser.Record, []byte) lang { return nodeProxy }

// stepNodeProxy takes the error's text, which comes first, and its stack.
func stepNodeProxy(g *grammar, line []byte) verdict {
	first := g.phase == 0
	g.phase = 1
	switch {
	case first && nodeErrorText(line), !first && indented(line) && !blank(line), !first && string(line) == "}":
		return yes
	}
	return no
}

// nodeErrorText recognises "Error: text", "AggregateError [ECONNREFUSED]:" and the
// reference to Node's manual that create-react-app prints.
func nodeErrorText(line []byte) bool {
	if hasPrefix(line, "See https://nodejs.org/") {
		return true
	}
	end := 0
	for end < len(line) && (line[end]|0x20 >= 'a' && line[end]|0x20 <= 'z') {
		end++
	}
	return bytes.HasSuffix(line[:end], []byte("Error")) && (hasPrefix(line[end:], ": ") || hasPrefix(line[end:], " ["))
}
