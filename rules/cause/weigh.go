// Package cause judges a case: which root cause explains the symptoms best.
//
// Every candidate cause collects integer weights in decibans (tenths of a log-10
// odds), each with a sentence: what the symptoms themselves say (own), whether the
// cause can produce them (fit), and what its best evidence is worth: how telling
// the line is, whether it is about this upstream (link), when it was (time), how
// much denser it stands inside the incident than outside (lift), how many of the
// failures it stands before (cover). Then chains are folded to their first link,
// and the best cause wins if it is far enough above its prior and above the next;
// else the verdict is unknown, which is an ordinary answer.
//
// The judgement is a Go table and not data: precedence between causes is one
// global order that one person can read whole. Decide is pure.
package cause

import (
	"fmt"
	"strings"

	"culprit/parser"
	"culprit/rules"
)

// Weights of one piece of evidence, in decibans.
const (
	weightStrong = 25
	weightWeak   = 9
	weightVague  = 2  // an error in words that no signature knows
	weightAlso   = -7 // it may stand for this cause, but usually stands for another

	linkCap     = 12  // a sure link
	unlinked    = -30 // nothing says that it is about this upstream
	unlinkedFar = -10 // and the upstream is on another machine
	coverLinked = 8   // a linked line stands close before every failure
	coverAll    = 20  // an unlinked one does, and there are some
	coverTwo    = 14  // two failures only
	coverOne    = 8   // one failure only: chance
	coverFew    = -10 // an unlinked line stands before few of many failures
	timeAt      = 5   // at the first failure
	timeUnknown = -2
	liftDaily   = -15 // it is written all day
	liftInside  = 3   // only inside
	furtherKind = 3   // each further signature that says the same
	furtherMost = 9
	livedOn     = -16 // the process answered on, so it did not end by that
	listenedOn  = -40 // nor did it stop listening
	dimRequest  = -6  // one request's error explains one request
	// A service that fails because of another one complains with each request; one
	// complaint for many failures is a remark.
	fewComplaints = -16
	longAfter     = -60 // clearly after the last failure
	otherEnd      = -30 // its manager says that it ended in another way
	asMany        = 8   // and there are as many of them as failures
)

// piece is the weight of one candidate for one cause.
type piece struct {
	index  int // in Case.Evidence
	weight int
	when   rules.Interval
}

// why says it in words. Of hundreds of ends that a case has looked at few are told.
func (p *piece) why(c *rules.Case) string { return sentence(c, &c.Evidence[p.index]) }

// weigh judges one candidate for the cause it speaks for, or may stand for.
func weigh(c *rules.Case, i int, cause rules.Cause) piece {
	ev := &c.Evidence[i]
	sig := ev.Hit.Signature
	w := weightWeak
	switch {
	case sig.Strong:
		w = weightStrong
	case sig == rules.OwnError:
		w = weightVague
	}
	if ev.Cause != cause {
		w += weightAlso
	}
	if sig.Scope == rules.ScopeRequest || ev.LivedOn {
		w += requestWeight(c, ev)
	}
	if ev.LivedOn {
		w += livedOnWeight(c)
	}
	if sig.Scope == rules.ScopeWorker && cause.Family() == "crashed" && !sig.AboutOthers() && refusedMostly(c) {
		w += livedOn // its master holds the socket
	}
	if cause == rules.CauseDependencyFailure && fewComplained(c, ev) {
		w += fewComplaints
	}
	if endedOtherwise(ev, cause) {
		w += otherEnd
	}
	w += linkWeight(c, ev)
	w += timeWeight(c, ev, cause)
	w += liftWeight(ev)
	when := rules.Interval{From: ev.When.From - ev.Waited, To: ev.When.To}
	return piece{index: i, weight: w, when: when}
}

// endedOtherwise reports whether a process that an error of its own may have ended was ended
// by a signal. What no handler takes ends Python, Node, Ruby and the JVM with exit status 1,
// Go with 2, C++ and .NET with SIGABRT: never with SIGKILL, SIGTERM or SIGSEGV. (A failed
// start may wait, and be killed for that.)
func endedOtherwise(ev *rules.Candidate, cause rules.Cause) bool {
	return cause == rules.CauseUnhandledException && !ev.Hit.Signature.AboutOthers() && (ev.Ended == rules.EndKill || ev.Ended == rules.EndFault)
}

