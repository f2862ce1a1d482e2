package gateway

import (
	"bytes"

	"culprit/parser"
)

// f5Event is what F5's BIG-IP writes into /var/log/ltm about pools and their members, behind the number
// that each of its messages has and its level:
//
//	01070638:5: Pool /Common/crm member /Common/10.30.4.11:8080 monitor status down. [ /Common/http: down; last error: /Common/http: Unable to connect; … ]
//	01010028:3: No members available for pool /Common/crm
//
// Requests are not logged unless somebody has written a rule for it: a pool is out of members from the
// one line to the other, and nothing tells how many requests failed. Members are addresses or names of
// nodes, in a partition's folder, which is cut off.
var f5Event = &parser.Format{
	Name:    "f5-event",
	Gates:   []parser.Gate{{First: parser.Digits, All: "/:", Word: "ool /"}},
	Role:    parser.RoleGateway,
	Product: "f5",
	Program: true,
	Doc:     "https://github.com/splunk/splunk-connect-for-syslog (tests/test_f5_bigip.py: 01070638); the numbers 01010028, 01010221 and 01070727 as scripts that read /var/log/ltm list them",
	Parse:   parseF5,
}

func parseF5(line []byte, env *parser.Env, r *parser.Record) bool {
	const number = len("01070638:")
	if len(line) < number+10 || line[number-1] != ':' || line[number+1] != ':' || line[number+2] != ' ' {
		return false
	}
	for _, c := range line[:number-1] {
		if !isDigit(c) && (c < 'a' || c > 'f') {
			return false
		}
	}
	text := line[number+3:]
	g := &r.Gateway
	switch member, ok := f5Member(text, g); {
	case ok:
		f5Status(member, g)
	case has(text, "No members available for pool /"):
		g.Symptom, g.Rank, g.Phase = parser.SymptomNoLivePeer, parser.RankSecondary, parser.PhaseNone
		g.Upstream, g.Group = f5Name(text[len("No members available for pool "):]), true
		g.Server = g.Upstream
	case has(text, "Pool /") && bytes.HasSuffix(text, []byte("now has available members")):
		g.Symptom, g.Rank = parser.SymptomOther, parser.RankNoise
		g.Upstream, g.Group = f5Name(text[len("Pool "):]), true
	default:
		return false
	}
	r.Kind, r.Level, r.Message = parser.KindGateway, f5Level(line[number]), text
	if len(g.Upstream) == 0 {
		return false
	}
	if g.Rank > parser.RankNoise && r.Level < parser.LevelWarn && r.Level != parser.LevelNone {
		r.Level = parser.LevelWarn // a notice for BIG-IP: a member that is down is no error of its own
	}
	return true
}

// f5Member reads "Pool /Common/p member /Common/10.0.0.1:80" and returns what stands behind it.
func f5Member(text []byte, g *parser.Gateway) (rest []byte, ok bool) {
	if !has(text, "Pool /") {
		return nil, false
	}
	_, rest, ok = bytes.Cut(text, []byte(" member /"))
	if !ok {
		return nil, false
	}
	end := wordEnd(rest, 0)
	g.Upstream, g.Server = f5Name(rest[:end]), f5Name(text[len("Pool "):])
	return rest[end:], true
}

// f5Status says what became of a member: " monitor status down. [ … last error: … ]". What an
// administrator takes out ("forced down", "forced disabled") did not fail.
func f5Status(b []byte, g *parser.Gateway) {
	g.Phase, g.Symptom, g.Rank = parser.PhaseHealthCheck, parser.SymptomOther, parser.RankNoise
	if has(b, " monitor status down") {
		g.Symptom, g.Rank, g.Causes = parser.SymptomPeerDown, parser.RankSecondary, f5Reason(b)
	}
}

// f5Reasons are the causes that a monitor's last error stands for, by words of it.
var f5Reasons = []struct {
	words  string
	causes []string
}{
	{"refused", []string{"not-listening"}},
	{"No route to host", []string{"network-unreachable"}},
	{"Unable to connect", []string{"not-listening", "network-unreachable"}},
	{"before deadline", []string{"slow-upstream", "network-unreachable"}},
	{"SSL", []string{"tls-failure"}},
}

func f5Reason(b []byte) []string {
	_, b, _ = bytes.Cut(b, []byte("last error:"))
	for i := range f5Reasons {
		if indexString(b, f5Reasons[i].words) >= 0 {
			return f5Reasons[i].causes
		}
	}
	return nil
}

// f5Name is the name at the start of b without its partition's and its folders' names.
func f5Name(b []byte) []byte {
	b = b[:wordEnd(b, 0)]
	return b[bytes.LastIndexByte(b, '/')+1:]
}

// f5Level is syslog's severity.
func f5Level(c byte) parser.Level {
	levels := [...]parser.Level{
		parser.LevelEmerg, parser.LevelAlert, parser.LevelCrit, parser.LevelError, parser.LevelWarn, parser.LevelNotice, parser.LevelInfo, parser.LevelDebug,
	}
	if int(c-'0') >= len(levels) {
		return parser.LevelNone
	}
	return levels[c-'0']
}
