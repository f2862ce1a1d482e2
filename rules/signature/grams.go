package signature

import (
	"iter"
	"math"
	"math/bits"
	"strings"
)

// maxRules bounds a set, so that the rules found in a text fit in a value on the
// stack.
const maxRules = 4096

// ruleBits is a set of rule numbers.
type ruleBits [maxRules / 64]uint64

func (b *ruleBits) add(i int32) { b[i>>6] |= 1 << (i & 63) }

// each yields the numbers in rising order.
func (b *ruleBits) each(yield func(int) bool) {
	for w, word := range b {
		for ; word != 0; word &= word - 1 {
			if !yield(w<<6 + bits.TrailingZeros64(word)) {
				return
			}
		}
	}
}

var _ iter.Seq[int] = (*ruleBits)(nil).each

// grams finds literals in a text. Of each literal two neighbouring windows of three
// bytes stand in a bit table of hashes, so one of them is met when the text is
// probed at every second byte only. The windows are the rarest of the literal, and
// come from its longest stretch that no encoder escapes (its core). Where
// the bit is set, a second table tells whether the byte beside the window, too, is that of a literal, and only then are whole literals compared:
// of the windows of healthy lines 18 % pass the first table and 5 % the second.
//
// Measured on healthy lines of 160 bytes (BenchmarkMatchHealthy) with 761 signatures (2529
// literals): 900 MB/s; without the second table, and with windows chosen by their letters
// alone, 200 to 500 MB/s; with windows of four bytes, and a table for the literals too short for
// these, a seventh slower. A full Aho-Corasick automaton over byte classes does 380 MB/s
// (BenchmarkAhoCorasick).
type grams struct {
	table   bitTable                  // of windows
	beside  bitTable                  // of first windows with the byte behind, second ones with the byte before
	starts  [1<<bucketBits + 1]uint32 // by bucket: where its anchors begin
	anchors []anchor
	pending []anchor // added, not yet built
}

const (
	gramBits   = 17
	bucketBits = 12 // a bucket holds the hashes that share their upper bits
	gramBytes  = 3
	gramStride = 2
	// minLiteral is the shortest literal: both windows must fit in it.
	minLiteral = gramBytes + gramStride - 1
)

// A bitTable is a set of hashes.
type bitTable [1 << (gramBits - 6)]uint64

func (t *bitTable) add(h uint32)      { t[h>>6] |= 1 << (h & 63) }
func (t *bitTable) has(h uint32) bool { return t[h>>6]>>(h&63)&1 != 0 }

// An anchor ties one window to the literal it comes from.
type anchor struct {
	hash    uint32
	rule    int32
	offset  int32 // of the window in the literal; until it is built, of the core
	literal string
	core    string // its stretch that no encoder escapes
}

func hashGram(v uint32) uint32 { return v << 8 * 0x9E3779B1 >> (32 - gramBits) }

// hashBeside is of four bytes, the first of which stands lowest.
func hashBeside(v uint32) uint32 { return v * 0x85EBCA6B >> (32 - gramBits) }

// noRule is that of words which Telling finds and Match does not.
const noRule = -1

// add enters a literal that has a core of minLiteral bytes or more (see coreOf).
func (g *grams) add(literal string, rule int) {
	from, to := coreOf(literal)
	if rule == noRule {
		from, to = 0, len(literal)
	}
	g.pending = append(g.pending, anchor{rule: int32(rule), offset: int32(from), literal: literal, core: literal[from:to]})
}

// build chooses the windows, fills the tables and sorts the anchors into buckets (counting
// sort).
func (g *grams) build() {
	shared := new([1 << gramBits]uint16) // how many cores hold a window
	for _, a := range g.pending {
		for i := 0; i+gramBytes <= len(a.core); i++ {
			if n := &shared[hashGram(gram(a.core[i:]))]; *n < math.MaxUint16 {
				*n++
			}
		}
	}
	for i := range g.pending {
		a := &g.pending[i]
		at := rarest(a.core, shared)
		a.offset += int32(at)
		g.beside.add(hashBeside(gram(a.core[at:]) | uint32(a.core[at+gramBytes])<<24))
		for i := at; i < at+gramStride; i++ {
			hash := hashGram(gram(a.core[i:]))
			g.table.add(hash)
			g.starts[bucket(hash)+1]++
		}
	}
	for i := 1; i < len(g.starts); i++ {
		g.starts[i] += g.starts[i-1]
	}
	g.anchors = make([]anchor, len(g.pending)*gramStride)
	next := g.starts
	for _, a := range g.pending {
		for range gramStride {
			a.hash = hashGram(gram(a.literal[a.offset:]))
			g.anchors[next[bucket(a.hash)]] = a
			next[bucket(a.hash)]++
			a.offset++
		}
	}
	g.pending = nil
}

