package digest

import (
	"slices"
	"testing"

	"culprit/parser"
	"culprit/rules"
)

func TestPodOf(t *testing.T) {
	f := func(line, want string) {
		t.Helper()
		if got := string(podOf([]byte(line))); got != want {
			t.Errorf("%s\n got %q, want %q", line, got, want)
		}
	}
	// kubectl get events; those of other objects; kubectl get events -o json, an exporter's, the controller
	// manager's klog, Grafana's eventhandler, the kubelet's klog.
	f(`63s         Warning   Failed              pod/quotes-6fd84c9b7d-p9q2w       Error: ErrImagePull`, "quotes-6fd84c9b7d-p9q2w")
	f("63s\tWarning\tFailed\tpod/web-0\tError: ErrImagePull", "web-0")
	f(`4m12s       Normal    ScalingReplicaSet   deployment/quotes           Scaled down replica set quotes-7b5d to 0 from 1`, "")
	f(`{"reason":"Failed","message":"Error: ErrImagePull","metadata":{"name":"web-0.17c2a4df"},"involvedObject":{"kind":"Pod","namespace":"shop","name":"web-0"}}`, "web-0")
	f(`{"involvedObject": {"apiVersion": "v1", "kind": "Pod", "name": "web-0", "namespace": "shop"}, "reason": "Failed"}`, "web-0")
	f(`{"involvedObject":{"kind":"Node","name":"worker-1"},"reason":"NodeNotReady"}`, "")
	f(`I1118 02:14:46.140000       1 event.go:389] "Event occurred" object="default/checkout-6fb7d8-9wq5t" fieldPath="" kind="Pod" apiVersion="v1" type="Warning" reason="NodeNotReady" message="Node is not ready"`, "checkout-6fb7d8-9wq5t")
	f(`I1118 02:14:46.140000       1 event.go:389] "Event occurred" object="default/checkout" kind="Deployment" reason="ScalingReplicaSet"`, "")
	f(`ts=2026-11-21T23:12:39.4Z name=rails-6b9f-tt5xk kind=Pod objectAPIversion=v1 reason=Killing type=Normal count=1 msg="Stopping container rails"`, "rails-6b9f-tt5xk")
	f(`E1122 14:30:00.123456    1234 pod_workers.go:1301] "Error syncing pod, skipping" err="CreateContainerError" pod="shop/web-6d9f7c-x2x4p" podUID="3fa85f64"`, "web-6d9f7c-x2x4p")
	f(`Error: ImagePullBackOff`, "")
	f(`"involvedObject"`, "")
	f(` pod="`, "")
}

func TestEventsTellTheirPods(t *testing.T) {
	pull := &rules.Signature{ID: "k8s-cannot-start", Technology: "kubernetes", Cause: rules.CauseStartFailure, Role: rules.RoleCause, Strong: true, Scope: rules.ScopeService}
	other := &rules.Signature{ID: "go-panic", Technology: "go", Cause: rules.CauseUnhandledException, Role: rules.RoleCause, Strong: true, Scope: rules.ScopeService}
	b := New(rules.SourceInfo{Path: "events.txt"}, words{{text: "ErrImagePull", sig: pull}, {text: "panic", sig: other}}, nil)
	for i, line := range []string{"Warning   Failed   pod/web-0   Error: ErrImagePull", "Warning   Failed   pod/shop-0   Error: ErrImagePull", "panic: pod/x beside pod/y in a program"} {
		b.Add(&parser.Record{Format: appFormat, Stamp: stamp(0), Line: int64(i + 1), Lines: 1, Raw: []byte(line), Message: []byte(line)})
	}
	var got []string
	for _, e := range b.Finish().Events {
		got = append(got, e.Hits[0].Get(rules.FieldPod))
	}
	if want := []string{"web-0", "shop-0", ""}; !slices.Equal(got, want) {
		t.Errorf("pods %q, want %q", got, want)
	}
}
