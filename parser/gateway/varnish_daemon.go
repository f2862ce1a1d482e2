package gateway

import "culprit/parser"

// varnishDaemon is what varnishd's manager process writes to syslog or, in the
// foreground, to stderr: the life and death of the cache process.
//
//	Child (28179) died signal=9
//	Error: Child (28179) Panic at: Wed, 25 Nov 2026 15:01:37 GMT
//
// The syslog header is an envelope. Only texts of Varnish are taken, whoever the
// header says wrote them: a log of many programs stays one.
var varnishDaemon = &parser.Format{
	Name:    "varnishd",
	Gates:   []parser.Gate{{First: "EIDW", All: ":"}, {First: "Cc", All: "("}, {First: "C", Word: "Child "}, {Program: "varnishd"}},
	Role:    parser.RoleGateway,
	Product: "varnish",
	Doc:     "varnish-cache bin/varnishd/mgt/mgt_child.c, mgt_util.c",
	Parse:   parseVarnishDaemon,
}

func parseVarnishDaemon(line []byte, _ *parser.Env, r *parser.Record) bool {
	text, told := varnishdPrefix(line)
	own := string(r.Program) == "varnishd"
	if !own && !told && !has(text, "Child ") && !has(text, "child (") {
		return false
	}
	m := varnishVocabulary().daemon.find(text)
	if m == nil && !own {
		return false
	}
	r.Kind = parser.KindGateway
	r.Message = text
	if m == nil {
		r.Gateway.Symptom, r.Gateway.Rank = parser.SymptomOther, parser.RankNoise
		return true
	}
	m.tell(text, 0, &r.Gateway)
	r.Level = m.level()
	return true
}

// varnishdPrefix cuts the level that stands before a text on stderr.
func varnishdPrefix(line []byte) (text []byte, told bool) {
	for _, level := range [...]string{"Error: ", "Info: ", "Debug: ", "Warning: "} {
		if has(line, level) && len(line) > len(level) {
			return line[len(level):], true
		}
	}
	return line, false
}