// fewComplained reports whether all complaints about a dependency stand for less than a
// third of the failures. One loop that tries again complains once a turn for all requests that
// wait for it: then it does so for as long as they fail, and at no other time. That the first of
// them waited for minutes makes that no longer: a lock is told of once, by each that waits.
func fewComplained(c *rules.Case, ev *rules.Candidate) bool {
	if !ev.Behind && ev.Hit.Signature.AboutOthers() {
		return false // the kernel says once that a file server does not answer
	}
	if ev.Complaints*3 >= c.Primary(parser.SymptomNone) {
		return false
	}
	return ev.Inside < 5 || ev.Outside > 0 || ev.Inside*turn < c.Span.To-c.First().From
}

// turn is how often a loop complains at least.
const turn = 30 * parser.Second

// requestWeight: one request's error explains one request, so there should be about
// as many such lines as failures.
func requestWeight(c *rules.Case, ev *rules.Candidate) int {
	total := c.Primary(parser.SymptomNone)
	if total >= 2 && ev.Inside*10 >= total*7 && ev.Inside*10 <= total*14 {
		return asMany
	}
	if onlyStatuses(c) {
		return 0
	}
	return dimRequest
}

// tells reports whether a line bears on the case at all: an error in words that no signature knows
// does if the upstream itself says it about as often as requests of it failed, hardly ever else,
// and what the gateway saw is what an error makes.
func tells(c *rules.Case, ev *rules.Candidate) bool {
	if ev.Hit.Signature != rules.OwnError {
		return true
	}
	total := c.Primary(parser.SymptomNone)
	made := c.Primary(parser.SymptomPrematureClose) + c.Primary(parser.SymptomConnReset) + c.Primary(parser.SymptomTruncatedBody) + c.Primary(parser.SymptomUpstreamStatus) +
		c.Primary(parser.SymptomOther) // an access log without the upstream's answer
	return ev.Link > 0 && made*10 >= total*7 && ev.Inside*10 >= total*7 && ev.Inside*10 <= total*14 && ev.Outside*5 <= ev.Inside
}

func livedOnWeight(c *rules.Case) int {
	switch {
	case onlyStatuses(c):
		return 0
	case refusedMostly(c):
		return listenedOn
	}
	return livedOn
}

// refusedMostly reports whether most failures were connections that nobody listened for.
func refusedMostly(c *rules.Case) bool {
	return 2*(c.Primary(parser.SymptomConnRefused)+c.Primary(parser.SymptomSocketMissing)) > c.Primary(parser.SymptomNone)
}

// onlyStatuses reports whether the symptoms are answers of the upstream itself.
func onlyStatuses(c *rules.Case) bool {
	for _, s := range c.Symptoms {
		if s.Rank == parser.RankPrimary && s.Class != parser.SymptomUpstreamStatus {
			return false
		}
	}
	return true
}

func linkWeight(c *rules.Case, ev *rules.Candidate) int {
	switch {
	case ev.Link > 0:
		return min(ev.Link, 2*linkCap)/2 + coverLinked*ev.Covered/10
	case ev.Link < 0:
		return max(ev.Link, -40)
	}
	w := unlinked + coverWeight(ev)
	if remote(c.Members) {
		w += unlinkedFar
	}
	return w
}

// coverWeight is what an unlinked line is worth for standing close before most of
// the failures: the nearest scary line must not win by being near one of them.
func coverWeight(ev *rules.Candidate) int {
	switch {
	case ev.Covered < 3 && ev.Moments >= 5, ev.Moments < 3 && ev.Foreign: // it has a name of its own, and once is chance
		return coverFew
	case ev.Covered < 8:
		return 0
	case ev.Moments >= 3:
		return coverAll
	case ev.Moments == 2:
		return coverTwo
	}
	return coverOne
}

// remote reports whether the members are on another machine than the gateway.
func remote(members []string) bool {
	for _, m := range members {
		if len(m) > 0 && m[0] >= '0' && m[0] <= '9' && (len(m) < 4 || m[:4] != "127.") {
			return true
		}
	}
	return false
}

