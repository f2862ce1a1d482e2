package correlate

import (
	"testing"

	"culprit/parser"
	"culprit/rules"
)

var podKilled = &rules.Signature{ID: "k8s-oomkilled", Technology: "kubernetes", Cause: rules.CauseOOMKill, Role: rules.RoleCause, Strong: true,
	Scope: rules.ScopeService, State: rules.StateDead, Meaning: "a container was killed for memory"}

// What kubectl describe says of a container is about the log that kubectl logs wrote.
func TestDescribedPodIsTheLogs(t *testing.T) {
	f := func(file string, want bool, containers ...string) {
		t.Helper()
		log := appLog(file).knows(0, rules.FactListens, shopAddress).covers(0, 300)
		described := appLog("k8s/describe.txt")
		for i, name := range containers {
			pod := "tariff-5d9c7-q2x/" + name
			described.teaches(pod, 90, rules.FactContainer, pod)
			if i == 0 {
				described.tagged(pod, 99, podKilled)
			}
		}
		gateway := errorLog("nginx/error.log")
		for s := 100.0; s < 106; s++ {
			gateway.fails(s, shopAddress, parser.SymptomConnRefused, 5)
		}
		in := incidents(t, 1, gateway.covers(0, 300), log, described, appLog("other.log").covers(0, 300))[0]
		if got := in.Verdict.Cause == rules.CauseOOMKill; got != want {
			t.Errorf("%s, described %v: %s, want linked %v", file, containers, in.Verdict.Cause, want)
		}
	}
	f("k8s/tariff-5d9c7-q2x.log", true, "tariff")
	f("k8s/tariff-5d9c7-q2x.previous.log", true, "tariff")
	f("containers/tariff-5d9c7-q2x_shop_tariff-3858fd54b3552a05.log", true, "tariff", "sidecar")
	f("containers/tariff-5d9c7-q2x_shop_sidecar-3858fd54b3552a05.log", false, "tariff", "sidecar")
	f("k8s/tariff-5d9c7-q2x.log", false, "tariff", "sidecar")
	f("k8s/tariff-5d9c7-q2y.log", false, "tariff")
	f("k8s/tariff-5d9c7-q2xy.log", false, "tariff")
}

// Where the log has a name that somebody chose, the pod's own address tells which upstream its container is.
func TestDescribedPodIsTheUpstream(t *testing.T) {
	f := func(address string, want bool) {
		t.Helper()
		const pod = "tariff-5d9c7-q2x/tariff"
		described := appLog("k8s/describe.txt").teaches(pod, 90, rules.FactContainer, pod).teaches(pod, 90, rules.FactNames, address).tagged(pod, 99, podKilled)
		gateway := errorLog("nginx/error.log")
		for s := 100.0; s < 106; s++ {
			gateway.fails(s, "10.244.1.7:8080", parser.SymptomConnRefused, 5)
		}
		in := incidents(t, 1, gateway.covers(0, 300), described, appLog("before-crash.txt").covers(0, 300))[0]
		if got := in.Verdict.Cause == rules.CauseOOMKill; got != want {
			t.Errorf("%s: %s, want linked %v", address, in.Verdict.Cause, want)
		}
	}
	f("10.244.1.7:8080", true)
	f("10.244.1.8:8080", false)
}

// The proxy of a node, ztunnel, tells of connections to a pod's address: it is not what served there.
func TestWhoTellsOfAnAddressIsNotTheUpstream(t *testing.T) {
	rejected := &rules.Signature{ID: "ztunnel-policy-rejection", Technology: "kubernetes", Cause: rules.CauseNetworkUnreachable, Role: rules.RoleCause, Strong: true,
		Scope: rules.ScopeService, Meaning: "a policy let no connection through to <address>"}
	const address = "10.1.27.83:80"
	gateway := errorLog("gateway.log").covers(0, 300).fails(100, address, parser.SymptomPrematureClose, 9)
	mesh := systemLog("ztunnel-x7k2d.log").covers(0, 300).says(100, rejected, field(rules.FieldAddress, address))
	if in := incidents(t, 1, gateway, mesh)[0]; in.Verdict.Cause != rules.CauseNetworkUnreachable || in.Service != "" || in.Culprit.Process != "" {
		t.Errorf("%s of %q, %+v, by %+v", in.Verdict.Cause, in.Service, in.Culprit, in.Verdict.Proof)
	}
}

