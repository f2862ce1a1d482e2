package gateway

import (
	"strings"
	"sync"

	"culprit/parser"
)

// varnishBooks is the vocabulary of Varnish: the same words mean different things
// behind different tags.
type varnishBooks struct {
	messages                   []Message
	fetch, vcl, health, daemon *phrasebook
}

var varnishVocabulary = sync.OnceValue(func() *varnishBooks {
	v := &varnishBooks{messages: vocabularies["varnish"]()}
	v.fetch, v.vcl = v.book("varnish-fetch."), v.book("varnish-vcl.")
	v.health, v.daemon = v.book("varnish-health."), v.book("varnishd.")
	return v
})

func (v *varnishBooks) book(prefix string) *phrasebook {
	p := &phrasebook{index: newTemplateIndex()}
	for i := range v.messages {
		if m := &v.messages[i]; strings.HasPrefix(m.ID, prefix) {
			p.index.add(m.Template, m)
		}
	}
	p.index.sort()
	return p
}

// varnishFetchError classifies the text of a FetchError record. What is not in the
// vocabulary failed the request all the same: the tag says so.
func varnishFetchError(text []byte, r *parser.Record) {
	g := &r.Gateway
	m := varnishVocabulary().fetch.find(text)
	if m == nil {
		g.Symptom, g.Rank, g.Phase = parser.SymptomOther, parser.RankPrimary, parser.PhaseReadingHeader
		g.Errno = errnoNamed(text)
		r.Level = parser.LevelError
		return
	}
	m.tell(text, varnishErrno(m, text), g)
	r.Level = m.level()
	if name := m.capture(text, "backend"); name != nil {
		g.Upstream = name
		g.Group = has(text, "Director ")
	}
}

// varnishErrno returns the errno that a text names, as Linux's number.
func varnishErrno(m *Message, text []byte) int32 {
	word := m.capture(text, "text")
	n, ok := wholeNumber(m.capture(text, "n"))
	switch {
	case word == nil:
		return 0
	case !ok || n == 0 || n >= 1<<31:
		return errnoNamed(word)
	}
	return canonicalErrno(int32(n), word)
}

// varnishVCLError classifies the text of a VCL_Error or Error record.
func varnishVCLError(text []byte, r *parser.Record) {
	if m := varnishVocabulary().vcl.classify(text, 0, &r.Gateway); m != nil {
		r.Level = m.level()
		return
	}
	g := &r.Gateway
	g.Symptom, g.Rank = parser.SymptomOther, parser.RankNoise // VCL's own words, or a warning
}

// varnishHealth reads the text of a Backend_health record:
//
//	boot.app Went sick 4--X-R- 2 3 8 0.000000 0.001234 "HTTP/1.1 500 Internal Server Error"
func varnishHealth(text []byte, r *parser.Record) (ok bool) {
	end := wordEnd(text, 0)
	name, rest := text[:end], text[end:]
	g := &r.Gateway
	went := false
	switch {
	case has(rest, " Went sick "):
		g.Symptom, g.Rank, went = parser.SymptomPeerDown, parser.RankSecondary, true
	case has(rest, " Still sick "):
		g.Symptom, g.Rank = parser.SymptomHealthCheckFailed, parser.RankSecondary
	case has(rest, " Went healthy "), has(rest, " Back healthy "), has(rest, " Still healthy "):
		g.Symptom, g.Rank = parser.SymptomOther, parser.RankNoise
	default:
		return false
	}
	g.Upstream, g.Phase = name, parser.PhaseHealthCheck
	r.Level = parser.LevelInfo
	reason, good := varnishProbe(rest)
	if g.Rank == parser.RankNoise && (good || !has(rest, " Still healthy ")) {
		return true
	}
	if m := varnishVocabulary().health.find(reason); m != nil && len(reason) > 0 {
		g.MessageKey, g.Causes = m.ID, m.Causes
		g.Errno = varnishErrno(m, reason)
	}
	g.Rank, r.Level = parser.RankSecondary, parser.LevelWarn
	if !went {
		g.Symptom = parser.SymptomHealthCheckFailed
	}
	return true
}

// varnishProbe finds the result, quoted since 6.1, behind six numbers, and whether the
// probe was good: its bits end in H.
func varnishProbe(rest []byte) (reason []byte, good bool) {
	l := awsLine{rest[1:]}
	l.skip(2)
	bits := l.next()
	good = len(bits) > 0 && bits[len(bits)-1] == 'H'
	l.skip(5)
	reason = l.rest
	if len(reason) > 0 && reason[0] == '"' {
		reason = reason[1:quotedEnd(reason, 1)]
	}
	return reason, good
}
