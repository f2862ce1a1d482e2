package correlate

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"culprit/rules"
	"culprit/rules/cause"
)

// blame names the process whose end or state is the cause.
func (e *Engine) blame(in *rules.Incident, g *gathering) {
	if g.pool.gateway || g.verdict.Cause.Family() == "gateway" && g.verdict.Cause != rules.CauseKeepaliveRace {
		in.Culprit.Process = in.Gateway
		return
	}
	host := e.linked(g)
	if host != nil {
		in.Service = host.name
		// The gateway's log names none; the service says where it listens. A service that is
		// merely here is not to be accused of what nobody knows.
		if len(in.Upstreams) == 0 && (g.verdict.Cause != rules.CauseUnknown || g.links[host].weight >= linkName) {
			in.Upstreams = e.listening(g)
		}
	}
	if len(g.verdict.Proof) > 0 {
		e.blameProof(in, g, host)
		return
	}
	if host == nil {
		return
	}
	in.Culprit.Process = cmp.Or(host.process(), host.name)
	if len(host.units) > 0 {
		in.Culprit.Unit = host.units[0]
	}
	if len(host.hosts) == 1 {
		in.Culprit.Host = host.hosts[0]
	}
}

// listening is the address that the services linked to the pool say they listen on,
// if they name one only.
func (e *Engine) listening(g *gathering) []string {
	var all []string
	for _, sv := range e.services {
		if g.links[sv].weight > linkNone {
			all = append(all, sv.addresses()...)
		}
	}
	slices.Sort(all)
	if all = slices.Compact(all); len(all) != 1 {
		return []string{}
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
	for _, sv := range e.services {
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
		unit, container := cgroupIdentity(hit.Get(rules.FieldCgroup))
		cu.Unit = cmp.Or(cu.Unit, hit.Get(rules.FieldUnit), unit)
		cu.Container = cmp.Or(cu.Container, hit.Get(rules.FieldContainer), container, c.Event.Container)
		cu.Host = cmp.Or(cu.Host, hit.Get(rules.FieldHost), c.Event.Host)
		if cu.PID == 0 && hit.Signature.Scope != rules.ScopeDependency {
			cu.PID, _ = strconv.ParseInt(hit.Get(rules.FieldPID), 10, 64)
		}
		cu.Process = cmp.Or(cu.Process, programOf(hit.Get(rules.FieldProcess)))
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
		return
	}
	in.Service = cmp.Or(in.Service, sv.name)
	cu.Process = cmp.Or(cu.Process, sv.process(), processOf(best.Hit.Signature.Technology), sv.name)
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
}

// programOf strips a role from a process's title: "gunicorn: maste" is gunicorn.
func programOf(comm string) string {
	comm, _, _ = strings.Cut(comm, ":")
	return strings.TrimSpace(comm)
}

// blameDependency names the service behind the upstream: one whose own log is
// here, else the technology whose words the application quotes, else its address.
func (e *Engine) blameDependency(in *rules.Incident, g *gathering) {
	cu := &in.Culprit
	*cu = rules.Culprit{}
	var quoted, named, spoken string
	for _, p := range g.verdict.Proof {
		c := &g.rules.Evidence[p.Candidate]
		dep := c.Hit.Dependency()
		for _, sv := range e.services {
			own := c.Subject == sv.index && shareName(sv.technologies, databases)
			if own || dep != "" && sv.answersTo(dep) && g.links[sv].weight <= linkOnly {
				cu.Process = cmp.Or(cu.Process, sv.process(), sv.name)
				if len(sv.units) > 0 {
					cu.Unit = cmp.Or(cu.Unit, sv.units[0])
				}
			}
		}
		if t := c.Hit.Signature.Technology; t == "dns" || shareName(databases, []string{t}) {
			quoted = cmp.Or(quoted, processOf(t))
		}
		for _, word := range strings.Split(c.Hit.Signature.ID, "-") { // dep-redis-refused
			if shareName(databases, []string{word}) {
				quoted = cmp.Or(quoted, processOf(word))
			}
		}
		named = cmp.Or(named, cause.DependencyName(dep))
		spoken = cmp.Or(spoken, clientOf(c.Event.Text))
	}
	cu.Process = cmp.Or(cu.Process, quoted, named, e.onlyDatabase(g), spoken)
}

// clientOf names the backing service whose client library speaks in a line.
func clientOf(text string) string {
	text = strings.ToLower(text)
	for _, c := range []struct{ word, process string }{
		{"redis", "redis-server"}, {"wrongpass", "redis-server"}, {"mysql", "mysqld"}, {"mariadb", "mariadbd"}, {"psycopg", "postgres"},
		{"postgres", "postgres"}, {"mongo", "mongod"}, {"amqp", "rabbitmq"}, {"rabbit", "rabbitmq"}, {"kafka", "kafka"},
		{"elastic", "elasticsearch"}, {"memcache", "memcached"},
	} {
		if strings.Contains(text, c.word) {
			return c.process
		}
	}
	return ""
}

// databases are the technologies of backing services.
var databases = []string{"postgres", "postgresql", "mysql", "redis", "mongodb"}

// onlyDatabase is the one backing service among the logs, where the application does
// not say which of them failed.
func (e *Engine) onlyDatabase(g *gathering) string {
	var names []string
	for _, sv := range e.services {
		if shareName(sv.technologies, databases) && g.links[sv].weight <= linkOnly {
			names = append(names, cmp.Or(sv.process(), sv.name))
		}
	}
	if len(names) != 1 {
		return ""
	}
	return names[0]
}
