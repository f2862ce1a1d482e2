package correlate

import (
	"cmp"
	"net"
	"slices"
	"strconv"
	"strings"

	"culprit/parser"
	"culprit/rules"
	"culprit/rules/cause"
)

// A backing is a kind of service that others stand on.
type backing struct {
	name    string   // its technology, and the word for it in signatures' ids
	process string   // the program
	sql     bool     // connection pools of SQL drivers may be its
	names   []string // what its own log, unit, container or address may be called
	clients []string // lower case: words by which the lines of its client libraries are known
}

// backings, most telling first: a JDBC URL of MariaDB names both drivers' words.
var backings = []backing{
	{"postgres", "postgres", true, []string{"postgres", "postgresql", "pgbouncer", "pgpool"},
		[]string{"postgres", "psycopg", "asyncpg", "npgsql", "jackc/pgx", "pgxpool", "lib/pq", "pg::", "pg8000", "node_modules/pg/", "pg-pool", "pgconn"}},
	{"mariadb", "mariadbd", true, []string{"mariadb", "mariadbd"}, []string{"mariadb"}},
	{"mysql", "mysqld", true, []string{"mysql", "mysqld", "mariadb", "mariadbd", "percona"}, []string{"mysql"}},
	{"redis", "redis-server", false, []string{"redis", "valkey", "keydb", "sentinel"}, []string{"redis", "wrongpass", "valkey", "jedis", "lettuce"}},
	{"mongodb", "mongod", false, []string{"mongo", "mongod", "mongodb", "mongos"}, []string{"mongo"}},
	{"rabbitmq", "rabbitmq", false, []string{"rabbit", "rabbitmq"}, []string{"rabbit", "amqp", "pika.exceptions", "bunny::"}},
	{"kafka", "kafka", false, []string{"kafka", "redpanda"}, []string{"kafka"}},
	{"elasticsearch", "elasticsearch", false, []string{"elasticsearch", "opensearch", "elastic"}, []string{"elastic", "opensearch"}},
	{"memcached", "memcached", false, []string{"memcached"}, []string{"memcache"}},
	{"cassandra", "cassandra", false, []string{"cassandra", "scylla"}, []string{"cassandra"}},
}

// sqlClients are words of connection pools and mappers that serve any SQL database.
var sqlClients = []string{"hikari", "queuepool limit", "jdbc", "sqlalchemy", "sequelize", "knex", "activerecord", "prisma", "hibernate", "sqlstate",
	"database/sql", "typeorm", "doctrine"}

// anySQL is the technology of a line that only an SQL database's client writes.
const anySQL = "sql"

// backingOf is the technology that a service, a dependency or a signature is named for;
// "" if none.
func backingOf(words ...string) string {
	for _, b := range backings {
		if shareName(b.names, words) {
			return b.name
		}
	}
	return ""
}

// isBacking reports whether a service's own log is that of a technology.
func (sv *service) isBacking(technology string) bool {
	if sv.gateway || sv.system {
		return false
	}
	return slices.ContainsFunc(backings, func(b backing) bool {
		fits := b.name == technology || technology == anySQL && b.sql
		return fits && (shareName(b.names, sv.technologies) || shareName(b.names, sv.tokens))
	})
}

// findBackings lists the services whose own log is that of a database, a cache or a broker.
func (e *Engine) findBackings() {
	e.backings = nil
	for _, sv := range e.services {
		if slices.ContainsFunc(backings, func(b backing) bool { return sv.isBacking(b.name) }) {
			e.backings = append(e.backings, sv)
		}
	}
}

