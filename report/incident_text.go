package report

import (
	"fmt"
	"slices"
	"strings"

	"culprit/parser"
	"culprit/rules"
)

// incident prints one incident: the sentence, the impact, the proof, what the gateway
// saw, the story, what was rejected, what is not known, what to do.
func (p *page) incident(in *rules.Incident, n, of int) {
	p.line()
	p.line(p.faint.Render(strings.Repeat("─", p.prose())))
	mark := ""
	if of > 1 {
		mark = fmt.Sprintf("%s of %s  ", Number(int64(n)), Number(int64(of)))
	}
	p.para(p.faint.Render(mark), headline(in, p.clock), &p.alarm)
	p.line()
	p.facts(in)
	p.proof(in)
	p.against(in)
	p.symptoms(in)
	p.chart(in)
	p.timeline(in)
	p.rejected(in)
	p.list(unknownTitle, unknown(in), dashed)
	numbered := func(i int) string { return fmt.Sprintf("  %d. ", i+1) }
	p.list(nowTitle, in.Advice, numbered)
	p.list(nextTitle, in.Prevent, numbered)
}

// headline is the one sentence: who, what, when, how many, how sure.
func headline(in *rules.Incident, c clock) string {
	text := strings.TrimRight(strings.TrimSpace(in.Summary), ".")
	if text == "" {
		text = upstreamsOf(in) + ": " + causeName(in) + ", " + c.span(in.Start, in.End)
	}
	if sure(in) == "" {
		return text + "."
	}
	return text + " (" + sure(in) + " sure)."
}

func (p *page) facts(in *rules.Incident) {
	fact := func(name, text string) {
		if text != "" {
			p.para("  "+pad(name, 10), text, nil)
		}
	}
	fact("Cause", strings.TrimPrefix(causeName(in), "cause "))
	if sure(in) != "" {
		fact("How sure", sure(in)+": "+restsOn(in))
	}
	fact(culpritName(in), culpritOf(in))
	upstreams := upstreamWords(in)
	if in.Gateway != "" && len(in.Upstreams) > 0 {
		upstreams += " behind " + in.Gateway
	}
	fact("Upstream", upstreams)
	fact("When", whenOf(in, p.clock))
	fact("Before", historyWords(in, p.clock))
	fact("Impact", impact(in))
	fact("Requests", askedFor(in))
	fact("Retries", backoffOf(in))
	fact("Related", relatedOf(in))
	fact("Id", in.ID)
}

// culpritName is what the process is called: nobody is accused where the cause is not known.
func culpritName(in *rules.Incident) string {
	if sure(in) == "" || in.Verdict.Cause == rules.CauseNetworkUnreachable {
		return "Served by"
	}
	return "Culprit"
}

// maxRelated is how many related incidents are named; JSON has all.
const maxRelated = 4

func relatedOf(in *rules.Incident) string {
	text := strings.Join(in.Related[:min(len(in.Related), maxRelated)], ", ")
	if more := len(in.Related) - maxRelated; more > 0 {
		text += " and " + Number(int64(more)) + " more"
	}
	return text
}

// culpritOf writes "gunicorn, pid 9252, of shop.service on web-1".
func culpritOf(in *rules.Incident) string {
	c := &in.Culprit
	var parts []string
	if c.Process != "" {
		parts = append(parts, c.Process)
	}
	if c.PID != 0 {
		pid := fmt.Sprint("pid ", c.PID) // a name, not a quantity: no separators
		if in.Verdict.Cause == rules.CauseWorkerTimeout && len(in.Evidence) > 0 && in.Evidence[0].Count > 1 {
			pid += " first"
		}
		parts = append(parts, pid)
	}
	var owners []string
	for _, owner := range []string{c.Unit, in.Service, containerOf(c.Container)} {
		if owner != "" && owner != c.Process && !strings.Contains(strings.Join(owners, " "), owner) {
			owners = append(owners, owner) // "shop" tells nothing beside "shop.service"
		}
	}
	if in.Verdict.Cause == rules.CauseDependencyFailure && len(parts) > 0 {
		text := strings.Join(parts, ", ")
		if c.Host != "" {
			text += " on " + c.Host
		}
		if len(owners) > 0 {
			text += ", on which " + owners[0] + " depends"
		}
		return text
	}
	if len(owners) > 0 {
		of := "of " + strings.Join(owners, ", ")
		if n := alike(in); n > 0 {
			of += " and " + Counts(n, "other like it", "others like it")
		}
		parts = append(parts, of)
	}
	if len(parts) == 1 && len(owners) == 1 && c.Process == "" && c.PID == 0 {
		parts[0] = owners[0]
		if in.Verdict.Cause == rules.CauseDNSFailure {
			return "" // whose name it is is not who failed
		}
	}
	text := strings.Join(parts, ", ")
	if c.Host != "" && text != "" {
		text += " on " + c.Host
	}
	return text
}

