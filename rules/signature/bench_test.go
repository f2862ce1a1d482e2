package signature

import (
	"bytes"
	"fmt"
	"testing"

	"culprit/parser"
	"culprit/rules"
)

// healthy are lines of about 160 bytes as an application writes them all day.
var healthy = []string{
	`[catalog] 2026/11/22 15:05:08 request method=GET path=/products/743 status=200 dur=15.239ms client=10.0.0.7 bytes=18231 cache=hit id=4f1c2ab9b07e31 user=- app=v1.4.2`,
	`10.0.0.7 - - [22/Nov/2026:15:05:08 +0000] "GET /products/743?page=2&sort=price HTTP/1.1" 200 18231 "https://shop.example/products" "Mozilla/5.0 (X11; Linux x86_64)"`,
	`{"level":30,"time":1795359908123,"pid":6643,"hostname":"web-1","reqId":"req-4f1c","res":{"statusCode":200},"responseTime":15.239,"msg":"request completed","x":"abcdef"}`,
	`2026-11-22 15:05:08.123  INFO 4471 --- [nio-8080-exec-7] c.e.shop.web.ProductController         : served product 743 in 15 ms for customer 9b07e31 from region eu-west`,
}

func healthyText(lines int) []byte {
	var b bytes.Buffer
	for i := range lines {
		fmt.Fprintf(&b, "%s\n", healthy[i%len(healthy)])
	}
	return b.Bytes()
}

func BenchmarkMatchHealthy(b *testing.B) {
	set := Builtin()
	lines := bytes.Split(healthyText(4000), []byte("\n"))
	size := int64(0)
	for _, line := range lines {
		size += int64(len(line))
	}
	b.SetBytes(size)
	b.ReportAllocs()
	var r parser.Record
	var hits []rules.Hit
	for b.Loop() {
		for _, line := range lines {
			r.Message = line
			hits = set.Match(&r, hits[:0])
		}
	}
	b.ReportMetric(float64(len(set.rules)), "signatures")
}

// BenchmarkMatchHit is the price of a line that is evidence.
func BenchmarkMatchHit(b *testing.B) {
	set := Builtin()
	r := parser.Record{Program: []byte("kernel"), Message: []byte(`Memory cgroup out of memory: Killed process 22838 (gunicorn) total-vm:217708kB, anon-rss:199372kB, file-rss:8824kB, shmem-rss:0kB, UID:33 pgtables:468kB oom_score_adj:0`)}
	b.SetBytes(int64(len(r.Message)))
	b.ReportAllocs()
	var hits []rules.Hit
	for b.Loop() {
		hits = set.Match(&r, hits[:0])
	}
}

// BenchmarkAhoCorasick is the search that lost, kept to be compared with: a full
// automaton over byte classes.
func BenchmarkAhoCorasick(b *testing.B) {
	var literals []string
	for _, r := range Builtin().rules {
		literals = append(literals, r.contains...)
	}
	a := newAutomaton(literals)
	lines := bytes.Split(healthyText(4000), []byte("\n"))
	size := int64(0)
	for _, line := range lines {
		size += int64(len(line))
	}
	b.SetBytes(size)
	found := 0
	for b.Loop() {
		for _, line := range lines {
			if a.find(line) {
				found++
			}
		}
	}
	b.ReportMetric(float64(len(literals)), "literals")
}

type automaton struct {
	class   [256]uint8
	classes int
	next    []int32 // state*classes+class; negative: a literal ends
}

func newAutomaton(literals []string) *automaton {
	a := &automaton{classes: 1}
	for _, l := range literals {
		for i := range len(l) {
			if a.class[l[i]] == 0 {
				a.class[l[i]] = uint8(a.classes)
				a.classes++
			}
		}
	}
	trie := [][]int32{make([]int32, a.classes)}
	end := []bool{false}
	for _, l := range literals {
		s := int32(0)
		for i := range len(l) {
			c := a.class[l[i]]
			if trie[s][c] == 0 {
				trie = append(trie, make([]int32, a.classes))
				end = append(end, false)
				trie[s][c] = int32(len(trie) - 1)
			}
			s = trie[s][c]
		}
		end[s] = true
	}
	fail := make([]int32, len(trie))
	queue := []int32{}
	for _, s := range trie[0] {
		if s != 0 {
			queue = append(queue, s)
		}
	}
	for len(queue) > 0 {
		s := queue[0]
		queue = queue[1:]
		end[s] = end[s] || end[fail[s]]
		for c := range a.classes {
			if t := trie[s][c]; t != 0 {
				fail[t] = trie[fail[s]][c]
				queue = append(queue, t)
			} else {
				trie[s][c] = trie[fail[s]][c]
			}
		}
	}
	a.next = make([]int32, len(trie)*a.classes)
	for s := range trie {
		for c, t := range trie[s] {
			n := t * int32(a.classes)
			if end[t] {
				n = -n
			}
			a.next[s*a.classes+c] = n
		}
	}
	return a
}

func (a *automaton) find(text []byte) bool {
	s := int32(0)
	for _, b := range text {
		s = a.next[s+int32(a.class[b])]
		if s < 0 {
			return true
		}
	}
	return false
}

// BenchmarkLoad is the price of rule files that are not built in, here of as many.
func BenchmarkLoad(b *testing.B) {
	data := Data().(builtinFS).FS
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Load(data); err != nil {
			b.Fatal(err)
		}
	}
}
