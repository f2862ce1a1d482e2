package pipeline

import (
	"cmp"
	"slices"

	"culprit/parser/source"
	"culprit/rules"
)

// Who saves logs in an outage leaves copies beside them: "error (copy).log", error.log.bak
// that ends in the middle of it, the tarball for a colleague, what copytruncate copied and
// could not truncate. Read as logs of their own they would count each failure again.

// withoutCopies replaces each gateway's log that another one holds, whole or as its
// beginning, by a row that says so. Requests and errors are counted, so a gateway's copy
// does harm; what applications say is evidence, which is weighed once anyway.
func withoutCopies(digests []*rules.Digest) []*rules.Digest {
	out := slices.Clone(digests)
	alike := map[uint64][]int{} // places by the hash of the first 4 KiB
	for i, d := range out {
		if s := &d.Source; (s.HasErrors || s.HasAccess) && s.First.Known() && s.Lines > 0 {
			alike[s.HeadHash] = append(alike[s.HeadHash], i)
		}
	}
	for _, list := range alike {
		slices.SortFunc(list, func(i, j int) int { return fuller(&out[i].Source, &out[j].Source) })
		whole := &out[list[0]].Source
		for _, i := range list[1:] {
			if s := &out[i].Source; holds(whole, s) {
				again := &source.DuplicateError{Path: s.Path, Of: whole.Path}
				out[i] = &rules.Digest{Source: rules.SourceInfo{Path: s.Path, Group: s.Path, Location: s.Location, Error: again.Error()}}
			}
		}
	}
	return out
}

// holds reports whether a log that begins as another one goes at least as far.
func holds(whole, part *rules.SourceInfo) bool {
	a, b := whole.First, part.First
	return a.Micros == b.Micros && a.Clock == b.Clock && part.Last.Micros <= whole.Last.Micros && part.Lines <= whole.Lines
}

// fuller puts the longest of some logs first; of equal ones that with the plainest path.
func fuller(a, b *rules.SourceInfo) int {
	return cmp.Or(cmp.Compare(b.Bytes, a.Bytes), cmp.Compare(len(a.Path), len(b.Path)), cmp.Compare(a.Path, b.Path))
}
