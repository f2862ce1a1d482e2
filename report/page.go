package report

import (
	"bufio"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/charmbracelet/lipgloss"
	"github.com/muesli/termenv"
)

// Bounds of the layout, in columns. Prose wider than maxProse is hard to read, however
// wide the terminal; log lines and tables use all of it.
const (
	defaultWidth = 80
	minWidth     = 40
	maxProse     = 100
)

// A page writes lines no wider than the terminal. All text given to it may come from a
// log: it cleans everything itself, once, before it measures or colours.
type page struct {
	out   *bufio.Writer // keeps the first error until Flush
	width int
	clock clock

	title, strong, alarm, fine, faint lipgloss.Style
}

func newPage(w io.Writer, o Options) *page {
	width := o.Width
	if width == 0 {
		width = defaultWidth
	}
	r := lipgloss.NewRenderer(w)
	r.SetColorProfile(termenv.Ascii) // which drops every sequence, bold too
	if o.Color {
		r.SetColorProfile(termenv.ANSI) // the reader's own sixteen colours
	}
	return &page{
		out: bufio.NewWriter(w), width: max(width, minWidth), clock: clock{o.Location},
		title:  r.NewStyle().Bold(true).Underline(true),
		strong: r.NewStyle().Bold(true),
		alarm:  r.NewStyle().Bold(true).Foreground(lipgloss.Color("1")),
		fine:   r.NewStyle().Bold(true).Foreground(lipgloss.Color("2")),
		faint:  r.NewStyle().Faint(true),
	}
}

func (p *page) prose() int { return min(p.width, maxProse) }

// line writes one finished line.
func (p *page) line(parts ...string) {
	for _, part := range parts {
		p.out.WriteString(part)
	}
	p.out.WriteByte('\n')
}

// head writes a section's head after an empty line.
func (p *page) head(text string) {
	p.line()
	p.line(p.strong.Render(cut(Clean(text), p.width)))
}

// para writes prose, wrapped; first stands before its first line, and further lines are
// indented as deep. Style may be nil.
func (p *page) para(first, text string, style *lipgloss.Style) {
	indent := lipgloss.Width(first)
	for i, line := range wrap(Clean(text), p.prose()-indent) {
		if i > 0 {
			first = strings.Repeat(" ", indent)
		}
		if style != nil {
			line = style.Render(line)
		}
		p.line(first, line)
	}
}

// rawRows is over how many rows a line of a log may go. A proof of which only the beginning is
// seen proves nothing: at 80 columns, of 5,300 real nginx lines about upstreams one in fifty
// is whole in three rows, and seven of ten are in four.
const rawRows = 4

// raw writes a line of a log, over several rows where it must: the bar before further rows is
// a broken one, because they are no lines of their own.
func (p *page) raw(indent, text string, marks []string) {
	width := p.width - lipgloss.Width(indent) - 2
	text = cutAround(Clean(text), marks, rawRows*width-width/4) // the rest is for breaks at blanks
	bar := "│ "
	for left := rawRows - 1; left >= 0 && text != ""; left-- {
		row := text
		if lipgloss.Width(text) > width {
			row = fitting(text, width)
			blank := strings.LastIndexByte(row, ' ') + 1
			if blank > 0 && lipgloss.Width(text[blank:]) <= left*width-left {
				row = row[:blank]
			}
		}
		p.line(indent, p.faint.Render(bar), strings.TrimRight(row, " "))
		text, bar = text[len(row):], "┆ "
	}
}

// wrap breaks text at blanks into lines of at most width columns. A word that is wider
// than a line is broken inside.
func wrap(text string, width int) []string {
	width = max(width, 10)
	var lines []string
	var line strings.Builder
	used := 0
	for word := range strings.FieldsSeq(text) {
		w := lipgloss.Width(word)
		if used > 0 && used+1+w > width {
			lines = append(lines, line.String())
			line.Reset()
			used = 0
		}
		for ; w > width; w = lipgloss.Width(word) {
			part := fitting(word, width)
			lines = append(lines, part)
			word = word[len(part):]
		}
		if used > 0 {
			line.WriteByte(' ')
			used++
		}
		line.WriteString(word)
		used += w
	}
	if used > 0 || len(lines) == 0 {
		lines = append(lines, line.String())
	}
	return lines
}

// cut shortens text to width columns; the last one then is an ellipsis.
func cut(text string, width int) string {
	if len(text) <= width || lipgloss.Width(text) <= width {
		return text
	}
	return fitting(text, width-1) + "…"
}

// lead is how much of a cut line is kept before the first mark: "Killed process " and the like.
const lead = 28

// cutAround shortens text to width columns so that the marks, or the first of them, can be
// seen: in a long line the words that matter often stand far to the right.
func cutAround(text string, marks []string, width int) string {
	first, last := len(text), 0
	for _, m := range marks {
		m = Clean(m)
		if i := strings.Index(text, m); i >= 0 && m != "" {
			first, last = min(first, i), max(last, i+len(m))
		}
	}
	if last == 0 || lipgloss.Width(text) <= width || lipgloss.Width(text[:last]) < width {
		return cut(text, width)
	}
	from := 0
	if first > lead {
		from = first - lead
		if blank := strings.IndexByte(text[from:first], ' '); blank >= 0 {
			from += blank // at a word
		}
		for from < first && !utf8.RuneStart(text[from]) {
			from++
		}
	}
	if tail := text[from:]; from > 0 {
		return "…" + cut(tail, width-1)
	}
	return cut(text, width)
}

// cutFront shortens text from its beginning: of a path the end tells more.
func cutFront(text string, width int) string {
	excess := lipgloss.Width(text) - width
	if excess <= 0 {
		return text
	}
	front := fitting(text, excess+1)
	for lipgloss.Width(front) < excess+1 && len(front) < len(text) { // a wide rune stood on the edge
		front = text[:len(front)+len(fitting(text[len(front):], 2))]
	}
	return "…" + text[len(front):]
}

// fitting returns the longest beginning of text of at most width columns, by halving.
// It is at least one rune, so that a loop over a text comes to its end.
func fitting(text string, width int) string {
	ends := make([]int, 0, len(text))
	for i := range text {
		ends = append(ends, i)
	}
	ends = append(ends, len(text))
	low, high := 1, len(ends)-1
	for low < high {
		middle := (low + high + 1) / 2
		if lipgloss.Width(text[:ends[middle]]) <= width {
			low = middle
		} else {
			high = middle - 1
		}
	}
	return text[:ends[low]]
}

// pad fills text with blanks up to width columns; a negative width aligns to the right.
func pad(text string, width int) string {
	if width < 0 {
		return strings.Repeat(" ", max(0, -width-lipgloss.Width(text))) + text
	}
	return text + strings.Repeat(" ", max(0, width-lipgloss.Width(text)))
}
