package correlate

import (
	"cmp"
	"iter"
	"math"
	"slices"

	"culprit/parser"
	"culprit/rules"
)

// maxURLs is how many URL groups an incident tells; the others are one.
const maxURLs = 20

// urls sums the URL groups of a case's failed requests. Of a tally that belongs to the case
// in part, each group does in that part, and what does not divide has no group.
func urls(g *gathering) []rules.URLGroup {
	by := map[string]int64{}
	var failed, told int64
	for _, a := range g.answers {
		failed += a.count
		if g.asked[a.tally] != nil {
			continue
		}
		for _, u := range a.tally.Groups {
			if u.URL != "" {
				n := u.Failed * a.count / max(a.tally.Count, 1)
				by[u.URL] += n
				told += n
			}
		}
	}
	for _, groups := range g.asked {
		for url, n := range groups {
			by[url] += n
			told += n
		}
	}
	if told == 0 {
		return nil
	}
	out := make([]rules.URLGroup, 0, len(by))
	for url, n := range by {
		if n > 0 {
			out = append(out, rules.URLGroup{URL: url, Failed: n})
		}
	}
	slices.SortFunc(out, func(a, b rules.URLGroup) int {
		return cmp.Or(cmp.Compare(b.Failed, a.Failed), cmp.Compare(a.URL, b.URL))
	})
	rest := failed - told
	for _, u := range out[min(len(out), maxURLs):] {
		rest += u.Failed
	}
	out = out[:min(len(out), maxURLs)]
	if rest > 0 {
		out = append(out, rules.URLGroup{Failed: rest})
	}
	return out
}

// shareURLs finds out what the failures of each case asked for in tallies that several cases have a
// part of: first what other failures of the case asked for, too, then what is left, in parts.
func shareURLs(cases []*gathering) {
	type part struct {
		g     *gathering
		count int64
	}
	parts := map[*tallied][]part{}
	var order []*tallied
	for _, g := range cases {
		g.asked = nil
		for _, a := range g.answers {
			list := parts[a.tally]
			if list == nil {
				order = append(order, a.tally)
			}
			if n := len(list); n > 0 && list[n-1].g == g {
				list[n-1].count += a.count
			} else {
				list = append(list, part{g, a.count})
			}
			parts[a.tally] = list
		}
	}
	own := map[*gathering]map[string]bool{}
	for _, t := range order {
		for _, u := range t.Groups {
			if g := parts[t][0].g; len(parts[t]) == 1 {
				if own[g] == nil {
					own[g] = map[string]bool{}
				}
				own[g][u.URL] = true
			}
		}
	}
	for _, t := range order {
		if len(parts[t]) == 1 {
			continue
		}
		left, rest := slices.Clone(t.Groups), t.Count
		for i := range parts[t] {
			p := &parts[t][i]
			if p.g.asked == nil {
				p.g.asked = map[*tallied]map[string]int64{}
			}
			p.g.asked[t] = map[string]int64{}
			for k := range left {
				if u := &left[k]; u.URL != "" && own[p.g][u.URL] {
					n := min(u.Failed, p.count)
					p.g.asked[t][u.URL] += n
					u.Failed, p.count, rest = u.Failed-n, p.count-n, rest-n
				}
			}
		}
		for _, p := range parts[t] {
			for k := range left {
				if u := &left[k]; u.URL != "" && rest > 0 {
					p.g.asked[t][u.URL] += u.Failed * p.count / rest
				}
			}
		}
	}
}

// answeredMeanwhile counts what was answered from an incident's start to its last failure,
// its failures among them: by its upstreams or, where no log says which upstream a request
// went to, by the gateways of the machines that saw it fail.
func (e *Engine) answeredMeanwhile(in *rules.Incident, g *gathering) (n int64, ofGateway bool) {
	if !g.rules.Seen.Access {
		return -1, false
	}
	for _, a := range g.answers {
		n += a.count
	}
	from := parser.FloorDiv(in.Start.Micros, parser.Second) * parser.Second
	logs := e.logsOf(g.pool)
	for i := range logs {
		n += good(logs[i].between(from, g.pool.span.To))
	}
	if len(logs) > 0 {
		return n, false
	}
	for _, site := range e.sitesOf(g) {
		n += e.goodBetween(site, from, g.pool.span.To)
	}
	return n, true
}

