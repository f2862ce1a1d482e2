package rules

import "culprit/parser"

// A Case is the symptoms of one pool that belong together, with everything that
// bears on their cause. It is what cause.Decide judges; all times are aligned (UTC).
type Case struct {
	Key     string   // of the pool; "gateway" for faults of the gateway itself
	Members []string // addresses and group names of the pool that failed, as written
	Gateway bool     // no upstream was involved

	Symptoms []CaseSymptom // ordered by first time, then class, phase
	Span     Interval      // first to last symptom
	Began    int64         // earliest start of a failed request: waiting may have begun long before the first line
	Evidence []Candidate   // ordered by time, then source
	Traffic  Traffic
	Seen     Seen
	OneThing string // URL group that all failures asked for, while others were answered well and it never was; "" if that is not so
	Worked   Worked
}

// Worked says whether what failed was ever answered well before.
type Worked struct {
	Looked bool   // there is an access log of the time before
	Last   Moment // of a good answer before the first failure; zero if there is none
	URL    string // the URL group that it was given to
}

// A CaseSymptom is one class of symptoms of a case.
type CaseSymptom struct {
	Class     parser.Symptom
	Phase     parser.Phase
	Rank      parser.Rank
	Errno     int32
	Hints     []Cause
	Scheme    string
	Count     int64
	First     Interval
	Last      Interval
	FromTally bool // known from access lines only
	Status    int16
	Timer     int64 // all ended after as many microseconds, a gateway's timeout; 0 if that is not how they are known
	Late      int64 // so many of the requests an application finished seconds after the gateway had failed them; 0 if that is not how they are known
	Begun     int64 // so many of the requests an application began and did not finish, other than those that were answered; 0 if it is not known
	Queue     bool  // connecting timed out while the same address took other connections, and was slow with them
}

// Traffic is what the access log says about the pool while the case lasted.
type Traffic struct {
	Known          bool  // an access log names the pool's addresses
	Succeeded      int64 // answers below 500 between the first and the last symptom
	Failed         int64
	KeptAlive      bool  // the gateway always keeps connections, and does not log which it used again
	FailedReused   int64 // failures on a kept-alive connection (connect time 0.000)
	FailedFresh    int64 // failures with another connect time, or none
	FailedLong     int64 // failures that took two seconds and more
	FailedOnce     int64 // failures of repeatable methods that were not repeated
	SymptomSeconds int64 // seconds with a primary symptom
	ServedSeconds  int64 // of them, those in which an address that failed also answered
	Pieces         int64 // cases of the pool, this one among them, that are nothing but closed connections
	Around         int64 // of such a piece among three and more: answers in the minute around it, 0 if not on both sides
}

// Seen says which kinds of log there were: absence of a line means something only
// in a log that exists.
type Seen struct {
	ErrorLog bool // of the gateway
	Access   bool
	App      bool // a stream is linked to the pool
	AnyApp   bool // there are application logs at all
	System   bool // kernel, init system or container runtime
}

// A Candidate is a hit that may bear on a case, with how it is linked and when it was.
type Candidate struct {
	Event   *Event
	Hit     *Hit
	Cause   Cause // what it speaks for here
	When    Interval
	Waited  int64  // how long, at its stamp, had been waited for what it tells, microseconds
	Link    int    // decibans; negative speaks for another service
	LinkWhy string // the link in words: "which listens on 127.0.0.1:9001"
	Service string // name of the linked service, "" if none
	Subject int    // index of the linked service, -1 if none: equal subjects share a chain
	Inside  int64  // records of this kind from its subject near the case's symptoms
	Outside int64  // and elsewhere
	// Complaints counts, near the case's symptoms, the records of the pool's services that
	// complain about the same service behind; where nothing tells which one, it is Inside.
	Complaints int64
	// Behind tells that the line is about the end of a service that the pool's own services
	// complain of, or of a name server that the gateway asks: it speaks for dependency-failure, or
	// dns-failure, only.
	Behind bool
	// Not are causes that its signature may also stand for, and here does not.
	Not     []Cause
	Covered int  // of ten symptom moments, how many it stands close before
	Moments int  // how many distinct moments of failure there were to stand before, at most ten
	Foreign bool // it names a unit or container, and nothing links that to the upstream
	LivedOn bool // it may have been a process's last words, but the process went on answering
	Lasting bool // it set a state that still held when the case began
	Ended   End  // how, by its manager's word, the process ended that said it
}

// An End is how a process ended, as its manager says.
type End uint8

const (
	EndUnknown End = iota
	EndExit        // by itself, with an exit status other than 0
	EndKill        // by a signal from outside: SIGKILL, SIGTERM
	EndFault       // by a signal of the processor's: SIGSEGV, SIGBUS
	EndAbort       // by its own abort: SIGABRT, SIGTRAP
)

// First returns the interval of the first symptom.
func (c *Case) First() Interval {
	if len(c.Symptoms) == 0 {
		return c.Span
	}
	return c.Symptoms[0].First
}

// Primary returns how many primary symptoms of a class the case has; of all
// classes for SymptomNone.
func (c *Case) Primary(class parser.Symptom) int64 {
	var n int64
	for _, s := range c.Symptoms {
		if s.Rank == parser.RankPrimary && (class == parser.SymptomNone || s.Class == class) {
			n += s.Count
		}
	}
	return n
}
