package report

import (
	"bufio"
	"io"
	"slices"
	"strconv"
	"strings"

	"culprit/rules"
)

// writeMarkdown prints the report for a ticket, a wiki or a chat: GitHub's dialect, which
// GitLab, Gitea and Forgejo read too. It has no raw HTML, no link and no image, whatever
// stands in the logs: see mdProse.
func writeMarkdown(w io.Writer, r *rules.Report, o Options) error {
	m := &markdown{out: bufio.NewWriter(w), clock: clock{o.Location}}
	groups := groupsOf(r.Incidents)
	m.opening(r, groups, o)
	for _, i := range chosen(r.Incidents, groups, o) {
		if err := m.incident(storyOf(&r.Incidents[i], i+1, len(r.Incidents), m.clock, &r.Totals)); err != nil {
			return err // the first error of a buffered writer stays; no use in going on
		}
	}
	m.sources(r.Sources)
	return m.out.Flush()
}

type markdown struct {
	out   *bufio.Writer
	clock clock
}

// block writes a paragraph, or anything else that an empty line ends.
func (m *markdown) block(parts ...string) {
	for _, p := range parts {
		m.out.WriteString(p)
	}
	m.out.WriteString("\n\n")
}

func (m *markdown) head(level int, title string) {
	m.block(strings.Repeat("#", level), " ", mdProse(title))
}

func (m *markdown) opening(r *rules.Report, groups []group, o Options) {
	s := openingOf(r, m.clock, o)
	m.head(1, s.Title)
	for _, text := range s.Paragraphs {
		m.block(mdProse(text))
	}
	if len(s.Lacking) > 0 {
		m.head(2, "What would have shown more")
		m.list("- ", s.Lacking)
	}
	switch n := len(r.Incidents); {
	case n > maxFull:
		m.groups(groups, r.Incidents)
	case n > 1:
		for _, text := range chainWords(r.Incidents, m.clock, o) {
			m.block(mdProse(text))
		}
		m.overview(r.Incidents)
	}
}

func (m *markdown) overview(incidents []rules.Incident) {
	rows := [][]string{{"", "Start", "Cause", "Sure", "Failed", "Upstream"}}
	for i := range incidents {
		in := &incidents[i]
		rows = append(rows, []string{strconv.Itoa(i + 1), mdProse(m.clock.span(in.Start, rules.Moment{})), mdProse(causeName(in)),
			mdProse(sure(in)), mdProse(impactWord(in)), mdCode(upstreamsOf(in))})
	}
	m.table(rows, 0, 3, 4)
}

func (m *markdown) groups(groups []group, incidents []rules.Incident) {
	if text := byCause(groups); text != "" {
		m.block(mdProse(text))
	}
	rows := [][]string{{"Times", "Cause", "Where", "Failed", "When", "How often"}}
	for _, g := range groups[:min(len(groups), maxGroupsListed)] {
		rows = append(rows, []string{Number(int64(len(g.members))), mdProse(g.cause), mdProse(g.where), Number(g.failed),
			mdProse(g.spanOf(incidents, m.clock)), mdProse(g.rhythm(incidents))})
	}
	m.table(rows, 0, 3)
	if more := len(groups) - maxGroupsListed; more > 0 {
		m.block(Counts(int64(more), "more group", "more groups"), " in the JSON report.")
	}
	m.block(mdProse(toldOf(groups)))
}

func (m *markdown) incident(s *story) error {
	if s.Number != "" {
		m.block("---")
	}
	m.head(2, strings.TrimSpace(s.Number+" "+s.Headline))
	m.facts(s.Facts)
	if len(s.Chain) > 0 {
		links := make([]string, len(s.Chain))
		for i, link := range s.Chain {
			links[i] = mdCode(link)
		}
		m.block("Who serves it: ", strings.Join(links, " → "))
	}
	m.section(nowTitle, "1. ", s.Now)
	m.head(3, "Impact")
	m.facts(s.Impact)
	if s.Backoff != "" {
		m.block(mdProse(s.Backoff))
	}
	m.chart(s)
	m.timeline(s)
	m.proofs(s.ProofTitle, s.Proof)
	if s.More != "" {
		m.block(mdProse(s.More))
	}
	m.proofs(s.SeenTitle, s.Seen)
	m.verdict(s)
	m.section(unknownTitle, "- ", s.Unknown)
	m.section(nextTitle, "1. ", s.Next)
	return m.out.Flush()
}

// section is a head and a list, or nothing.
func (m *markdown) section(title, mark string, items []string) {
	if len(items) > 0 {
		m.head(3, title)
		m.list(mark, items)
	}
}

// facts is a table of two columns.
func (m *markdown) facts(facts []fact) {
	rows := [][]string{{"", ""}}
	for _, f := range facts {
		rows = append(rows, []string{"**" + mdProse(f.Name) + "**", mdProse(f.Text)})
	}
	m.table(rows)
}

