package correlate

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

func TestProcessesOfOneTag(t *testing.T) {
	type process struct {
		pid         int64
		first, last int64
		ports       string
		urls        string
		names       []int64
	}
	for name, c := range map[string]struct {
		processes []process
		want      string
	}{
		"a master, its workers and a restart":  {[]process{{11, 0, 50, "8000", "", []int64{12}}, {12, 1, 50, "", "", nil}, {30, 60, 90, "8000", "", nil}}, "[11 12 30]"},
		"nothing tells them apart":             {[]process{{11, 0, 50, "", "", nil}, {12, 0, 50, "", "", nil}}, "[11 12]"},
		"two ports":                            {[]process{{11, 0, 50, "3001", "", nil}, {12, 0, 50, "3002", "", nil}}, "[11] [12]"},
		"two ports, and a worker of one":       {[]process{{11, 0, 50, "3001", "", []int64{13}}, {12, 0, 50, "3002", "", nil}, {13, 1, 50, "", "", nil}}, "[11 13] [12]"},
		"two ports, and one starts again":      {[]process{{11, 0, 20, "3001", "", nil}, {12, 0, 50, "3002", "", nil}, {13, 22, 50, "3001", "", nil}}, "[11 13] [12]"},
		"a start that fails after an end":      {[]process{{11, 0, 20, "3001", "", nil}, {12, 0, 50, "3002", "", nil}, {13, 22, 23, "", "", nil}}, "[11 13] [12]"},
		"a start that fails after two ends":    {[]process{{11, 0, 20, "3001", "", nil}, {12, 0, 20, "3002", "", nil}, {13, 22, 23, "", "", nil}}, "[11] [12] [13]"},
		"other URLs at the same time":          {[]process{{11, 0, 50, "", "a b", nil}, {12, 0, 50, "", "c", nil}}, "[11] [12]"},
		"workers answer the same":              {[]process{{11, 0, 50, "", "a b", nil}, {12, 0, 50, "", "b c", nil}}, "[11 12]"},
		"other URLs, but one after the other":  {[]process{{11, 0, 20, "", "a", nil}, {12, 30, 50, "", "b", nil}}, "[11 12]"},
		"a third that answers none beside two": {[]process{{11, 0, 50, "", "a", nil}, {12, 0, 50, "", "b", nil}, {13, 0, 50, "", "", nil}}, "[11] [12] [13]"},
	} {
		t.Run(name, func(t *testing.T) {
			crew := &crew{}
			for _, p := range c.processes {
				w := &worker{pid: p.pid, first: p.first, last: p.last, ports: map[string]bool{}, urls: map[uint64]bool{}, names: map[int64]bool{}}
				for port := range strings.FieldsSeq(p.ports) {
					w.ports[port] = true
				}
				for url := range strings.FieldsSeq(p.urls) {
					w.urls[uint64(url[0])], w.requests = true, 2*minMatches
				}
				for _, pid := range p.names {
					w.names[pid] = true
				}
				crew.workers = append(crew.workers, w)
			}
			slices.SortFunc(crew.workers, byFirstLine)
			crew.settle()
			got := map[int][]int64{}
			var order []int
			for _, w := range crew.workers {
				if got[w.group] == nil {
					order = append(order, w.group)
				}
				got[w.group] = append(got[w.group], w.pid)
			}
			var text []string
			for _, g := range order {
				text = append(text, fmt.Sprint(got[g]))
			}
			if all := strings.Join(text, " "); all != c.want {
				t.Errorf("%s, want %s", all, c.want)
			}
		})
	}
}
