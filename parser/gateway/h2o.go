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

var h2oWords = vocabularies["h2o"]

func parseH2O(line []byte, env *parser.Env, r *parser.Record) bool {
	place, rest, ok := bytes.Cut(line, []byte("] in request:"))
	if !ok || !has(place, "[lib/") {
		return false
	}
	r.Kind, r.Level, r.Message = parser.KindGateway, parser.LevelError, line
	g := &r.Gateway
	g.Symptom, g.Rank = parser.SymptomOther, parser.RankNoise
	words := h2oWords()
	for i := range words {
		m := &words[i]
		if path, ok := bytes.CutSuffix(rest, []byte(m.Template)); ok && bytes.HasSuffix(path, []byte(":")) && (has(place, "[lib/core/proxy.c") || has(place, "[lib/handler/fastcgi.c")) {
			m.tell(nil, 0, g)
		}
	}
	return true
}
