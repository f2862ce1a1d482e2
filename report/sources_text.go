package report

import (
	"fmt"
	"strings"

	"culprit/parser"
	"culprit/rules"
)

// sources is the footer's table: what was read, as what, and in which zone.
func (p *page) sources(sources []rules.SourceInfo) {
	if len(sources) == 0 {
		return
	}
	p.line()
	p.line(p.faint.Render(strings.Repeat("─", p.prose())))
	p.line(p.strong.Render("Sources"))
	t := table{heads: true, front: true, right: map[int]bool{2: true, 3: true}}
	t.rows = append(t.rows, []string{"path", "format", "lines", "unparsed", "zone"})
	shown := min(len(sources), maxSources)
	for i := range sources[:shown] {
		s := &sources[i]
		t.rows = append(t.rows, []string{Clean(s.Path), formatOf(s), Number(s.Lines), Number(s.Unparsed), zoneOf(s)})
	}
	t.write(p, 0)
	p.more(len(sources)-shown, "source", "sources")
}

func formatOf(s *rules.SourceInfo) string {
	switch {
	case s.Error != "" && s.Lines == 0:
		return "not read"
	case s.Format == "":
		return "text"
	}
	return cut(Clean(s.Format), 24)
}

func zoneOf(s *rules.SourceInfo) string {
	offset := zoneOffset(s)
	if offset == "" {
		return "–"
	}
	return offset + " " + cut(Clean(string(s.ZoneFrom)), 10)
}

// notes tells what went wrong in reading and what rests on an assumption.
func (p *page) notes(sources []rules.SourceInfo) {
	all := allNotes(sources)
	p.list("Notes", all[:min(len(all), maxNotes)], dashed)
	p.more(len(all)-maxNotes, "note", "notes")
}

func allNotes(sources []rules.SourceInfo) (all []string) {
	for i := range sources {
		all = append(all, notesOf(&sources[i])...)
	}
	return all
}

func notesOf(s *rules.SourceInfo) (all []string) {
	add := func(text string) { all = append(all, s.Path+": "+text) }
	if s.Error != "" {
		add(s.Error)
	}
	for _, text := range s.Warnings {
		add(text)
	}
	if s.Skew != 0 {
		way := "ahead of"
		if s.Skew < 0 {
			way = "behind"
		}
		add("its clock is " + duration(max(s.Skew, -s.Skew)) + " " + way + " the gateway's; that is allowed for")
	}
	if s.ZoneFrom == rules.ZoneAssumed && s.First.Known() && s.First.Clock != parser.ClockZoned {
		add("its times carry no zone and nothing tells it, so UTC is assumed; set it with --tz")
	}
	if s.First.Clock == parser.ClockYearless && s.First.Time().Year() <= 0 {
		add("its times carry no year and nothing tells it; set it with --year")
	}
	if s.Unparsed*10 > s.Lines && s.Format != "" {
		text := fmt.Sprintf("%s of %s were not understood", Number(s.Unparsed), Counts(s.Lines, "line", "lines"))
		if len(s.Samples) > 0 {
			text += ", such as: " + cut(Clean(s.Samples[0]), 100)
		}
		add(text)
	}
	return all
}
