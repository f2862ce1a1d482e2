package report

import (
	"bufio"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"html/template"
	"io"
	"strings"
	"sync"

	"culprit/rules"
)

//go:embed page.css
var pageCSS string

//go:embed page.tmpl
var pageText string

// Parsed when a page is written: it took 2 ms of every start.
var pageTemplate = sync.OnceValue(func() *template.Template {
	return template.Must(template.New("page").Funcs(template.FuncMap{"commands": commandsIn}).Parse(pageText))
})

// policy lets a browser use the page's own style sheet and nothing else: no script, no
// image, no font, no request, not even a style on an element
// (https://www.w3.org/TR/CSP3/).
var policy = "default-src 'none'; style-src 'sha256-" + hashed(pageCSS) + "'; base-uri 'none'; form-action 'none'"

func hashed(text string) string {
	sum := sha256.Sum256([]byte(text))
	return base64.StdEncoding.EncodeToString(sum[:])
}

// Bounds of the HTML page beside those of opening.go.
const (
	maxHTMLGroups = 200 // groups listed
	maxHTMLRows   = 100 // incidents listed of each group, in all maxHTMLAll
	maxHTMLAll    = 5000
)

// writeHTML prints the report as one page that needs nothing else: no network, no script.
// Everything from a log is cleaned by the story and escaped by html/template.
func writeHTML(w io.Writer, r *rules.Report, o Options) error {
	k := clock{o.Location}
	groups := groupsOf(r.Incidents)
	p := &htmlPage{CSS: template.CSS(pageCSS), Policy: policy, Opening: openingOf(r, k, o)}
	p.list(r.Incidents, groups, k, o)
	p.Sources, p.Notes = sourcesOf(r.Sources, k)
	p.MoreSources = len(r.Sources) - len(p.Sources)
	out := bufio.NewWriter(w)
	if err := pageTemplate().ExecuteTemplate(out, "head", p); err != nil {
		return err
	}
	for _, i := range chosen(r.Incidents, groups, o) { // one at a time, so that many cost no more memory than one
		s := storyOf(&r.Incidents[i], i+1, len(r.Incidents), k, &r.Totals)
		if err := pageTemplate().ExecuteTemplate(out, "incident", htmlStory{s, drawn(s, k)}); err != nil {
			return err
		}
	}
	if err := pageTemplate().ExecuteTemplate(out, "foot", p); err != nil {
		return err
	}
	return out.Flush()
}

func drawn(s *story, k clock) *svg {
	if s.Chart == nil {
		return nil
	}
	return s.Chart.svg(k)
}

type (
	htmlPage struct {
		CSS     template.CSS
		Policy  string
		Opening opening
		Rows    []htmlRow   // a few incidents
		Chains  []string    // what is common to some of them that follow each other
		Groups  []htmlGroup // many, folded
		More    int         // groups that are not listed
		Told    string      // which of many are told in full

		Sources     []sourceRow
		MoreSources int
		Notes       []string
	}
	htmlGroup struct {
		Times, Cause, Where, Failed, Span, Rhythm string
		Worst                                     htmlRow
		Rows                                      []htmlRow // its members, if it has several
		More                                      int       // members that are not listed
	}
	htmlRow   struct{ Anchor, Number, When, For, Cause, Sure, Failed, Where, ID string }
	htmlStory struct {
		*story
		Drawn *svg
	}
)

// Words are the headline's, so that a date is not broken at its hyphens.
func (s htmlStory) Words() []string { return strings.Fields(s.Headline) }

// list fills the overview: a few incidents in their order, many by group.
func (p *htmlPage) list(incidents []rules.Incident, groups []group, k clock, o Options) {
	told := map[int]bool{}
	for _, i := range chosen(incidents, groups, o) {
		told[i] = true
	}
	row := func(i int) htmlRow {
		in := &incidents[i]
		r := htmlRow{Number: Number(int64(i + 1)), When: k.span(in.Start, rules.Moment{}), For: lasted(in), Cause: causeName(in), Sure: sure(in),
			Failed: impactWord(in), Where: whereOf(in), ID: Clean(in.ID)}
		if told[i] {
			r.Anchor = anchor(i + 1)
		}
		return r
	}
	if len(incidents) <= maxFull {
		for i := range incidents {
			p.Rows = append(p.Rows, row(i))
		}
		p.Chains = chainWords(incidents, k, o)
		return
	}
	p.Told = strings.TrimSpace(byCause(groups) + " " + toldOf(groups))
	left := maxHTMLAll
	for _, g := range groups[:min(len(groups), maxHTMLGroups)] {
		h := htmlGroup{Times: Number(int64(len(g.members))), Cause: g.cause, Where: g.where, Failed: Number(g.failed),
			Span: g.spanOf(incidents, k), Rhythm: g.rhythm(incidents), Worst: row(g.worst)}
		if len(g.members) > 1 {
			shown := min(len(g.members), maxHTMLRows, left)
			left -= shown
			for _, i := range g.members[:shown] {
				h.Rows = append(h.Rows, row(i))
			}
			h.More = len(g.members) - shown
		}
		p.Groups = append(p.Groups, h)
	}
	p.More = len(groups) - len(p.Groups)
}
