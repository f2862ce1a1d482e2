package gateway

import (
	"bytes"

	"culprit/parser"
)

// judge fills who made the status and, for a session that failed, the symptom.
//
// The first letter of the state says who ended the session, the second when. Three
// things are told from no letter: SC without a server means that none was up, PR that
// HAProxy refused on purpose unless the status says that it could not read the answer,
// and a letter of the data phase is a failure only where an answer was under way.
func (s *haproxySession) judge(named bool, r *parser.Record) {
	r.Access.Made = s.madeBy(named)
	if s.state[0] == '-' {
		return
	}
	m := s.message(named)
	if m == nil {
		return
	}
	g := &r.Gateway
	g.Symptom, g.Rank, g.Phase = m.Class, m.Rank, m.Phases[0]
	g.MessageKey, g.Causes = m.ID, m.Causes
	s.refine(g)
	if g.Symptom == parser.SymptomNone {
		*g = parser.Gateway{}
		return
	}
	g.Client, g.Request, g.Server = s.client, r.Access.Request, s.frontend
	switch {
	case named:
		g.Upstream = s.both
	case r.Access.Pool != nil || m.Rank >= parser.RankSecondary:
		g.Upstream, g.Group = s.backend, len(s.backend) > 0
		if r.Access.Pool == nil {
			r.Access.Pool = s.backend // a listen section is frontend and backend in one
		}
	}
	if g.Rank >= parser.RankSecondary {
		r.Level = parser.LevelError
	}
}

// madeBy tells whose the status is: the server's if its header came and was passed on.
func (s *haproxySession) madeBy(named bool) parser.Made {
	switch {
	case s.status == 0:
		return parser.MadeUnknown
	case !named || s.state[0] == 'L':
		return parser.MadeGateway
	case s.state[0] == '-' || s.state[1] == 'D' || s.state[1] == 'L':
		return parser.MadeUpstream
	case (s.state[0] == 'C' || s.state[0] == 'c') && s.timers.response >= 0:
		return parser.MadeUpstream
	}
	return parser.MadeGateway
}

// message is the vocabulary's entry for the state, nil for a normal end.
func (s *haproxySession) message(named bool) *Message {
	v := haproxyVocabulary()
	cause, stage := s.state[0], s.state[1]
	if cause == 'S' && stage == 'C' && !named && bytes.Equal(s.server, noServer) {
		return v.stateNoServer
	}
	return v.states[[2]byte{cause, stage}]
}

var noServer = []byte("<NOSRV>")

// refine settles what the state alone leaves open.
func (s *haproxySession) refine(g *parser.Gateway) {
	none := func() { g.Symptom = parser.SymptomNone }
	set := func(class parser.Symptom, rank parser.Rank) { g.Symptom, g.Rank = class, rank }
	cause, stage := s.state[0], s.state[1]
	tunnel := s.tcp && s.bytes > 0 || s.status == 101
	switch {
	case cause == 'L' && s.status >= 500:
		set(parser.SymptomRefusedOnPurpose, parser.RankNoise) // a configured answer
	case cause == 'L':
		none()
	case cause == 'P' && stage == 'R':
		s.refineRefusal(g)
	case cause == 'P' && stage == 'H':
		switch {
		case s.status == 500: // a rewrite that did not fit
			set(parser.SymptomOther, parser.RankPrimary)
		case s.status < 500: // http-response deny
			set(parser.SymptomRefusedOnPurpose, parser.RankNoise)
		}
	case cause == 'P' && stage == 'D' && s.timers.response < 0 && !s.tcp:
		set(parser.SymptomOther, parser.RankNoise) // the client's body was malformed
	case cause == 'P' && stage == 'L' && s.status >= 500:
		set(parser.SymptomOther, parser.RankSecondary)
	case cause == 'S' && stage == 'H' && s.status == 425:
		set(parser.SymptomOther, parser.RankNoise) // early data refused; the client repeats
	case stage != 'D' && stage != 'L':
	case tunnel && cause != 'S':
		g.Rank, g.Phase = parser.RankNoise, parser.PhaseUpgraded // idle, or ended on purpose
	case cause == 'S' && tunnel:
		g.Symptom, g.Phase = parser.SymptomConnReset, parser.PhaseUpgraded
	case cause == 'S' && s.tcp:
		g.Symptom, g.Phase = parser.SymptomConnReset, parser.PhaseReadingHeader // before it said anything
	}
}

// refineRefusal reads PR by its status: 4xx for a bad request is the client's fault,
// 5xx beside a deny rule's 503 is a failure.
func (s *haproxySession) refineRefusal(g *parser.Gateway) {
	switch s.status {
	case 400, 405, 408, 411, 413, 414, 417, 422, 431, 501, 505:
		g.Symptom = parser.SymptomOther
	case 500:
		g.Symptom, g.Rank = parser.SymptomOther, parser.RankPrimary
	case 502:
		g.Symptom, g.Rank, g.Phase = parser.SymptomInvalidHeader, parser.RankPrimary, parser.PhaseReadingHeader
	}
}
