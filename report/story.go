package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"culprit/parser"
	"culprit/rules"
)

// A story is one incident as Markdown and HTML tell it: all text is cleaned and put into
// words, none of it is marked up yet. The text format has less room and tells it itself.
type story struct {
	Anchor   string // id for links inside the document
	Number   string // "2 of 5", "" for an only one
	Headline string
	Facts    []fact
	Chain    []string // who serves the address: address, service, process, unit, machine
	Impact   []fact
	Backoff  string
	Chart    *chart
	Drawing  []string // the chart in characters, none if there is nothing to see
	Caption  string

	ProofTitle string
	Proof      []proof
	More       string // what was left out of the proof
	SeenTitle  string
	Seen       []proof
	Zone       string
	Timeline   []moment

	Sure          string // "87 % sure that it is …", or that the logs do not decide
	Weights       string // what the weights mean, and whether any speaks against
	For           []weighed
	Against       []weighed
	RejectedTitle string
	Rejected      []weighed
	Unknown       []string
	Now, Next     []string // to do at once, and against the next time
}

type (
	fact struct{ Name, Text string }

	// A proof is a quoted line with what it proves.
	proof struct {
		Time, Place, Record string
		Role                string // cause, effect, recovery, context; "" for a symptom
		Times               string // "× 4"
		Line                []piece
		Message             []piece // what an envelope hid
		Why                 string
		Found, FoundWhy     string // of a verified report: where it is now, what is there instead
	}

	// A piece of a line; marked are the values it was taken as evidence for.
	piece struct {
		Text string
		Mark bool
	}

	moment struct{ Time, What, Place, Role string }

	weighed struct{ Weight, Text, Cause string }
)

// Bounds of a story; JSON has all.
const (
	maxStoryProof    = 12
	maxStoryTimeline = 40
	maxMarkBytes     = 64 // of values longer than this a mark would hide the line
	minMarkBytes     = 2  // a single digit says nothing by itself
	sureMarkBytes    = 4  // shorter ones stand elsewhere in a line, too
)

// storyOf tells incident n of a report, from 1.
func storyOf(in *rules.Incident, n, of int, k clock, totals *rules.Totals) *story {
	s := &story{
		Anchor: anchor(n), Headline: Clean(headline(in, k)), Facts: factsOf(in, k), Chain: chainOf(in),
		Impact: impactOf(in, totals), Backoff: backoffOf(in), Zone: k.label(in.Start), Sure: sureness(in),
		Unknown: sentences(unknown(in)), Now: orders(in.Advice, in), Next: orders(in.Prevent, in),
	}
	if of > 1 {
		s.Number = Number(int64(n)) + " of " + Number(int64(of))
	}
	if s.Chart = chartOf(in, leastBins, mostBins); s.Chart != nil {
		s.Caption = s.Chart.caption(k)
	}
	if c := draw(in, defaultWidth); c != nil {
		s.Drawing = append(c.drawing(k, defaultWidth), "", c.key())
	}
	s.tellProof(in, k)
	s.tellSymptoms(in, k)
	s.tellTimeline(in, k)
	s.tellVerdict(in)
	return s
}

func factsOf(in *rules.Incident, k clock) (facts []fact) {
	add := func(name, text string) {
		if text != "" {
			facts = append(facts, fact{name, Clean(text)})
		}
	}
	cause := strings.TrimPrefix(causeName(in), "cause ")
	if family := in.Verdict.Cause.Family(); family != "" && family != "unknown" {
		cause += " (" + family + ")"
	}
	add("Cause", cause)
	add(culpritName(in), culpritOf(in))
	add("Upstream", upstreamWords(in))
	add("Gateway", in.Gateway)
	add("When", whenOf(in, k))
	add("Before", historyWords(in, k))
	add("Related", relatedOf(in))
	add("Id", in.ID)
	return facts
}

// whenOf tells an incident's time, and whether it may go on.
func whenOf(in *rules.Incident, k clock) string {
	when := k.span(in.Start, in.End)
	if first, last := in.Failing(); k.short(seconds(first), in.Start) != k.short(seconds(in.Start), in.Start) {
		when += "; failures from " + k.between(seconds(first), seconds(last), in.Start)
	}
	switch open := in.State == "open"; {
	case recovered(in):
		when += "; answered again at " + k.short(in.End, in.Start)
		if open {
			when += ", and the logs end less than a minute later: it may come again"
		}
	case open:
		when += "; the logs end less than a minute later: it may not be over"
	case in.Requests > 0 && !in.OfGateway:
		when += "; nothing was answered in the minute after it"
	}
	return when
}

