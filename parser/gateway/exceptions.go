package gateway

import (
	"bytes"

	"culprit/parser"
)

// maxCauses bounds how many exceptions of a chain are read; real chains have five.
const maxCauses = 12

// tellException classes a failure by the exceptions that a gateway in .NET or Java prints behind
// its own line, each with what it wraps behind it. The innermost one that the table knows by
// what its text begins with decides. It reports whether there was one.
func tellException(text []byte, known []Message, g *parser.Gateway) bool {
	found := false
	for range maxCauses {
		one := text[:exceptionEnd(text)]
		said := exceptionText(one)
		if m := begin(known, said); m != nil {
			m.tell(nil, errnoNamed(said), g)
			found = true
			if peer := peerBehind(said); peer != nil {
				g.Upstream, g.Group = peer, m.Class == parser.SymptomResolveFailed
			}
		}
		next := nextException(text[len(one):])
		if next == nil {
			break
		}
		text = next
	}
	return found
}

// exceptionEnd is where the text of one exception ends: at the end of its line, and before what
// it wraps or its trace where a logger put all on one line.
func exceptionEnd(b []byte) int {
	end := len(b)
	for _, mark := range [...]string{"\n", " ---> ", "   at "} {
		if i := bytes.Index(b[:end], []byte(mark)); i >= 0 {
			end = i
		}
	}
	return end
}

// nextException finds the exception that was wrapped: behind .NET's "--->", or Java's "Caused by:".
func nextException(b []byte) []byte {
	at, n := -1, 0
	for _, mark := range [...]string{"---> ", "\nCaused by: "} {
		if i := bytes.Index(b, []byte(mark)); i >= 0 && (at < 0 || i < at) {
			at, n = i, len(mark)
		}
	}
	if at < 0 {
		return nil
	}
	return b[at+n:]
}

// exceptionText is what stands behind the class, which may have a number in brackets behind it.
func exceptionText(one []byte) []byte {
	_, said, ok := bytes.Cut(one, []byte(": "))
	if !ok {
		return nil
	}
	return bytes.TrimRight(said, " \r")
}

// peerBehind is the peer in "Connection refused (10.0.0.5:8080)" and in
// "Connection refused: shop/10.0.0.5:8080"; nil if there is none.
func peerBehind(said []byte) []byte {
	peer := said
	if bytes.HasSuffix(said, []byte(")")) {
		peer = said[bytes.LastIndexByte(said, '(')+1 : len(said)-1]
	} else if i := bytes.LastIndex(said, []byte(": ")); i >= 0 {
		peer = said[i+2:]
		peer = peer[bytes.IndexByte(peer, '/')+1:]
	}
	if bytes.IndexByte(peer, ' ') >= 0 || portOf(peer) == 0 || bytes.IndexByte(peer, ':') < 1 {
		return nil
	}
	return peer
}
