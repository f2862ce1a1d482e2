package applog

import (
	"bytes"
	"slices"

	"culprit/parser"
	"culprit/parser/timestamp"
)

// Exports: what people download from a log store holds each line inside of the store's own
// record: an object, a row of CSV, a document of YAML. The objects are those of
// aws logs filter-log-events, gcloud logging read, Grafana's Explore and logcli, elasticdump, Azure Monitor,
// Splunk, Fluentd and Fluent Bit, after their documentation. Those of Filebeat and Vector are
// read as lines of JSON, for applications write such, too.

// exportHeads are the first keys of objects that only stores and shippers write.
var exportHeads = map[string]bool{
	"_index": true, "_source": true, "preview": true, "insertId": true, "textPayload": true, "logName": true, "log": true, "container_id": true,
	"container_name": true, "kubernetes": true, "logStreamName": true, "_raw": true, "line": true, "ingestionTime": true, "@metadata": true, "source_type": true,
	"labels": true, // logcli's, whose keys are sorted
}

// mayExport reports whether an object can be a store's. Each line of an application that writes JSON
// is asked.
func (p *peeler) mayExport() bool {
	w := objectWalker{b: p.rest, i: 1}
	switch {
	case !w.next():
		return false
	case exportHeads[string(w.key)], pretty(p.rest), bytes.Contains(p.rest, quotedObject):
		return true
	}
	return string(w.key) == "time" && w.next() && string(w.key) == "resourceId" // Azure's; those of Go's slog begin so, too
}

// exported peels a store's object around a line.
func (p *peeler) exported() bool {
	if !p.mayExport() {
		return false
	}
	var e exportEntry
	w := objectWalker{b: p.rest, i: 1}
	for w.next() {
		e.member(w.key, w.value, 0)
	}
	if e.request && bytes.HasSuffix(e.log.body, []byte("requests")) {
		return false // what Google's balancers log of a request is no line of somebody else
	}
	if !w.closed || e.text.kind != '"' || e.marks == 0 && (e.level || !bytes.HasPrefix(e.text.body, quotedObject)) {
		return false // an application's own, which has a level, may hold an object, too
	}
	s, n, ok := timestamp.Read(e.when.body)
	if !ok {
		s, n, ok = timestamp.Epoch(e.when.body)
	}
	p.take(Export, 0)
	if ok && n == len(e.when.body) {
		p.stamp(s)
	}
	keep(&p.r.Host, e.host.body)
	if e.pod.kind == '"' && e.container.kind == '"' {
		p.tellPod(e.pod.body, e.container.body)
	}
	keep(&p.r.Container, bytes.TrimPrefix(e.container.body, []byte("/")))
	keep(&p.r.Container, e.pod.body)
	p.rest = bytes.TrimRight(p.unquote(e.text.body), "\r\n")
	p.copied = true
	p.plain()
	return true
}

// quotedObject is how an object begins that stands in another one as a string. Its quote is left
// out, since quotes stand everywhere in JSON: with it, and with a search for Azure's key, the analysis
// of applications' JSON took 8 and 19 % longer, and now as long as without exports.
var quotedObject = []byte(`{\"`)

// pretty reports whether an object is printed over several lines.
func pretty(object []byte) bool { return len(object) > 1 && (object[1] == '\n' || object[1] == '\r') }

// An exportEntry is what a store's object tells.
type exportEntry struct {
	text, when, host, container token
	pod                         token // of Kubernetes
	marks                       int   // keys that no application's own logger writes
	level                       bool  // it tells one
	request                     bool  // it has a request's fields (httpRequest)
	log                         token // the log's name (logName)
}

// member takes one member; those inside of the objects that stores put around what they know
// count, too.
func (e *exportEntry) member(key []byte, v token, depth int) {
	switch {
	case v.kind != '{' || depth != 2: // Elastic's kubernetes tells both by objects
	case string(key) == "pod":
		nameIn(v, &e.pod)
		return
	case string(key) == "container":
		nameIn(v, &e.container)
		return
	}
	if v.kind == '{' && depth < 3 {
		switch string(key) {
		case "httpRequest":
			e.request = true
		case "_source", "result", "properties", "fields", "labels", "resource", "host", "container", "kubernetes", "stream", "metric":
			w := objectWalker{b: v.body}
			for w.next() {
				e.member(w.key, w.value, depth+1)
			}
		}
		if string(key) == "_source" || string(key) == "result" || string(key) == "kubernetes" {
			e.marks++
		}
		return
	}
	first := func(slot *token) {
		if slot.kind == 0 && (v.kind == '"' || v.kind == '0') {
			*slot = v
		}
	}
	switch string(key) {
	case "message", "textPayload", "line", "_raw", "log", "Log":
		if v.kind == '"' {
			first(&e.text)
		}
	case "timestamp", "@timestamp", "_time", "time":
		if depth == 0 || e.when.kind == 0 {
			first(&e.when)
		}
	case "name":
		if depth == 2 {
			first(&e.host) // host.name, container.name: whichever comes first tells the streams apart
		}
	case "hostname", "host":
		first(&e.host)
	case "pod", "pod_name", "kubernetes_pod_name":
		first(&e.pod)
	case "container_name", "ContainerName", "logStreamName", "containerName", "container":
		first(&e.container)
	}
	switch string(key) {
	case "logName":
		e.log = v
		e.marks++
	case "level", "severity", "log.level":
		e.level = e.level || depth == 0
	case "insertId", "textPayload", "_raw", "logStreamName", "ingestionTime", "eventId", "@metadata", "source_type", "container_id", "container_name", "ContainerName":
		e.marks++
	case "line": // Grafana's
		if v.kind == '"' {
			e.marks++
		}
	}
}

