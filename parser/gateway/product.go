package gateway

import (
	"path"
	"slices"
	"strings"

	"culprit/parser"
)

// A Product is what a gateway does where gateways differ, as its manual or its code says. The rules
// ask for it and know no product by its name. What is zero is what most do, and all that is known of
// a product that is not listed.
type Product struct {
	Name    string
	Runs    string   // its program's name, if that is another product's: Kong is nginx with modules
	Folders []string // names of folders for its logs, beside its own
	HasApps bool     // applications are run in it, too: its name in a tag does not mean a gateway

	Places  []string                     // patterns of its logs' paths, beside those in /var/log that its name tells
	Configs []string                     // patterns of its configuration's paths
	LogsIn  func(config []byte) []string // the logs that a configuration names

	SharedForm  string // its access format that others write, too: what stands beside such a log tells whose it is
	StampsBegin bool   // its access lines have the time at which a request began, not ended
	TellsAll    bool   // its error log tells of each request that it could not hand on
	Undated     bool   // its error log tells neither when nor where a request failed; its access log tells of each, too
	WallUTC     bool   // its stamps without a zone are UTC unless it is told otherwise
	NamesOnly   bool   // its lines name servers as its configuration does, not by host or address

	// Answers are the statuses that it answers after a symptom, those for SymptomNone after one that
	// is not listed; without any it may be each of 5xx.
	Answers   map[parser.Symptom][]int16
	Unreached int16 // what it answers instead if no server could be connected to; 0 if nothing else
	Own503    bool  // a 503 of its own making refuses on purpose: where no server is left it answers otherwise

	Queues  bool   // out of workers, it lets connections wait and fails none
	Daemons string // the scheme of upstreams that are children of its own processes; "" if there are none such

	KeepsAlive       bool                        // it always keeps connections to servers, and logs of none whether it was used again
	PlainOnly        bool                        // it speaks no TLS to servers, and does not write what it speaks
	Respawns         bool                        // it starts servers itself, and anew when they end, which is what a line about one without an address tells
	BenchesUnreached bool                        // it asks no server for a while that it could not connect to
	AllDownOn        string                      // in a line that no server of a group is left: what stands before that by which the group is found, if it has no name
	PortsOf          func(service string) string // what the access log calls the ports of a service that an error line names, without the port

	Kin     []Kin  // those that are this one with modules and write its lines; the most telling first
	Context string // ends what a line says itself; behind it stands what a client chose
}

// A Kin is known by words of the lines, or by the server name of its own.
type Kin struct {
	Name   string
	Words  []string
	Server string
}

// products are the gateways of which more is known than their formats.
var products = []*Product{
	&nginx, {
		Name: "openresty", Runs: nginx.Name, Places: []string{"/usr/local/openresty/nginx/logs/*.log"},
		Configs: []string{"/usr/local/openresty/nginx/conf/*.conf"}, LogsIn: nginx.LogsIn,
	},
	{Name: "tengine", Runs: nginx.Name}, {Name: "angie", Runs: nginx.Name}, {Name: "kong", Runs: nginx.Name}, {Name: "apisix", Runs: nginx.Name}, {Name: "ingress-nginx", Runs: nginx.Name},
	&apache, &lighttpd, {Name: "haproxy", NamesOnly: true, Places: []string{"/var/log/haproxy*.log"}}, {Name: "h2o", Undated: true},
	{Name: "caddy", WallUTC: true}, {Name: "traefik"}, {Name: "envoy"}, &varnish, {Name: "squid"}, {Name: "aws-alb", KeepsAlive: true},
}

var byName = func() map[string]*Product {
	all := map[string]*Product{"": {}}
	for _, p := range products {
		all[p.Name] = p
	}
	return all
}()

// Products lists the gateways of which more is known than their formats. They are shared: do not
// change them.
func Products() []*Product { return products }

// Of is what is known of a product, as Format.Product names it. It is shared: do not change it.
func Of(name string) *Product {
	if p := byName[name]; p != nil {
		return p
	}
	return byName[""]
}

// Process is the program that a product runs as.
func Process(product string) string {
	if runs := Of(product).Runs; runs != "" {
		return runs
	}
	return product
}

// Tagged reports whether a syslog tag, a unit or a container is named after a gateway.
func Tagged(name string) bool {
	return slices.ContainsFunc(products, func(p *Product) bool { return !p.HasApps && strings.Contains(name, p.Name) })
}

// OwnFolder reports whether a folder is named after a gateway.
func OwnFolder(folder string) bool {
	name := path.Base(folder)
	return slices.ContainsFunc(products, func(p *Product) bool { return name == p.Name || slices.Contains(p.Folders, name) })
}

// MayBe reports whether a file that holds nothing has a name that a gateway's log may have.
func MayBe(file string) bool {
	name := path.Base(file)
	return strings.HasPrefix(name, "access") || strings.HasPrefix(name, "error") || strings.HasPrefix(name, "haproxy") || OwnFolder(path.Dir(file))
}

// KinOf is which of p.Kin a line names; len(p.Kin) if none.
func (p *Product) KinOf(line string) int {
	said, _, _ := strings.Cut(line, p.Context)
	for i := range p.Kin {
		if slices.ContainsFunc(p.Kin[i].Words, func(w string) bool { return strings.Contains(said, w) }) {
			return i
		}
	}
	return len(p.Kin)
}

// OwnServer is which of p.Kin has a server block of that name of its own; "" if none.
func (p *Product) OwnServer(name string) string {
	for i := range p.Kin {
		if name != "" && p.Kin[i].Server == name {
			return p.Kin[i].Name
		}
	}
	return ""
}