// alike is in how many sources more the line stands that proves the cause.
func alike(in *rules.Incident) int64 {
	sources := map[string]bool{}
	for i := range in.Evidence {
		if e := &in.Evidence[i]; e.Role == rules.RoleCause && e.Kind == in.Evidence[0].Kind {
			sources[e.Quote.Source] = true
		}
	}
	return max(int64(len(sources)), 1) - 1
}

// containerOf shortens a container's id to the twelve digits that docker ps shows.
func containerOf(name string) string {
	const shownDigits = 12
	if len(name) > 2*shownDigits && strings.Trim(name, "0123456789abcdef") == "" {
		return "container " + name[:shownDigits]
	}
	return name
}

// impact tells failed requests by status, then the gateway's lines.
func impact(in *rules.Incident) string {
	var parts []string
	if in.Failed() >= 0 {
		text := shareOf(in)
		var statuses []string
		for _, s := range in.StatusCounts {
			statuses = append(statuses, Number(s.Count)+" × "+shortStatus(s.Status))
		}
		if len(statuses) > 0 {
			text += ": " + strings.Join(statuses, ", ")
		}
		if clients := clientsWords(in); clients != "" {
			text += "; from " + clients + " client"
			if in.Clients != 1 {
				text += "s"
			}
		}
		parts = append(parts, text)
	}
	if made, passed := madeBy(in); passed > 0 {
		parts = append(parts, fmt.Sprintf("%s made by the gateway, %s passed through from the upstream", Number(made), Number(passed)))
	}
	if in.ErrorLines >= 0 {
		text := Counts(in.ErrorLines, "gateway error line", "gateway error lines")
		further := in.FurtherLines()
		if n := in.SecondaryLines - further; n > 0 {
			text += fmt.Sprintf(", %s of them its reaction to earlier failures", Number(n))
		}
		if further > 0 {
			text += fmt.Sprintf(", %s further ones about the same failures", Number(further))
		}
		parts = append(parts, text)
	}
	return strings.Join(parts, "; ")
}

// roleOrder is the order of proof: causes first, context only if nothing else is there.
var roleOrder = []rules.EvidenceRole{rules.RoleCause, rules.RoleEffect, rules.RoleRecovery, rules.RoleContext}

// byRole lists the indices of evidence in the order of proof.
func byRole(list []rules.Evidence) []int {
	order := make([]int, len(list))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		return slices.Index(roleOrder, list[a].Role) - slices.Index(roleOrder, list[b].Role)
	})
	return order
}

func (p *page) proof(in *rules.Incident) {
	if len(in.Evidence) == 0 {
		p.reasons(in)
		return
	}
	order := byRole(in.Evidence)
	p.head(proofTitle(in))
	shown := min(len(order), maxProof)
	for i, n := range order[:shown] {
		if i > 0 {
			p.line()
		}
		p.evidence(in, &in.Evidence[n])
	}
	p.more(len(order)-shown, "line of evidence", "lines of evidence")
}

// reasons stand in for proof where no line was found that proves anything.
func (p *page) reasons(in *rules.Incident) {
	if len(in.Verdict.Reasons) == 0 {
		return
	}
	title := "Why, without a line that proves it"
	if sure(in) == "" {
		title = "Why the cause is not known"
	}
	p.head(title)
	for _, r := range in.Verdict.Reasons {
		sign := "  + "
		switch {
		case r.Weight == 0:
			sign = "  - "
		case r.Weight < 0:
			sign = "  − "
		}
		p.para(sign, r.Text, nil)
	}
}

// against tells what spoke against the cause, which the proof does not.
func (p *page) against(in *rules.Incident) {
	if len(in.Evidence) == 0 {
		return // reasons has told it
	}
	var list []string
	for _, r := range in.Verdict.Reasons {
		if r.Weight < 0 {
			list = append(list, r.Text)
		}
	}
	p.list("What spoke against it", list, func(int) string { return "  − " })
}

func (p *page) evidence(in *rules.Incident, e *rules.Evidence) {
	label := p.clock.short(e.Time, in.Start) + "  " + Clean(place(e.Quote.Location))
	if e.Role != rules.RoleCause {
		label += "  (" + Clean(string(e.Role)) + ")"
	}
	if e.Count > 1 {
		label += "  × " + Number(e.Count)
	}
	p.placed(label, &e.Quote)
	p.quote("  ", &e.Quote, marksOf(e))
	if e.Why != "" {
		p.para("    ", e.Why, nil)
	}
}

// placed writes when and where a line stands, and whether it still does.
func (p *page) placed(label string, q *rules.Quote) {
	if words := foundWords(q.Found); words != "" {
		label += "  [" + words + "]"
	}
	p.line(cut("  "+label, p.width))
	if why := foundWhy(q.Found); why != "" {
		p.para("    ", why, &p.alarm)
	}
}

