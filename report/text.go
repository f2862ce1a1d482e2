package report

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/charmbracelet/lipgloss"

	"culprit/parser"
	"culprit/parser/gateway"
	"culprit/rules"
)

// How much of each part the text report shows; JSON has all of it.
const (
	maxListed   = 20 // groups in the overview
	maxProof    = 5
	maxGroups   = 5
	maxTimeline = 12
	maxRejected = 3
	maxSources  = 40
	maxNotes    = 20
)

// writeText prints the report for the one who was woken at three: what happened, how sure
// that is and on what grounds, then what to do, and last what was read.
func writeText(w io.Writer, r *rules.Report, o Options) error {
	p := newPage(w, o)
	if o.Filtered && len(r.Incidents) == 0 {
		p.para("", noMatch, nil)
		return p.out.Flush()
	}
	if !hasGateway(r.Sources) {
		p.noGateway(r)
	}
	groups := groupsOf(r.Incidents)
	switch {
	case len(r.Incidents) == 0:
		p.noIncident(r)
	case len(r.Incidents) > maxFull:
		p.summary(r)
		p.groups(groups, r.Incidents)
	default:
		p.summary(r)
		p.overview(r.Incidents, o)
	}
	for _, i := range chosen(r.Incidents, groups, o) {
		p.incident(&r.Incidents[i], i+1, len(r.Incidents))
	}
	p.sources(r.Sources)
	p.notes(r.Sources)
	return p.out.Flush()
}

func hasGateway(sources []rules.SourceInfo) bool {
	return slices.ContainsFunc(sources, func(s rules.SourceInfo) bool { return s.Role == parser.RoleGateway && s.Format != "" })
}

func (p *page) noGateway(r *rules.Report) {
	p.para("", noGatewayLog, &p.alarm)
	p.para("", noGatewayOf(r), nil)
	p.line()
}

// noGatewayOf says what to add; a log that a rotation left empty is looked for first.
func noGatewayOf(r *rules.Report) string {
	const shown = 3
	text, empty := noGatewayHelp, []string(nil)
	for i := range r.Sources {
		if s := &r.Sources[i]; s.Bytes == 0 && s.Error == "" && len(empty) < shown && gateway.MayBe(s.Path) {
			empty = append(empty, s.Path)
		}
	}
	if len(empty) > 0 {
		text += " Of what was read, " + strings.Join(empty, ", ") + " may be such a log, and holds nothing: a rotated one beside it may hold the lines."
	}
	return text
}

// noMatch is said of a store that has no incident of those that were asked for.
const noMatch = "No stored incident matches."

const (
	noGatewayLog  = "No gateway log is among the sources."
	noGatewayHelp = "Without the log of the nginx, Apache, HAProxy or other gateway that answered with 502 or 504, " +
		"nobody can say which requests failed. Add its error log, and its access log if there is one."
)

// summary says what the whole report is about.
func (p *page) summary(r *rules.Report) {
	p.para("", summaryOf(r), &p.title)
	p.window(r)
	p.elsewhere(&r.Totals)
	if text := verifiedOf(r.Incidents); text != "" {
		p.para("", text, nil)
	}
}

// summaryOf says it in one sentence.
func summaryOf(r *rules.Report) string {
	text := Counts(int64(len(r.Incidents)), "incident", "incidents")
	if failed := r.Totals.FailedRequests; failed >= 0 {
		text += ", " + failedOf(failed+max(r.Totals.FailedOther, 0), r.Totals.Requests)
	}
	text += ", read from " + Counts(int64(len(r.Sources)), "source", "sources")
	return text + "."
}

func failedOf(failed, requests int64) string {
	switch {
	case requests <= 0:
		return Counts(failed, "failed request", "failed requests")
	case failed == 0:
		return "none of " + Counts(requests, "request", "requests") + " failed"
	}
	return Number(failed) + " of " + Counts(requests, "request", "requests") + " failed"
}

func (p *page) window(r *rules.Report) {
	if !r.Window[0].IsZero() {
		p.para("", p.clock.span(r.Window[0], r.Window[1]), &p.faint)
	}
}

func (p *page) elsewhere(t *rules.Totals) {
	if text := elsewhereOf(t); text != "" {
		p.para("", text, &p.faint)
	}
}

// elsewhereOf tells what was seen and is no incident.
func elsewhereOf(t *rules.Totals) string {
	var parts []string
	if t.ClientAborts > 0 {
		parts = append(parts, Counts(t.ClientAborts, "client went away", "clients went away"))
	}
	if t.Refused > 0 {
		parts = append(parts, Counts(t.Refused, "request was", "requests were")+" refused on purpose")
	}
	if len(parts) == 0 {
		return ""
	}
	return "Not counted as failures: " + strings.Join(parts, ", ") + "."
}

// noIncident says that nothing was found, in what, and what would have shown more.
func (p *page) noIncident(r *rules.Report) {
	if hasGateway(r.Sources) {
		p.para("", noIncidentFound, &p.fine)
	} else {
		p.para("", "No incident found.", nil)
	}
	p.window(r)
	p.line()
	p.para("", "Read: "+readOf(r)+".", nil)
	p.elsewhere(&r.Totals)
	if text := outsideOf(&r.Totals); text != "" {
		p.para("", text, nil)
	}
	p.list("What would have shown more", lackingOf(r.Sources), dashed)
}

const noIncidentFound = "No incident: the gateway's logs show no request that an upstream failed."

// outsideOf tells of failures where there is no incident.
func outsideOf(t *rules.Totals) string {
	failed := max(t.FailedRequests, 0) + max(t.FailedOther, 0)
	if failed == 0 {
		return ""
	}
	return Counts(failed, "request", "requests") + " failed outside any incident: too few to be one, or errors of the upstream's own at their usual rate."
}

