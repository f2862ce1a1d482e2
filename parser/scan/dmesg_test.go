package scan

import "testing"

// Output of dmesg -J (util-linux 2.38.1), and what jq makes of it.
func TestReaderReadsDmesgJSON(t *testing.T) {
	const text = "{\n   \"dmesg\": [\n" +
		"      {\n         \"pri\": 6,\n         \"time\":     0.000000,\n         \"msg\": \"Linux version 6.1.0 \\\"x\\\"\"\n" +
		"      },{\n         \"fac\": \"kern\",\n         \"pri\": \"err\",\n         \"time\":   901.327141,\n         \"msg\": \"Memory cgroup out of memory: Killed process 1 (a)\"\n" +
		"      }\n   ]\n}\n"
	const jq = "{\n  \"dmesg\": [\n    {\n      \"pri\": 6,\n      \"time\": 0,\n      \"msg\": \"no fraction\"\n    },\n    {\n      \"pri\": 3,\n      \"time\": 901.327141,\n      \"msg\": \"x\"\n    }\n  ]\n}\n"
	all := readText(t, text+goLine)
	if got := lineCounts(all); got != "2 4 8 1" {
		t.Fatalf("records of %s lines", got)
	}
	want := `uptime=0 level=info program=kernel msg="Linux version 6.1.0 \"x\""`
	if all[1].rendered != want || all[1].places != "6:43 " {
		t.Errorf("got %s at %s", all[1].rendered, all[1].places)
	}
	want = `uptime=901.327141 level=error program=kernel msg="Memory cgroup out of memory: Killed process 1 (a)"`
	if all[2].rendered != want || all[2].format != "kernel" || all[2].places != "11:67 " {
		t.Errorf("got %s at %s", all[2].rendered, all[2].places)
	}
	all = readText(t, jq+goLine)
	if got := lineCounts(all); got != "2 5 7 1" || all[2].rendered != `uptime=901.327141 level=error program=kernel msg=x` {
		t.Errorf("jq: records of %s lines: %s", got, all[min(2, len(all)-1)].rendered)
	}
	all = readText(t, "{\n   \"other\": [\n      {\n         \"pri\": 6\n      }\n   ]\n}\n"+goLine)
	if got := lineCounts(all); got != "7 1" {
		t.Errorf("another list: records of %s lines", got)
	}
}

func TestReaderReadsDmesgHuman(t *testing.T) {
	all := readText(t, "[Nov22 14:14] gunicorn invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=0\n"+
		"[  +0.304894] CPU: 0\n[  +0.000015] Memory cgroup out of memory: Killed process 22838 (gunicorn)\n[  +5.000000] eth0: link up\n[Nov22 14:15] x\n")
	if got := lineCounts(all); got != "3 1 1" {
		t.Fatalf("records of %s lines", got)
	}
	if got := all[1].stamp.Time().Format("2006-01-02T15:04:05.000000"); got != "2026-11-22T14:14:05.304909" || all[1].format != "kernel" {
		t.Errorf("%s at %s", all[1].rendered, got)
	}
}
