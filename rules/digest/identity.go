package digest

import (
	"bytes"
	"strings"

	"culprit/parser"
	"culprit/rules"
)

// addIdentity notes who writes into a stream: pids, programs, units, containers, hosts.
func (b *Builder) addIdentity(r *parser.Record, stream string) {
	if r.Format != nil && r.Format.Role != parser.RoleApp && r.Kind != parser.KindLog && !strings.HasPrefix(stream, rules.StreamAccess) {
		return
	}
	if len(r.Host) > 0 {
		b.fact(r, stream, rules.FactHost, b.strings.of(r.Host))
	}
	if len(r.Unit) > 0 {
		b.fact(r, stream, rules.FactUnit, b.strings.of(r.Unit))
	}
	if len(r.Container) > 0 {
		b.fact(r, stream, rules.FactContainer, b.strings.of(r.Container))
	}
	if len(r.Program) > 0 && !aboutOthers(r.Program) {
		b.fact(r, stream, rules.FactProgram, b.strings.of(r.Program))
	}
	if r.Format != nil && r.Format.Role == parser.RoleApp && r.Format.Product != "" {
		b.fact(r, stream, rules.FactTechnology, r.Format.Product)
	}
	if r.PID > 1 && (r.Format == nil || r.Format.Role != parser.RoleSystem) {
		b.process(r, stream, b.number(r.PID))
	}
	if ends := threadEnds(r.Format); ends != nil {
		if port := b.connector(r.Raw, ends); port != nil {
			b.fact(r, stream, rules.FactNames, b.strings.of(port))
		}
	}
}

// How the names of a connector's threads end, behind its port (Tomcat's AbstractEndpoint and its
// threads Acceptor and Poller). In objects only requests' threads are looked for.
var (
	connectorThreads = [][]byte{[]byte("-exec-"), []byte("-Acceptor"), []byte("-Poller")}
	requestThreads   = connectorThreads[:1]
)

// threadEnds lists how threads of Tomcat's may be told to end in lines of a format, nil if not at all.
func threadEnds(f *parser.Format) [][]byte {
	switch {
	case f == nil || f.Role != parser.RoleApp:
		return nil
	case f.Product == "java" || f.Product == "tomcat":
		return connectorThreads
	case f.Name == "jsonl":
		return requestThreads
	}
	return nil
}

// threadHead is how much of a line is searched for its thread's name.
const threadHead = 256

// connector is ":8080" of a thread of Tomcat's that a line begins with, http-nio-8080-exec-3 or
// ajp-nio-127.0.0.1-8009-Acceptor; nil if it tells none. Spring Boot cuts such names at their
// beginning, down to o-8080-exec-100. The result lives until the next call.
func (b *Builder) connector(line []byte, ends [][]byte) []byte {
	line = line[:min(len(line), threadHead)]
	for _, end := range ends {
		to := bytes.Index(line, end)
		from := to
		for from > 0 && line[from-1] >= '0' && line[from-1] <= '9' {
			from--
		}
		if to-from < 2 || to-from > 5 || from < 2 || line[from-1] != '-' {
			continue
		}
		b.name = append(append(b.name[:0], ':'), line[from:to]...)
		return b.name
	}
	return nil
}

// process notes a pid of a stream, unless it counts inside of a container only.
func (b *Builder) process(r *parser.Record, stream, pid string) {
	if !r.Contained {
		b.fact(r, stream, rules.FactPID, pid)
	}
}

// aboutOthers reports whether a program's lines tell of other processes: its name is
// not that of the unit they are about.
func aboutOthers(program []byte) bool {
	switch string(program) {
	case "systemd", "kernel", "sudo", "dockerd", "containerd", "kubelet", "systemd-coredump":
		return true
	}
	return false
}

