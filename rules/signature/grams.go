package signature

import (
	_ "embed"
	"encoding/binary"
	"iter"
	"math"
	"math/bits"
	"strings"

	"culprit/parser"
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

// grams finds literals in a text. Of each literal two neighbouring windows of four
// bytes stand in a table, so one of them is met when the text is
// probed at every second byte only. The windows are those of the literal that stand in the fewest healthy
// lines, and come from its longest stretch that no encoder escapes (its core); of a core of four bytes
// the second one is its last three with any byte behind. A table of bytes is asked
// for four windows with one branch, since a branch that nothing foretells costs most. What it lets
// through is asked of a second one together with the bytes beside it, and only then are whole
// literals compared: of the windows of healthy lines 2 to 4 % pass the first table and 0.3 to 2 % the second.
//
// Measured with 862 signatures (2709 literals) by BenchmarkMatchHealthy: a quarter less time than with
// windows of three bytes of which one branch each decides, chosen by their bytes alone, of which 20 to
// 30 % passed the first table. A table of 64 KiB instead of 256 lets twice as many pass and takes a
// fifth longer. A full Aho-Corasick automaton over byte classes is far behind (BenchmarkAhoCorasick).
type grams struct {
	table   [1 << gramBits]uint8      // of windows: 1 if there is one with this hash
	wide    bitTable                  // of the same windows with what stands beside them
	starts  [1<<bucketBits + 1]uint32 // by bucket: where its anchors begin
	anchors []anchor
	pending []anchor // added, not yet built
}

const (
	gramBits   = 18
	wideBits   = 17
	bucketBits = 12
	gramBytes  = 4
	gramStride = 2
	// minLiteral is the shortest literal, whose second window ends with any byte.
	minLiteral  = gramBytes
	blockStride = 4 * gramStride // four windows
	blockBytes  = blockStride - gramStride + gramBytes
	shortCore   = 10 // these have little choice
	// foldLast leaves the last byte of a window 64 values, and those of printable characters but
	// for the case of letters apart: for where any byte may be the last one.
	foldLast = 0x5FFFFFFF
)

// A bitTable is a set of hashes.
type bitTable [1 << (wideBits - 6)]uint64

func (t *bitTable) add(h uint32)      { t[h>>6] |= 1 << (h & 63) }
func (t *bitTable) has(h uint32) bool { return t[h>>6]>>(h&63)&1 != 0 }

// An anchor ties one window to the literal it comes from.
type anchor struct {
	wide    uint32 // hash of the window with what stands beside it
	rule    int32
	offset  int32 // of the window in the literal; until it is built, of the core
	literal string
	core    string // its stretch that no encoder escapes
}

func hashGram(v uint32) uint32 { return v & foldLast * 0x9E3779B1 >> (32 - gramBits) }

// hashWide is of a window and what stands beside it.
func hashWide(v, beside uint32) uint32 {
	return (v&foldLast ^ beside*0x27D4EB2F) * 0x85EBCA6B >> (32 - wideBits)
}

// What stands beside a window: two bytes behind it, or one before it; or one before the first three
// bytes of a window whose last one may be any. 0 is nothing.
func behind(a, b byte) uint32   { return 1<<16 | uint32(a)<<8 | uint32(b) }
func before(b byte) uint32      { return 2<<16 | uint32(b) }
func beforeThree(b byte) uint32 { return 3<<16 | uint32(b) }

func bucket(wide uint32) uint32 { return wide >> (wideBits - bucketBits) }

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

// A usage is how often windows stand in lines of healthy software, alone and with what is beside them.
type usage struct {
	grams [1 << gramBits]uint8
	wide  [1 << wideBits]uint8
}

func (u *usage) count(text []byte) {
	for i := range len(text) - gramBytes {
		raise(&u.grams[hashGram(binary.LittleEndian.Uint32(text[i:]))])
		for _, wide := range widths(text, i) {
			raise(&u.wide[wide])
		}
	}
}

func raise(n *uint8) {
	if *n < math.MaxUint8 {
		*n++
	}
}

// enter puts the window at a place of a literal into the tables, and returns its hash with what
// stands beside it: that which does so in the fewer healthy lines.
func (g *grams) enter(literal string, at int, healthy *usage) (wide uint32) {
	if at+gramBytes > len(literal) { // it is the second one of a core of four bytes
		for last := range uint32(256) {
			g.table[hashGram(threeOf(literal[at:])|last<<24)] = 1
		}
		wide = hashWide(threeOf(literal[at:]), beforeThree(literal[at-1]))
		g.wide.add(wide)
		return wide
	}
	v, end := gram(literal[at:]), at+gramBytes
	wide = hashWide(v, 0)
	if end+2 <= len(literal) {
		wide = hashWide(v, behind(literal[end], literal[end+1]))
	}
	if at > 0 {
		if w := hashWide(v, before(literal[at-1])); end+2 > len(literal) || healthy.wide[w] < healthy.wide[wide] {
			wide = w
		}
	}
	g.table[hashGram(v)] = 1
	g.wide.add(wide)
	return wide
}

// enterMethods makes each method met with its first byte, or the one before it.
func (g *grams) enterMethods(healthy *usage) {
	for _, m := range parser.Methods {
		for c := range 256 {
			g.enter(string([]byte{byte(c), m[0], m[1], m[2]}), 0, healthy)
			if len(m) < gramBytes {
				g.enter(string([]byte{m[0], m[1], m[2], byte(c)}), 0, healthy)
			}
		}
		if len(m) >= gramBytes {
			g.enter(m[:gramBytes], 0, healthy)
		}
	}
}

// build chooses the windows, fills the tables and sorts the anchors into buckets (counting
// sort). Short literals come first.
func (g *grams) build() {
	healthy := &usage{}
	healthy.count([]byte(healthyLines))
	g.enterMethods(healthy)
	all := make([]anchor, 0, len(g.pending)*gramStride)
	for _, short := range [...]bool{true, false} {
		for _, a := range g.pending {
			if short != (len(a.core) < shortCore) {
				continue
			}
			a.offset += int32(g.rarest(a.core, healthy))
			for range gramStride {
				a.wide = g.enter(a.literal, int(a.offset), healthy)
				g.starts[bucket(a.wide)+1]++
				all = append(all, a)
				a.offset++
			}
		}
	}
	for i := 1; i < len(g.starts); i++ {
		g.starts[i] += g.starts[i-1]
	}
	g.anchors = make([]anchor, len(all))
	next := g.starts
	for _, a := range all {
		g.anchors[next[bucket(a.wide)]] = a
		next[bucket(a.wide)]++
	}
	g.pending = nil
}

// gram is the window at the beginning of s, threeOf its first bytes.
func gram(s string) uint32    { return threeOf(s) | uint32(s[3])<<24 }
func threeOf(s string) uint32 { return uint32(s[0]) | uint32(s[1])<<8 | uint32(s[2])<<16 }

// probe returns the first even position from i on where a window of the tables may
// stand; -1 if there is none. i is even.
func (g *grams) probe(text []byte, i int) int {
	last := (len(text)-gramBytes)&^(gramStride-1) + gramStride - blockStride // where the last block begins, which may overlap
	for ; i < last; i += blockStride {
		b := text[i : i+blockBytes : i+blockBytes]
		if g.table[hashGram(binary.LittleEndian.Uint32(b))]|g.table[hashGram(binary.LittleEndian.Uint32(b[2:]))]|
			g.table[hashGram(binary.LittleEndian.Uint32(b[4:]))]|g.table[hashGram(binary.LittleEndian.Uint32(b[6:]))] != 0 {
			if at := g.single(text, i, i+blockStride); at >= 0 {
				return at
			}
		}
	}
	if last >= 0 {
		b := text[last : last+blockBytes : last+blockBytes]
		if g.table[hashGram(binary.LittleEndian.Uint32(b))]|g.table[hashGram(binary.LittleEndian.Uint32(b[2:]))]|
			g.table[hashGram(binary.LittleEndian.Uint32(b[4:]))]|g.table[hashGram(binary.LittleEndian.Uint32(b[6:]))] == 0 {
			i = max(i, last+blockStride)
		}
	}
	if at := g.single(text, i, len(text)-gramBytes+1); at >= 0 {
		return at
	}
	if end := len(text) - 3; end >= i && end%gramStride == 0 && g.stands(text, end) {
		return end
	}
	return -1
}

// single is probe of one window after the other, up to a place.
func (g *grams) single(text []byte, i, end int) int {
	for ; i < end; i += gramStride {
		if g.table[hashGram(binary.LittleEndian.Uint32(text[i:]))] != 0 && g.stands(text, i) {
			return i
		}
	}
	return -1
}

// widths are the hashes of the window at a place of a text with what may stand beside it.
func widths(text []byte, i int) (wide [4]uint32) {
	v := uint32(text[i]) | uint32(text[i+1])<<8 | uint32(text[i+2])<<16
	if i > 0 {
		wide[3] = hashWide(v, beforeThree(text[i-1]))
	}
	if i+gramBytes > len(text) {
		return wide
	}
	v |= uint32(text[i+3]) << 24
	wide[0] = hashWide(v, 0)
	if i+gramBytes+2 <= len(text) {
		wide[1] = hashWide(v, behind(text[i+4], text[i+5]))
	}
	if i > 0 {
		wide[2] = hashWide(v, before(text[i-1]))
	}
	return wide
}

// stands reports whether the window at a place of a text may be that of a literal.
func (g *grams) stands(text []byte, i int) bool {
	w := widths(text, i)
	return g.wide.has(w[0]) || g.wide.has(w[1]) || g.wide.has(w[2]) || g.wide.has(w[3])
}

// at yields the anchors whose literals stand in the text with the window at a place.
func (g *grams) at(text []byte, i int, yield func(*anchor) bool) bool {
	for _, wide := range widths(text, i) {
		if !g.wide.has(wide) {
			continue
		}
		anchors := g.of(wide)
		for k := range anchors {
			if a := &anchors[k]; a.wide == wide && standsAt(text, i-int(a.offset), a.literal) && !yield(a) {
				return false
			}
		}
	}
	return true
}

// first returns the position of the first window whose whole literal, of the rules least and
// above, stands in the text, -1 if there is none. With noRule it also finds an HTTP method.
func (g *grams) first(text []byte, least int32) int {
	for i := g.probe(text, 0); i >= 0; i = g.probe(text, i+gramStride) {
		if least == noRule && (parser.MethodAt(text, i) > 0 || parser.MethodAt(text, i+1) > 0) {
			return i
		}
		if !g.at(text, i, func(a *anchor) bool { return a.rule < least }) {
			return i
		}
	}
	return -1
}

// all adds the rules whose literals stand in the text, with windows from position i on.
func (g *grams) all(text []byte, i int, found *ruleBits) {
	for i := g.probe(text, i); i >= 0; i = g.probe(text, i+gramStride) {
		g.at(text, i, func(a *anchor) bool {
			if a.rule >= 0 {
				found.add(a.rule)
			}
			return true
		})
	}
}

// of returns the anchors that may have the hash.
func (g *grams) of(wide uint32) []anchor {
	b := bucket(wide)
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

//go:embed healthy.txt
var healthyLines string

// rarest returns where the rarest pair of neighbouring windows begins in a core: one that other
// literals have costs nothing more, of the others those count that stand in few healthy lines, and
// whose bytes are rare in logs. So 2 to 5 % of the windows of healthy lines pass the first table; of
// windows chosen by their bytes alone 6 to 10 % did.
func (g *grams) rarest(core string, healthy *usage) int {
	least, at := math.Inf(1), 0
	for i := 0; i+gramBytes+gramStride <= len(core)+1; i++ {
		cost := 0.0
		for k := i; k < i+gramStride; k++ {
			if h := hashGram(gram(core[k:])); g.table[h] == 0 {
				cost += float64(healthy.grams[h]) + 1/float64(rarity(core[k:]))
			}
		}
		if cost < least {
			least, at = cost, i
		}
	}
	return at
}

func rarity(window string) (sum int32) {
	for i := range gramBytes {
		sum += rarities[window[i]]
	}
	return 1 + sum
}
