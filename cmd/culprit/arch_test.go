package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"go/ast"
	goparser "go/parser"
	"go/token"
	"io"
	"io/fs"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"culprit/parser/gateway"
)

// layers says who may import whom, and which module each package is the only user
// of. A line here is a decision; the test prints the reason when it is broken.
var layers = []struct {
	pkg    string
	own    []string // further packages of this module; parser's children mean the folder
	third  []string
	reason string
}{
	{"parser", nil, nil, "nouns only: every stage shares them"},
	{"parser/timestamp", []string{"parser"}, nil, "bytes to stamps"},
	{"parser/source", []string{"parser"}, []string{"github.com/klauspost/compress", "github.com/ulikunitz/xz", "github.com/hpcloud/tail"}, "bytes; the only user of decompression and of file watching"},
	{"parser/gateway", []string{"parser", "parser/timestamp"}, nil, "one file is one format"},
	{"parser/applog", []string{"parser", "parser/timestamp"}, nil, "one file is one format"},
	{"parser/scan", []string{"parser", "parser/timestamp", "parser/source", "parser/gateway", "parser/applog"}, nil, "bytes to records"},
	{"rules", []string{"parser", "parser/gateway"}, nil, "nouns of judgement"},
	{"rules/signature", []string{"parser", "rules"}, []string{"go.yaml.in/yaml"}, "what a line means is data"},
	{"rules/digest", []string{"parser", "parser/gateway", "parser/applog", "rules"}, []string{"github.com/cespare/xxhash"}, "folds records of one source"},
	{"rules/cause", []string{"parser", "parser/gateway", "rules"}, nil, "judgement is pure"},
	{"rules/correlate", []string{"parser", "parser/gateway", "rules", "rules/cause"}, []string{"github.com/cespare/xxhash"}, "no clock, no goroutine, no I/O"},
	{"store", []string{"parser", "rules"}, []string{"github.com/mattn/go-sqlite3"}, "the only user of SQLite; knows no report"},
	{"report", []string{"parser", "parser/gateway", "rules"}, []string{"github.com/charmbracelet/lipgloss", "github.com/mattn/go-runewidth", "github.com/muesli/termenv", "github.com/rivo/uniseg"}, "functions from a report to bytes; knows no store"},
	{"report/redact", []string{"rules"}, nil, "a function from a report to one without private things"},
	{"fixtures", []string{"parser"}, nil, "data for tests, and how a record is written in it"},
	{"fixtures/synth", nil, nil, "seeded generator"},
	{"fixtures/synth/write", []string{"fixtures/synth"}, nil, "the generator as a command, for benchmarks"},
	{"cmd/internal/pipeline", []string{"parser", "parser/source", "parser/scan", "rules", "rules/digest", "rules/correlate"}, []string{"github.com/cespare/xxhash"}, "the only place that starts goroutines for work"},
	{"cmd/internal/live", []string{"parser", "report", "rules"}, []string{"github.com/prometheus/client_golang", "github.com/charmbracelet/lipgloss", "golang.org/x/term"}, "tells: commands, webhook, metrics, view; knows neither pipeline nor store"},
	{"cmd/internal/verify", []string{"parser/source", "rules"}, []string{"github.com/cespare/xxhash"}, "looks for quoted lines where they lie now"},
	{"cmd/internal/servers", nil, nil, "tests with real gateways"},
	{"cmd/culprit", []string{"*"}, []string{"github.com/alecthomas/kong", "go.yaml.in/yaml", "golang.org/x/term"}, "wires everything"},
}

type listed struct {
	ImportPath string
	Imports    []string
}

// TestLayers compares every package's imports with the table.
func TestLayers(t *testing.T) {
	for _, p := range listPackages(t) {
		name := strings.TrimPrefix(p.ImportPath, "culprit/")
		i := slices.IndexFunc(layers, func(l struct {
			pkg    string
			own    []string
			third  []string
			reason string
		}) bool {
			return l.pkg == name
		})
		if i < 0 {
			t.Errorf("package %s is not in the table of layers", name)
			continue
		}
		l := layers[i]
		for _, imp := range p.Imports {
			own, isOwn := strings.CutPrefix(imp, "culprit/")
			switch {
			case isOwn && !slices.Contains(l.own, own) && !slices.Contains(l.own, "*"):
				t.Errorf("%s imports %s: %s", name, own, l.reason)
			case !isOwn && strings.Contains(strings.SplitN(imp, "/", 2)[0], ".") && !slices.ContainsFunc(l.third, func(m string) bool { return strings.HasPrefix(imp, m) }):
				t.Errorf("%s imports %s: %s", name, imp, l.reason)
			}
		}
	}
}