// chart is the drawing of characters: forges show it, mail and terminals too.
func (m *markdown) chart(s *story) {
	if s.Chart == nil {
		return
	}
	m.head(3, "Failures over time")
	if len(s.Drawing) > 0 {
		m.fence(strings.Join(s.Drawing, "\n"))
	}
	m.block(mdProse(s.Caption))
}

func (m *markdown) verdict(s *story) {
	m.head(3, "How sure, and what spoke against it")
	m.block(mdProse(s.Sure), " ", mdProse(s.Weights))
	if len(s.For)+len(s.Against) > 0 {
		rows := [][]string{{"Weight", "Reason"}}
		for _, w := range slices.Concat(s.For, s.Against) {
			rows = append(rows, []string{w.Weight, mdProse(w.Text)})
		}
		m.table(rows, 0)
	}
	if len(s.Rejected) > 0 {
		m.head(3, s.RejectedTitle)
		rows := [][]string{{"Cause", "Likely", "Why not"}}
		for _, w := range s.Rejected {
			rows = append(rows, []string{mdProse(w.Cause), mdProse(w.Weight), mdProse(w.Text)})
		}
		m.table(rows, 1)
	}
}

func (m *markdown) proofs(title string, list []proof) {
	if len(list) == 0 {
		return
	}
	m.head(3, title)
	for _, p := range list {
		label := mdProse(p.Time) + " " + mdCode(p.Place)
		for _, note := range []string{p.Role, p.Times, p.Record, p.Found} {
			if note != "" {
				label += ", " + mdProse(note)
			}
		}
		m.block(label)
		lines := joined(p.Line)
		if len(p.Message) > 0 {
			lines += "\n" + joined(p.Message)
		}
		if lines != "" {
			m.fence(lines)
		}
		if p.FoundWhy != "" {
			m.block("**", mdProse(p.FoundWhy), "**")
		}
		if p.Why != "" {
			m.block(mdProse(p.Why))
		}
	}
}

func joined(pieces []piece) string {
	var b strings.Builder
	for _, p := range pieces {
		b.WriteString(p.Text)
	}
	return b.String()
}

func (m *markdown) timeline(s *story) {
	if len(s.Timeline) == 0 {
		return
	}
	m.head(3, "Timeline ("+s.Zone+")")
	rows := [][]string{{"Time", "What", "Where"}}
	for _, e := range s.Timeline {
		rows = append(rows, []string{mdProse(e.Time), mdProse(e.What), mdCode(e.Place)})
	}
	m.table(rows)
}

func (m *markdown) sources(sources []rules.SourceInfo) {
	list, notes := sourcesOf(sources, m.clock)
	if len(list) > 0 {
		m.head(2, "Sources")
		rows := [][]string{{"Path", "Format", "Lines", "Unparsed", "Zone", "Clock"}}
		for _, s := range list {
			rows = append(rows, []string{mdCode(s.Path), mdProse(s.Format), s.Lines, s.Unparsed, mdProse(s.Zone), mdProse(s.Skew)})
		}
		m.table(rows, 2, 3)
		if more := len(sources) - len(list); more > 0 {
			m.block(Counts(int64(more), "more source", "more sources"), " in the JSON report.")
		}
	}
	if len(notes) > 0 {
		m.head(2, "Gaps, clocks and unread lines")
		m.list("- ", notes)
	}
}

func (m *markdown) list(mark string, items []string) {
	for _, item := range items {
		m.out.WriteString(mark)
		m.out.WriteString(mdAdvice(item))
		m.out.WriteByte('\n')
	}
	m.out.WriteByte('\n')
}

// table writes rows of finished cells, the head first; right lists columns of numbers.
func (m *markdown) table(rows [][]string, right ...int) {
	for n, row := range rows {
		for _, cell := range row {
			m.out.WriteString("| ")
			m.out.WriteString(strings.ReplaceAll(cell, "|", `\|`)) // in code spans too: the table is cut first
			m.out.WriteByte(' ')
		}
		m.out.WriteString("|\n")
		if n > 0 {
			continue
		}
		for i := range row {
			rule := "|---"
			for _, r := range right {
				if r == i {
					rule = "|--:"
				}
			}
			m.out.WriteString(rule)
		}
		m.out.WriteString("|\n")
	}
	m.out.WriteByte('\n')
}

// fence writes lines between fences that are longer than any run of backticks in them.
func (m *markdown) fence(lines string) {
	fence := strings.Repeat("`", max(3, longestRun(lines)+1))
	m.block(fence, "text\n", lines, "\n", fence)
}

func longestRun(text string) (longest int) {
	run := 0
	for i := range len(text) {
		if text[i] != '`' {
			run = 0
			continue
		}
		run++
		longest = max(longest, run)
	}
	return longest
}
