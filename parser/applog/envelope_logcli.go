package applog

import (
	"bytes"

	"culprit/parser"
)

// logcli peels what Grafana's logcli puts before each line: the moment as RFC 3339 in whole
// seconds, and the labels of the line's stream that its neighbours do not have as well, padded
// (pkg/logcli/output/default.go; Prometheus writes a set of labels as {a="x", b="y"}):
//
//	2026-11-24T09:41:01+11:00 {app="ledger", pod="ledger-5bb4c-q9wzk"} panic: boom
//
// It takes the blanks off both ends of the text, so a trace has no indents. s is the moment,
// whose text is so long.
func (p *peeler) logcli(s parser.Stamp, n int) bool {
	if p.rest[n+1] != '{' || s.Clock != parser.ClockZoned {
		return false
	}
	var l labelSet
	end := l.read(p.rest[n+1:])
	if end == 0 {
		return false
	}
	text := p.rest[n+1+end:]
	if len(text) > 0 && text[0] != ' ' {
		return false
	}
	p.take(Logcli, len(p.rest)-len(bytes.TrimLeft(text, " ")))
	p.stamp(s)
	keep(&p.r.Host, l.host)
	keep(&p.r.Unit, l.unit)
	switch {
	case len(l.pod) > 0 && len(l.container) > 0:
		p.tellPod(l.pod, l.container)
	case len(l.pod) > 0:
		keep(&p.r.Container, l.pod)
	case len(l.container) > 0:
		keep(&p.r.Container, l.container)
	case len(l.app) > 0 && len(l.unit) == 0:
		keep(&p.r.Program, l.app)
	}
	return true
}

// A labelSet is what the labels of a stream tell, by the names that promtail, Alloy and the
// Docker driver give them.
type labelSet struct{ pod, container, app, host, unit []byte }

// maxLabels bounds the bytes of a set of labels.
const maxLabels = 2 << 10

// read reads {name="value", …} at the start of b and returns its length, 0 if it is none.
func (l *labelSet) read(b []byte) int {
	b = b[:min(len(b), maxLabels)]
	for i := 1; i < len(b); {
		start := i
		for i < len(b) && (b[i] == '_' || isLetter(b[i]) || isDigit(b[i])) {
			i++
		}
		name := b[start:i]
		if len(name) == 0 || !bytes.HasPrefix(b[i:], []byte(`="`)) {
			return 0
		}
		quote := i + 1
		if i = stringEnd(b, quote); i < 0 {
			return 0
		}
		l.label(name, b[quote+1:i-1])
		switch {
		case i < len(b) && b[i] == '}':
			return i + 1
		case bytes.HasPrefix(b[i:], []byte(", ")):
			i += 2
		default:
			return 0
		}
	}
	return 0
}

func (l *labelSet) label(name, value []byte) {
	switch string(name) {
	case "pod", "pod_name", "k8s_pod_name":
		l.pod = value
	case "container", "container_name", "k8s_container_name", "compose_service":
		l.container = value
	case "app", "service_name", "job", "name":
		if l.app == nil {
			l.app = value
		}
	case "host", "hostname", "nodename", "node_name":
		l.host = value
	case "unit", "systemd_unit":
		l.unit = value
	}
}