// gram is the window at the beginning of s.
func gram(s string) uint32 { return uint32(s[0]) | uint32(s[1])<<8 | uint32(s[2])<<16 }

func bucket(hash uint32) uint32 { return hash >> (gramBits - bucketBits) }

// probe returns the first even position from i on where a window of the table may
// stand, and its hash; -1 if there is none.
func (g *grams) probe(text []byte, i int) (int, uint32) {
	for ; i+4 <= len(text); i += gramStride {
		w := text[i : i+4 : i+4]
		v := uint32(w[0]) | uint32(w[1])<<8 | uint32(w[2])<<16 | uint32(w[3])<<24
		if h := hashGram(v); g.table.has(h) && (g.beside.has(hashBeside(v)) || i > 0 && g.beside.has(hashBeside(v<<8|uint32(text[i-1])))) {
			return i, h
		}
	}
	if i+3 == len(text) && i > 0 {
		v := uint32(text[i]) | uint32(text[i+1])<<8 | uint32(text[i+2])<<16
		if h := hashGram(v); g.table.has(h) && g.beside.has(hashBeside(v<<8|uint32(text[i-1]))) {
			return i, h
		}
	}
	return -1, 0
}

// first returns the position of the first window whose whole literal, of the rules least and
// above, stands in the text, -1 if there is none.
func (g *grams) first(text []byte, least int32) int {
	for i, h := g.probe(text, 0); i >= 0; i, h = g.probe(text, i+gramStride) {
		anchors := g.of(h)
		for k := range anchors {
			if a := &anchors[k]; a.hash == h && a.rule >= least && standsAt(text, i-int(a.offset), a.literal) {
				return i
			}
		}
	}
	return -1
}

// all adds the rules whose literals stand in the text, with windows from position i on.
func (g *grams) all(text []byte, i int, found *ruleBits) {
	for i, h := g.probe(text, i); i >= 0; i, h = g.probe(text, i+gramStride) {
		anchors := g.of(h)
		for k := range anchors {
			if a := &anchors[k]; a.hash == h && a.rule >= 0 && standsAt(text, i-int(a.offset), a.literal) {
				found.add(a.rule)
			}
		}
	}
}

// of returns the anchors that may have the hash.
func (g *grams) of(h uint32) []anchor {
	b := bucket(h)
	return g.anchors[g.starts[b]:g.starts[b+1]]
}

func standsAt(text []byte, at int, literal string) bool {
	return at >= 0 && at+len(literal) <= len(text) && string(text[at:at+len(literal)]) == literal
}

// coreOf returns the bounds of the literal's longest stretch of bytes that JSON,
// logfmt, journal and shell encoders leave as they are. The equals sign is none of
// them: a message's key=value may stand as "key":"value" in the raw line.
func coreOf(literal string) (from, to int) {
	start := 0
	for i := 0; i <= len(literal); i++ {
		if i < len(literal) && plain(literal[i]) {
			continue
		}
		if i-start > to-from {
			from, to = start, i
		}
		start = i + 1
	}
	return from, to
}

func plain(c byte) bool { return plainBytes[c] }

// plainBytes and rarities hold what is asked of each byte of each literal at every start.
var plainBytes, rarities = func() (plain [256]bool, rarity [256]int32) {
	for i := range plain {
		c := byte(i)
		plain[i] = c >= ' ' && c < 0x7F && strings.IndexByte("\"\\/<>&'`+=", c) < 0
		if rarity[i] = int32(strings.IndexByte(common, c)); rarity[i] < 0 {
			rarity[i] = 2 * int32(len(common))
		}
	}
	return plain, rarity
}()

// common lists bytes from most to least frequent in gateway and application logs.
const common = " 01:2e3t\"/5-64.a,98o7ins=rcdpl_hmu[]GETHPfbgw"

// rarest returns where the rarest pair of neighbouring windows begins in a core: of bytes
// that are rare in logs, and in few of the other cores, because words that many rules look
// for (request, server) stand in many healthy lines, too.
func rarest(core string, shared *[1 << gramBits]uint16) int {
	best, at := -1.0, 0
	for i := 0; i+minLiteral <= len(core); i++ {
		score := 1.0
		for k := i; k < i+gramStride; k++ {
			score *= float64(rarity(core[k:k+gramBytes])) / float64(shared[hashGram(gram(core[k:]))])
		}
		if score > best {
			best, at = score, i
		}
	}
	return at
}

func rarity(window string) int32 {
	return 1 + rarities[window[0]] + rarities[window[1]] + rarities[window[2]]
}
