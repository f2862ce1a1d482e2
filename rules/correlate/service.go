package correlate

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"culprit/parser"
	"culprit/rules"
)

// A streamID names a stream inside a source.
type streamID struct {
	source int
	stream string
}

// A service is what stands behind addresses: a log stream, or several that belong
// together because they share a unit, a container, a rotated family or processes.
type service struct {
	index   int
	name    string // for people: unit, container, program or file
	site    string
	streams []streamID

	listens      []rules.Fact // addresses, ":port" if only the port is told; aligned times
	mentions     []string     // the same, in words that need not mean listening
	masters      []master
	pids         map[int64]rules.Interval
	known        int64 // from when on one of pids lived; see list
	units        []string
	containers   []string
	programs     []string
	technologies []string
	hosts        []string
	onHost       rules.Interval // of what streams of one host tell
	tokens       []string       // words of its names, for weak links
	names        []string       // its names of several words, in one spelling
	called       []string       // all its names as a whole, in one spelling; see list
	asked        int            // directory.asked, when it was last looked at
	first, last  int64
	system       bool // kernel, init and the like: talks about others
	gateway      bool

	homes      []node      // pools with cases that it says it listens for
	body       body        // the unit that it lives in, where its own lines name none
	risen      []*hitEvent // its own lines that say that it started or serves, in order of time
	answers    []int64     // when it logged sketched requests, sorted; made when first asked for
	hasAnswers bool
	life       life     // what lines tell of its states
	resolver   presence // of a name server in its names; see resolves
	accused    []int    // see complaintIndex.meaning; nil before somebody asked
	complaints []int    // of its own, by number

	groups   map[uint64]int  // sketched requests by URL group
	requests int             // sketched
	named    []rules.Request // that its lines name by a path, in UTC; rules.Past if nothing dates them
	byName   bool            // it logs no requests; the counts are of those that it names
	served   map[string]int  // matched requests by the address that the gateway sent them to
	matched  int
	checked  bool
}

// A master is a process that held the service's socket, and where a line says so.
type master struct {
	rules.Fact
	pid    int64
	source int
}

// findServices builds the services from the sources' facts.
func (e *Engine) findServices() {
	e.services = nil
	e.calls = map[streamID]*service{}
	e.findMachines()
	for _, s := range e.sources {
		for _, id := range streamsOf(s) {
			e.newService(s, id)
		}
	}
	e.foldTagless()
	for _, s := range e.sources {
		for _, f := range s.Facts {
			if sv := e.calls[streamID{s.index, f.Stream}]; sv != nil {
				sv.learn(s, f)
			}
		}
	}
	e.mergeServices()
	for _, sv := range e.services {
		sv.settle(e)
	}
	e.dropCommonWords()
	slices.SortStableFunc(e.services, func(a, b *service) int {
		return cmp.Or(strings.Compare(a.name, b.name), strings.Compare(e.pathOf(a), e.pathOf(b)))
	})
	for i, sv := range e.services {
		sv.index = i
	}
	e.findHosts()
	e.findBackings()
	e.matchRequests()
	e.matchNamed()
}

// maxNamesakes is how many services may have a word in common that tells whose a line or a name
// is. A deployment's pods may be dozens; what hundreds are called, a prefix of all, names nobody.
const maxNamesakes = 64

// dropCommonWords takes from the services the words that too many of them have.
func (e *Engine) dropCommonWords() {
	if len(e.services) <= maxNamesakes {
		return
	}
	count := map[string]int{}
	for _, sv := range e.services {
		for _, t := range sv.tokens {
			count[t]++
		}
	}
	for _, sv := range e.services {
		sv.tokens = slices.DeleteFunc(sv.tokens, func(t string) bool { return count[t] > maxNamesakes })
	}
}

// streamsOf lists the streams of a source in a fixed order.
func streamsOf(s *source) []string {
	seen := map[string]bool{}
	for i := range s.Facts {
		seen[s.Facts[i].Stream] = true
	}
	for i := range s.Events {
		if i == 0 || s.Events[i].Stream != s.Events[i-1].Stream {
			seen[s.Events[i].Stream] = true
		}
	}
	for i := range s.Requests {
		if i == 0 || s.Requests[i].Stream != s.Requests[i-1].Stream {
			seen[s.Requests[i].Stream] = true
		}
	}
	if s.Source.Role != parser.RoleGateway && !onlySystem(seen) {
		seen[""] = true // an application's log that says nothing is still one
	}
	out := make([]string, 0, len(seen))
	for name := range seen {
		out = append(out, name)
	}
	slices.Sort(out)
	return out
}