// chainOf names who stands behind the address, one link a step, as far as it is known.
func chainOf(in *rules.Incident) (chain []string) {
	c := &in.Culprit
	process := c.Process
	if process != "" && c.PID != 0 {
		process += fmt.Sprint(", pid ", c.PID)
	}
	first := ""
	if len(in.Upstreams) > 0 || in.OfTheGateway() {
		first = upstreamsOf(in) // else the service may be known though no line names its address
	}
	for _, link := range []string{first, in.Service, process, c.Unit, containerOf(c.Container), c.Host} {
		if link = Clean(link); link != "" && !slices.Contains(chain, link) {
			chain = append(chain, link)
		}
	}
	if len(chain) < 2 {
		return nil
	}
	return chain
}

func (s *story) tellProof(in *rules.Incident, k clock) {
	s.ProofTitle = proofTitle(in)
	order := byRole(in.Evidence)
	for _, n := range order[:min(len(order), maxStoryProof)] {
		e := &in.Evidence[n]
		p := quoted(&e.Quote, marksOf(e))
		p.Time, p.Role, p.Why = k.short(e.Time, in.Start), Clean(string(e.Role)), sentence(Clean(e.Why))
		if e.Count > 1 {
			p.Times = "× " + Number(e.Count)
		}
		s.Proof = append(s.Proof, p)
	}
	if more := len(order) - len(s.Proof); more > 0 {
		s.More = Counts(int64(more), "more line", "more lines") + " of evidence in the JSON report."
	}
}

func quoted(q *rules.Quote, marks []string) proof {
	p := proof{Place: Clean(place(q.Location)), Line: pieces(Clean(q.Text), marks), Found: foundWords(q.Found), FoundWhy: foundWhy(q.Found)}
	if q.Place.LastLine > q.Place.FirstLine && q.Place.FirstLine > 0 {
		p.Record = fmt.Sprintf("record of lines %d to %d", q.Place.FirstLine, q.Place.LastLine)
	}
	if q.Message != "" && q.Message != q.Text {
		p.Message = pieces(Clean(q.Message), marks)
	}
	return p
}

// marksOf are the values that a line was taken as evidence for.
func marksOf(e *rules.Evidence) []string {
	return each(e.Fields, func(f *rules.Field) string { return f.Value })
}

// pieces cuts a cleaned line at the first occurrence of each mark, as a word of its own.
func pieces(line string, marks []string) []piece {
	var spans [][2]int
	for _, m := range marks {
		if m = Clean(m); len(m) < minMarkBytes || len(m) > maxMarkBytes {
			continue
		}
		at := wordAt(line, m)
		if len(m) < sureMarkBytes { // a short number stands in the stamp, too
			at = lastWordAt(line, m)
		}
		if at >= 0 {
			spans = append(spans, [2]int{at, at + len(m)})
		}
	}
	slices.SortFunc(spans, func(a, b [2]int) int { return cmp.Or(cmp.Compare(a[0], b[0]), cmp.Compare(b[1], a[1])) })
	var out []piece
	done := 0
	for _, span := range spans {
		if span[0] < done {
			continue
		}
		if span[0] > done {
			out = append(out, piece{Text: line[done:span[0]]})
		}
		out = append(out, piece{line[span[0]:span[1]], true})
		done = span[1]
	}
	if done < len(line) {
		out = append(out, piece{Text: line[done:]})
	}
	return out
}

// wordAt finds a word that no letter or digit touches.
func wordAt(line, word string) int {
	for from := 0; ; {
		at := strings.Index(line[from:], word)
		if at < 0 {
			return -1
		}
		at += from
		end := at + len(word)
		if (at == 0 || !wordByte(line[at-1])) && (end == len(line) || !wordByte(line[end])) {
			return at
		}
		from = at + 1
	}
}

// lastWordAt finds the last one.
func lastWordAt(line, word string) int {
	last := -1
	for from := 0; from <= len(line); {
		at := wordAt(line[from:], word)
		if at < 0 {
			break
		}
		last = from + at
		from = last + len(word)
	}
	return last
}

func wordByte(b byte) bool {
	return b >= '0' && b <= '9' || b|0x20 >= 'a' && b|0x20 <= 'z' || b == '_'
}

func (s *story) tellSymptoms(in *rules.Incident, k clock) {
	s.SeenTitle = Clean(seenTitle(in))
	groups := seen(in)
	for i := range groups[:min(len(groups), maxStoryProof)] {
		g := &groups[i]
		p := quoted(&g.Example, nil)
		if alreadyQuoted(in, &g.Example, maxStoryProof) {
			p.Line, p.Message = nil, nil
			p.Record = "quoted above"
		}
		p.Times, p.Why = Number(g.Count)+" ×", Clean(symptomWords(g))
		p.Time = k.between(g.First, g.Last, in.Start)
		s.Seen = append(s.Seen, p)
	}
}

