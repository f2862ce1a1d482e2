package correlate

import (
	"cmp"
	"slices"
)

// Some gateways tell of a failed request twice: their own log says what went wrong and not
// whose, the access log says whose and not what (Traefik's debug lines; both may be one
// stream). What the own log says is of the requests that the access log tells of at that time.

// toldApart reports whether two lines of one gateway may tell of the same requests so.
func toldApart(s, access *symptom) bool {
	return access.Asked && !s.Asked && len(s.Requests) == 0 && s.source.sameGateway(access.source) &&
		access.when.From <= s.last.To+near && s.when.From <= access.last.To+near
}

// shareApart gives the lines of the own log to the requests that are nearest in time and ended
// as they say, by a timeout or not: several upstreams may fail in one second, and each gets as
// many as it has requests.
func (e *Engine) shareApart(groups map[node][]*symptom) {
	var asked []*askedShare
	for _, root := range sortedRoots(groups) {
		for _, s := range groups[root] {
			if s.Asked && s.Upstream != "" && !root.isGateway() {
				asked = append(asked, &askedShare{s, root, s.Count})
			}
		}
	}
	if len(asked) == 0 {
		return
	}
	slices.SortStableFunc(asked, func(a, b *askedShare) int { return byTime(a.symptom, b.symptom) })
	widest := int64(0)
	for _, a := range asked {
		widest = max(widest, a.last.To-a.when.From)
	}
	for _, root := range sortedRoots(groups) {
		if root.name == "" || root.name[0] != '?' {
			continue
		}
		lost := slices.Clone(groups[root])
		slices.SortStableFunc(lost, byTime)
		kept := lost[:0]
		for _, s := range lost {
			if s = shareAsked(s, asked, widest, groups); s != nil {
				kept = append(kept, s)
			}
		}
		if groups[root] = kept; len(kept) == 0 {
			delete(groups, root)
		}
	}
}

// An askedShare is what access lines tell of an upstream's failures, and how many of them no
// line of the own log was given to.
type askedShare struct {
	*symptom
	root node
	left int64
}

// shareAsked gives the lines of one symptom away and returns what is left of it, nil if nothing.
func shareAsked(s *symptom, asked []*askedShare, widest int64, groups map[node][]*symptom) *symptom {
	if s.Asked || len(s.Requests) > 0 || s.Count == 0 || s.when.From < 0 {
		return s
	}
	first, _ := slices.BinarySearchFunc(asked, s.when.From-near-widest, func(a *askedShare, at int64) int { return cmp.Compare(a.when.From, at) })
	var by []*askedShare
	for _, a := range asked[first:] {
		if a.when.From > s.last.To+near {
			break
		}
		if a.left > 0 && toldApart(s, a.symptom) && isTimeout(a.Symptom) == isTimeout(s.Symptom) {
			by = append(by, a)
		}
	}
	slices.SortStableFunc(by, func(a, b *askedShare) int {
		return cmp.Compare(abs(a.when.From-s.when.From), abs(b.when.From-s.when.From))
	})
	for _, a := range by {
		n := min(a.left, s.Count)
		a.left -= n
		if n == s.Count {
			groups[a.root] = append(groups[a.root], s)
			return nil
		}
		part, rest := *s.Event, *s.Event
		part.Count, rest.Count = n, s.Count-n
		part.Lines = min(n, s.Lines)
		rest.Lines = s.Lines - part.Lines
		groups[a.root] = append(groups[a.root], &symptom{Event: &part, source: s.source, when: s.when, last: s.last, shared: true})
		s = &symptom{Event: &rest, source: s.source, when: s.when, last: s.last, members: s.members, shared: true}
	}
	return s
}
