package live

import (
	"cmp"
	"fmt"
	"slices"
	"sort"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"culprit/report"
	"culprit/rules"

	"github.com/charmbracelet/lipgloss"
)

// Styles, as the terminal's own attributes: its owner chose the colours.
const (
	plain  = ""
	strong = "1"
	faint  = "2"
	alarm  = "1;31"
	fine   = "32"
)

// A row is one line of the frame, in parts that have a style each. Text is not clean yet.
type row []part

type part struct {
	style string
	text  string
	width int  // columns; 0 takes what the text needs
	path  bool // cut it at its front: paths differ at their ends
}

// A section is a titled list. Items are not torn apart while there is room for one.
type section struct {
	title row
	items [][]row
	least int // lines that it gets before others get more
}

// frame draws the model: at most height lines of at most width columns each, without a
// newline at the end. It is a pure function of its arguments. Time shows in it only as
// ages, and in whole minutes where nothing is wrong, so a quiet screen stays as it is.
func frame(m *model, width, height int, now time.Time) string {
	width, height = max(width, 1), max(height, 1)
	rows := header(m)
	sections := []section{upstreamSection(m, width, now), openSection(m, width, now), resolvedSection(m), sourceSection(m, width, now), messageSection(m)}
	rooms := share(sections, height-len(rows), []int{1, 0, 4, 3, 2}) // open incidents come first
	for i, s := range sections {
		if rooms[i] > 0 {
			rows = append(rows, row{}, s.title)
			rows = append(rows, s.fill(rooms[i])...)
		}
	}
	rows = rows[:min(len(rows), height)]
	lines := make([]string, len(rows))
	for i, r := range rows {
		lines[i] = r.draw(width, m.color)
	}
	return strings.Join(lines, "\n")
}

// share says how many lines each section gets, title and blank line not counted.
func share(sections []section, height int, priority []int) []int {
	const around = 2 // blank line and title
	rooms := make([]int, len(sections))
	for _, i := range priority {
		want := min(sections[i].height(), sections[i].least)
		if got := min(want, height-around); want > 0 && got > 0 {
			rooms[i] = got
			height -= got + around
		}
	}
	for _, i := range priority {
		if rooms[i] > 0 {
			more := min(sections[i].height()-rooms[i], height)
			rooms[i] += more
			height -= more
		}
	}
	return rooms
}

func (s *section) height() (n int) {
	for _, item := range s.items {
		n += len(item)
	}
	return n
}

// fill returns the items that have room, and says how many have not.
func (s *section) fill(room int) []row {
	var rows []row
	for i, item := range s.items {
		left := room - len(rows)
		if rest := len(s.items) - i - 1; rest > 0 && len(item) == left || len(item) > left {
			if i == 0 {
				return item[:min(len(item), room)]
			}
			return append(rows, row{{style: faint, text: "… and " + strconv.Itoa(len(s.items)-i) + " more"}})
		}
		rows = append(rows, item...)
	}
	return rows
}

func header(m *model) []row {
	read := report.Counts(int64(len(m.sources)), "log", "logs") + ", " + report.Counts(m.lines, "line", "lines")
	if m.lines == 0 {
		read = "waiting for the first line"
	}
	counts := row{{style: strong, text: "culprit tail"}, {text: "   " + read}}
	if m.gaps > 0 {
		counts = append(counts, part{style: alarm, text: ", " + report.Counts(int64(m.gaps), "gap", "gaps")})
	}
	counts = append(counts, part{style: faint, text: "   since " + m.started.UTC().Format("2006-01-02 15:04:05 UTC")})
	state := row{{style: fine, text: "No incident is open."}}
	if n := int64(len(m.open)); n > 0 {
		state = row{{style: alarm, text: report.Counts(n, "incident is open.", "incidents are open.")}}
	}
	return []row{counts, state}
}

// Columns of the tables. The first takes what is left.
const (
	stateWidth = 20
	rateWidth  = 13
	linesWidth = 15
	fmtWidth   = 18
	minFirst   = 16
)