// behind is the technology of the service that a line about a dependency is about, as far as
// the signature, the address or the words of the client library tell; "" if they do not.
func behind(hit *rules.Hit, text string) string {
	words := append(strings.Split(hit.Signature.ID, "-"), hit.Signature.Technology) // dep-redis-refused
	words = append(words, tokensOf(hit.Dependency())...)
	if t := backingOf(append(words, cause.DependencyName(hit.Dependency()))...); t != "" {
		return t
	}
	text = strings.ToLower(text)
	for _, b := range backings {
		if slices.ContainsFunc(b.clients, func(w string) bool { return strings.Contains(text, w) }) {
			return b.name
		}
	}
	if slices.ContainsFunc(sqlClients, func(w string) bool { return strings.Contains(text, w) }) {
		return anySQL
	}
	return ""
}

// throughDependency links a database's or another backing service's own lines to the
// pool through the application that complains about it.
func (e *Engine) throughDependency(g *gathering, hit *rules.Hit, sv *service, own link) link {
	if hit.Signature.Scope != rules.ScopeDependency || own.weight > linkOnly {
		return own
	}
	for _, c := range g.complaints {
		d, weight := &c.blame, g.links[c.service].weight
		switch {
		case d.service == sv:
		case d.dependency != "" && sv.answersTo(d.dependency):
			return link{max(weight-4, 1), "on which " + d.service.name + " depends (" + d.dependency + ")"}
		case e.onlyOne(d, sv):
			return link{max(weight-8, 1), "the only " + cmp.Or(programBehind(d.technology), "SQL database") + " among the logs, of which " + d.service.name + " complains"}
		}
	}
	if slices.Contains(e.backings, sv) && (!farAway(g.pool.names) || e.serverSpeaks(g)) && e.onlyBacking(g.pool, sv) {
		return link{linkOnly, onlyDatabase}
	}
	return own
}

// serverSpeaks reports whether the log of an application that surely serves the pool is here: then what
// stands behind it may be, too.
func (e *Engine) serverSpeaks(g *gathering) bool {
	return slices.ContainsFunc(g.linked, func(sv *service) bool {
		return g.links[sv].weight >= linkMention && sv.real(e) && !slices.Contains(e.backings, sv)
	})
}

const onlyDatabase = "the only database, cache or broker among the logs"

// onlyBacking reports whether no other service among the logs stands behind applications: of those
// that have the pool's machine's folder, or of all.
func (e *Engine) onlyBacking(p *pool, sv *service) bool {
	home := sv.site != "" && sv.site == siteOf(p)
	return !slices.ContainsFunc(e.backings, func(o *service) bool { return o != sv && o.real(e) && (!home || o.site == "" || o.site == sv.site) })
}

// settleDatabase turns away a database's lines that nobody complains of, and that are linked by its
// being there only, unless they stand beside the failures and nowhere else, and after no word of the
// upstream's own that explains them. A panic or a kill needs no database.
func settleDatabase(g *gathering, all []rules.Candidate) {
	own := rules.Future // when the upstream told for the first time why it fails
	for i := range all {
		c := &all[i]
		if !c.Hit.Signature.Strong || c.Link < linkPort || c.Behind || c.Hit.Signature.Scope == rules.ScopeDependency {
			continue
		}
		own = min(own, c.When.To)
		if c.Cause.Family() == "crashed" && c.Cause != rules.CauseWorkerTimeout && c.When.From < g.pool.span.To {
			own = rules.Past
		}
	}
	for i := range all {
		switch c := &all[i]; {
		case c.LinkWhy != onlyDatabase:
		case c.Outside > 0 || c.Inside < 3 && c.Covered < coverMoments/2:
			c.Link, c.LinkWhy = linkElsewhere, "of which nobody complains, and not beside most failures only"
		case own < c.When.From-c.Waited:
			c.Link, c.LinkWhy = linkElsewhere, "of which nobody complains, and after the upstream's own word"
		}
	}
}

// answersTo reports whether a dependency, as an application names it, is this service.
func (sv *service) answersTo(dependency string) bool {
	for _, f := range sv.listens {
		if sameAddress(dependency, f.Value) > 0 {
			return true
		}
	}
	for _, t := range tokensOf(dependency) {
		if slices.Contains(sv.tokens, t) || slices.Contains(sv.technologies, t) {
			return true
		}
	}
	return false
}

