package rules

import (
	"net"
	"slices"
	"strings"
)

// EvidenceRole is what a line means in the story of an incident.
type EvidenceRole string

const (
	RoleCause    EvidenceRole = "cause"    // it may be why
	RoleEffect   EvidenceRole = "effect"   // it follows from why
	RoleRecovery EvidenceRole = "recovery" // it ends the story
	RoleContext  EvidenceRole = "context"  // it helps to understand
)

// State is what a line says about the stream (service) it is about. It lives
// until the next transition.
type State string

const (
	StateStarted  State = "started"  // a process exists; not proof that it serves
	StateServing  State = "serving"  // it listens or says that it is ready
	StateStopping State = "stopping" // an orderly stop was asked for: proof of order
	StateStopped  State = "stopped"  // it ended; proves nothing about order
	StateFailed   State = "failed"   // it could not start, or gave up
	StateDead     State = "dead"     // it died
)

// Scope is the largest thing that the line says was hit.
type Scope string

const (
	ScopeRequest    Scope = "request"    // one request; the process lives on
	ScopeWorker     Scope = "worker"     // one worker of a service that lives on
	ScopeService    Scope = "service"    // the process that listens
	ScopeHost       Scope = "host"       // the machine
	ScopeDependency Scope = "dependency" // a service behind the upstream
	ScopeGateway    Scope = "gateway"    // the gateway itself
)

// A Signature recognises one kind of record. What a line means is data: each
// comes from a YAML entry with samples (package rules/signature).
type Signature struct {
	ID         string
	Technology string // file it comes from: gunicorn, kernel, systemd
	Cause      Cause  // what it speaks for; "" for identity and context lines
	Also       []Cause
	Role       EvidenceRole
	Strong     bool // strong may decide alone; weak only supports
	Scope      Scope
	State      State  // "" if it changes none
	Doc        string // address of the vendor's words
	Meaning    string // one sentence for people, may hold <capture> names
}

// OwnError is what a line of an application says that no signature knows and that calls itself an
// error: in whose words ever, it is why a request failed if there is one for each that failed.
var OwnError = &Signature{
	ID: "app-error", Cause: CauseUnhandledException, Role: RoleCause, Scope: ScopeRequest,
	Meaning: "the application logs an error: <detail>",
}

// AboutOthers reports whether lines of the signature's technology are about
// processes that they name and not about the stream they stand in: the kernel, the
// init system, container runtimes, operators and deploy tools.
func (s *Signature) AboutOthers() bool {
	switch s.Technology {
	case "kernel", "systemd", "docker", "kubernetes", "supervisor", "host":
		return true
	}
	return false
}

// MayDepend reports whether lines of the signature may tell that a service behind failed.
func (s *Signature) MayDepend() bool {
	return s.Cause == CauseDependencyFailure || slices.Contains(s.Also, CauseDependencyFailure)
}

// A Field is one captured value.
type Field struct{ Name, Value string }

// Names of captures that the engine understands; a signature may use others,
// which are only shown.
const (
	FieldPID        = "pid"        // process the line is about (the victim)
	FieldMaster     = "master"     // its parent or manager
	FieldProcess    = "process"    // program name
	FieldUnit       = "unit"       // systemd unit, supervisor program, PM2 app
	FieldContainer  = "container"  // id or name
	FieldPod        = "pod"        // of Kubernetes
	FieldCgroup     = "cgroup"     // path
	FieldSignal     = "signal"     // number or name
	FieldExitCode   = "exit_code"  // number
	FieldAddress    = "address"    // host:port, [v6]:port or unix path the process listens on or wants
	FieldPort       = "port"       // port only
	FieldDependency = "dependency" // address or name of the service behind
	// FieldDependencyPort is its port where the line tells it apart from the name.
	FieldDependencyPort = "dependency_port"
	FieldService        = "service" // name of the service that logs
	FieldHost           = "host"
	FieldUser           = "user"
	FieldMemory         = "memory"
	FieldDetail         = "detail"
	FieldWhere          = "where" // file and line of code
)

// A Hit is a signature that matched a record, with its captures.
type Hit struct {
	Signature *Signature
	Fields    []Field // in the pattern's order; never more than 16
	Start     int     // where in the record's message the match begins, in bytes
}

// Get returns the captured value, "" if there is none.
func (h *Hit) Get(name string) string {
	for _, f := range h.Fields {
		if f.Name == name {
			return f.Value
		}
	}
	return ""
}

// Dependency returns the service behind as host:port, or its name, "" if the line
// names none.
func (h *Hit) Dependency() string {
	dep, port := h.Get(FieldDependency), h.Get(FieldDependencyPort)
	if dep != "" && port != "" {
		return net.JoinHostPort(strings.Trim(dep, "[]"), port)
	}
	return dep
}
