package correlate

import (
	"cmp"
	"net/netip"
	"path"
	"slices"
	"strings"

	"culprit/parser/gateway"
	"culprit/rules"
)

// Hosts. A central log holds lines of many machines, and each says which: one tag on three
// of them is three services. Which of them stands behind an address is told by the host's
// name in the address, or by whatever else on that host says that it listens there.

// hosts is what the logs tell of machines.
type hosts struct {
	names  []string          // all that lines tell
	byAddr map[string]string // the host that an IP address is of; "" where two claim it
}

// findMachines lists the machines that lines tell of.
func (e *Engine) findMachines() {
	e.machines = map[string]string{}
	for _, s := range e.sources {
		for i := range s.Events {
			if host := s.Events[i].Host; host != "" && machine(host) {
				e.machines[strings.ToLower(host)] = host
			}
		}
	}
}

// folderHost is the machine that a log lies in the folder of, "" if none of its folders has the
// name of one that other lines tell.
func (e *Engine) folderHost(s *source) string {
	for dir := path.Dir(s.Source.Path); dir != "." && dir != "/"; dir = path.Dir(dir) {
		if host := e.machines[strings.ToLower(path.Base(dir))]; host != "" && !gateway.OwnFolder(dir) {
			return host
		}
	}
	return ""
}

// findHosts learns the IP addresses of hosts from who listens on them.
func (e *Engine) findHosts() {
	e.hosts = hosts{byAddr: map[string]string{}}
	for _, sv := range e.services {
		e.hosts.names = append(e.hosts.names, sv.hosts...)
		if len(sv.hosts) != 1 {
			continue
		}
		for _, f := range sv.listens {
			e.hosts.claim(f.Value, sv.hosts[0])
		}
	}
	slices.Sort(e.hosts.names)
	e.hosts.names = slices.Compact(e.hosts.names)
}

func (h *hosts) claim(address, host string) {
	name, _ := splitPort(plainAddress(address))
	if ip, err := netip.ParseAddr(name); err != nil || ip.IsLoopback() || ip.IsUnspecified() {
		return
	}
	if known, ok := h.byAddr[name]; ok && !sameHost(known, host) {
		host = "" // an address that moves, or several networks
	}
	h.byAddr[name] = host
}

// of is the host that an upstream's address is of, "" if nothing tells.
func (h *hosts) of(upstream string) string {
	name, _ := splitPort(plainAddress(upstream))
	if _, server, ok := strings.Cut(name, "/"); ok && !strings.HasPrefix(upstream, "unix:") {
		name = server // backend/server
	}
	if host := h.byAddr[name]; host != "" || name == "" || loopback(name) {
		return host
	}
	for _, known := range h.names {
		if sameHost(known, name) || isAddressName(known, name) {
			return known
		}
	}
	return ""
}

// isAddressName reports whether a host is named after its address, as Amazon names machines:
// ip-10-20-3-41, ip-10-20-3-41.eu-central-1.compute.internal
// (https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-instance-naming.html).
func isAddressName(host, address string) bool {
	digits, ok := strings.CutPrefix(strings.ToLower(host), "ip-")
	if !ok || strings.Count(address, ".") != 3 {
		return false
	}
	digits, _, _ = strings.Cut(digits, ".")
	return digits == strings.ReplaceAll(address, ".", "-")
}

// hostLink compares the host that a service's lines come from with those of the addresses.
func (e *Engine) hostLink(p *pool, sv *service) link {
	if sv == nil || len(sv.hosts) != 1 || p.gateway {
		return link{}
	}
	other := ""
	for _, name := range p.names {
		host := e.hosts.of(name)
		if onlyThere(name) {
			host = cmp.Or(host, hostOf(p.root.site))
		}
		switch {
		case host == "":
			return link{} // of a part of the pool nothing is known
		case sameHost(host, sv.hosts[0]):
			return link{linkHost, "which runs on " + host}
		default:
			other = host
		}
	}
	if other == "" {
		return link{}
	}
	return link{linkElsewhere, "which runs on " + sv.hosts[0] + ", not on " + other}
}

// apart reports whether both name hosts and none in common.
func apart(a, b []string) bool {
	return len(a) > 0 && len(b) > 0 && !slices.ContainsFunc(a, func(x string) bool {
		return slices.ContainsFunc(b, func(y string) bool { return sameHost(x, y) })
	})
}

// machine reports whether a host is one: the host name of a container is its id, that of a pod
// its name, and neither says on which machine it runs.
func machine(host string) bool { return len(idsIn(host)) == 0 && deployment(host) == "" }

// elsewhere reports whether a host is none of the service's, as far as those are known.
func (sv *service) elsewhere(host string) bool {
	return len(sv.hosts) > 0 && !slices.ContainsFunc(sv.hosts, func(own string) bool { return sameHost(own, host) || !machine(own) })
}

// sameHost compares hosts, of which one may be told with its domain.
func sameHost(a, b string) bool {
	if len(a) > len(b) {
		a, b = b, a
	}
	return a != "" && strings.EqualFold(a, b[:len(a)]) && (len(a) == len(b) || b[len(a)] == '.' && strings.Trim(a, "0123456789.") != "")
}

// movedHost reports whether two streams have one name on hosts that are two lives of one
// container: Docker names them by its id, Kubernetes by the pod.
func movedHost(a, b string) bool {
	nameA, hostA := rules.SplitStream(a)
	nameB, hostB := rules.SplitStream(b)
	if nameA != nameB || hostA == hostB || strings.HasPrefix(a, rules.SubjectUnit) || strings.HasPrefix(a, rules.SubjectContainer) {
		return false
	}
	ids := func(host string) bool { return len(host) == containerID && len(idsIn(host)) == 1 }
	return ids(hostA) && ids(hostB) || deployment(hostA) != "" && deployment(hostA) == deployment(hostB)
}

// podLetters are those of the random endings that Kubernetes gives to names: no vowels, no
// 0, 1 and 3 (k8s.io/apimachinery/pkg/util/rand).
const podLetters = "bcdfghjklmnpqrstvwxz2456789"

// deployment is what a pod's name says beside its endings: shop of shop-6c9d7b8f4-x2kqp; ""
// if it is no such name.
func deployment(pod string) string {
	rest, last, ok := cutLast(pod)
	if !ok || len(last) != 5 || strings.Trim(last, podLetters) != "" {
		return ""
	}
	name, set, ok := cutLast(rest)
	if !ok || len(set) < 6 || len(set) > 10 || strings.Trim(set, podLetters) != "" {
		return ""
	}
	return name
}

func cutLast(name string) (before, last string, ok bool) {
	i := strings.LastIndexByte(name, '-')
	if i <= 0 {
		return "", "", false
	}
	return name[:i], name[i+1:], true
}

// meet reports whether two services wrote at the same time: then none is the other one's
// next life.
func meet(a, b *service) bool {
	return a.onHost.From > a.onHost.To || b.onHost.From > b.onHost.To || a.onHost.From <= b.onHost.To && b.onHost.From <= a.onHost.To
}