// onlyOne reports whether a service is the only one among the logs that the technology of a
// complaint can mean. An address of its own that the complaint does not name speaks against.
func (e *Engine) onlyOne(d *blame, sv *service) bool {
	if d.technology == "" || !sv.isBacking(d.technology) {
		return false
	}
	if host, _, err := net.SplitHostPort(d.dependency); err == nil && net.ParseIP(host) != nil && len(sv.listens) > 0 {
		return false
	}
	return !slices.ContainsFunc(e.services, func(other *service) bool {
		return other != sv && other != d.service && other.isBacking(d.technology) && other.real(e)
	})
}

// A grievance is how often, and when, the applications of a case's pool complained about
// one technology in one line.
type grievance struct {
	from  int64
	count int64
	used  bool // a pool of connections was used up: that follows, once the service behind failed
}

// complained counts for each candidate all complaints about the same service behind as one:
// "in recovery mode" is said once, and each request after it waits for a connection in vain.
func (e *Engine) complained(g *gathering, all []rules.Candidate, span rules.Interval) {
	by := map[string][]grievance{}
	for _, sv := range g.linked {
		if g.links[sv].weight <= linkNone {
			continue
		}
		for _, h := range e.near.own[sv] {
			if h.when.From > span.To {
				break
			}
			if h.last.To >= span.From {
				h.complain(by)
			}
		}
	}
	for i := range all {
		c := &all[i]
		if c.Behind {
			continue
		}
		c.Complaints = c.Inside
		if len(by) == 0 || !c.Hit.Signature.MayDepend() {
			continue
		}
		var n int64
		for _, w := range about(by, behind(c.Hit, saying(c.Event))) {
			if !w.used || c.Hit.Signature.Strong && c.Cause == rules.CauseDependencyFailure && w.from+parser.Second > c.When.From {
				n += w.count
			}
		}
		c.Complaints = max(c.Complaints, n)
	}
}

// complain adds what an event complains of, once for each technology.
func (h *hitEvent) complain(by map[string][]grievance) {
	told := map[string]bool{}
	for i := range h.Hits {
		hit := &h.Hits[i]
		if !hit.Signature.MayDepend() {
			continue
		}
		if t := behind(hit, saying(h.Event)); t != "" && !told[t] {
			told[t] = true
			by[t] = append(by[t], grievance{h.when.From, h.Count, hit.Signature.Cause != rules.CauseDependencyFailure})
		}
	}
}

// about are the grievances about a technology, with those about any SQL database if it is the
// only one that is named.
func about(by map[string][]grievance, technology string) []grievance {
	out := by[technology]
	for _, b := range backings {
		if b.sql && b.name != technology && len(by[b.name]) > 0 {
			return out
		}
	}
	if slices.ContainsFunc(backings, func(b backing) bool { return b.sql && b.name == technology }) {
		out = slices.Concat(out, by[anySQL])
	}
	return out
}

// resolvers are the technologies of name servers, which only their own logs tell.
var resolvers = []string{"dnsmasq", "bind", "coredns", "unbound", "resolved"}

