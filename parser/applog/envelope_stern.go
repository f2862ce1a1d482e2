package applog

import "bytes"

// stern peels "pod container text" and "namespace pod container text" (stern's default
// template). Names of pods that a Deployment made end in two hashes over an alphabet
// without vowels; those of a DaemonSet end in one, those of a StatefulSet in a number. As a
// sentence may begin with one, a log line must stand behind, or the container be called as
// its Deployment is, or the line before had the prefix too.
func (p *peeler) stern() bool {
	b := p.rest
	pod := nameLength(b)
	start := 0
	if kindOfPod(b[:pod]) == noPod { // a namespace stands before it
		if pod == 0 || pod >= len(b) || b[pod] != ' ' {
			return false
		}
		start = pod + 1
		pod = start + nameLength(b[start:])
	}
	kind := kindOfPod(b[start:pod])
	if kind == noPod || start > 0 && kind == otherPod || pod >= len(b) || b[pod] != ' ' {
		return false
	}
	end := pod + 1 + nameLength(b[pod+1:])
	if end == pod+1 || end < len(b) && b[end] != ' ' {
		return false
	}
	text := b[min(end+1, len(b)):]
	if !p.hinted(Stern) && !layoutStart(text) {
		named := kind == deploymentPod && string(workload(b[start:pod])) == string(b[pod+1:end])
		if !named && (kind != deploymentPod || !p.envelopeStart(text) && !bracketStart(text)) {
			return false
		}
	}
	p.take(Stern, len(b)-len(text))
	p.tellPod(b[start:pod], b[pod+1:end])
	return true
}

// sternEvent peels "+ pod › container", which stern says when it begins to follow one, and
// "- pod › container" when it ends. Nothing is inside.
func (p *peeler) sternEvent() bool {
	b := p.rest
	pod, container, ok := bytes.Cut(b[min(2, len(b)):], []byte(" › "))
	if !ok || len(b) < 2 || b[1] != ' ' {
		return false
	}
	if blank := bytes.IndexByte(pod, ' '); blank > 0 {
		pod = pod[blank+1:] // behind its namespace
	}
	if kindOfPod(pod) == noPod || nameLength(container) != len(container) || len(container) == 0 {
		return false
	}
	p.take(Stern, len(b))
	p.tellPod(pod, container)
	return true
}

// tellPod names the container as kubectl's prefix does: pod/container.
func (p *peeler) tellPod(pod, container []byte) {
	start := len(p.env.Buf)
	p.env.Buf = append(append(append(p.env.Buf, pod...), '/'), container...)
	keep(&p.r.Container, p.env.Buf[start:len(p.env.Buf):len(p.env.Buf)])
	keep(&p.r.Program, container)
}

func bracketStart(text []byte) bool {
	return len(text) > 0 && (text[0] == '{' || text[0] == '[')
}

// nameLength is how many bytes at the start of b may stand in a name of Kubernetes
// (RFC 1123 subdomain).
func nameLength(b []byte) int {
	n := 0
	for n < len(b) && n < 253 && (b[n] >= 'a' && b[n] <= 'z' || isDigit(b[n]) || b[n] == '-' || b[n] == '.') {
		n++
	}
	return n
}

type podKind uint8

const (
	noPod     podKind = iota
	otherPod          // of a StatefulSet or DaemonSet
	likelyPod         // a Deployment's, with letters that its hashes never have: a person changed them
	deploymentPod
)

// kindOfPod tells by its name who made a pod.
func kindOfPod(name []byte) podKind {
	dash := bytes.LastIndexByte(name, '-')
	if dash < 1 || dash == len(name)-1 {
		return noPod
	}
	if _, ok := wholeNumber(name[dash+1:]); ok {
		return otherPod
	}
	if len(name)-dash-1 != 5 {
		return noPod
	}
	safe := isSafe(name[dash+1:])
	hash := bytes.LastIndexByte(name[:dash], '-')
	if n := dash - hash - 1; hash > 0 && n >= 6 && n <= 10 {
		switch {
		case safe && isSafe(name[hash+1:dash]):
			return deploymentPod
		case bytes.ContainsAny(name[hash+1:dash], "0123456789"):
			return likelyPod
		}
	}
	if safe {
		return otherPod
	}
	return noPod
}

// workload returns the name of the Deployment that made a pod.
func workload(pod []byte) []byte {
	pod = pod[:bytes.LastIndexByte(pod, '-')]
	return pod[:bytes.LastIndexByte(pod, '-')]
}

// isSafe knows the alphabet of Kubernetes' hashes (util/rand: no vowels, no digits like them).
func isSafe(b []byte) bool {
	for _, c := range b {
		if bytes.IndexByte([]byte("bcdfghjklmnpqrstvwxz2456789"), c) < 0 {
			return false
		}
	}
	return true
}
