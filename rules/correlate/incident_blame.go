package correlate

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"culprit/rules"
)

// blame names the process whose end or state is the cause.
func (e *Engine) blame(in *rules.Incident, g *gathering) {
	if g.pool.gateway || g.verdict.Cause.Family() == "gateway" && g.verdict.Cause != rules.CauseKeepaliveRace {
		in.Culprit.Process = e.product(g)
		return
	}
	own := g
	if g = g.source(); g.pool.gateway { // the one behind it
		in.Culprit.Process = e.product(g)
		return
	}
	host := e.linked(g)
	if host != nil {
		in.Service = e.title(host)
		// The gateway's log names none; the service says where it listens. A service that is
		// merely here is not to be accused of what nobody knows.
		if len(in.Upstreams) == 0 && (g.verdict.Cause != rules.CauseUnknown || g.links[host].weight >= linkName) {
			in.Upstreams = e.listening(own)
		}
	}
	if len(g.verdict.Proof) > 0 {
		e.blameProof(in, g, host)
		return
	}
	if host == nil || g.links[host].weight <= linkAlone || g.verdict.Cause == rules.CauseDNSFailure { // nobody was asked whom to blame
		return
	}
	in.Culprit.Process = host.process()
	e.accuse(&in.Culprit, host)
	if len(host.units) > 0 {
		in.Culprit.Unit = host.units[0]
	}
	if len(host.hosts) == 1 && machine(host.hosts[0]) {
		in.Culprit.Host = host.hosts[0]
	}
}

// listening is the address that the services linked best to the pool say they listen on, or the
// best is asked at, if it is one only.
func (e *Engine) listening(g *gathering) []string {
	var all []string
	least := 1
	if best := e.linked(g); best != nil && g.links[best].weight >= linkName {
		least = g.links[best].weight
	}
	for _, sv := range g.linked {
		if g.links[sv].weight >= least {
			all = append(all, sv.addresses()...)
		}
	}
	if best := e.linked(g); len(all) == 0 && best != nil {
		all = e.askedHere(best)
	}
	slices.Sort(all)
	if all = slices.Compact(all); len(all) != 1 {
		return []string{}
	}
	return all
}

// askedHere lists the addresses that a service is asked at whose clients are all this machine and
// which listens on every IPv4 address.
func (e *Engine) askedHere(sv *service) (all []string) {
	if !slices.ContainsFunc(sv.streams, func(id streamID) bool { return e.sources[id.source].Source.Loopback }) {
		return nil
	}
	for _, f := range sv.listens {
		if host, port := splitPort(plainAddress(f.Value)); host == "0.0.0.0" {
			all = append(all, "127.0.0.1:"+port)
		}
	}
	return all
}

// any reports whether one of the technologies is among the logs.
func (e *Engine) any(technologies ...string) bool {
	return slices.ContainsFunc(e.services, func(sv *service) bool { return shareName(sv.technologies, technologies) })
}

// linked is the service that most likely serves the case's pool; nil if none does.
func (e *Engine) linked(g *gathering) *service {
	var best *service
	for _, sv := range g.linked {
		if w := g.links[sv].weight; w > linkNone && (best == nil || w > g.links[best].weight) {
			best = sv
		}
	}
	return best
}

func (e *Engine) blameProof(in *rules.Incident, g *gathering, host *service) {
	cu := &in.Culprit
	for _, p := range g.verdict.Proof {
		c := &g.rules.Evidence[p.Candidate]
		if c.Link < 0 {
			continue
		}
		hit := c.Hit
		identify(cu, c)
		if cu.PID == 0 && hit.Signature.Scope != rules.ScopeDependency {
			cu.PID, _ = strconv.ParseInt(hit.Get(rules.FieldPID), 10, 64)
		}
	}
	best := &g.rules.Evidence[g.verdict.Proof[0].Candidate]
	sv := host
	if best.Subject >= 0 {
		sv = e.services[best.Subject]
	}
	if g.verdict.Cause == rules.CauseDependencyFailure {
		e.blameDependency(in, g)
		return
	}
	if sv == nil {
		if php := processOf(best.Hit.Signature.Technology) == "php"; php && best.Event.Scheme == "fastcgi" {
			cu.Process = cmp.Or(cu.Process, "php-fpm") // quoted by the gateway, who speaks to nobody else that runs PHP
		}
		return
	}
	in.Service = cmp.Or(in.Service, e.title(sv))
	cu.Process = cmp.Or(cu.Process, sv.process(), processOf(best.Hit.Signature.Technology))
	e.accuse(cu, sv)
	if cu.Process == "php" && e.any("php-fpm", "phpfpm") {
		cu.Process = "php-fpm" // the log of a script names no server
	}
	if cu.PID == 0 && best.Hit.Signature.Scope == rules.ScopeService {
		cu.PID = sv.pidAt(best.Event, best.When)
	}
	if sig := best.Hit.Signature; cu.PID == 0 && best.Event.Container == "" && !sig.AboutOthers() && (sig.Scope == rules.ScopeService || sig.Scope == rules.ScopeWorker) {
		cu.PID = best.Event.PID // it says so itself
	}
	if cu.Unit == "" && len(sv.units) > 0 {
		cu.Unit = sv.units[0]
	}
	if cu.Host == "" && len(sv.hosts) == 1 && machine(sv.hosts[0]) {
		cu.Host = sv.hosts[0]
	}
	if cu.Unit != "" && in.Service == cu.Process { // syslog's tag is the program that many units run
		in.Service = cu.Unit
	}
}

// accuse names a service where nothing tells its program. A container's id is no program's name.
func (e *Engine) accuse(cu *rules.Culprit, sv *service) {
	if cu.Container == "" && len(sv.containers) > 0 {
		cu.Container = sv.containerName(e)
	}
	if title := e.title(sv); cu.Process == "" && len(idsIn(title)) == 0 {
		cu.Process = title
	}
}

// identify adds what a line of proof says of whose end or state it tells.
func identify(cu *rules.Culprit, c *rules.Candidate) {
	unit, container := cgroupIdentity(c.Hit.Get(rules.FieldCgroup))
	cu.Unit = cmp.Or(cu.Unit, c.Hit.Get(rules.FieldUnit), unit)
	cu.Container = cmp.Or(cu.Container, c.Hit.Get(rules.FieldContainer), container, c.Event.Container)
	cu.Host = cmp.Or(cu.Host, c.Hit.Get(rules.FieldHost), c.Event.Host)
	cu.Process = cmp.Or(cu.Process, programOf(c.Hit.Get(rules.FieldProcess)))
}

// programOf strips a role from a process's title: "gunicorn: maste" is gunicorn.
func programOf(comm string) string {
	comm, _, _ = strings.Cut(comm, ":")
	return strings.TrimSpace(comm)
}