// nameIn takes the name of what an object tells of.
func nameIn(object token, slot *token) {
	w := objectWalker{b: object.body}
	for w.next() {
		if string(w.key) == "name" && slot.kind == 0 {
			*slot = w.value
		}
	}
}

// payload peels textPayload: of gcloud logging read, which prints documents of YAML.
func (p *peeler) payload() bool {
	rest, ok := bytes.CutPrefix(p.rest, []byte("textPayload: "))
	if !ok || len(rest) < 2 {
		return false
	}
	text := rest
	switch end := len(rest) - 1; {
	case rest[0] == '"' && rest[end] == '"':
		p.take(Export, 0)
		p.rest, p.copied = bytes.TrimRight(p.unquote(rest[1:end]), "\r\n"), true
		p.plain()
		return true
	case rest[0] == '\'' && rest[end] == '\'':
		text = rest[1:end]
	case rest[0] == '|' || rest[0] == '>':
		return false
	}
	p.take(Export, len(p.rest)-len(rest))
	p.rest = text
	p.plain()
	return true
}

// grepFile peels path: and path:1862: of grep -H and grep -Hn. A known layout must follow, unless
// the line before had a path in front, too. Program holds the path.
func (p *peeler) grepFile() bool {
	b := p.rest
	colon := bytes.IndexByte(b[:min(len(b), 256)], ':')
	if colon < 3 || bytes.IndexByte(b[:colon], '/') < 0 || bytes.ContainsAny(b[:colon], " \t\"'()[]{}") {
		return false
	}
	text := b[colon+1:]
	if _, digits := leadingNumber(text); digits > 0 && digits < 10 && digits < len(text) && text[digits] == ':' && !isTimeOfDay(text) {
		text = text[digits+1:]
	}
	if !p.hinted(GrepFile) && !layoutStart(text) {
		return false
	}
	keep(&p.r.Program, b[:colon])
	p.take(GrepFile, len(b)-len(text))
	return true
}

// fluentd peels "time TAB tag TAB" in front of an object: Fluentd's out_file.
func (p *peeler) fluentd(s parser.Stamp, n int) bool {
	tag, _, ok := bytes.Cut(p.rest[n+1:], []byte("\t"))
	if !ok || len(tag) == 0 || len(tag) > 128 || bytes.IndexByte(tag, ' ') >= 0 || n+2+len(tag) >= len(p.rest) || p.rest[n+2+len(tag)] != '{' {
		return false
	}
	p.take(Export, n+2+len(tag))
	p.stamp(s)
	keep(&p.r.Program, tag[bytes.LastIndexByte(tag, '.')+1:])
	return true
}

// row peels a row of CSV (RFC 4180) whose last or first column is a line and another one its time:
// CloudWatch Logs Insights, Kibana's Discover, Datadog, Splunk. A known layout must begin in that
// column, unless the line before was a row, too. A line that goes on behind the row's end has no
// closing quote.
func (p *peeler) row() bool {
	var columns [16][]byte
	n, whole := splitRow(p.rest, &columns)
	if n < 2 {
		return false
	}
	text, stamps := n-1, columns[:n-1]
	if first := columns[0]; !isStamp(first) && !layoutStart(columns[n-1]) && (layoutStart(first) || len(first) == 0 || bytes.IndexByte(first, ' ') > 0) {
		text, stamps = 0, columns[1:n]
	}
	if !p.hinted(Export) && !layoutStart(columns[text]) || !whole && text == 0 {
		return false
	}
	at := -1
	for i, c := range stamps {
		if isStamp(c) {
			at = i
			break
		}
	}
	if at < 0 {
		return false
	}
	s, _, _ := timestamp.Read(stamps[at])
	p.take(Export, 0)
	p.stamp(s)
	if text > 0 {
		switch name := columns[text-1]; {
		case text-1 == at || !isName(name) || isLevel(name):
		case bytes.IndexByte(name, '/') >= 0:
			keep(&p.r.Container, name) // CloudWatch's stream of a task
		default:
			keep(&p.r.Program, name)
		}
	}
	p.rest = p.undoubled(columns[text])
	p.copied = true
	p.plain()
	return true
}

