package cause

import (
	"fmt"
	"net"
	"strings"

	"culprit/rules"
)

// A runner is what keeps the failed process running, as the lines about it show: advice speaks
// in its commands. Without such a line nothing is guessed.
type runner struct {
	kind runs
	name string // unit, container, program or app, as a shell may see it; "" if unknown
	pod  string
	port string // that the upstream listens on, "" if that is not what failed, not known, or asked for anyway
}

type runs uint8

// In the order of what says more: a unit may start a container, a pod's containers are Docker's or
// containerd's, too.
const (
	byUnknown runs = iota
	byDocker
	bySystemd
	byCompose
	bySupervisor
	byPM2
	byKubernetes
)

// runnerOf finds the runner in the culprit's unit or container, and in the lines of its service.
func runnerOf(c *rules.Case, in *rules.Incident) runner {
	r := runner{}
	if cause := in.Verdict.Cause; cause != rules.CauseDependencyFailure && cause != rules.CauseNotListening && len(c.Members) > 0 {
		_, port, _ := net.SplitHostPort(c.Members[0]) // of the case, which may be that of a gateway behind this one
		r.port = plain(port)
	}
	is := func(kind runs, name string) {
		if kind > r.kind {
			r.kind, r.name = kind, ""
		}
		if kind == r.kind && r.name == "" && plainName(name) {
			r.name = name
		}
	}
	cu := &in.Culprit
	if strings.HasSuffix(cu.Unit, ".service") && !ofRunner(cu.Unit) {
		is(bySystemd, cu.Unit)
	}
	if pod, container, ok := strings.Cut(cu.Container, "/"); ok {
		is(byKubernetes, container)
		r.pod = plain(pod)
	} else if cu.Container != "" {
		is(byDocker, short(cu.Container))
	}
	subject := -1
	if len(in.Verdict.Proof) > 0 {
		subject = c.Evidence[in.Verdict.Proof[0].Candidate].Subject
	}
	for i := range c.Evidence {
		ev := &c.Evidence[i]
		if ev.Link <= 0 || subject >= 0 && ev.Subject != subject {
			continue
		}
		kind, _, _ := strings.Cut(ev.Hit.Signature.ID, "-")
		cgroup := ev.Hit.Get(rules.FieldCgroup)
		switch container := ev.Hit.Get(rules.FieldContainer); {
		case kind == "k8s" || kind == "kubelet" || strings.Contains(cgroup, "kubepods"):
			is(byKubernetes, short(container))
			if pod := plain(ev.Hit.Get("pod")); r.pod == "" {
				r.pod = pod
			}
		case kind == "pm2":
			is(byPM2, ev.Hit.Get(rules.FieldUnit))
		case kind == "supervisord":
			is(bySupervisor, ev.Hit.Get(rules.FieldUnit))
		case ev.Event.Container != "" && strings.HasPrefix(ev.Event.Text, ev.Event.Container) && strings.HasPrefix(strings.TrimLeft(ev.Event.Text[len(ev.Event.Container):], " "), "| "):
			is(byCompose, strings.TrimRight(strings.TrimRight(ev.Event.Container, "0123456789"), "-_"))
		case kind == "docker" || strings.Contains(cgroup, "docker"):
			is(byDocker, short(container))
		}
	}
	return r
}

// ofRunner reports whether a unit is that of another runner.
func ofRunner(unit string) bool {
	switch name := strings.TrimSuffix(unit, ".service"); name {
	case "docker", "containerd", "podman", "crio", "cri-o", "kubelet", "k3s", "supervisor", "supervisord":
		return true
	default:
		return strings.HasPrefix(name, "pm2-")
	}
}

