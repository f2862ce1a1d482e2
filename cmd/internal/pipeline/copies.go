package pipeline

import (
	"cmp"
	"path"
	"slices"

	"culprit/parser"
	"culprit/parser/source"
	"culprit/rules"
)

// Who saves logs in an outage leaves copies beside them: "error (copy).log", error.log.bak
// that ends in the middle of it, the tarball for a colleague, what copytruncate copied and
// could not truncate. Read as logs of their own they would count each failure again.

// headBytes is how much of a source HeadHash is of.
const headBytes = 4 << 10

// withoutCopies replaces each log that another one holds, whole or as its beginning, by a
// row that says so. Stamps on the first 4 KiB make chance unlikely. Of what is shorter only
// a gateway's log counts, whose lines name connections: the few lines that an application
// writes at its start may be equal on two machines.
//
// A log that goes on longer is no proof that it holds what a shorter one does: at boot
// rsyslog writes the same lines into kern.log and messages, and only kern.log gets the
// errors. So what is taken for the beginning of another log has its name, in another folder,
// or is a gateway's, of the same formats.
func withoutCopies(digests []*rules.Digest) []*rules.Digest {
	out := slices.Clone(digests)
	alike := map[uint64][]int{} // places by the hash of the first 4 KiB
	for i, d := range out {
		s := &d.Source
		if ofGateway := s.HasErrors || s.HasAccess; s.First.Clock >= parser.ClockYearless && (ofGateway || s.Bytes >= headBytes) {
			alike[s.HeadHash] = append(alike[s.HeadHash], i)
		}
	}
	for _, list := range alike {
		slices.SortFunc(list, func(i, j int) int { return fuller(&out[i].Source, &out[j].Source) })
		var kept []*rules.SourceInfo
		for _, i := range list {
			s := &out[i].Source
			at := slices.IndexFunc(kept, func(whole *rules.SourceInfo) bool { return holds(whole, s) })
			if at < 0 {
				kept = append(kept, s)
				continue
			}
			again := &source.DuplicateError{Path: s.Path, Of: kept[at].Path}
			out[i] = &rules.Digest{Source: rules.SourceInfo{Path: s.Path, Group: s.Path, Location: s.Location, Error: again.Error()}}
		}
	}
	return out
}

// holds reports whether a log that begins as another one holds all of it.
func holds(whole, part *rules.SourceInfo) bool {
	switch {
	case whole.First != part.First:
		return false
	case whole.Bytes == part.Bytes:
		return whole.Lines == part.Lines && whole.Last == part.Last
	}
	earlier := path.Base(whole.Path) == path.Base(part.Path) ||
		(part.HasErrors || part.HasAccess) && slices.Equal(whole.Formats, part.Formats)
	return earlier && part.Last.Micros <= whole.Last.Micros && part.Lines <= whole.Lines
}

// fuller puts the longest of some logs first; of equal ones that with the plainest path.
func fuller(a, b *rules.SourceInfo) int {
	return cmp.Or(cmp.Compare(b.Bytes, a.Bytes), cmp.Compare(len(a.Path), len(b.Path)), cmp.Compare(a.Path, b.Path))
}
