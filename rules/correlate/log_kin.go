package correlate

import (
	"slices"
	"strings"

	"culprit/parser"
	"culprit/rules"
)

// Which files are one application's by their names: many a program writes several.

// tomcatFiles are what Tomcat's conf/logging.properties and server.xml name by default, without
// their dates; catalina.sh makes catalina.out, which holds the lines of catalina.DATE.log again.
var tomcatFiles = []string{"catalina", "localhost", "localhost_access_log", "manager", "host-manager"}

// kindEndings say which of an application's files one is: PM2's shop-out.log and shop-error.log,
// shop.stdout.log and shop.stderr.log, shop.log and shop.err. supervisord's own names for them
// hold more (parser.CutSupervisor).
var kindEndings = []string{"out", "err", "error", "errors", "stdout", "stderr", "access"}

// kins are the names that sources have in common with others of the same application, by their
// index; "" for one that has none.
func (e *Engine) kins() []string {
	out := make([]string, len(e.sources))
	tomcat := map[string]bool{}
	for _, s := range e.sources {
		if dir, name := splitFamily(s); name == "catalina" {
			tomcat[dir] = true
		}
	}
	for i, s := range e.sources {
		switch dir, name := splitFamily(s); {
		case tomcat[dir] && slices.Contains(tomcatFiles, name):
			out[i] = dir + "catalina"
		case name != "":
			out[i] = dir + name
		}
	}
	return out
}

// splitFamily cuts the folder, the ending and the kind off a log's name; of error.log and
// access.log, which are called by their kind only, nothing is left.
func splitFamily(s *source) (dir, name string) {
	family := s.family()
	i := strings.LastIndexAny(family, "/!") + 1
	dir, name = family[:i], strings.ToLower(family[i:])
	for _, ending := range []string{".log", ".txt"} {
		name = strings.TrimSuffix(name, ending)
	}
	if program, ok := parser.CutSupervisor(name); ok {
		return dir, program
	}
	if cut := strings.LastIndexAny(name, ".-_"); cut >= 0 && slices.Contains(kindEndings, name[cut+1:]) {
		return dir, name[:cut]
	}
	if slices.Contains(kindEndings, name) {
		return dir, ""
	}
	return dir, name
}

// untold reports whether nothing but the file tells whose lines a service's are.
func (sv *service) untold() bool {
	return !slices.ContainsFunc(sv.streams, func(id streamID) bool { return id.stream != "" && !rules.OfGateway(id.stream) })
}

// kin reports whether two services are one application's by their files' names.
func (e *Engine) kin(a, b *service) bool {
	if !a.untold() || !b.untold() {
		return false
	}
	return slices.ContainsFunc(a.streams, func(x streamID) bool {
		return slices.ContainsFunc(b.streams, func(y streamID) bool {
			k := e.kinOf[x.source]
			return k != "" && k == e.kinOf[y.source]
		})
	})
}

// commonName is what the names of a service's files have in common, if they are several and
// differ in their kind: shop of shop-out.log and shop-error.log.
func (e *Engine) commonName(sv *service) string {
	first := e.kinOf[sv.streams[0].source]
	several := false
	for _, id := range sv.streams {
		if first == "" || e.kinOf[id.source] != first {
			return ""
		}
		several = several || e.sources[id.source].family() != e.sources[sv.streams[0].source].family()
	}
	if !several {
		return ""
	}
	return first[strings.LastIndexAny(first, "/!")+1:]
}