// A name from a log goes into a command only if a shell would see nothing but a name in it.
func plainName(name string) bool {
	return name != "" && !strings.HasPrefix(name, "-") && strings.Trim(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_@:") == ""
}

func plain(name string) string {
	if plainName(name) {
		return name
	}
	return ""
}

// or is the runner's name, else the word that stands for it.
func (r *runner) or(word string) string {
	if r.name == "" {
		return word
	}
	return r.name
}

func (r *runner) podName() string {
	if r.pod == "" {
		return "POD"
	}
	return r.pod
}

// inPod names the container of a pod for kubectl, "" if it is not known.
func (r *runner) inPod() string {
	if r.name == "" {
		return ""
	}
	return " -c " + r.name
}

// ticked marks a command as one: nothing that a name or a log put into it holds a backtick.
func ticked(command string) string { return "`" + command + "`" }

// status is how to see whether it runs.
func (r *runner) status() string {
	switch r.kind {
	case bySystemd:
		return ticked("systemctl status " + r.or("UNIT"))
	case byDocker:
		if len(r.name) == 12 && strings.Trim(r.name, "0123456789abcdef") == "" {
			return ticked("docker ps -a --filter id=" + r.name)
		}
		return ticked("docker ps -a --filter name=" + r.or("CONTAINER"))
	case byCompose:
		return ticked("docker compose ps -a " + r.or("SERVICE"))
	case bySupervisor:
		return ticked("supervisorctl status " + r.or("PROGRAM"))
	case byPM2:
		return ticked("pm2 describe " + r.or("APP"))
	case byKubernetes:
		return ticked("kubectl describe pod " + r.podName())
	}
	whichever := "`systemctl status UNIT`, `docker ps -a` or `kubectl get pods`, whichever runs it"
	if r.port != "" {
		return ticked("ss -ltnp 'sport = :"+r.port+"'") + " where it runs, then " + whichever
	}
	return whichever
}

// logs is how to read what it said.
func (r *runner) logs() string {
	switch r.kind {
	case bySystemd:
		return ticked("journalctl -u " + r.or("UNIT") + " -e")
	case byDocker:
		return ticked("docker logs --tail 50 " + r.or("CONTAINER"))
	case byCompose:
		return ticked("docker compose logs --tail 50 " + r.or("SERVICE"))
	case bySupervisor:
		return ticked("supervisorctl tail -5000 " + r.or("PROGRAM") + " stderr")
	case byPM2:
		return ticked("pm2 logs " + r.or("APP") + " --lines 50 --nostream")
	case byKubernetes:
		return ticked("kubectl logs " + r.podName() + r.inPod() + " --previous")
	}
	return "`journalctl -u UNIT -e`, `docker logs` or `kubectl logs --previous`"
}

// system is what of the system tells how a process ended.
func (r *runner) system() string {
	switch r.kind {
	case byDocker, byCompose:
		return "the kernel's lines on the host (`journalctl -k`, `dmesg -T`) and `docker inspect` (State: OOMKilled, ExitCode)"
	case byKubernetes:
		return "the kernel's lines on the node (`journalctl -k`, `dmesg -T`) and Last State in " + ticked("kubectl describe pod "+r.podName())
	}
	return "the kernel's and systemd's lines (`journalctl -k`, `dmesg -T`, kern.log)"
}

// limit is how to see its limit of memory from outside.
func (r *runner) limit() string {
	switch r.kind {
	case bySystemd:
		return ticked("systemctl show " + r.or("UNIT") + " -p MemoryMax -p MemoryPeak")
	case byDocker:
		return ticked("docker inspect -f '{{.HostConfig.Memory}}' " + r.or("CONTAINER"))
	case byCompose:
		return "mem_limit or deploy.resources.limits.memory of " + r.or("SERVICE") + " in the compose file"
	case bySupervisor:
		return "that of the machine or container (`free -m`, /sys/fs/cgroup/memory.max)"
	case byPM2:
		return "max_memory_restart in " + ticked("pm2 describe "+r.or("APP"))
	case byKubernetes:
		return "resources.limits.memory in " + ticked("kubectl describe pod "+r.podName())
	}
	return "`systemctl show UNIT -p MemoryMax -p MemoryPeak` (container: `docker inspect`, `kubectl describe pod`)"
}

// raise is how to raise that limit at once
// (https://www.freedesktop.org/software/systemd/man/latest/systemctl.html, docker container update,
// https://kubernetes.io/docs/reference/kubectl/generated/kubectl_set/kubectl_set_resources/,
// https://pm2.keymetrics.io/docs/usage/memory-limit/).
func (r *runner) raise() string {
	switch r.kind {
	case byDocker:
		return ticked("docker update --memory SIZE --memory-swap SIZE " + r.or("CONTAINER"))
	case byCompose:
		return "in the compose file, then " + ticked("docker compose up -d "+r.or("SERVICE"))
	case bySupervisor:
		return "that of the machine or container, for supervisord sets none"
	case byPM2:
		return ticked("pm2 restart " + r.or("APP") + " --max-memory-restart SIZE")
	case byKubernetes:
		return ticked("kubectl set resources deployment/NAME" + r.inPod() + " --limits=memory=SIZE")
	}
	return ticked("systemctl set-property --runtime " + map[bool]string{true: r.or("UNIT"), false: "UNIT"}[r.kind == bySystemd] + " MemoryMax=SIZE")
}

// restarts is what starts it again by itself.
func (r *runner) restarts() string {
	switch r.kind {
	case bySystemd:
		return "Restart=on-failure in " + r.or("UNIT")
	case byDocker:
		return ticked("docker update --restart unless-stopped " + r.or("CONTAINER"))
	case byCompose:
		return "restart: unless-stopped of " + r.or("SERVICE") + " in the compose file"
	case bySupervisor:
		return "autorestart=true in [program:" + r.or("PROGRAM") + "]"
	case byPM2:
		return "`pm2 save` and `pm2 startup`, and max_restarts above what a bad minute takes"
	case byKubernetes:
		return "Kubernetes does so; a liveness probe finds what hangs, and a second replica serves meanwhile"
	}
	return "Restart=on-failure of the unit, a restart policy of the container"
}

// coreOf is how to look at the core that a crash left (coredumpctl(1): a match is a pid, a
// program's name or a field).
func coreOf(in *rules.Incident, r *runner) string {
	switch {
	case in.Culprit.PID > 0:
		return fmt.Sprintf("`coredumpctl info %d`", in.Culprit.PID)
	case r.kind == bySystemd && r.name != "":
		return ticked("coredumpctl info COREDUMP_UNIT=" + r.name)
	case plainName(in.Culprit.Process):
		return ticked("coredumpctl info " + in.Culprit.Process)
	}
	return "`coredumpctl list`"
}
