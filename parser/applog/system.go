package applog

import (
	"bytes"

	"culprit/parser"
	"culprit/parser/timestamp"
)

var kernelText = parser.Format{
	Name:    "kernel",
	Role:    parser.RoleSystem,
	Product: "linux",
	Doc:     "the kernel's ring buffer, its envelope taken off; with [seconds.micros] as dmesg prints it",
	Parse:   parseKernel,
	Samples: []parser.Sample{
		{
			Line: `[  901.327141] Memory cgroup out of memory: Killed process 22838 (python3) total-vm:1kB`,
			Want: `uptime=901.327141 program=kernel msg="Memory cgroup out of memory: Killed process 22838 (python3) total-vm:1kB"`,
		},
	},
}

// parseKernel takes any text whose envelope names the kernel, and dmesg's lines.
func parseKernel(line []byte, _ *parser.Env, r *parser.Record) bool {
	in := input{line}
	if string(r.Program) != "kernel" {
		if s, n, ok := timestamp.Uptime(line[min(1, len(line)):]); !ok || line[0] != '[' || s.Precision != 1 || !hasPrefix(line[n+1:], "] ") {
			return false
		}
		r.Program = kernelName
	}
	if in.peek() == '[' && in.stamp(timestamp.Read, r) {
		in.lit(" ")
	}
	r.Message = bytes.TrimRight(in.rest, " \r")
	return true
}

var dockerEvents = parser.Format{
	Name:    "docker-events",
	Role:    parser.RoleSystem,
	Product: "docker",
	Doc:     "https://docs.docker.com/reference/cli/docker/system/events/",
	Parse:   parseDockerEvents,
	Samples: []parser.Sample{
		{
			Line: `2026-11-22T14:30:00.123456789+00:00 container die 1a2b3c4d5e6f (exitCode=137, image=shop:1, name=shop-web-1)`,
			Want: `time=2026-11-22T14:30:00.123456Z container=1a2b3c4d5e6f msg="container die 1a2b3c4d5e6f (exitCode=137, image=shop:1, name=shop-web-1)"`,
		},
	},
}

var dockerTypes = []string{"container", "image", "network", "volume", "daemon", "plugin", "service", "node", "secret", "config"}

// parseDockerEvents reads stamp type action id (attributes).
func parseDockerEvents(line []byte, _ *parser.Env, r *parser.Record) bool {
	in := input{line}
	if !in.stamp(iso, r) || !in.lit(" ") || !hasSuffix(line, ")") {
		return false
	}
	in.message(r)
	kind := in.word()
	head, ok := in.until(" (")
	if !ok || !among(dockerTypes, kind) {
		return false
	}
	if i := bytes.LastIndexByte(head, ' '); i >= 0 && string(kind) == "container" {
		keep(&r.Container, head[i+1:])
	}
	return true
}

var dpkgName = []byte("dpkg")

var dpkg = parser.Format{
	Name:    "dpkg",
	Role:    parser.RoleSystem,
	Product: "dpkg",
	Doc:     "dpkg(1): --log",
	Parse:   parseDpkg,
	Samples: []parser.Sample{
		{
			Line: `2026-11-22 14:30:00 upgrade libssl3:amd64 3.0.11-1~deb12u1 3.0.11-1~deb12u2`,
			Want: `time=2026-11-22T14:30:00 program=dpkg msg="upgrade libssl3:amd64 3.0.11-1~deb12u1 3.0.11-1~deb12u2"`,
		},
		{
			Line: `2026-11-22 14:30:00 startup archives unpack`,
			Want: `time=2026-11-22T14:30:00 program=dpkg msg="startup archives unpack"`,
		},
	},
}

var dpkgActions = []string{
	"startup archives ", "startup packages ", "status installed ", "status unpacked ", "status half-", "status config-files ",
	"status triggers-", "status not-installed ",
}

var dpkgPackages = []string{"install", "upgrade", "configure", "trigproc", "remove", "purge", "disappear", "conffile"}

// parseDpkg reads stamp action package:arch versions.
func parseDpkg(line []byte, _ *parser.Env, r *parser.Record) bool {
	in := input{line}
	if !in.stamp(timestamp.ISO, r) || !in.lit(" ") {
		return false
	}
	in.message(r)
	own := false
	for _, a := range dpkgActions {
		own = own || hasPrefix(in.rest, a)
	}
	if !own {
		action := in.word()
		in.blanks()
		own = among(dpkgPackages, action) && bytes.IndexByte(in.word(), ':') > 0
	}
	if own {
		keep(&r.Program, dpkgName)
	}
	return own
}

var hostlessSyslog = parser.Format{
	Name:  "syslog-hostless",
	Role:  parser.RoleSystem,
	Doc:   "dnsmasq src/log.c: with log-facility=FILE there is no host; others write the same by hand",
	Parse: text(parseHostlessSyslog),
	Samples: []parser.Sample{
		{
			Line: `Nov 22 15:09:33 dnsmasq[29268]: query[A] catalog.internal from 127.0.0.1`,
			Want: `time=11-22T15:09:33 program=dnsmasq pid=29268 msg="query[A] catalog.internal from 127.0.0.1"`,
		},
		{
			Line: `Nov 22 15:09:32 dnsmasq[29268]: warning: no upstream servers configured`,
			Want: `time=11-22T15:09:32 level=warn program=dnsmasq pid=29268 msg="warning: no upstream servers configured"`,
		},
	},
}