// onlySystem reports whether all streams of a source are the system's and what it speaks of: a part
// of syslog in which nobody else wrote is no application's log.
func onlySystem(streams map[string]bool) bool {
	system := false
	for stream := range streams {
		name, _ := rules.SplitStream(stream)
		name, _ = rules.SplitProcess(name)
		switch {
		case strings.HasPrefix(name, rules.SubjectUnit), strings.HasPrefix(name, rules.SubjectContainer):
		case !rules.OfSystem(name):
			return false
		default:
			system = true
		}
	}
	return system
}

func (e *Engine) newService(s *source, stream string) {
	sv := &service{
		site: s.site, streams: []streamID{{s.index, stream}},
		pids: map[int64]rules.Interval{}, served: map[string]int{}, groups: map[uint64]int{},
		first: rules.Future, last: rules.Past, onHost: rules.Interval{From: rules.Future, To: rules.Past},
	}
	name, host := rules.SplitStream(stream)
	if host == "" {
		host = e.folderHost(s)
	}
	if host != "" {
		sv.hosts = append(sv.hosts, host)
	}
	switch {
	case rules.OfGateway(stream) && !s.app || s.ofGateway || s.writes(stream):
		sv.gateway = true
	case name == "":
		sv.system = s.Source.Role == parser.RoleSystem || rules.OfSystem(e.fileName(sv.streams[0])) // kubelet.log
	default:
		sv.system = rules.OfSystem(name)
	}
	if s.Source.First.Known() {
		sv.first, sv.last = s.reach()
	}
	e.services = append(e.services, sv)
	e.calls[sv.streams[0]] = sv
}

// writes reports whether the stream is what the gateway's own program writes beside its errors:
// with the tag that they have, or without one as they are.
func (s *source) writes(stream string) bool {
	return s.Program && (stream == "" && len(s.Speakers) == 0 || slices.Contains(s.Speakers, stream))
}

// foldTagless gives the lines without a tag to the only tagged stream of their rotated
// family: prints of a process stand between its logger's lines.
func (e *Engine) foldTagless() {
	type tagged struct {
		stream  string
		service *service
		several bool
	}
	byFamily := map[string]tagged{}
	for _, s := range e.sources {
		for _, stream := range streamsOf(s) {
			if stream == "" || e.calls[streamID{s.index, stream}].system || rules.OfGateway(stream) && !s.app || strings.HasPrefix(stream, rules.SubjectUnit) || strings.HasPrefix(stream, rules.SubjectContainer) {
				continue
			}
			known, any := byFamily[s.family()]
			if !any {
				known = tagged{stream: stream, service: e.calls[streamID{s.index, stream}]}
			}
			known.several = known.several || known.stream != stream
			byFamily[s.family()] = known
		}
	}
	for _, s := range e.sources {
		if only := byFamily[s.family()]; only.service != nil && !only.several && !only.service.system {
			e.merge(only.service, e.calls[streamID{s.index, ""}])
		}
	}
}

func (sv *service) learn(s *source, f rules.Fact) {
	f.When, f.Last = s.span(f.When, s.clock()), s.span(f.Last, s.clock())
	if _, host := rules.SplitStream(f.Stream); host != "" {
		sv.onHost = rules.Interval{From: min(sv.onHost.From, f.When.From), To: max(sv.onHost.To, f.Last.To)}
	}
	switch f.Kind {
	case rules.FactListens:
		sv.listens = append(sv.listens, f)
	case rules.FactNames:
		sv.mentions = append(sv.mentions, f.Value)
	case rules.FactMaster:
		if pid, err := strconv.ParseInt(f.Value, 10, 64); err == nil {
			sv.masters = append(sv.masters, master{f, pid, s.index})
		}
	case rules.FactPID:
		if pid, err := strconv.ParseInt(f.Value, 10, 64); err == nil {
			sv.saw(pid, rules.Interval{From: f.When.From, To: f.Last.To})
		}
	case rules.FactUnit:
		sv.units = append(sv.units, f.Value)
	case rules.FactContainer:
		sv.containers = append(sv.containers, f.Value)
	case rules.FactProgram, rules.FactService:
		sv.programs = append(sv.programs, f.Value)
	case rules.FactTechnology:
		sv.technologies = append(sv.technologies, f.Value)
	case rules.FactHost:
		sv.hosts = append(sv.hosts, f.Value)
		sv.containers = append(sv.containers, idsIn(f.Value)...) // a container's host name is its id, unless told otherwise (docker run --hostname)
	}
}

