package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"culprit/parser/gateway"
	"culprit/report"
)

// logPlaces are where distributions and what people install let applications and containers
// log, beside the places that each gateway has. Folders of /var/log are looked for by themselves.
var logPlaces = []string{
	"/var/log/php*-fpm.log", "/opt/bitnami/*/logs/*log",
	"/var/log/uwsgi/app/*.log", "/var/log/containers/*.log", "/var/lib/docker/containers/*/*-json.log",
	"/opt/*/logs/*.log", "/opt/*/log/*.log", "/srv/*/logs/*.log", "/srv/*/log/*.log",
	"/var/www/*/logs/*.log", "/var/www/*/log/*.log", "/var/www/*/shared/log/*.log", "/var/www/*/storage/logs/*.log",
	"/root/.pm2/logs/*.log", "/home/*/.pm2/logs/*.log", "/opt/tomcat*/logs/catalina.out",
}

// systemLogs hold what the journal holds too, where there is one.
var systemLogs = []string{"/var/log/syslog", "/var/log/messages", "/var/log/kern.log", "/var/log/daemon.log"}

// folderLogs are what logs are called in the folders of /var/log.
var folderLogs = []string{"*.log", "*_log", "catalina.out"}

// foreignFolders of /var/log tell nothing of a gateway or an application.
var foreignFolders = []string{"apt", "installer", "unattended-upgrades", "dist-upgrade", "letsencrypt", "journal", "private",
	"sysstat", "sa", "audit", "anaconda", "cups", "gdm3", "sssd", "tuned", "containers", "pods", "nginx-amplify-agent", "fsck", "samba"}

// places is what tail follows if nothing is named.
type places struct {
	root   string   // "" but in tests
	follow []string // arguments of the follower: patterns, so that new files are found
	files  int      // that there are now
	denied []string // what cannot be read, and what to do about it
}

// findLogs looks in the usual places below root.
func findLogs(root string) *places {
	p := &places{root: root}
	for _, g := range gateway.Products() {
		p.configured(g)
	}
	for _, dir := range p.folders() {
		for _, name := range folderLogs {
			p.add(filepath.Join(dir, name))
		}
	}
	for _, g := range gateway.Products() {
		for _, pattern := range g.Places {
			p.add(pattern)
		}
	}
	for _, pattern := range logPlaces {
		p.add(pattern)
	}
	if !p.journal() {
		n := len(p.follow)
		for _, path := range systemLogs {
			p.add(path)
		}
		if n == len(p.follow) && canRead(p.root+"/dev/kmsg") == nil {
			p.follow = append(p.follow, "kmsg:"+p.root+"/dev/kmsg")
		}
	}
	return p
}

// folders are those of /var/log that may be a program's.
func (p *places) folders() (all []string) {
	entries, _ := os.ReadDir(p.root + "/var/log")
	for _, e := range entries {
		if e.IsDir() && !slices.Contains(foreignFolders, e.Name()) {
			all = append(all, "/var/log/"+e.Name())
		}
	}
	return all
}

// add follows a pattern if something that can be read matches it.
func (p *places) add(pattern string) {
	pattern = p.root + pattern
	matches, _ := filepath.Glob(pattern)
	readable := 0
	for _, m := range matches {
		if info, err := os.Stat(m); err != nil || !info.Mode().IsRegular() {
			continue
		}
		if err := canRead(m); err != nil {
			p.deny(m, err)
		} else {
			readable++
		}
	}
	if len(matches) == 0 {
		p.denyFolder(filepath.Dir(pattern))
	}
	if readable > 0 && !slices.Contains(p.follow, pattern) {
		p.follow = append(p.follow, pattern)
		p.files += readable
	}
}

// canRead tries it.
func canRead(path string) error {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return err
	}
	return f.Close()
}

func (p *places) deny(path string, err error) {
	if !errors.Is(err, fs.ErrPermission) {
		return
	}
	if text := path + ": " + howToRead(path); !slices.Contains(p.denied, text) {
		p.denied = append(p.denied, text)
	}
}

// denyFolder notes a folder that exists and may not be listed.
func (p *places) denyFolder(dir string) {
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return
	}
	if _, err := os.ReadDir(dir); err != nil {
		p.deny(dir, err)
	}
}

// howToRead says which group may read a path, if one may.
func howToRead(path string) string {
	info, err := os.Stat(path)
	if err != nil {
		return "no permission; run culprit as root"
	}
	group := groupOf(info)
	if info.Mode()&0o040 == 0 || group == "" || group == "root" {
		return "no permission; run culprit as root"
	}
	return fmt.Sprintf("no permission; join its group: sudo usermod -aG %s $USER, then log in again", group)
}

// journal follows systemd's journal, if there is one and it can be read. It reports whether
// what the system says is in it.
func (p *places) journal() bool {
	var files []string
	for _, dir := range []string{"/var/log/journal", "/run/log/journal"} {
		found, _ := filepath.Glob(p.root + dir + "/*/system.journal")
		files = append(files, found...)
		p.denyFolder(p.root + dir)
	}
	if len(files) == 0 {
		return false
	}
	if _, err := exec.LookPath("journalctl"); err != nil {
		p.denied = append(p.denied, "the journal: there is no journalctl on the PATH")
		return false
	}
	for _, f := range files {
		if err := canRead(f); err == nil {
			p.follow = append(p.follow, "journal:")
			return true
		}
	}
	p.denied = append(p.denied, "the journal: no permission; join its group: sudo usermod -aG systemd-journal $USER, then log in again")
	return false
}

// maxConfig bounds how much of a configuration is read.
const maxConfig = 1 << 20

// configured follows the logs that a gateway's configuration names.
func (p *places) configured(g *gateway.Product) {
	for _, pattern := range g.Configs {
		files, _ := filepath.Glob(p.root + pattern)
		for _, file := range files {
			info, err := os.Stat(file)
			if err != nil || !info.Mode().IsRegular() || info.Size() > maxConfig {
				continue
			}
			text, _ := os.ReadFile(file)
			for _, path := range g.LogsIn(text) {
				// Folders of /var/log are followed whole.
				if !strings.HasPrefix(path, "/var/log/"+gateway.Process(g.Name)+"/") && !strings.ContainsAny(path, "*?[") {
					p.add(path)
				}
			}
		}
	}
}

// tell says what is followed, what is not, and why.
func (p *places) tell(e *env) error {
	for _, d := range p.denied {
		e.warn("cannot read %s", d)
	}
	if len(p.follow) == 0 {
		return errors.New("tail: no log in the usual places (/var/log/nginx, /var/log/syslog, the journal, …) can be read; name the logs to follow, or see the warnings above")
	}
	if !e.flags.Quiet {
		fmt.Fprintf(e.stderr, "culprit: following %d files: %s\n", p.files, report.Clean(strings.Join(p.follow, " ")))
	}
	return nil
}
