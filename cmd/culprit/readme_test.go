package main

import (
	"bytes"
	"database/sql"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite goldens")

// A block is one command of README.md with the output shown below it.
type block struct {
	command  string
	from, to int // lines of the output
}

// TestReadmeCommands runs every "$ culprit …" of README.md and compares what it prints
// with what is shown; under -update it writes what it prints.
func TestReadmeCommands(t *testing.T) {
	root := repository(t)
	path := filepath.Join(root, "README.md")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(string(text), "\n")
	blocks := commands(lines)
	if len(blocks) == 0 {
		t.Fatal("README.md shows no command")
	}
	t.Chdir(t.TempDir()) // stores go there
	if err := os.Symlink(filepath.Join(root, "fixtures"), "fixtures"); err != nil {
		t.Fatal(err)
	}
	t.Setenv("COLUMNS", "100")
	var out []string
	at := 0
	for _, b := range blocks {
		got := execute(t, b.command)
		if want := lines[b.from:b.to]; !*update && strings.Join(want, "\n") != strings.Join(got, "\n") {
			t.Errorf("$ %s\nREADME.md shows:\n%s\nit prints:\n%s", b.command, strings.Join(want, "\n"), strings.Join(got, "\n"))
		}
		out = append(append(out, lines[at:b.from]...), got...)
		at = b.to
	}
	runQueries(t, lines)
	if *update {
		if err := os.WriteFile(path, []byte(strings.Join(append(out, lines[at:]...), "\n")), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// runQueries runs the statements of README.md's sql blocks on the store that its commands
// have left; each finds something.
func runQueries(t *testing.T, lines []string) {
	t.Helper()
	db, err := sql.Open("sqlite3", "file:culprit.db?mode=ro")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	ran, inside := 0, false
	for _, line := range lines {
		switch {
		case line == "```sql":
			inside = true
		case strings.HasPrefix(line, "```"):
			inside = false
		case inside:
			var n int
			query := "SELECT count(*) FROM (" + strings.TrimSuffix(line, ";") + ")"
			if err := db.QueryRow(query).Scan(&n); err != nil || n == 0 {
				t.Errorf("README.md: %s: %d rows, %v", line, n, err)
			}
			ran++
		}
	}
	if ran == 0 {
		t.Error("README.md shows no query")
	}
}

func repository(t *testing.T) string {
	t.Helper()
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	return root
}

// commands finds the program's commands in fenced blocks; an output ends at the next
// command or at the fence. An empty line before the next command is no output.
func commands(lines []string) []block {
	var out []block
	open, fenced := false, false
	for i, line := range lines {
		fence := strings.HasPrefix(line, "```")
		if open && (fence || strings.HasPrefix(line, "$ ")) {
			b := &out[len(out)-1]
			for b.to = i; !fence && b.to > b.from && lines[b.to-1] == ""; b.to-- {
			}
			open = false
		}
		if fence {
			fenced = !fenced
		}
		if command, ok := strings.CutPrefix(line, "$ culprit "); ok && fenced {
			out = append(out, block{command: command, from: i + 1, to: i + 1})
			open = true
		}
	}
	return out
}

var (
	headPipe = regexp.MustCompile(`^(.*?) \| head -(\d+)$`)
	argument = regexp.MustCompile(`'[^']*'|"[^"]*"|[^\s]+`)
)

// execute runs a command line in process. It knows quotes and a last "| head -N".
func execute(t *testing.T, line string) []string {
	t.Helper()
	most := -1
	if m := headPipe.FindStringSubmatch(line); m != nil {
		line = m[1]
		fmt.Sscan(m[2], &most)
	}
	var args []string
	for _, a := range argument.FindAllString(line, -1) {
		if a[0] == '\'' || a[0] == '"' {
			a = a[1 : len(a)-1]
		}
		args = append(args, a)
	}
	var stdout, stderr bytes.Buffer
	if status := run(args, strings.NewReader(""), &stdout, &stderr); status != exitDone {
		t.Errorf("$ culprit %s: exit status %d: %s", line, status, stderr.String())
	}
	if stderr.Len() > 0 {
		t.Errorf("$ culprit %s: standard error: %s", line, stderr.String())
	}
	if stdout.Len() == 0 {
		return nil
	}
	got := strings.Split(strings.TrimRight(stdout.String(), "\n"), "\n")
	for i := range got {
		got[i] = strings.TrimRight(got[i], " ")
	}
	if most >= 0 && len(got) > most {
		got = got[:most]
	}
	return got
}

// TestReadmeTargets checks that each "make …" that README.md names exists.
func TestReadmeTargets(t *testing.T) {
	root := repository(t)
	text, err := os.ReadFile(filepath.Join(root, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	targets := regexp.MustCompile("(?m)(?:^\\$ |`)make ([a-z]+)").FindAllStringSubmatch(string(text), -1)
	if len(targets) == 0 {
		t.Error("README.md names no target of the Makefile")
	}
	for _, m := range targets {
		if out, err := exec.Command("make", "-C", root, "-n", m[1]).CombinedOutput(); err != nil {
			t.Errorf("make -n %s: %v\n%s", m[1], err, out)
		}
	}
}

// TestReadmeNamesDependencies checks that each direct module of go.mod has its why.
func TestReadmeNamesDependencies(t *testing.T) {
	root := repository(t)
	text, err := os.ReadFile(filepath.Join(root, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	mod, err := os.ReadFile(filepath.Join(root, "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(mod)) {
		fields := strings.Fields(line)
		if len(fields) == 2 && strings.HasPrefix(fields[1], "v") && !bytes.Contains(text, []byte("`"+fields[0]+"`")) {
			t.Errorf("README.md does not say what %s is for", fields[0])
		}
	}
}