// good sums the requests that did not fail.
func good(tallies iter.Seq2[int64, *rules.Tally]) (n int64) {
	for _, t := range tallies {
		if !rules.Failed(t.Status) {
			n += t.Count
		}
	}
	return n
}

// goodBetween sums the requests that did not fail of a machine's access logs.
func (e *Engine) goodBetween(site string, from, to int64) int64 {
	if e.sums == nil {
		e.sums = map[string][]sum{}
		for _, s := range e.accessSources() {
			s.arrange()
			for _, x := range s.seconds {
				if t := &s.Tallies[x.tally]; !rules.Failed(t.Status) {
					e.sums[s.site] = append(e.sums[s.site], sum{x.at, t.Count})
				}
			}
		}
		for _, list := range e.sums {
			slices.SortFunc(list, func(a, b sum) int { return cmp.Compare(a.at, b.at) })
			for i := range list[1:] {
				list[i+1].count += list[i].count
			}
		}
	}
	list := e.sums[site]
	upTo := func(at int64) int64 {
		i, _ := slices.BinarySearchFunc(list, at, func(x sum, at int64) int { return cmp.Compare(x.at, at) })
		if i == 0 {
			return 0
		}
		return list[i-1].count
	}
	return max(upTo(to)-upTo(from), 0)
}

// A sum is how many requests there were up to a second that begins at a moment.
type sum struct{ at, count int64 }

// sitesOf lists the machines whose gateways saw a case's failures.
func (e *Engine) sitesOf(g *gathering) (sites []string) {
	for _, i := range g.pool.sources {
		if site := e.sources[i].site; !slices.Contains(sites, site) {
			sites = append(sites, site)
		}
	}
	return sites
}

// A crowd counts distinct hashes: exactly while they are few, else from how close the
// smallest ones stand (k minimum values).
type crowd struct {
	hashes []uint64
	k      int  // smallest hashes that are known of everybody
	cut    bool // more were there than are known
}

// maxCrowd is how many clients are counted exactly.
const maxCrowd = 4096

// add takes a set; full says that it holds only its smallest.
func (c *crowd) add(set []uint64, full bool) {
	if full {
		c.k, c.cut = min(c.k, len(set)), true
	}
	if c.hashes = append(c.hashes, set...); len(c.hashes) > 4*maxCrowd {
		c.settle()
	}
}

func (c *crowd) settle() {
	slices.Sort(c.hashes)
	if c.hashes = slices.Compact(c.hashes); len(c.hashes) > maxCrowd {
		c.hashes, c.cut = c.hashes[:maxCrowd], true
	}
}

// count returns how many there were, and whether that is an estimate, of two digits.
func (c *crowd) count() (n int64, about bool) {
	c.settle()
	if !c.cut || len(c.hashes) < c.k {
		return int64(len(c.hashes)), c.cut
	}
	estimate := float64(c.k-1) * math.MaxUint64 / max(float64(c.hashes[c.k-1]), 1)
	unit := math.Pow(10, math.Floor(math.Log10(max(estimate, 10)))-1)
	return int64(math.Round(estimate/unit) * unit), true
}

// clients counts whose requests failed; -1 if the access log names no client.
func clients(g *gathering) (n int64, about bool) {
	c := crowd{k: maxCrowd}
	shared, failed := false, int64(0)
	for _, a := range g.answers {
		failed += a.count
		c.add(a.tally.Clients, len(a.tally.Clients) >= rules.MaxClients)
		shared = shared || a.count < a.tally.Count && len(a.tally.Clients) > 1 // some of them may be another case's
	}
	if len(c.hashes) == 0 {
		return -1, false
	}
	if n, about = c.count(); shared {
		n = min(n, failed)
	}
	return n, about || shared
}
