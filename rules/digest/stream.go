package digest

import (
	"bytes"
	"slices"

	"culprit/parser"
	"culprit/rules"
)

// Which part of a source a record belongs to.

// stream names the part of the source that the record belongs to: the gateway's own
// lines, a container, a unit or a program where its envelope or its tag tells, each of one
// host if that is told, too, else "".
func (b *Builder) stream(r *parser.Record) string {
	kind := ""
	if r.Format != nil && r.Format.Role == parser.RoleGateway {
		if r.Kind != parser.KindAccess || !anybodys(r) {
			return b.streamOn(rules.StreamGateway, nil, r.Host)
		}
		kind = rules.StreamAccess
	}
	name := tag(r)
	if len(name) > 0 && len(name) == len(r.Program) && r.PID > 1 && len(r.Container) == 0 && runsOthers(r.Program) {
		b.name = rules.AppendProcess(append(b.name[:0], name...), r.PID)
		name = b.name
	}
	return b.streamOn(kind, name, r.Host)
}

// runsOthers reports whether a program is an interpreter or a server of other people's code:
// several services of one machine may write under its name.
func runsOthers(program []byte) bool {
	switch string(program) {
	case "node", "nodejs", "npm", "yarn", "deno", "bun", "java", "dotnet", "perl", "ruby", "rails", "puma", "unicorn", "gunicorn", "uvicorn", "hypercorn",
		"daphne", "uwsgi", "php", "beam.smp", "bash", "sh":
		return true
	}
	return bytes.HasPrefix(program, []byte("python")) // python3.11
}

// tag is who wrote a record, as its envelope tells.
func tag(r *parser.Record) []byte {
	switch {
	case len(r.Container) > 0:
		return r.Container
	case len(r.Unit) > 0 && !rules.OfSystem(string(r.Program)):
		return r.Unit
	}
	return r.Program
}

// anybodys reports whether a tagged access line has nothing that only a gateway would write.
func anybodys(r *parser.Record) bool {
	a := &r.Access
	return !a.HasUps && a.Tries == 0 && len(a.Pool) == 0 && r.Gateway.Symptom == parser.SymptomNone && len(tag(r)) > 0
}

func (b *Builder) streamOn(kind string, name, host []byte) string {
	switch {
	case len(host) == 0 && len(name) == 0:
		return kind
	case len(name) == 0 && kind == "":
		return ""
	case len(host) == 0 && kind == "":
		return b.streams.of(name)
	}
	b.group = append(append(b.group[:0], kind...), name...)
	if len(host) > 0 {
		b.group = rules.AppendHost(b.group, host)
	}
	return b.streams.of(b.group)
}

// maxSpeakers bounds Digest.Speakers: one compose project or one journal has few gateways.
const maxSpeakers = 64

// speaks notes under which tag a gateway's symptom stands.
func (b *Builder) speaks(stream string) {
	if stream != "" && len(b.d.Speakers) < maxSpeakers && !slices.Contains(b.d.Speakers, stream) {
		b.d.Speakers = append(b.d.Speakers, stream)
	}
}