func upstreamSection(m *model, width int, now time.Time) section {
	first := max(width-stateWidth-rateWidth, minFirst)
	s := section{least: 2, title: row{{style: strong, text: "UPSTREAMS", width: first}, {style: faint, text: "state", width: stateWidth}, {style: faint, text: "failures/min", width: -rateWidth}}}
	for _, u := range slices.SortedStableFunc(slices.Values(m.upstreams), func(a, b *upstreamRow) int { return a.calmness(now) - b.calmness(now) }) {
		state, style := u.state(now)
		n := u.rate.minute(now)
		count := part{text: report.Number(n), width: -rateWidth}
		if n > 0 {
			count.style = alarm
		}
		s.items = append(s.items, []row{{{text: strings.Join(u.names, ", "), width: first}, {style: style, text: state, width: stateWidth}, count}})
	}
	return s
}

// calmness orders the rows: what fails now must not be among those that have no room.
func (u *upstreamRow) calmness(now time.Time) int {
	switch words, _ := u.state(now); {
	case words == "failing":
		return 0
	case u.open:
		return 1
	}
	return 2
}

// failingFor is how long after a failure its upstream is still called failing.
const failingFor = 10 * time.Second

// state says in words how a pool is.
func (u *upstreamRow) state(now time.Time) (words, style string) {
	last := u.last
	if last.IsZero() { // it failed before the program started
		last = u.closed
	}
	quiet := now.Sub(last)
	switch {
	case u.open && quiet < failingFor:
		return "failing", alarm
	case u.open:
		return "quiet for " + age(quiet), plain
	case quiet < time.Minute:
		return "no failure now", plain
	}
	return "well for " + age(quiet), fine
}

// How many lines the sentence about an open incident and its proof may take.
const (
	summaryLines = 2
	proofLines   = 2
)

func openSection(m *model, width int, now time.Time) section {
	s := section{least: 4, title: row{{style: strong, text: "OPEN INCIDENTS"}}}
	for _, in := range m.open {
		item := []row{
			{{style: alarm, text: in.cause}, {text: " " + report.Percent(in.sure) + "  " + in.where}, {style: faint, text: "  for " + age(now.Sub(in.since))}},
		}
		for _, line := range wrap(report.Clean(in.summary), width-2, summaryLines) {
			item = append(item, row{{text: "  " + line}})
		}
		if in.proof != "" {
			for _, line := range wrap(report.Clean(in.proof), width-4, proofLines) {
				item = append(item, row{{style: faint, text: "  │ "}, {text: line}})
			}
		}
		s.items = append(s.items, item)
	}
	return s
}

func resolvedSection(m *model) section {
	s := section{least: 1, title: row{{style: strong, text: "LAST RESOLVED"}}}
	for _, in := range m.resolved {
		s.items = append(s.items, []row{{
			{style: faint, text: in.resolved.UTC().Format("15:04:05") + "  "}, {text: in.cause + " " + report.Percent(in.sure) + "  " + in.where},
			{style: faint, text: "  lasted " + age(in.lasted)}, {text: "  " + in.summary},
		}})
	}
	return s
}

func sourceSection(m *model, width int, now time.Time) section {
	format := fmtWidth
	if width < 80 {
		format = 0 // the name needs the room more
	}
	first := max(width-format-linesWidth-stateWidth, minFirst)
	s := section{least: 1, title: row{{style: strong, text: "LOGS", width: first}}}
	for _, src := range m.sources {
		state, style := src.state(now)
		columns := row{{text: src.Name, width: first, path: true}, {style: style, text: state, width: stateWidth}}
		if format > 0 {
			columns = append(columns, part{style: faint, text: cmp.Or(src.Format, "not recognised"), width: format})
		}
		s.items = append(s.items, []row{append(columns, part{text: report.Counts(src.Lines, "line", "lines"), width: -linesWidth})})
	}
	return s
}

// reading is how long after its last line a source may still be read: what is behind brings
// lines with each update, and what has been read to its end is not behind, however old that is.
const reading = 3 * time.Second

// state says how far behind a source is, or how long it has been silent.
func (s *sourceRow) state(now time.Time) (words, style string) {
	switch idle := now.Sub(s.read); {
	case s.Error != "":
		return s.Error, alarm
	case s.Lines == 0:
		return "no line yet", faint
	case idle >= time.Minute:
		return "silent for " + age(idle), faint
	case s.lag >= 2*time.Second && idle < reading: // stamps of whole seconds are up to one second old
		return age(s.lag) + " behind", alarm
	}
	return "read", plain
}

