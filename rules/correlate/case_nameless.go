package correlate

import (
	"culprit/parser"
	"slices"
)

// Whose are lines that name no upstream.

// adoptNameless gives lines that name no address (cut, or failed before one was
// chosen) to the only pool that failed for the same virtual host at that time; of what
// is left, what an upstream did stays together by virtual host, the rest is a fault of the
// gateway itself.
func (e *Engine) adoptNameless(groups map[node][]*symptom) {
	for _, root := range sortedRoots(groups) {
		if root.name == "" || root.name[0] != '?' {
			continue
		}
		lost := groups[root]
		delete(groups, root)
		failed := failedSeconds(lost)
		for _, s := range lost {
			to := root // an upstream that the log does not name
			if owner, ok := e.ownerOf(s, groups); ok {
				to = owner
			} else if !ofUpstream(s.Symptom) && !askedOne(s) && !reacts(s, failed) {
				to = ownRoot(s.source)
			}
			groups[to] = append(groups[to], s)
		}
	}
}

// ofUpstream reports whether a class is what an upstream did, whoever it was: of what the
// gateway could not even ask, it says so itself.
func ofUpstream(s parser.Symptom) bool {
	switch s {
	case parser.SymptomConnRefused, parser.SymptomConnReset, parser.SymptomPrematureClose, parser.SymptomConnectTimeout, parser.SymptomReadTimeout,
		parser.SymptomSendTimeout, parser.SymptomTLSHandshake, parser.SymptomTLSVerify, parser.SymptomInvalidHeader, parser.SymptomNoHTTPHeader,
		parser.SymptomHeaderTooBig, parser.SymptomProtocolError, parser.SymptomNoRoute, parser.SymptomSocketMissing, parser.SymptomSocketPermission,
		parser.SymptomNoLivePeer, parser.SymptomPeerDisabled, parser.SymptomPeerDown, parser.SymptomHealthCheckFailed, parser.SymptomQueueFull,
		parser.SymptomUpstreamStatus, parser.SymptomTruncatedBody:
		return true
	}
	return false
}

// askedOne reports whether a request failed while the gateway asked an upstream, it does not say which
// nor how: IIS's 502.5, of a process that it could not start.
func askedOne(s *symptom) bool {
	switch s.Phase {
	case parser.PhaseConnecting, parser.PhaseTLSHandshake, parser.PhaseSendingRequest, parser.PhaseReadingHeader, parser.PhaseReadingBody:
		return s.Symptom == parser.SymptomOther && s.Rank == parser.RankPrimary
	}
	return false
}

// A failedSecond is one in which a source tells what an upstream did that it does not name.
type failedSecond struct {
	source *source
	second int64
}

func failedSeconds(lost []*symptom) map[failedSecond]bool {
	all := map[failedSecond]bool{}
	for _, s := range lost {
		if ofUpstream(s.Symptom) {
			all[failedSecond{s.source, parser.FloorDiv(s.when.From, parser.Second)}] = true
		}
	}
	return all
}

// reacts reports whether a line is a gateway's reaction to what such an upstream did in that second or
// right before: Apache's AH00898 behind AH01106, neither of which tells the server.
func reacts(s *symptom, failed map[failedSecond]bool) bool {
	second := parser.FloorDiv(s.when.From, parser.Second)
	return s.Rank == parser.RankSecondary && (failed[failedSecond{s.source, second}] || failed[failedSecond{s.source, second - 1}])
}

func (e *Engine) ownerOf(s *symptom, groups map[node][]*symptom) (node, bool) {
	var found []node
	// A resolver that does not answer fails no host in particular but the names it is asked for.
	resolver := s.Symptom == parser.SymptomResolveFailed && s.VHost == ""
	for _, root := range sortedRoots(groups) {
		if root.isGateway() || root.name[0] == '?' {
			continue
		}
		for _, other := range groups[root] {
			ours := other.VHost == s.VHost || s.VHost == "" && (other.Symptom == s.Symptom || toldApart(s, other)) || emptied(s, other) // of a line that was cut, the class is left
			if ours && other.source.site == s.source.site && other.when.From <= s.last.To+e.cfg.quiet() && s.when.From <= other.last.To+e.cfg.quiet() {
				found = append(found, root)
				break
			}
		}
	}
	if len(found) > 1 && !resolver {
		found = tellingOf(s, found, groups)
	}
	if len(found) == 0 || len(found) > 1 && !resolver || s.Symptom == parser.SymptomBadURL || s.Symptom == parser.SymptomNoResolver {
		return node{}, false
	}
	return found[0], true
}

// tellingOf narrows pools down to the one whose lines tell of most of the same requests: Caddy's debug
// lines of each try name the upstream that its error lines do not.
func tellingOf(s *symptom, among []node, groups map[node][]*symptom) []node {
	var best []node
	most := 0
	for _, root := range among {
		n := 0
		for _, o := range groups[root] {
			for _, key := range o.Requests {
				if _, same := slices.BinarySearch(s.Requests, key); same && o.source == s.source && o.when.From <= s.last.To+near && s.when.From <= o.last.To+near {
					n++
				}
			}
		}
		switch {
		case n > most:
			best, most = []node{root}, n
		case n == most && n > 0:
			best = append(best, root)
		}
	}
	if most == 0 {
		return among
	}
	return best
}

// emptied reports whether a request found no server, of which the line names none, while the same
// gateway had one that it did not ask: Envoy's UH, and what its own log says of a cluster's DNS.
func emptied(s, other *symptom) bool {
	return s.Symptom == parser.SymptomNoLivePeer && benched(other.Event) && (s.source == other.source || s.source.sameGateway(other.source))
}