// An event of Kubernetes is of the pod that it stands beside, which has its deployment's name.
func TestEventsAreOfTheirPods(t *testing.T) {
	pull := &rules.Signature{ID: "k8s-cannot-start", Technology: "kubernetes", Cause: rules.CauseStartFailure, Role: rules.RoleCause, Strong: true,
		Scope: rules.ScopeService, State: rules.StateFailed, Meaning: "a container of a pod could not be started"}
	f := func(pod string, log string, want bool) {
		t.Helper()
		gateway := errorLog("error.log").covers(0, 300).fails(100, "10.244.2.7:8080", refused, 9, onHost("quotes.acme.io"))
		events := appLog("events.txt").covers(0, 300).says(99, pull, field(rules.FieldPod, pod))
		logs := []*logFile{gateway, events}
		if log != "" {
			logs = append(logs, appLog(log).covers(0, 300).knows(0, rules.FactListens, ":8080"))
		}
		in := incidents(t, 1, logs...)[0]
		if got := in.Verdict.Cause == rules.CauseStartFailure; got != want {
			t.Errorf("%s beside %q: %s by %+v, want the pod's %v", pod, log, in.Verdict.Cause, in.Verdict.Proof, want)
		}
	}
	f("quotes-6fd84c9b7d-p9q2w", "", true)
	f("mailer-6fd84c9b7d-p9q2w", "", false)
	f("shop-6fd84c9b7d-p9q2w", "shop-6fd84c9b7d-p9q2w.log", true)
	f("mailer-0", "mailer-0.log", true)
	f("mailer-0", "worker-0.log", false)
}

// What is told of a pod is linked to the service that is called as its deployment is, though "web" says
// little as a word: ingress-nginx writes namespace-service-port, Envoy the cluster's name.
func TestPodOfTheGatewaysService(t *testing.T) {
	stop := &rules.Signature{ID: "k8s-stopping", Technology: "kubernetes", Cause: rules.CauseRestart, Role: rules.RoleCause, Strong: true,
		Scope: rules.ScopeService, State: rules.StateStopping, Meaning: "told to stop"}
	f := func(pool, pod, namespace string, want bool) {
		t.Helper()
		fields := []rules.Field{field("container", "web"), field(rules.FieldPod, pod)}
		if namespace != "" {
			fields = append(fields, field("namespace", namespace))
		}
		events := appLog("k8s/events.jsonl").says(98, stop, fields...)
		gateway := errorLog("ingress.log")
		gateway.d.Pools = [][]string{{"10.42.3.17:8080", pool}}
		for s := 100.0; s < 106; s++ {
			gateway.fails(s, "10.42.3.17:8080", parser.SymptomConnRefused, 5)
		}
		in := incidents(t, 1, gateway.covers(0, 300), events.covers(0, 300))[0]
		if got := in.Verdict.Cause == rules.CauseRestart; got != want {
			t.Errorf("%s, pod %s of %q: %s, want linked %v", pool, pod, namespace, in.Verdict.Cause, want)
		}
	}
	f("shop-web-80", "web-66c9f7b8d5-lq9tz", "shop", true)
	f("shop-web-http", "web-66c9f7b8d5-lq9tz", "", true)
	f("outbound|8080||web.shop.svc.cluster.local", "web-66c9f7b8d5-lq9tz", "shop", true)
	f("web.shop.svc:8080", "web-66c9f7b8d5-lq9tz", "shop", true)
	f("shop-web-80", "web-66c9f7b8d5-lq9tz", "blog", false)
	f("shop-webmail-80", "web-66c9f7b8d5-lq9tz", "", false)
	f("outbound|8080||web.shop.svc.cluster.local", "web-66c9f7b8d5-lq9tz", "blog", false)
}