// isStamp reports whether a column is a moment and nothing else.
func isStamp(column []byte) bool {
	s, n, ok := timestamp.Read(column)
	return ok && s.Clock >= parser.ClockLocal && (n == len(column) || n+4 == len(column) && column[n] == ' ') // " UTC"
}

// splitRow cuts a row at its commas and takes the quotes around columns off. It reports whether the
// last one's quotes were closed, and no columns for what is no row.
func splitRow(row []byte, columns *[16][]byte) (n int, whole bool) {
	for i := 0; n < len(columns); n++ {
		if i >= len(row) || row[i] != '"' {
			end := bytes.IndexByte(row[min(i, len(row)):], ',')
			if end < 0 {
				columns[n] = row[min(i, len(row)):]
				return n + 1, true
			}
			columns[n] = row[i : i+end]
			i += end + 1
			continue
		}
		end := i + 1
		for end < len(row) && (row[end] != '"' || end+1 < len(row) && row[end+1] == '"') {
			if row[end] == '"' {
				end++
			}
			end++
		}
		columns[n] = row[i+1 : min(end, len(row))]
		switch {
		case end >= len(row):
			return n + 1, false
		case end+1 == len(row):
			return n + 1, true
		case row[end+1] != ',':
			return 0, false
		}
		i = end + 2
	}
	return 0, false
}

// undoubled writes a column with single quotes for doubled ones.
func (p *peeler) undoubled(column []byte) []byte {
	start := len(p.env.Buf)
	for {
		i := bytes.Index(column, []byte(`""`))
		if i < 0 {
			break
		}
		p.env.Buf = append(p.env.Buf, column[:i+1]...)
		column = column[i+2:]
	}
	p.env.Buf = append(p.env.Buf, column...)
	return p.env.Buf[start:len(p.env.Buf):len(p.env.Buf)]
}

// flyNames are what writes in the logs of Fly.io (flyctl logs).
var flyNames = [][]byte{[]byte("app["), []byte("runner["), []byte("proxy["), []byte("machine["), []byte("health[")}

// fly peels "time app[machine] region [level]" of flyctl logs.
func (p *peeler) fly() bool {
	b := p.rest
	space := bytes.IndexByte(b[:min(len(b), 40)], ' ')
	if space < 20 || !slices.ContainsFunc(flyNames, func(name []byte) bool { return bytes.HasPrefix(b[space+1:], name) }) {
		return false
	}
	s, n, ok := timestamp.ISO(b)
	head, _, told := bytes.Cut(b[space+1:min(len(b), 160)], []byte("]"))
	rest := b[min(len(b), space+1+len(head)+1):] // " fra [info]text"
	open := bytes.IndexByte(rest[:min(len(rest), 12)], '[')
	if !ok || n != space || !told || open < 3 || rest[0] != ' ' || rest[open-1] != ' ' {
		return false
	}
	level, text, told := bytes.Cut(rest[open+1:], []byte("]"))
	if l, known := facilityLevels[string(level)]; told && known {
		p.keepLevel(l)
	} else if !told || len(level) == 0 || len(level) > 8 {
		return false
	}
	_, machine, _ := bytes.Cut(head, []byte("["))
	keep(&p.r.Container, machine)
	p.take(Export, len(b)-len(text))
	p.stamp(s)
	p.plain()
	return true
}

// grafanaText peels "nanoseconds TAB time TAB" of what Grafana's Explore saves as text.
func (p *peeler) grafanaText() bool {
	b := p.rest
	if bytes.ContainsFunc(b[:19], func(r rune) bool { return r < '0' || r > '9' }) {
		return false
	}
	s, n, ok := timestamp.ISO(b[20:])
	if !ok || 20+n >= len(b) || b[20+n] != '\t' {
		return false
	}
	p.take(Export, 20+n+1)
	p.stamp(s)
	p.plain()
	return true
}

// catNumber peels "   12 TAB" of cat -n and nl. A known layout must follow, unless the line before had
// a number, too.
func (p *peeler) catNumber() bool {
	b := p.rest
	blanks := len(b) - len(bytes.TrimLeft(b, " "))
	_, digits := leadingNumber(b[blanks:])
	at := blanks + digits
	if digits == 0 || at < 6 || at >= len(b) || b[at] != '\t' || !p.hinted(GrepNumber) && !layoutStart(b[at+1:]) {
		return false
	}
	p.take(GrepNumber, at+1)
	return true
}