// learn takes identity from what signatures captured.
func (b *Builder) learn(r *parser.Record, stream string) {
	for i := range b.hits {
		h := &b.hits[i]
		about := stream
		if h.Signature.AboutOthers() {
			if about = subject(h, b.strings.of(r.Host)); about == "" {
				continue
			}
		} else if speaksOf(h.Signature) {
			b.fact(r, stream, rules.FactTechnology, h.Signature.Technology)
			if server, _, ok := strings.Cut(h.Signature.ID, "-"); ok && h.Signature.State != "" {
				b.fact(r, stream, rules.FactTechnology, server) // one file holds puma and unicorn
			}
		}
		kind := rules.FactNames
		if h.Signature.Role == rules.RoleRecovery || h.Signature.Cause == rules.CauseStartFailure {
			kind = rules.FactListens
		}
		// Kubernetes asks each container at the address where it is meant to listen.
		tells := kind == rules.FactListens || h.Signature.Technology == "startup" || h.Signature.Technology == "kubernetes" && h.Get(rules.FieldContainer) != ""
		for _, f := range h.Fields {
			switch f.Name {
			case rules.FieldAddress:
				if tells {
					b.fact(r, about, kind, f.Value)
				}
			case rules.FieldPort:
				if tells && h.Get(rules.FieldAddress) == "" {
					b.fact(r, about, kind, ":"+f.Value)
				}
			case rules.FieldPID:
				if h.Signature.Role == rules.RoleRecovery && h.Signature.Scope == rules.ScopeService {
					b.fact(r, about, rules.FactMaster, f.Value)
				}
				b.process(r, about, f.Value)
			case rules.FieldMaster:
				b.fact(r, about, rules.FactMaster, f.Value)
				b.process(r, about, f.Value)
			case rules.FieldUnit:
				b.fact(r, about, rules.FactUnit, f.Value)
			case rules.FieldContainer:
				b.fact(r, about, rules.FactContainer, f.Value)
			case rules.FieldService:
				b.fact(r, about, rules.FactService, f.Value)
			}
		}
	}
}

// speaksOf reports whether a signature's technology is that of the stream: an
// application that quotes its database is no database.
func speaksOf(s *rules.Signature) bool {
	switch s.Technology {
	case "generic", "words", "startup", "dependency", "platform":
		return false
	}
	return s.Scope != rules.ScopeDependency || s.Role == rules.RoleRecovery
}

// subject names what a system line is about: the pseudo-stream of a unit or container on
// the host that the line is of.
func subject(h *rules.Hit, host string) string {
	if u := h.Get(rules.FieldUnit); u != "" {
		return rules.StreamOn(rules.SubjectUnit+u, host)
	}
	if c := h.Get(rules.FieldContainer); c != "" {
		return rules.StreamOn(rules.SubjectContainer+c, host)
	}
	return ""
}

func (b *Builder) fact(r *parser.Record, stream string, kind rules.FactKind, value string) {
	if value == "" {
		return
	}
	span, _ := when(r)
	if i := int(b.latest[kind]); i < len(b.d.Facts) && tells(&b.d.Facts[i], stream, kind, value) { // as the line before told
		seenAgain(&b.d.Facts[i], 1, span)
		return
	}
	key := factKey(stream, kind, value)
	if i, ok := b.facts[key]; ok {
		b.latest[kind] = i
		seenAgain(&b.d.Facts[i], 1, span)
		return
	}
	if len(b.d.Facts) >= maxFacts {
		return
	}
	b.facts[key] = int32(len(b.d.Facts))
	b.latest[kind] = int32(len(b.d.Facts))
	place, text := b.place(r, 0)
	if kind == rules.FactPID || kind == rules.FactProgram {
		text = "" // there are many, and they are never shown
	}
	b.d.Facts = append(b.d.Facts, rules.Fact{
		Stream: stream, Kind: kind, Value: value, When: span, Last: span, Place: place, Text: text, Count: 1,
	})
}

func tells(f *rules.Fact, stream string, kind rules.FactKind, value string) bool {
	return f.Kind == kind && f.Stream == stream && f.Value == value
}

func seenAgain(f *rules.Fact, times int64, span rules.Interval) {
	f.Count += times
	if span.From > f.Last.From {
		f.Last = span
	}
}

func (b *Builder) number(n int64) string {
	var buf [20]byte
	i := len(buf)
	for ; n > 0; n /= 10 {
		i--
		buf[i] = byte('0' + n%10)
	}
	return b.strings.of(buf[i:])
}
