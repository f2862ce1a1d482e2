package correlate

import (
	"path"
	"slices"
	"strings"

	"culprit/rules"
)

// kubectl describe tells of pod/container; kubectl logs, and the kubelet's files, are named
// after the pod: shop-7c9f6d5b8-x2x4z.log, shop-7c9f6d5b8-x2x4z.previous.log,
// shop-7c9f6d5b8-x2x4z_default_shop-3858fd54….log.

// describes reports whether a service that a pod's description tells of writes the log of
// another one. A log that names only the pod is that of its only container.
func (e *Engine) describes(a, b *service) bool {
	for _, name := range a.containers {
		pod, container, ok := strings.Cut(name, "/")
		if !ok || pod == "" || strings.Contains(container, "/") {
			continue
		}
		for _, id := range b.streams {
			file, ok := strings.CutPrefix(path.Base(e.sources[id.source].Source.Path), pod)
			switch {
			case !ok || file == "" || id.stream != "":
			case file[0] == '.' && e.containersOf(pod) == 1, file[0] == '_' && namesContainer(file, container):
				return true
			}
		}
	}
	return false
}

// podsOf are the pods that a service may be of, by what describes it or by its file's name.
func (e *Engine) podsOf(sv *service) (pods []string) {
	for _, name := range sv.containers {
		if pod, _, ok := strings.Cut(name, "/"); ok {
			pods = append(pods, pod)
		}
	}
	for _, id := range sv.streams {
		file := path.Base(e.sources[id.source].Source.Path)
		if i := strings.IndexAny(file, "._"); i > 0 && id.stream == "" {
			pods = append(pods, file[:i])
		}
	}
	return pods
}

func namesContainer(file, container string) bool {
	return slices.Contains(strings.FieldsFunc(file, func(r rune) bool { return r == '_' || r == '.' }), container) || strings.Contains(file, "_"+container+"-")
}

// containersOf counts a pod's containers, as far as they are described.
func (e *Engine) containersOf(pod string) int {
	var known []string
	for _, s := range e.sources {
		for _, f := range s.Facts {
			if rest, ok := strings.CutPrefix(f.Value, pod+"/"); ok && f.Kind == rules.FactContainer && !slices.Contains(known, rest) {
				known = append(known, rest)
			}
		}
	}
	return len(known)
}
