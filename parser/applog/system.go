package applog

import (
	"bytes"

	"culprit/parser"
	"culprit/parser/timestamp"
)

var kernelText = parser.Format{
	Name:    "kernel",
	Gates:   []parser.Gate{{First: "["}, {Program: "kernel"}},
	Role:    parser.RoleSystem,
	Product: "linux",
	Doc:     "the kernel's ring buffer, its envelope taken off; with [seconds.micros] as dmesg prints it",
	Parse:   parseKernel,
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
	Gates:   []parser.Gate{{First: parser.Digits, All: "():"}},
	Role:    parser.RoleSystem,
	Product: "docker",
	Doc:     "https://docs.docker.com/reference/cli/docker/system/events/",
	Parse:   parseDockerEvents,
}

var dockerTypes = []string{"container", "image", "network", "volume", "daemon", "plugin", "service", "node", "secret", "config"}

// parseDockerEvents reads stamp type action id (attributes).
func parseDockerEvents(line []byte, _ *parser.Env, r *parser.Record) bool {
	in := input{line}
	if !in.stamp(iso, r) || !in.lit(" ") {
		return false
	}
	return isDockerEvent(in.rest) && in.message(r)
}

// isDockerEvent reports whether a text is type action id (attributes). The engine tells of the
// container that the id is of, which wrote none of it.
func isDockerEvent(text []byte) bool {
	in := input{text}
	kind := in.word()
	_, ok := in.until(" (")
	return ok && hasSuffix(text, ")") && among(dockerTypes, kind)
}

var dpkgName = []byte("dpkg")

var dpkg = parser.Format{
	Name:    "dpkg",
	Gates:   []parser.Gate{{First: parser.Digits, All: ":"}},
	Role:    parser.RoleSystem,
	Product: "dpkg",
	Doc:     "dpkg(1): --log",
	Parse:   parseDpkg,
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
	Gates: []parser.Gate{{First: parser.Capitals, All: "[]:"}, {Program: "dnsmasq"}},
	Role:  parser.RoleSystem,
	Doc:   "dnsmasq src/log.c: with log-facility=FILE there is no host; others write the same by hand",
	Parse: text(parseHostlessSyslog),
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
	Gates:   []parser.Gate{{All: "=:"}},
	Role:    parser.RoleSystem,
	Product: "sudo",
	Doc:     "sudoers(5): LOG FORMAT",
	Parse:   parseSudo,
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
	Gates:   []parser.Gate{{First: "A", Word: " since "}},
	Role:    parser.RoleSystem,
	Product: "systemd",
	Doc:     "systemctl(1): status; systemd src/systemctl/systemctl-show.c (print_status_info)",
	Parse:   parseSystemctlStatus,
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
	Gates:   []parser.Gate{{First: "(", All: "()"}},
	Role:    parser.RoleSystem,
	Product: "cron",
	Doc:     "cron(8): log lines through syslog",
	Parse:   parseCron,
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
