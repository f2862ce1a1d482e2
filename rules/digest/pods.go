package digest

import (
	"bytes"

	"culprit/parser"
	"culprit/rules"
)

// tellPods adds to what signatures know of Kubernetes the pod that a line is about, where its words do
// not name it: "Failed to pull image" stands beside the pod.
func (b *Builder) tellPods(r *parser.Record) {
	for i := range b.hits {
		h := &b.hits[i]
		if h.Signature.Technology != "kubernetes" || h.Get(rules.FieldPod) != "" {
			continue
		}
		if pod := podOf(r.Raw[:min(len(r.Raw), maxPodLine)]); len(pod) > 0 {
			h.Fields = append(h.Fields[:len(h.Fields):len(h.Fields)], rules.Field{Name: rules.FieldPod, Value: b.strings.of(pod)})
		}
	}
}

// maxPodLine is how much of a line is searched for its pod.
const maxPodLine = 4096

// podOf is the pod that an event is about: pod/name in a table of kubectl get events, involvedObject in
// its JSON, object="namespace/name" kind="Pod" of the controller manager, pod="namespace/name" of the
// kubelet, name=… kind=Pod of Grafana's eventhandler.
func podOf(line []byte) []byte {
	for _, mark := range [...]string{" pod/", "\tpod/"} {
		if i := bytes.Index(line, []byte(mark)); i >= 0 {
			return podName(line[i+len(mark):])
		}
	}
	if i := bytes.Index(line, []byte(` pod="`)); i >= 0 {
		return behindNamespace(line[i+len(` pod="`):])
	}
	if i := bytes.Index(line, []byte(`object="`)); i >= 0 && bytes.Contains(line, []byte(`kind="Pod"`)) {
		return behindNamespace(line[i+len(`object="`):])
	}
	if i := bytes.Index(line, []byte(`"involvedObject"`)); i >= 0 {
		object := line[i:]
		if end := bytes.IndexByte(object, '}'); end >= 0 {
			object = object[:end]
		}
		if bytes.HasPrefix(member(object, "kind"), []byte(`Pod"`)) {
			return podName(member(object, "name"))
		}
		return nil
	}
	if bytes.Contains(line, []byte(" kind=Pod ")) {
		if i := bytes.Index(line, []byte(" name=")); i >= 0 {
			return podName(line[i+len(" name="):])
		}
	}
	return nil
}

// member is what stands behind a key of an object, from its quote on.
func member(object []byte, key string) []byte {
	_, rest, _ := bytes.Cut(object, []byte(`"`+key+`"`))
	return bytes.TrimPrefix(bytes.TrimLeft(rest, ": "), []byte(`"`))
}

func behindNamespace(b []byte) []byte {
	if i := bytes.IndexAny(b, `/"`); i > 0 && b[i] == '/' {
		return podName(b[i+1:])
	}
	return nil
}

// podName is the name at the start of b (RFC 1123 subdomain), nil if there is none.
func podName(b []byte) []byte {
	n := 0
	for n < len(b) && (b[n] >= 'a' && b[n] <= 'z' || b[n] >= '0' && b[n] <= '9' || b[n] == '-' || b[n] == '.') {
		n++
	}
	if n == 0 || n > 253 {
		return nil
	}
	return b[:n]
}