func messageSection(m *model) section {
	s := section{least: 1, title: row{{style: strong, text: "MESSAGES"}}}
	for i := len(m.messages) - 1; i >= 0; i-- { // newest first: it is seen where only one has room
		s.items = append(s.items, []row{{{text: strings.TrimPrefix(m.messages[i], "culprit: ")}}})
	}
	return s
}

// draw lays the parts out, cleans them and cuts the line at width. A negative width of
// a part aligns it to the right.
func (r row) draw(width int, color bool) string {
	var b strings.Builder
	for i, p := range r {
		left := width
		if p.width != 0 {
			left = min(left, max(p.width, -p.width))
		}
		room := left
		if p.width > 0 && i < len(r)-1 && left < width {
			room-- // columns do not touch
		}
		text := report.Clean(p.text)
		if p.path {
			text = cutFront(text, room)
		} else {
			text = cut(text, room)
		}
		used := columns(text)
		if p.width < 0 {
			b.WriteString(strings.Repeat(" ", left-used))
		}
		b.WriteString(paint(text, p.style, color))
		if p.width > 0 && i < len(r)-1 {
			b.WriteString(strings.Repeat(" ", left-used))
		}
		if p.width == 0 {
			left = used
		}
		if width -= left; width <= 0 {
			break
		}
	}
	return b.String()
}

func paint(text, style string, color bool) string {
	if !color || style == plain || text == "" {
		return text
	}
	return "\x1b[" + style + "m" + text + "\x1b[0m"
}

// cutFront shortens clean text to a width in columns and keeps its end.
func cutFront(text string, width int) string {
	if columns(text) <= width || width <= 0 {
		return cut(text, width)
	}
	starts := runeStarts(text)
	i := sort.Search(len(starts), func(i int) bool { return columns(text[starts[i]:]) < width })
	return "…" + text[starts[i]:]
}

// cut shortens clean text to a width in columns.
func cut(text string, width int) string {
	if width <= 0 {
		return ""
	}
	if columns(text) <= width {
		return text
	}
	starts := runeStarts(text)
	i := sort.Search(len(starts), func(i int) bool { return columns(text[:starts[i]]) >= width })
	return text[:starts[max(i-1, 0)]] + "…"
}

// runeStarts returns where the text may be cut, its end included.
func runeStarts(text string) []int {
	starts := make([]int, 0, len(text)+1)
	for at := range text {
		starts = append(starts, at)
	}
	return append(starts, len(text))
}

// columns is lipgloss.Width, without its cost for plain ASCII, which is nearly all.
func columns(text string) int {
	for i := 0; i < len(text); i++ {
		if text[i] >= utf8.RuneSelf {
			return lipgloss.Width(text)
		}
	}
	return len(text) // clean text has no control characters
}

// wrap breaks clean text between words; what does not fit into the last line is cut
// when it is drawn.
func wrap(text string, width, most int) []string {
	var lines []string
	for len(lines) < most-1 && columns(text) > width {
		head := strings.TrimSuffix(cut(text, width+1), "…")
		space := strings.LastIndexByte(head, ' ')
		if space <= 0 {
			break
		}
		lines = append(lines, text[:space])
		text = text[space+1:]
	}
	return append(lines, text)
}

func quoted(q *rules.Quote) string {
	text := cmp.Or(q.Message, q.Text)
	if q.Line == 0 {
		return q.Source + ": " + text
	}
	return fmt.Sprintf("%s:%d: %s", q.Source, q.Line, text)
}

// age writes a duration in its largest unit, so that it does not change all the time.
func age(d time.Duration) string {
	switch d = max(d, 0); {
	case d < time.Minute:
		return fmt.Sprintf("%d s", d/time.Second)
	case d < time.Hour:
		return fmt.Sprintf("%d min", d/time.Minute)
	case d < 48*time.Hour:
		return fmt.Sprintf("%d h", d/time.Hour)
	}
	return fmt.Sprintf("%d d", d/(24*time.Hour))
}
