package scan

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"
)

// As kubectl describe pod prints it (kubernetes/kubectl pkg/describe/testdata and describe.go), shortened.
const describedPod = `Name:             shop-7c9f6d5b8-x2x4z
Namespace:        default
Node:             node-1/192.0.2.11
Labels:           app=shop
                  pod-template-hash=7c9f6d5b8
Status:           Running
IP:               10.244.1.7
IPs:
  IP:           10.244.1.7
Init Containers:
  migrate:
    State:          Terminated
      Reason:       Completed
      Exit Code:    0
      Finished:     Wed, 11 Jun 2025 09:12:40 +0000
Containers:
  shop:
    Container ID:   containerd://3858fd54
    State:          Running
      Started:      Wed, 11 Jun 2025 10:00:07 +0000
    Last State:     Terminated
      Reason:       OOMKilled
      Exit Code:    137
      Started:      Wed, 11 Jun 2025 09:12:41 +0000
      Finished:     Wed, 11 Jun 2025 10:00:05 +0000
    Restart Count:  1
  side.car:
    State:          Running
Conditions:
  Type:
    Ready
Events:           <none>
`

// Each container of a described pod is one record, at the time when it ended.
func TestReaderReadsDescribedPods(t *testing.T) {
	text := describedPod + goLine + "  shop:\n"
	r := NewReader(strings.NewReader(text), Options{Year: 2026})
	var got []string
	for r.Scan(context.Background()) {
		rec := r.Record()
		if len(rec.Container) > 0 {
			stamp := "none"
			if rec.Stamp.Known() {
				stamp = rec.Stamp.Time().UTC().Format("15:04:05")
			}
			got = append(got, fmt.Sprintf("%s %s %s %s %d+%d", rec.Host, rec.Container, rec.Program, stamp, rec.Line, rec.Lines))
		}
		if at := bytes.Index(rec.Message, []byte("OOMKilled")); at >= 0 {
			if line, raw, offset := r.PhysicalLine(rec, at); line != 22 || string(raw) != "      Reason:       OOMKilled" || !strings.HasPrefix(text[offset:], string(raw)) {
				t.Errorf("the reason is on line %d: %q", line, raw)
			}
		}
	}
	want := []string{
		"node-1 shop-7c9f6d5b8-x2x4z/migrate migrate none 11+5", "node-1 shop-7c9f6d5b8-x2x4z/shop shop 10:00:05 17+10",
		"node-1 shop-7c9f6d5b8-x2x4z/side.car side.car none 27+2",
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

// Only what stands in a pod's description is a part of it.
func TestReaderLeavesOtherLists(t *testing.T) {
	for _, text := range []string{
		"Containers:\n  shop:\n    State:          Running\n",
		"Name:   shop\n: x\nContainers:\n  shop:\n    State:          Running\n",
		"Name: x\nContainers:\n  shop:\n    State:          Running\n",
		"Name:   shop\n2026/11/22 15:16:24 x\nContainers:\n  shop:\n    State: x\n",
		"Name:   shop\nContainers:\n  Shop Of:\n    State: x\n",
	} {
		r := NewReader(strings.NewReader(text), Options{})
		for r.Scan(context.Background()) {
			if len(r.Record().Container) > 0 {
				t.Errorf("%q: a container's record %q", text, r.Record().Message)
			}
		}
	}
}

// A container is asked on the pod's address with each port of its own (describeContainerPorts writes
// one as Port, several as Ports).
func TestDescribedPodTellsItsAddresses(t *testing.T) {
	f := func(name, ip, ports, want string) {
		t.Helper()
		text := "Name:             shop-7c9f6d5b8-x2x4z\n" + ip + "Containers:\n  shop:\n    Container ID:   containerd://3858fd54\n" + ports + "    State:          Running\nEvents:           <none>\n"
		r := NewReader(strings.NewReader(text), Options{Year: 2026})
		got := ""
		for r.Scan(context.Background()) {
			rec := r.Record()
			for line := range strings.Lines(string(rec.Message)) {
				if address, ok := strings.CutPrefix(strings.TrimSpace(line), "Address: "); ok {
					got += address + " "
				}
			}
			if len(rec.Container) > 0 && bytes.Contains(rec.Raw, []byte("Address")) {
				t.Errorf("%s: the raw text has grown: %q", name, rec.Raw)
			}
		}
		if strings.TrimSpace(got) != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	f("one port", "IP:               10.244.1.7\n", "    Port:           8080/TCP\n    Host Port:      0/TCP\n", "10.244.1.7:8080")
	f("several", "IP:               10.244.1.7\n", "    Ports:          8080/TCP, 53/UDP, 9090/TCP\n    Host Ports:     0/TCP, 0/UDP, 0/TCP\n", "10.244.1.7:8080 10.244.1.7:9090")
	f("IPv6", "IP:               fd00::7\n", "    Port:           8080/TCP\n", "[fd00::7]:8080")
	f("none", "IP:               10.244.1.7\n", "    Port:           <none>\n", "")
	f("no address yet", "IP:               \n", "    Port:           8080/TCP\n", "")
}