// saw notes when a process belonged to the service.
func (sv *service) saw(pid int64, v rules.Interval) {
	if w, ok := sv.pids[pid]; ok {
		v = rules.Interval{From: min(v.From, w.From), To: max(v.To, w.To)}
	}
	sv.pids[pid] = v
}

// settle sorts what was learned and names the service.
func (sv *service) settle(e *Engine) {
	byTime := func(a, b rules.Fact) int {
		return cmp.Or(cmp.Compare(a.When.From, b.When.From), strings.Compare(a.Value, b.Value))
	}
	slices.SortStableFunc(sv.listens, byTime)
	slices.SortStableFunc(sv.masters, func(a, b master) int { return byTime(a.Fact, b.Fact) })
	for _, list := range []*[]string{&sv.mentions, &sv.units, &sv.containers, &sv.programs, &sv.technologies, &sv.hosts} {
		slices.Sort(*list)
		*list = slices.Compact(*list)
	}
	slices.SortFunc(sv.streams, func(a, b streamID) int {
		return cmp.Or(strings.Compare(e.sources[a.source].Source.Path, e.sources[b.source].Source.Path), strings.Compare(a.stream, b.stream))
	})
	words := slices.Concat(sv.units, sv.programs)
	for _, id := range sv.streams {
		name, _ := rules.SplitStream(id.stream)
		name, _ = rules.SplitProcess(name)
		words = append(words, e.fileName(id), name)
		sv.containers = append(sv.containers, idsIn(e.sources[id.source].Source.Path)...)
	}
	slices.Sort(sv.containers)
	sv.containers = slices.Compact(sv.containers)
	sv.tokens, sv.names = nil, nil
	for _, w := range words {
		sv.tokens = append(sv.tokens, tokensOf(w)...)
		if whole := wholeName(w); strings.Contains(whole, "-") {
			sv.names = append(sv.names, whole)
		}
	}
	slices.Sort(sv.tokens)
	sv.tokens = slices.Compact(sv.tokens)
	sv.name = sv.label(e)
}

// pathOf is the path of the service's first stream.
func (e *Engine) pathOf(sv *service) string { return e.sources[sv.streams[0].source].Source.Path }

// label is the name that people know the service by: its unit or container, the tag of
// its lines, its file, and only then what it calls itself (many say "Application").
func (sv *service) label(e *Engine) string {
	switch {
	case len(sv.units) > 0:
		return sv.units[0]
	case len(sv.containers) > 0:
		return sv.containerName(e)
	}
	for _, id := range sv.streams {
		if id.stream != "" && !rules.OfGateway(id.stream) {
			name, _ := rules.SplitStream(id.stream)
			name, _ = rules.SplitProcess(name)
			return strings.TrimPrefix(strings.TrimPrefix(name, rules.SubjectUnit), rules.SubjectContainer)
		}
	}
	file := e.fileName(sv.streams[0])
	if name := e.commonName(sv); name != "" {
		file = name
	}
	if len(tokensOf(file)) == 0 && len(sv.programs) > 0 {
		return sv.programs[0]
	}
	return file
}

// title is the name to accuse a service by, "" if it has only its file's and the gateway's own
// lines stand in that file, too: it is the name of a paste ("-", paste.txt), and nobody's.
func (e *Engine) title(sv *service) string {
	for _, id := range sv.streams {
		if id.stream != "" || !e.sources[id.source].Source.HasErrors {
			return sv.name
		}
	}
	if len(sv.units) == 0 && len(sv.containers) == 0 && sv.name == e.fileName(sv.streams[0]) {
		return ""
	}
	return sv.name
}

// containerName is a container's name: as the runtime calls it, else what the file's
// name says beside the id, else the short id.
func (sv *service) containerName(e *Engine) string {
	for _, name := range sv.containers {
		if len(idsIn(name)) == 0 {
			return name
		}
	}
	for _, id := range sv.streams {
		if strings.HasPrefix(id.stream, rules.SubjectContainer) {
			continue // its file is the runtime's, who tells of many
		}
		name := e.fileName(id)
		for _, hex := range idsIn(name) {
			name = strings.Trim(strings.ReplaceAll(name, hex, ""), "-_.")
		}
		if name != "" {
			return name
		}
	}
	if len(sv.programs) > 0 {
		return sv.programs[0]
	}
	return short(sv.containers[0])
}

// fileName is what a source's path calls its writer.
func (e *Engine) fileName(id streamID) string {
	file := e.sources[id.source].Source.Path
	if _, member, ok := strings.Cut(file, "!"); ok {
		file = member
	}
	return strings.TrimSuffix(parser.NameOf(file), "-json") // Docker's name of its files
}