// seen lists what the gateway saw, failures before reactions. Lines that only say that a request failed
// of which another line tells how say nothing more.
func seen(in *rules.Incident) []rules.SymptomGroup {
	groups := slices.DeleteFunc(slices.Clone(in.Symptoms), func(s rules.SymptomGroup) bool {
		return s.Rank == parser.RankSecondary && s.Class == parser.SymptomOther
	})
	slices.SortStableFunc(groups, func(a, b rules.SymptomGroup) int { return int(b.Rank) - int(a.Rank) })
	return groups
}

// alreadyQuoted reports whether a line is among the first ones of the proof.
func alreadyQuoted(in *rules.Incident, q *rules.Quote, shown int) bool {
	order := byRole(in.Evidence)
	for _, n := range order[:min(len(order), shown)] {
		if e := &in.Evidence[n].Quote; e.Location == q.Location && e.Text == q.Text && q.Line > 0 {
			return true
		}
	}
	return false
}

func (s *story) tellTimeline(in *rules.Incident, k clock) {
	half, cut := maxStoryTimeline/2, len(in.Timeline)-maxStoryTimeline
	for i, e := range in.Timeline {
		if i >= half && i < half+cut {
			if i == half {
				s.Timeline = append(s.Timeline, moment{Time: "…", What: Counts(int64(cut), "more moment", "more moments") + " in the JSON report."})
			}
			continue
		}
		m := moment{Time: k.short(e.Time, in.Start), What: sentence(Clean(e.What)), Role: roleAt(in, e.Location)}
		if e.Source != "" {
			m.Place = Clean(place(e.Location))
		}
		s.Timeline = append(s.Timeline, m)
	}
}

// roleAt is the role of the evidence that stands at a place, "" if none does.
func roleAt(in *rules.Incident, at rules.Location) string {
	for i := range in.Evidence {
		if e := &in.Evidence[i]; e.Quote.Location == at && at.Source != "" {
			return Clean(string(e.Role))
		}
	}
	return ""
}

func sureness(in *rules.Incident) string {
	if s := sure(in); s != "" {
		return s + " sure that it is " + causeName(in) + ": " + restsOn(in) + "."
	}
	return "The logs do not decide the cause."
}

// restsOn says what the sureness rests on: how many lines, and whether any other cause had
// something to weigh against them.
func restsOn(in *rules.Incident) string {
	kinds, sources, own := 0, map[string]bool{}, true
	for i := range in.Evidence {
		if e := &in.Evidence[i]; e.Role == rules.RoleCause {
			kinds++
			sources[e.Quote.Source] = true
			_, symptom := parser.ParseSymptom(e.Kind)
			own = own && symptom
		}
	}
	var text string
	switch {
	case kinds == 0:
		text = "it rests on no line of its own"
	case own:
		text = "it rests on the gateway's own message alone"
	case kinds == 1:
		text = "it rests on one kind of line"
	default:
		text = "it rests on " + Number(int64(kinds)) + " kinds of line in " + Counts(int64(len(sources)), "source", "sources")
	}
	follows := 0
	for _, a := range in.Verdict.Alternatives {
		if a.WhyNot == "it is a consequence of "+string(in.Verdict.Cause) {
			follows++
		}
	}
	switch others := len(in.Verdict.Alternatives); {
	case others == 0:
		text += ", and no other cause had evidence in these logs"
	case others == follows:
		text += ", and " + map[bool]string{true: "the other cause considered follows", false: "the other causes considered follow"}[others == 1] + " from this one"
	default:
		text += "; " + Counts(int64(others-follows), "other cause was weighed and is", "other causes were weighed and are") + " told below"
	}
	for _, r := range in.Verdict.Reasons {
		if r.Weight < 0 {
			return text + "; something spoke against it, too"
		}
	}
	return text
}

func (s *story) tellVerdict(in *rules.Incident) {
	for _, r := range in.Verdict.Reasons {
		w := weighed{Weight: fmt.Sprintf("%+d", r.Weight), Text: sentence(Clean(r.Text))}
		if r.Weight < 0 {
			w.Weight = strings.Replace(w.Weight, "-", "−", 1)
			s.Against = append(s.Against, w)
		} else {
			s.For = append(s.For, w)
		}
	}
	for _, a := range in.Verdict.Alternatives {
		s.Rejected = append(s.Rejected, weighed{Weight: Percent(a.Confidence), Cause: Clean(string(a.Cause)), Text: sentence(Clean(a.WhyNot))})
	}
	s.RejectedTitle = rejectedTitle(in)
	if len(s.For)+len(s.Against) > 0 {
		s.Weights = "A weight of +10 makes a cause ten times as likely; the percentage is how often verdicts of such a weight were right on recorded outages."
		if len(s.Against) == 0 && sure(in) != "" {
			s.Weights += " No line spoke against it."
		}
	}
}

// anchor is the id of incident n inside a document.
func anchor(n int) string { return fmt.Sprint("incident-", n) }