func listPackages(t *testing.T) []listed {
	t.Helper()
	out, err := exec.Command("go", "list", "-json=ImportPath,Imports", "culprit/...").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var all []listed
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var p listed
		if err := dec.Decode(&p); err == io.EOF {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
}

// TestNoClocks keeps wall clock, randomness, exit and logging out of everything
// below cmd.
func TestNoClocks(t *testing.T) {
	forbidden := []string{"time.Now(", "time.Since(", "time.Until(", "os.Exit(", "func init("}
	args := []string{"grep", "-nF", "--untracked"}
	for _, f := range forbidden {
		args = append(args, "-e", f)
	}
	args = append(args, "--", "../../parser/**.go", "../../rules/**.go", "../../store/**.go", "../../report/**.go")
	for _, p := range listPackages(t) {
		if below := !strings.HasPrefix(p.ImportPath, "culprit/cmd/"); below {
			for _, imp := range []string{"math/rand", "math/rand/v2", "log", "log/slog"} {
				if slices.Contains(p.Imports, imp) {
					t.Errorf("%s imports %s: only cmd may", p.ImportPath, imp)
				}
			}
		}
	}
	out, _ := exec.Command("git", args...).Output()
	for line := range strings.Lines(string(out)) {
		if file, _, _ := strings.Cut(line, ":"); !strings.HasSuffix(file, "_test.go") {
			t.Errorf("only cmd may do this: %s", strings.TrimSpace(line))
		}
	}
}

// namesProducts lists where the name of a gateway's product may stand in a literal outside of
// parser/gateway. What a gateway does otherwise than others stands in gateway.Product, for the rules
// to ask.
var namesProducts = map[string]string{
	"rules/cause/gateways.go":    "the table of what each product calls its settings, for advice",
	"rules/cause/software.go":    "the table of what programs behind a gateway call theirs; Apache and nginx stand there, too",
	"rules/correlate/service.go": "Apache is an application's server, too, and nginx a word in names of services that tells none apart",
	"report/redact/patterns.go":  "accounts that belong to nobody",
	"report/text.go":             "tells a reader which log is missing",
	"parser/applog/java.go":      "packages of Java under org.apache",
	"parser/applog/generic.go":   "the grammar's source: Tomcat's manual",
	"parser/scan/grammar.go":     "the table of which lines of a format go on, by its name",
	"cmd/culprit/tail_places.go": "an agent that is none, and help",
	"cmd/culprit/tail.go":        "help",
	"cmd/culprit/analyze.go":     "help",
	"parser/applog/envelope.go":  "what stands before the lines of an application on Heroku",
}

// TestProductsStandInGateway keeps the names of gateways out of all other code: one that is compared
// with is a fact that the product's own file has to tell.
func TestProductsStandInGateway(t *testing.T) {
	var names []string
	for _, f := range gateway.Formats() {
		if f.Product != "node" { // a runtime, too
			names = append(names, regexp.QuoteMeta(f.Product))
		}
		for _, kin := range gateway.Of(f.Product).Kin {
			names = append(names, regexp.QuoteMeta(kin.Name))
		}
	}
	product := regexp.MustCompile(`(?i)\b(?:` + strings.Join(names, "|") + `)\b`)
	used := map[string]bool{}
	for _, folder := range []string{"parser", "rules", "store", "report", "cmd"} {
		err := filepath.WalkDir(filepath.Join("../..", folder), func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() && d.Name() == "gateway" {
				return cmp.Or(err, fs.SkipDir)
			}
			if !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return nil
			}
			files := token.NewFileSet()
			file, err := goparser.ParseFile(files, path, nil, goparser.SkipObjectResolution)
			if err != nil {
				return err
			}
			name := filepath.ToSlash(strings.TrimPrefix(path, "../../"))
			ast.Inspect(file, func(n ast.Node) bool {
				if _, imported := n.(*ast.ImportSpec); imported {
					return false
				}
				lit, ok := n.(*ast.BasicLit)
				if !ok || lit.Kind != token.STRING {
					return true
				}
				if found := product.FindString(lit.Value); found != "" {
					if used[name] = true; namesProducts[name] == "" {
						t.Errorf("%s names %s: what a gateway does otherwise is told by gateway.Product", files.Position(lit.Pos()), found)
					}
				}
				return true
			})
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	for name := range namesProducts {
		if !used[name] {
			t.Errorf("%s names no product any more", name)
		}
	}
}
