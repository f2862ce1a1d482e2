package correlate

import (
	"testing"

	"culprit/parser"
	"culprit/rules"
)

// Lines of the Linux kernel that are about the machine (net/netfilter/nf_conntrack_core.c,
// fs/file_table.c, net/sunrpc/clnt.c, kernel/hung_task.c).
var (
	conntrackFull = &rules.Signature{ID: "kernel-conntrack-full", Technology: "kernel", Cause: rules.CauseGatewayResources,
		Also: []rules.Cause{rules.CauseNetworkUnreachable, rules.CauseUpstreamSaturated}, Role: rules.RoleCause, Scope: rules.ScopeHost,
		Meaning: "the table of tracked connections is full"}
	fileMax = &rules.Signature{ID: "kernel-file-max", Technology: "kernel", Cause: rules.CauseGatewayResources,
		Also: []rules.Cause{rules.CauseUpstreamSaturated}, Role: rules.RoleCause, Scope: rules.ScopeHost, Meaning: "no file can be opened"}
	nfsStalled = &rules.Signature{ID: "kernel-nfs-stalled", Technology: "kernel", Cause: rules.CauseDependencyFailure,
		Also: []rules.Cause{rules.CauseSlowUpstream}, Role: rules.RoleCause, Scope: rules.ScopeDependency, Meaning: "the NFS server <dependency> does not answer"}
	hungTask = &rules.Signature{ID: "kernel-hung-task", Technology: "kernel", Cause: rules.CauseSlowUpstream,
		Also: []rules.Cause{rules.CauseDependencyFailure}, Role: rules.RoleCause, Scope: rules.ScopeService, Meaning: "<process> waits for a disk"}
)

// What the kernel says of a machine is why what runs there failed: of the machine that the address
// is on, of none else, and of the only one among the logs if something may run there.
func TestWhatBefallsAMachine(t *testing.T) {
	const remote = "10.0.0.12:8000"
	f := func(name, upstream string, class parser.Symptom, sig *rules.Signature, host string, want rules.Cause, linked bool, logs ...*logFile) {
		t.Helper()
		kernel := systemLog("remote/kern.log").covers(0, 300)
		fields := []rules.Field{}
		switch sig {
		case nfsStalled:
			fields = append(fields, field(rules.FieldDependency, "10.0.9.5"))
		case hungTask:
			fields = append(fields, field(rules.FieldPID, "310"), field(rules.FieldProcess, "jbd2/sda1-8"))
		}
		kernel.tagged(rules.StreamOn("kernel", host), 99, sig, fields...)
		errors := errorLog("gw/error.log").covers(0, 300)
		for i := range 12 {
			errors.fails(float64(100+2*i), upstream, class, 1)
		}
		in := incidents(t, 1, append(logs, errors, kernel)...)[0]
		if in.Verdict.Cause != want || proved(&in, sig) != linked {
			t.Errorf("%s: %s, proof %v: %+v", name, in.Verdict.Cause, proved(&in, sig), in.Evidence)
		}
	}
	app := func(host string) *logFile {
		l := appLog("remote/app.log").covers(0, 300)
		l.teaches(rules.StreamOn("shop", host), 0, rules.FactHost, host)
		return l.teaches(rules.StreamOn("shop", host), 1, rules.FactListens, "10.0.0.12:8000")
	}
	local := func(host string) *logFile {
		return appLog("app.log").covers(0, 300).teaches(rules.StreamOn("shop", host), 1, rules.FactListens, shopAddress)
	}
	quiet := func() *logFile { return appLog("app.log").covers(0, 300) }
	f("its machine", remote, parser.SymptomConnectTimeout, conntrackFull, "app-1", rules.CauseNetworkUnreachable, true, app("app-1"))
	f("its machine", remote, parser.SymptomReadTimeout, nfsStalled, "app-1", rules.CauseDependencyFailure, true, app("app-1"))
	f("its machine", remote, parser.SymptomConnReset, fileMax, "app-1", rules.CauseUpstreamSaturated, true, app("app-1"))
	f("another machine", remote, parser.SymptomReadTimeout, nfsStalled, "db-9", rules.CauseSlowUpstream, false, app("app-1"))
	f("another machine", remote, parser.SymptomConnectTimeout, conntrackFull, "db-9", rules.CauseNetworkUnreachable, false, app("app-1"))
	f("the only machine", remote, parser.SymptomConnectTimeout, conntrackFull, "app-1", rules.CauseNetworkUnreachable, true, quiet())
	f("the only machine, that may be the gateway's", remote, parser.SymptomReadTimeout, nfsStalled, "app-1", rules.CauseSlowUpstream, false)
	f("the address has its name", "app-1.lan:8000", parser.SymptomReadTimeout, nfsStalled, "app-1", rules.CauseDependencyFailure, true)
	f("here", shopAddress, parser.SymptomReadTimeout, nfsStalled, "web-1", rules.CauseDependencyFailure, true, local("web-1"))
	f("a thread of the kernel's own", shopAddress, parser.SymptomReadTimeout, hungTask, "web-1", rules.CauseSlowUpstream, true, local("web-1"))
	f("of a machine without a name", shopAddress, parser.SymptomReadTimeout, nfsStalled, "", rules.CauseDependencyFailure, true, quiet())
}
