package gateway

import (
	"culprit/parser"
	"culprit/parser/timestamp"
)

// ingressKlog is what ingress-nginx's controller says, in klog's form, about services
// without endpoints and about configurations that did not reach nginx.
//
//	W0315 10:22:33.123456       7 controller.go:1225] Service "shop/web" does not have any active Endpoint.
//
// The controller's lines share a stream with nginx's access and error log. For a
// service without endpoints nginx logs no error at all, only a 503. Other klog lines
// belong to klog's own format.
var ingressKlog = &parser.Format{
	Name:    "ingress-nginx-controller",
	Gates:   []parser.Gate{{First: "IWEF", All: "]:"}},
	Role:    parser.RoleGateway,
	Product: "nginx",
	Doc:     "ingress-nginx internal/ingress/controller/controller.go, nginx.go; klog formatHeader",
	Parse:   parseIngressKlog,
}

var ingressPhrases = phrasesOf("ingress")

func parseIngressKlog(line []byte, _ *parser.Env, r *parser.Record) bool {
	level, text, ok := klogHeader(line, r)
	if !ok {
		return false
	}
	m := ingressPhrases().classify(text, 0, &r.Gateway)
	if m == nil {
		return false
	}
	r.Kind, r.Level, r.Message = parser.KindGateway, level, text
	if service := m.capture(text, "service"); service != nil {
		r.Gateway.Upstream, r.Gateway.Group = service, true
	}
	return true
}

// klogHeader reads "W0315 10:22:33.123456       7 controller.go:1225] ".
func klogHeader(line []byte, r *parser.Record) (level parser.Level, text []byte, ok bool) {
	if len(line) < 30 || !isDigit(line[1]) {
		return 0, nil, false
	}
	switch line[0] {
	case 'I':
		level = parser.LevelInfo
	case 'W':
		level = parser.LevelWarn
	case 'E':
		level = parser.LevelError
	case 'F':
		level = parser.LevelCrit
	default:
		return 0, nil, false
	}
	stamp, n, ok := timestamp.Klog(line[1:])
	if !ok || n+1 >= len(line) {
		return 0, nil, false
	}
	pid, rest := leadingNumber(trimBlanks(line[1+n:]))
	i := indexString(rest[:min(len(rest), 100)], "] ")
	if pid == 0 || i < 0 {
		return 0, nil, false
	}
	r.Stamp, r.PID = stamp, pid
	return level, rest[i+2:], true
}