// idsIn finds container ids in a path: twelve or more hex digits.
func idsIn(file string) []string {
	var out []string
	for _, part := range strings.FieldsFunc(file, func(r rune) bool {
		return !(r >= '0' && r <= '9' || r >= 'a' && r <= 'f' || r >= 'g' && r <= 'z' || r >= 'A' && r <= 'Z')
	}) {
		if isContainerID(part) {
			out = append(out, part)
		}
	}
	return out
}

// common words name no service.
var plainWords = []string{"log", "logs", "error", "access", "service", "app", "main", "out", "err", "stdout", "stderr", "json", "worker",
	"server", "http", "https", "web", "prod", "production", "local", "internal", "com", "example", "org", "net", "www", "var", "run",
	"srv", "sock", "socket", "unix", "default", "backend", "upstream", "nginx", "gateway", "api", "v1", "v2", "current", "debug", "info"}

// tokensOf cuts a name into its telling words, lower case.
func tokensOf(name string) []string {
	var out []string
	for _, w := range wordsOf(name) {
		if len(w) < 3 || strings.Trim(w, "0123456789") == "" || slices.Contains(plainWords, w) {
			continue
		}
		out = append(out, w)
		if bare := strings.TrimRight(w, "0123456789"); bare != w && len(bare) >= 3 && !slices.Contains(plainWords, bare) {
			out = append(out, bare) // catalog1 is one of catalog
		}
	}
	return out
}

// wholeName is a name in one spelling: web_a is web-a, though its words say little.
func wholeName(name string) string { return strings.Join(wordsOf(name), "-") }

func wordsOf(name string) []string {
	return strings.FieldsFunc(strings.ToLower(name), func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= '0' && r <= '9')
	})
}

// pidAt is the process that held the service's socket when a record was written:
// its last known master before it, by position in the same source, else by time.
func (sv *service) pidAt(ev *rules.Event, when rules.Interval) int64 {
	var pid int64
	for _, m := range sv.masters {
		before := m.When.From <= when.From
		if m.source == ev.Source {
			before = m.Place.Offset < ev.Place.Offset
		}
		if before {
			pid = m.pid
		}
	}
	return pid
}

// process is the program's name.
func (sv *service) process() string {
	for _, p := range processes {
		if slices.Contains(sv.technologies, p.technology) && !p.runtime {
			return p.process
		}
	}
	if len(sv.programs) > 0 {
		return sv.programs[0]
	}
	for _, p := range processes {
		if slices.Contains(sv.technologies, p.technology) {
			return p.process
		}
	}
	return ""
}

// A program is what a technology's lines come from. A runtime that only executes the
// service's own program comes after the service's own name for it.
type program struct {
	technology, process string
	runtime             bool
}

var processes = []program{
	{"gunicorn", "gunicorn", false}, {"uvicorn", "uvicorn", false}, {"uwsgi", "uwsgi", false}, {"celery", "celery", false},
	{"phpfpm", "php-fpm", false}, {"php-fpm", "php-fpm", false}, {"puma", "puma", false}, {"unicorn", "unicorn", false}, {"thin", "thin", false},
	{"hypercorn", "hypercorn", false}, {"daphne", "daphne", false}, {"waitress", "waitress", false},
	{"postgres", "postgres", false}, {"postgresql", "postgres", false}, {"mysql", "mysqld", false}, {"redis", "redis-server", false},
	{"mongodb", "mongod", false}, {"apache", "apache2", false},
	{"dnsmasq", "dnsmasq", false}, {"bind", "named", false}, {"coredns", "coredns", false}, {"unbound", "unbound", false}, {"resolved", "systemd-resolved", false},
	{"node", "node", false}, {"deno", "deno", false}, {"bun", "bun", false},
	{"jvm", "java", false}, {"java", "java", false}, {"tomcat", "java", false}, {"spring", "java", false}, {"jetty", "java", false}, {"wildfly", "java", false},
	{"elixir", "beam.smp", true}, {"erlang", "beam.smp", true}, {"passenger", "passenger", true}, {"ruby", "ruby", true},
	{"django", "python3", true}, {"python", "python3", true}, {"php", "php", true}, {"dotnet", "dotnet", true},
	{"perl", "perl", true},
}

// processOf is the program of one technology, "" if it does not tell.
func processOf(technology string) string {
	for _, p := range processes {
		if p.technology == technology {
			return p.process
		}
	}
	return ""
}