// parseHostlessSyslog reads stamp tag[pid]: text, and dnsmasq's text alone if the
// envelope took that off.
func parseHostlessSyslog(line []byte, _ *parser.Env, r *parser.Record) bool {
	in := input{line}
	if hasPrefix(r.Program, "dnsmasq") {
		keptLevel(in, r)
		return in.message(r)
	}
	if !in.stamp(timestamp.Syslog, r) || !in.lit(" ") {
		return false
	}
	tag, ok := in.until("[")
	if !ok || !isName(tag) || !in.pid(r) || !in.lit("]: ") {
		return false
	}
	keep(&r.Program, tag)
	keptLevel(in, r)
	return in.message(r)
}

// keptLevel reads "error: text" and leaves the word, a part of the text, where it is.
func keptLevel(in input, r *parser.Record) {
	var own parser.Record
	if in.level(":", &own) && in.peek() == ':' {
		tellLevel(r, own.Level)
	}
}

var sudo = parser.Format{
	Name:    "sudo",
	Role:    parser.RoleSystem,
	Product: "sudo",
	Doc:     "sudoers(5): LOG FORMAT",
	Parse:   parseSudo,
	Samples: []parser.Sample{
		{
			Line: `   deploy : TTY=pts/1 ; PWD=/home/deploy ; USER=root ; COMMAND=/usr/bin/kill -9 24210`,
			Want: `msg="deploy : TTY=pts/1 ; PWD=/home/deploy ; USER=root ; COMMAND=/usr/bin/kill -9 24210"`,
		},
		{
			Line: `ci : PWD=/ ; USER=root ; COMMAND=/usr/bin/systemctl restart shop`,
			Want: `msg="ci : PWD=/ ; USER=root ; COMMAND=/usr/bin/systemctl restart shop"`,
		},
	},
}

// parseSudo reads user : KEY=value ; … ; COMMAND=….
func parseSudo(line []byte, _ *parser.Env, r *parser.Record) bool {
	in := input{trimBlanks(line)}
	in.message(r)
	user, ok := in.until(" : ")
	return ok && isName(user) && indexString(in.rest, "USER=") >= 0 && indexString(in.rest, "COMMAND=") >= 0
}

// systemctlStatus is the line of systemctl status that tells since when a unit is in its state, which
// above the journal's lines without a year is the one that knows it.
var systemctlStatus = parser.Format{
	Name:    "systemctl-status",
	Role:    parser.RoleSystem,
	Product: "systemd",
	Doc:     "systemctl(1): status; systemd src/systemctl/systemctl-show.c (print_status_info)",
	Parse:   parseSystemctlStatus,
	Samples: []parser.Sample{
		{ // github.com/easzlab/kubeasz/issues/919
			Line: `     Active: active (running) since Mon 2020-09-28 09:12:10 UTC; 16s ago`,
			Want: `time=2020-09-28T09:12:10Z msg="Active: active (running) since Mon 2020-09-28 09:12:10 UTC; 16s ago"`,
		},
		{
			Line: `   Active: failed (Result: exit-code) since Mon 2020-01-06 01:56:25 UTC; 24s ago`,
			Want: `time=2020-01-06T01:56:25Z msg="Active: failed (Result: exit-code) since Mon 2020-01-06 01:56:25 UTC; 24s ago"`,
		},
	},
}

// parseSystemctlStatus reads Active: state since stamp; age ago.
func parseSystemctlStatus(line []byte, _ *parser.Env, r *parser.Record) bool {
	in := input{trimBlanks(line)}
	in.message(r)
	if !in.lit("Active: ") {
		return false
	}
	_, ok := in.until(" since ")
	return ok && in.stamp(timestamp.WeekdayISO, r) && in.lit("; ")
}

var cron = parser.Format{
	Name:    "cron",
	Role:    parser.RoleSystem,
	Product: "cron",
	Doc:     "cron(8): log lines through syslog",
	Parse:   parseCron,
	Samples: []parser.Sample{
		{Line: `(deploy) CMD (/srv/bin/rotate --all)`, Want: `msg="(deploy) CMD (/srv/bin/rotate --all)"`},
	},
}

// parseCron reads (user) ACTION (text).
func parseCron(line []byte, _ *parser.Env, r *parser.Record) bool {
	in := input{line}
	in.message(r)
	if !in.lit("(") {
		return false
	}
	user, ok := in.until(") ")
	if !ok || !isName(user) || len(in.rest) == 0 || !isUpper(in.rest[0]) {
		return false
	}
	in.word()
	return hasPrefix(in.rest, " (") && hasSuffix(in.rest, ")")
}
