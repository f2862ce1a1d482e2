package correlate

import (
	"slices"
	"strings"

	"culprit/parser"
	"culprit/parser/gateway"
	"culprit/rules"
)

// Whose are the access lines that stand under a tag of a journal, of a central log or of a
// compose project? Apache's combined format, which nginx's default is, is also what gunicorn,
// Puma, Tomcat and Apache behind a gateway write. It is the gateway's if the tag says so or a
// gateway's complaints stand under it, too; else, if a gateway is among the sources, it is
// an application's, whose requests link it to an address and are counted at the gateway only.

// settleTags gives tagged access lines to the gateway or to their tag.
func (e *Engine) settleTags() {
	var asked, here bool
	for _, s := range e.sources {
		open := openTags(s)
		if len(open) == 0 {
			continue
		}
		if !asked {
			asked, here = true, slices.ContainsFunc(e.sources, (*source).surelyGateway)
		}
		apps := map[string]bool{}
		for _, tag := range open {
			apps[rules.StreamAccess+tag] = here && !slices.Contains(s.Speakers, tag) && !e.namesGateway(tag)
		}
		s.retag(apps)
	}
}

func openTags(s *source) []string {
	var tags []string
	note := func(stream string) {
		if tag, open := strings.CutPrefix(stream, rules.StreamAccess); open && !slices.Contains(tags, tag) {
			tags = append(tags, tag)
		}
	}
	for i := range s.Tallies {
		note(s.Tallies[i].Stream)
	}
	for i := range s.Requests {
		note(s.Requests[i].Stream)
	}
	for i := range s.Facts {
		note(s.Facts[i].Stream)
	}
	return tags
}

// surelyGateway reports whether a source has lines that nobody but a gateway writes: of failed
// upstreams, of the upstream of each request, or an access log without tags whose clients are
// other machines.
func (s *source) surelyGateway() bool {
	if slices.ContainsFunc(s.Tallies, func(t rules.Tally) bool {
		return t.Upstream != "" || (t.Stream == "" || rules.OfGateway(t.Stream)) && !s.Source.Loopback || namesProduct(strings.TrimPrefix(t.Stream, rules.StreamAccess))
	}) {
		return true
	}
	return slices.ContainsFunc(s.Events, func(ev rules.Event) bool {
		return ev.Symptom != parser.SymptomNone && ev.Rank != parser.RankNoise && ev.Upstream != ""
	})
}

// namesGateway reports whether a tag is a gateway's: by its product or by that of an error
// log among the sources.
func (e *Engine) namesGateway(tag string) bool {
	return namesProduct(tag) || slices.ContainsFunc(e.sources, func(s *source) bool {
		return s.Source.HasErrors && s.Source.Gateway != "" && strings.Contains(tag, s.Source.Gateway)
	})
}

// namesProduct reports whether a tag names a product that is nothing but a gateway.
func namesProduct(tag string) bool {
	name, _ := rules.SplitStream(tag)
	return gateway.Tagged(name)
}

// retag settles the source's open streams: those of applications are named by their tags and
// lose their tallies, the others are the gateway's. The digest itself is not changed.
func (s *source) retag(apps map[string]bool) {
	settled := func(stream string) string {
		app, open := apps[stream]
		switch {
		case app:
			return strings.TrimPrefix(stream, rules.StreamAccess)
		case open:
			_, host := rules.SplitStream(stream)
			return rules.StreamOn(rules.StreamGateway, host)
		}
		return stream
	}
	d := *s.Digest
	d.Tallies = slices.DeleteFunc(slices.Clone(d.Tallies), func(t rules.Tally) bool { return apps[t.Stream] })
	d.Facts = slices.DeleteFunc(slices.Clone(d.Facts), func(f rules.Fact) bool {
		app, open := apps[f.Stream]
		return open && !app
	})
	s.Digest = &d
	s.rename(settled)
	s.Source.HasAccess = len(d.Tallies) > 0
	if !s.Source.HasAccess && !s.Source.HasErrors {
		s.Source.Role = parser.RoleApp
	}
}
