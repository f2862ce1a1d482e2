package source

import "io"

// freeBytes is how much may be decompressed whatever the ratio: a log of one line
// repeated, or a small file full of zero bytes, harms nobody.
const freeBytes = 64 << 20

// limits is what one decoder may give.
type limits struct {
	bytes int64 // at most
	free  int64 // without looking at the ratio
	ratio int64
}

func (o Options) limits() limits {
	l := limits{bytes: o.MaxArchiveBytes, free: o.MaxArchiveBytes, ratio: int64(o.MaxRatio)}
	if l.bytes <= 0 {
		l.bytes, l.free = DefaultMaxArchiveBytes, freeBytes
	}
	return l
}

// container lifts the bound on bytes: it holds for each member, not for their sum.
func (l limits) container() limits {
	l.bytes = 1<<63 - 1
	return l
}

// A guard ends a decoder's output at the limits. Its error is sticky.
type guard struct {
	r   io.Reader
	in  *counter
	out int64
	*limits
	err error
}

func (g *guard) Read(p []byte) (int, error) {
	if g.err != nil {
		return 0, g.err
	}
	if g.out >= g.bytes && len(p) > 1 {
		p = p[:1] // one more byte tells whether the limit is passed or just met
	} else if room := g.bytes - g.out; int64(len(p)) > room && room > 0 {
		p = p[:room]
	}
	n, err := g.r.Read(p)
	g.out += int64(n)
	switch {
	case g.out > g.bytes:
		n, err = 0, &BombError{Limit: g.bytes}
	case g.out > g.free && g.out/g.ratio > g.in.n:
		err = &BombError{Limit: g.ratio, Ratio: true}
	}
	g.err = err
	return n, err
}

// A counter counts what a decoder takes.
type counter struct {
	r io.Reader
	n int64
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}