// timeWeight compares the evidence with the first failure and with the nearest
// one, as intervals: only a clear "after" excludes.
func timeWeight(c *rules.Case, ev *rules.Candidate, cause rules.Cause) int {
	if ev.When.From == rules.Past && ev.When.To == rules.Future {
		return timeUnknown
	}
	lead := c.Began - ev.When.To // positive: evidence ended before the first failure began
	if lead > 0 {
		return leadWeight(lead, ev)
	}
	if late := ev.When.From - ev.Waited - c.First().To; late > 0 {
		return lateWeight(c, ev, cause, late)
	}
	return timeAt
}

func leadWeight(lead int64, ev *rules.Candidate) int {
	switch {
	case lead <= 5*parser.Second:
		return timeAt
	case ev.Lasting:
		return timeAt - 1
	case lead <= 30*parser.Second:
		return 1
	case lead <= 2*parser.Minute:
		return -5
	}
	return -18
}

// lateWeight: evidence that comes after the first failure may still explain it (a
// warning that is written when it is already too late, a failure that repeats), but
// what ends a process cannot come long after the first request died of it. What counts is the
// cause that is weighed: that a database was told to stop may be why it did not answer, and is
// no restart of what failed before.
func lateWeight(c *rules.Case, ev *rules.Candidate, cause rules.Cause, late int64) int {
	switch over := ev.When.From - ev.Waited - c.Span.To; {
	case over > 5*parser.Second && !slowKind(cause):
		return longAfter
	case over > 2*parser.Second:
		return -30
	}
	switch {
	case ev.Covered >= 5:
		return 2
	case late <= 2*parser.Second:
		return 0
	case slowKind(cause):
		if late <= 30*parser.Second {
			return 0
		}
		return -4
	case late <= 10*parser.Second:
		return -8
	case late > parser.Minute && ev.Covered == 0 && ev.Moments >= 5:
		return -30 // requests failed before it for minutes, and after it no more than before
	}
	return -15
}

func slowKind(c rules.Cause) bool {
	switch c {
	case rules.CauseSlowUpstream, rules.CauseUpstreamSaturated, rules.CauseDependencyFailure, rules.CauseWorkerTimeout,
		rules.CauseGatewayResources, rules.CauseNetworkUnreachable, rules.CauseDNSFailure:
		return true
	}
	return false
}

func liftWeight(ev *rules.Candidate) int {
	switch {
	case ev.Outside == 0:
		return liftInside
	case ev.Outside > 3*ev.Inside:
		return liftDaily
	case ev.Outside > ev.Inside:
		return liftDaily / 3
	}
	return 0
}

// sentence says what the line proves and how it is linked.
func sentence(c *rules.Case, ev *rules.Candidate) string {
	text := fill(ev.Hit) + About(ev.Service, ev.LinkWhy)
	if when := distance(c, ev); when != "" {
		text += ", " + when
	}
	return text
}

// About says whose line it is and how that is known, as a part of a sentence.
func About(service, why string) string {
	switch {
	case why == "":
		return ""
	case service == "" || strings.Contains(why, service):
		return " (" + short(why) + ")"
	}
	return " (" + short(service+", "+why) + ")"
}

// distance puts the time between evidence and first failure into words.
func distance(c *rules.Case, ev *rules.Candidate) string {
	if ev.When.From == rules.Past || ev.When.To == rules.Future || ev.When.To-ev.When.From > parser.Minute {
		return ""
	}
	first := c.First()
	switch {
	case ev.When.To <= first.From:
		return fmt.Sprintf("%s before the first failure", span(first.From-ev.When.From))
	case ev.When.From >= first.To:
		return fmt.Sprintf("%s after the first failure", span(ev.When.From-first.From))
	}
	if ev.When.To-ev.When.From > parser.Second { // a line without a stamp of its own
		return fmt.Sprintf("at most %s before the first failure", span(max(first.To-ev.When.From, parser.Second)))
	}
	return "in the second of the first failure"
}

// span renders a duration for people.
func span(micros int64) string {
	switch {
	case micros < 10*parser.Second-50_000:
		tenths := (micros + 50_000) / 100_000
		return fmt.Sprintf("%d.%d s", tenths/10, tenths%10)
	case micros < 2*parser.Minute:
		return fmt.Sprintf("%d s", (micros+parser.Second/2)/parser.Second)
	case micros < 2*parser.Hour:
		return fmt.Sprintf("%d min", micros/parser.Minute)
	case micros < 2*parser.Day:
		return fmt.Sprintf("%d h", micros/parser.Hour)
	}
	return fmt.Sprintf("%d days", micros/parser.Day)
}