func readOf(r *rules.Report) string {
	var lines int64
	for i := range r.Sources {
		lines += r.Sources[i].Lines
	}
	parts := []string{Counts(lines, "line", "lines") + " in " + Counts(int64(len(r.Sources)), "source", "sources")}
	if r.Totals.Requests >= 0 {
		parts = append(parts, Counts(r.Totals.Requests, "request", "requests"))
	}
	switch n := r.Totals.GatewayErrorLines; {
	case n == 0:
		parts = append(parts, "no gateway line about a failed upstream")
	case n > 0:
		parts = append(parts, Counts(n, "gateway line about a failed upstream", "gateway lines about failed upstreams"))
	}
	return strings.Join(parts, ", ")
}

// lackingOf lists the kinds of log that are missing among the sources.
func lackingOf(sources []rules.SourceInfo) (lacking []string) {
	var errors, access, app, system bool
	for i := range sources {
		s := &sources[i]
		errors = errors || s.HasErrors
		access = access || s.HasAccess && s.Role == parser.RoleGateway
		app = app || s.Role == parser.RoleApp
		system = system || s.Role == parser.RoleSystem
	}
	add := func(has bool, text string) {
		if !has {
			lacking = append(lacking, text)
		}
	}
	add(errors, "the gateway's error log: it names the upstream and what went wrong with it")
	add(access, "the gateway's access log: it tells which requests failed, and how many")
	add(app, "the application's own log, at the level at which it reports crashes and restarts")
	add(system, "the kernel's and the init system's log (kern.log, journalctl): they tell who was killed or restarted")
	return lacking
}

// overview is the list of a few incidents, one line each; one needs none.
func (p *page) overview(incidents []rules.Incident, o Options) {
	if len(incidents) < 2 {
		return
	}
	first := incidents[0].Start
	p.line()
	t := table{right: map[int]bool{0: true, 3: true, 4: true}}
	for i := range incidents {
		in := &incidents[i]
		whole := rules.Moment{Micros: in.Start.Micros, Precision: parser.Second}
		t.rows = append(t.rows, []string{fmt.Sprint(i + 1), p.clock.short(whole, first), causeName(in), sure(in), impactWord(in), Clean(upstreamsOf(in))})
	}
	chains := chainWords(incidents, p.clock, o)
	for _, text := range chains {
		p.para("", text, nil)
	}
	if len(chains) > 0 {
		p.line()
	}
	t.write(p, 5)
}

// groups is the list of many: what recurs, where, how often and how far apart.
func (p *page) groups(groups []group, incidents []rules.Incident) {
	p.line()
	if text := byCause(groups); text != "" {
		p.para("  ", text, nil)
		p.line()
	}
	for _, g := range groups[:min(len(groups), maxListed)] {
		text := g.cause + " at " + g.where + ", " + Number(g.failed) + " failed, " + g.spanOf(incidents, p.clock)
		if rhythm := g.rhythm(incidents); rhythm != "" {
			text += ", " + rhythm
		}
		p.para("  "+pad(Number(int64(len(g.members)))+" ×", -7)+" ", text, nil)
	}
	p.more(len(groups)-maxListed, "group", "groups")
	p.line()
	p.para("  ", toldOf(groups)+" culprit incidents lists all, culprit report ID tells one.", &p.faint)
}

func causeName(in *rules.Incident) string {
	if in.Verdict.Cause == rules.CauseUnknown || in.Verdict.Cause == "" {
		return "cause unknown"
	}
	return Clean(string(in.Verdict.Cause))
}

// sure is how sure the cause is; to be sure of not knowing is no news.
func sure(in *rules.Incident) string {
	if causeName(in) == "cause unknown" {
		return ""
	}
	return Percent(in.Verdict.Confidence)
}

// upstreamsOf names at most two upstreams, not yet cleaned.
func upstreamsOf(in *rules.Incident) string {
	switch ups := in.Upstreams; {
	case len(ups) == 0 && !in.OfTheGateway():
		return "an upstream that no line names"
	case len(ups) == 0:
		return "the gateway itself"
	case len(ups) <= 2:
		return strings.Join(ups, ", ")
	default:
		return ups[0] + " and " + Number(int64(len(ups)-1)) + " more"
	}
}

// impactWord is the shortest figure of how bad it was.
func impactWord(in *rules.Incident) string {
	switch {
	case in.Failed() >= 0:
		return Number(failures(in)) + " failed"
	case in.ErrorLines >= 0:
		return Counts(in.ErrorLines, "line", "lines")
	}
	return ""
}

// A table is rows of cleaned cells.
type table struct {
	rows  [][]string
	right map[int]bool // columns aligned to the right
	heads bool         // the first row is the heads
	front bool         // the column that yields is cut in front
}

// write prints the table with two blanks between columns; if it is too wide, the column
// that yields is cut, and then the line as a whole.
func (t *table) write(p *page, yields int) {
	if len(t.rows) == 0 {
		return
	}
	widths := make([]int, len(t.rows[0]))
	sum := 0
	for i := range widths {
		for _, r := range t.rows {
			widths[i] = max(widths[i], lipgloss.Width(r[i]))
		}
		sum += widths[i] + 2
	}
	if sum > p.width {
		widths[yields] = max(12, widths[yields]-(sum-p.width))
	}
	for n, r := range t.rows {
		line := ""
		for i, cell := range r {
			width, shorten := widths[i], cut
			if i == yields && t.front {
				shorten = cutFront
			}
			cell = shorten(cell, width)
			if t.right[i] {
				width = -width
			}
			line += "  " + pad(cell, width)
		}
		line = cut(strings.TrimRight(line, " "), p.width)
		if n == 0 && t.heads {
			line = p.faint.Render(line)
		}
		p.line(line)
	}
}