// blameDependency names the service behind the upstream: one whose own log is
// here, else the technology whose words the application quotes, else its address.
func (e *Engine) blameDependency(in *rules.Incident, g *gathering) {
	cu := &in.Culprit
	*cu = rules.Culprit{}
	if e.blameDeath(cu, g) {
		return
	}
	var quoted, named, spoken string
	for _, p := range g.verdict.Proof {
		c := &g.rules.Evidence[p.Candidate]
		dep := c.Hit.Dependency()
		for _, sv := range e.services {
			own := c.Subject == sv.index && backingOf(sv.technologies...) != ""
			if own || dep != "" && sv.answersTo(dep) && g.links[sv].weight <= linkOnly && !complains(g, sv) {
				cu.Process = cmp.Or(cu.Process, sv.process(), sv.name)
				if len(sv.units) > 0 {
					cu.Unit = cmp.Or(cu.Unit, sv.units[0])
				}
				if len(sv.hosts) == 1 && machine(sv.hosts[0]) {
					cu.Host = cmp.Or(cu.Host, sv.hosts[0])
				}
			}
		}
		if t := c.Hit.Signature.Technology; slices.Contains(resolvers, t) {
			quoted = cmp.Or(quoted, processOf(t))
		}
		quoted = cmp.Or(quoted, programBehind(backingOf(append(strings.Split(c.Hit.Signature.ID, "-"), c.Hit.Signature.Technology)...)))
		named = cmp.Or(named, cause.DependencyName(dep))
		spoken = cmp.Or(spoken, programBehind(behind(c.Hit, saying(c.Event))))
	}
	if _, _, err := net.SplitHostPort(named); err == nil {
		named = cmp.Or(spoken, named) // its kind tells more than its address
	}
	cu.Process = e.whichMySQL(cmp.Or(cu.Process, quoted, named, e.onlyDatabase(g), spoken))
}

// complains reports whether a proof is a service's own complaint about one behind it: then it stands
// in the middle.
func complains(g *gathering, sv *service) bool {
	return slices.ContainsFunc(g.verdict.Proof, func(p rules.Proof) bool {
		c := &g.rules.Evidence[p.Candidate]
		return c.Subject == sv.index && c.Hit.Signature.MayDepend() && (c.Hit.Dependency() != "" || behind(c.Hit, saying(c.Event)) != "")
	})
}

// whichMySQL gives MySQL's server the name of MariaDB's where a log of it is here and none of
// MySQL's own: drivers and error numbers are the same.
func (e *Engine) whichMySQL(process string) string {
	if process != programBehind("mysql") {
		return process
	}
	called := func(names ...string) bool {
		return slices.ContainsFunc(e.services, func(sv *service) bool {
			return !sv.gateway && !sv.system && (shareName(sv.tokens, names) || shareName(sv.technologies, names))
		})
	}
	if called("mariadb", "mariadbd") && !called("mysqld", "percona") {
		return programBehind("mariadb")
	}
	return process
}

// blameDeath names the service behind the upstream whose end is proof; false if there is none.
func (e *Engine) blameDeath(cu *rules.Culprit, g *gathering) bool {
	var first *rules.Candidate
	for _, p := range g.verdict.Proof {
		c := &g.rules.Evidence[p.Candidate]
		if !c.Behind || first != nil && (c.Subject != first.Subject || c.Event.Host != first.Event.Host) {
			continue
		}
		if first == nil {
			first = c
		}
		identify(cu, c)
		if cu.PID == 0 {
			cu.PID, _ = strconv.ParseInt(c.Hit.Get(rules.FieldPID), 10, 64)
		}
	}
	if first == nil {
		return false
	}
	if first.Subject >= 0 {
		sv := e.services[first.Subject]
		if backingOf(sv.technologies...) != "" {
			cu.Process = cmp.Or(cu.Process, sv.process())
		}
		if cu.Unit == "" && len(sv.units) > 0 {
			cu.Unit = sv.units[0]
		}
		if cu.Container == "" && len(sv.containers) > 0 {
			cu.Container = sv.containerName(e)
		}
		cu.Process = cmp.Or(cu.Process, strings.TrimSuffix(sv.name, ".service"))
	}
	return true
}

// programBehind is the program of a technology, "" if it is none or any SQL database.
func programBehind(technology string) string {
	for _, b := range backings {
		if b.name == technology {
			return b.process
		}
	}
	return ""
}

// onlyDatabase is the one backing service among the logs, where the application does
// not say which of them failed.
func (e *Engine) onlyDatabase(g *gathering) string {
	var names []string
	for _, sv := range e.services {
		if backingOf(sv.technologies...) != "" && g.links[sv].weight <= linkOnly {
			names = append(names, cmp.Or(sv.process(), sv.name))
		}
	}
	if len(names) != 1 {
		return ""
	}
	return names[0]
}
