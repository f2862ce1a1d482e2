package scan

import (
	"bytes"
	"net/netip"
	"strconv"

	"culprit/parser"
	"culprit/parser/applog"
	"culprit/parser/timestamp"
)

// What kubectl describe says of a pod: its name, node and address, then a part for each
// container, which is a block and one record (kubernetes/kubectl pkg/describe/describe.go,
// describePod, describeContainers and describeStatus). Its time is when the container
// ended, in the state that it is in or the one before.

// A description is as far as kubectl describe has come.
type description struct {
	pod, node []byte
	ip        netip.Addr
	reading   bool // a pod
	inside    bool // its containers
}

const maxDescribed = 253 // bytes of a name (RFC 1123)

// opens reports whether a line begins the part of a container, and notes what others tell of the pod.
func (d *description) opens(line []byte) bool {
	if !d.reading && (len(line) < 8 || line[0] != 'N') || len(line) == 0 {
		return false
	}
	if d.inside && hasPrefix(line, "  ") {
		name := line[2:]
		return len(name) > 1 && name[len(name)-1] == ':' && kubernetesName(name[:len(name)-1])
	}
	key, value, ok := bytes.Cut(line, []byte(":"))
	value = bytes.TrimLeft(value, " ")
	switch string(key) {
	case "Name":
		*d = description{pod: d.pod[:0], node: d.node[:0]}
		if d.reading = hasPrefix(line, "Name:  ") && kubernetesName(value); d.reading {
			d.pod = append(d.pod, value...)
		}
	case "Node":
		name, _, _ := bytes.Cut(value, []byte("/"))
		if kubernetesName(name) {
			d.node = append(d.node[:0], name...)
		}
	case "IP":
		d.ip, _ = netip.ParseAddr(string(value[:min(len(value), maxDescribed)]))
	case "Containers", "Init Containers", "Ephemeral Containers":
		d.inside = true
	default:
		if !indented(line) {
			d.inside = false
			d.reading = ok && len(key) > 0 && key[0] >= 'A' && key[0] <= 'Z' // else the output has ended
		}
	}
	return false
}

func kubernetesName(b []byte) bool {
	for _, c := range b {
		if !(c >= 'a' && c <= 'z' || isDigit(c) || c == '-' || c == '.') {
			return false
		}
	}
	return len(b) > 0 && len(b) <= maxDescribed
}

func stepDescribed(g *grammar, line []byte) verdict {
	if hasPrefix(line, "    ") {
		return yes
	}
	return no
}

// described fills the record from the part of a container.
func (s *slot) described(d *description) []byte {
	s.layers.Kinds[0], s.layers.N = applog.PodDescription, 1
	for i := range s.marks {
		s.marks[i].message = s.marks[i].raw
	}
	first := s.raw[:lineLength(s.raw)]
	name := bytes.TrimSuffix(bytes.TrimLeft(first, " "), []byte(":"))
	start := len(s.env.Buf)
	s.env.Buf = append(append(append(append(s.env.Buf, d.pod...), '/'), name...), d.node...)
	whole := s.env.Buf[start:len(s.env.Buf):len(s.env.Buf)]
	s.rec.Container, s.rec.Host = whole[:len(whole)-len(d.node)], whole[len(whole)-len(d.node):]
	s.rec.Program = name
	s.rec.Stamp = lastEnd(s.raw)
	return s.withAddresses(d.ip)
}

// withAddresses is the part of a container with a line for each address that it is asked on: the pod's
// with a port of TCP of its own. Only together they tell which upstream it is.
func (s *slot) withAddresses(ip netip.Addr) []byte {
	if !ip.IsValid() {
		return s.raw
	}
	start := len(s.env.Buf)
	s.env.Buf = append(s.env.Buf, s.raw...)
	for text := s.raw; len(text) > 0; {
		end := lineLength(text)
		key, value, _ := bytes.Cut(bytes.TrimSpace(text[:end]), []byte(":"))
		text = text[min(end+1, len(text)):]
		if string(key) != "Port" && string(key) != "Ports" {
			continue
		}
		for item := range bytes.SplitSeq(value, []byte(",")) {
			number, tcp := bytes.CutSuffix(bytes.TrimSpace(item), []byte("/TCP"))
			if port, err := strconv.ParseUint(string(number[:min(len(number), 6)]), 10, 16); tcp && err == nil {
				s.env.Buf = netip.AddrPortFrom(ip, uint16(port)).AppendTo(append(s.env.Buf, "\n    Address: "...))
			}
		}
	}
	return s.env.Buf[start:len(s.env.Buf):len(s.env.Buf)]
}

// lastEnd is the latest time at which a container ended that did not complete its work.
func lastEnd(text []byte) (last parser.Stamp) {
	completed := false
	for len(text) > 0 {
		end := lineLength(text)
		key, value, _ := bytes.Cut(bytes.TrimSpace(text[:end]), []byte(":"))
		value = bytes.TrimLeft(value, " ")
		switch string(key) {
		case "State", "Last State":
			completed = false
		case "Reason":
			completed = string(value) == "Completed"
		case "Finished":
			if s, _, ok := timestamp.Mail(value); ok && !completed && (!last.Known() || s.Micros > last.Micros) {
				last = s
			}
		}
		text = text[min(end+1, len(text)):]
	}
	return last
}
