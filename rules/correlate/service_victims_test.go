package correlate

import (
	"strings"
	"testing"

	"culprit/parser"
	"culprit/rules"
)

// The kubelet says which pod lost a container ("SyncLoop (PLEG): event for pod" pod="default/geo-0"
// event={"ID":"…","Type":"ContainerDied","Data":"…"}), and the node's kernel which process died on a fault.
func TestVictimsPods(t *testing.T) {
	segfault := &rules.Signature{ID: "kernel-segfault", Technology: "kernel", Cause: rules.CauseCrashSignal, Role: rules.RoleCause, Strong: true,
		Scope: rules.ScopeService, State: rules.StateDead, Meaning: "process <pid> died of SIGSEGV"}
	died := &rules.Signature{ID: "kubelet-pod-died", Technology: "kubernetes", Role: rules.RoleContext, Scope: rules.ScopeService, State: rules.StateStopped, Meaning: "a container of <pod> ended"}
	stop := &rules.Signature{ID: "k8s-stopping", Technology: "kubernetes", Cause: rules.CauseRestart, Role: rules.RoleCause, Strong: true,
		Scope: rules.ScopeService, State: rules.StateStopping, Meaning: "kubernetes was told to stop it"}
	const pod = "10.88.0.14:7000"
	lost := func(l *logFile, at float64, name string) {
		l.tagged(rules.StreamOn("kubelet", "node-1"), at, died, field(rules.FieldPod, name))
	}
	f := func(name string, want bool, change func(*logFile)) {
		t.Helper()
		errors, node := errorLog("error.log").covers(0, 300), systemLog("node.log").covers(0, 300)
		app := appLog("geo-0.log").covers(0, 300).knows(0, rules.FactListens, ":7000")
		errors.fails(100, pod, parser.SymptomPrematureClose, 3).fails(101, pod, refused, 9)
		node.tagged(rules.StreamOn("kernel", "node-1"), 99, segfault, field(rules.FieldPID, "77121"), field(rules.FieldProcess, "geod"))
		change(node)
		in := incidents(t, 1, errors, node, app, appLog("news-1.log").covers(0, 300).knows(0, rules.FactListens, ":9000"))[0]
		if got := proved(&in, segfault) && strings.Contains(in.Verdict.Proof[0].Why, "pod geo-0"); got != want {
			t.Errorf("%s: the pod's process %v, want %v: %s by %+v", name, got, want, in.Verdict.Cause, in.Verdict.Proof)
		}
	}
	f("the only pod that lost a container", true, func(l *logFile) { lost(l, 100, "geo-0") })
	f("no pod did", false, func(l *logFile) {})
	f("another pod", false, func(l *logFile) { lost(l, 100, "news-1") })
	f("two pods", false, func(l *logFile) {
		lost(l, 100, "geo-0")
		lost(l, 100, "news-1")
	})
	f("before the fault", false, func(l *logFile) { lost(l, 97, "geo-0") })
	f("it had been told to stop", false, func(l *logFile) {
		l.tagged(rules.StreamOn("kubelet", "node-1"), 98, stop, field(rules.FieldPod, "geo-0"))
		lost(l, 100, "geo-0")
	})
	f("on another node", false, func(l *logFile) {
		l.tagged(rules.StreamOn("kubelet", "node-2"), 100, died, field(rules.FieldPod, "geo-0"))
	})
}

// A container that kubectl describes as OOMKilled is that of the process which the kernel of its node
// killed in a pod's cgroup then: the description tells the id of the container that runs since.
func TestVictimsDescribedPods(t *testing.T) {
	f := func(cgroup string, at float64, want bool) {
		t.Helper()
		const container = "tariff-5d9c7-q2x/tariff"
		described := appLog("describe.txt").teaches(container, 90, rules.FactContainer, container).teaches(container, 90, rules.FactNames, "10.244.1.7:8080").tagged(container, 99, podKilled)
		kernel := systemLog("dmesg.txt").covers(0, 300).tagged("kernel", at, kernelKill, field(rules.FieldPID, "4123"), field(rules.FieldProcess, "java"), field(rules.FieldCgroup, cgroup))
		gateway := errorLog("error.log").covers(0, 300).fails(100, "10.244.1.7:8080", refused, 9)
		in := incidents(t, 1, gateway, described, kernel)[0]
		if got := in.Culprit.PID == 4123; got != want {
			t.Errorf("%s at %v: %+v, want the process %v", cgroup, at, in.Culprit, want)
		}
	}
	const inPod = "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod1.slice/cri-containerd-3858fd54b3552a05b2de27417190643e9dc12db51ab07936f8155e5f3365f90b.scope"
	f(inPod, 99, true)
	f(inPod, 60, false)
	f("/system.slice/shop.service", 99, false)
}