// quote shows the raw line and, if an envelope hides its words, what it says. Marks are the
// values it was taken as evidence for; a line that is too long is cut around them.
func (p *page) quote(indent string, q *rules.Quote, marks []string) {
	if q.Text != "" {
		p.raw(indent, q.Text, marks)
	}
	if q.Message != "" && !strings.Contains(cut(Clean(q.Text), rawRows*(p.width-5)), Clean(q.Message)) {
		p.raw(indent, q.Message, marks)
	}
}

// place writes source:line, or the source alone where the line is not known.
func place(l rules.Location) string {
	if l.Line == 0 {
		return l.Source
	}
	return fmt.Sprintf("%s:%d", l.Source, l.Line)
}

func (p *page) more(n int, one, many string) {
	if n > 0 {
		p.line(cut("  … "+Counts(int64(n), "more "+one, "more "+many)+": with --format json", p.width))
	}
}

func (p *page) symptoms(in *rules.Incident) {
	groups := seen(in)
	if len(groups) == 0 {
		return
	}
	p.head(seenTitle(in))
	shown := min(len(groups), maxGroups)
	for i := range groups[:shown] {
		if i > 0 {
			p.line()
		}
		p.symptom(in, &groups[i])
	}
	p.more(len(groups)-shown, "kind of symptom", "kinds of symptom")
}

func (p *page) symptom(in *rules.Incident, s *rules.SymptomGroup) {
	p.para("  "+Number(s.Count)+" × ", symptomWords(s), nil)
	label := p.clock.between(s.First, s.Last, in.Start) + "  " + Clean(place(s.Example.Location))
	if alreadyQuoted(in, &s.Example, maxProof) {
		p.placed(label+"  (quoted above)", &s.Example)
		return
	}
	p.placed(label, &s.Example)
	p.quote("  ", &s.Example, nil)
}

// maxErrno is the last number of an operating system's own errors (Linux: 133, EHWPOISON).
const maxErrno = 133

// symptomWords says what the gateway saw, and while doing what.
func symptomWords(s *rules.SymptomGroup) string {
	text := s.Class.During(s.Phase)
	if s.Errno > 0 && s.Errno <= maxErrno { // above are a library's own numbers, such as APR's 670002
		text += fmt.Sprintf(" (errno %d)", s.Errno)
	}
	if s.Rank == parser.RankSecondary {
		text += ": the gateway's reaction to earlier failures"
	}
	return text
}

// chart draws failures over time, if there is more than one moment of them.
func (p *page) chart(in *rules.Incident) {
	c := draw(in, p.width-2)
	if c == nil {
		return
	}
	what := c.what()
	p.head(strings.ToUpper(what[:1]) + what[1:] + " over time")
	for _, line := range c.drawing(p.clock, p.width-2) {
		p.line("  ", strings.TrimRight(line, " "))
	}
	p.para("  ", c.key(), &p.faint)
}

// timeline shows the story, and of a long one its beginning and its end.
func (p *page) timeline(in *rules.Incident) {
	if len(in.Timeline) == 0 {
		return
	}
	p.head("Timeline (" + p.clock.label(in.Start) + ")")
	entries := in.Timeline
	if len(entries) <= maxTimeline {
		p.entries(in, entries)
		return
	}
	begin, end := entries[:maxTimeline*2/3], entries[len(entries)-maxTimeline/3:]
	p.entries(in, begin)
	p.more(len(entries)-len(begin)-len(end), "entry", "entries")
	p.entries(in, end)
}

func (p *page) entries(in *rules.Incident, entries []rules.TimelineEntry) {
	times := make([]string, len(entries))
	width := 0
	for i, e := range entries {
		times[i] = p.clock.short(e.Time, in.Start)
		width = max(width, len(times[i]))
	}
	for i, e := range entries {
		text := e.What
		if e.Source != "" {
			text += " (" + place(e.Location) + ")"
		}
		p.para("  "+pad(times[i], width+2), text, nil)
	}
}

func (p *page) rejected(in *rules.Incident) {
	all := in.Verdict.Alternatives
	if len(all) == 0 {
		return
	}
	p.head(rejectedTitle(in))
	shown := min(len(all), maxRejected)
	for _, a := range all[:shown] {
		text := string(a.Cause) + ", " + Percent(a.Confidence)
		if a.WhyNot != "" {
			text += ": " + a.WhyNot
		}
		p.para("  - ", text, nil)
	}
	p.more(len(all)-shown, "cause", "causes")
}

func dashed(int) string { return "  - " }

// list prints a head and marked paragraphs, or nothing.
func (p *page) list(title string, items []string, mark func(i int) string) {
	if len(items) == 0 {
		return
	}
	p.head(title)
	for i, item := range items {
		p.para(mark(i), item, nil)
	}
}

// shortStatus is a status in a list of counts; sessions of TCP have none.
func shortStatus(status string) string {
	if status == "000" {
		return "no status"
	}
	return status
}
