package signature

import (
	"flag"
	"fmt"
	"io/fs"
	"os"
	"reflect"
	"strconv"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write builtin.txt and the golden files")

// compactKeys are the keys of an entry beside its id and samples, in the order in which
// they stand in builtin.txt.
var compactKeys = []string{"cause", "also", "role", "weight", "scope", "state", "level", "told", "below", "sure", "from", "meaning", "doc", "contains", "all", "not", "pattern"}

// compactOf writes the rule files of data as builtin.txt has them.
func compactOf(t *testing.T, data fs.FS) string {
	t.Helper()
	var b strings.Builder
	b.WriteString("# Made from data/*.yaml by go generate: the signatures without their samples. Do not edit.\n")
	err := fs.WalkDir(data, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !isYAML(name) {
			return err
		}
		yaml, err := fs.ReadFile(data, name)
		fmt.Fprintf(&b, "= %s\n", name)
		for _, e := range readEntries(yaml, &problems{file: name}) {
			fmt.Fprintf(&b, "- %d %s\n", e.line, quoted(e.id.value))
			for _, key := range compactKeys {
				list := e.lists(key)
				if one := e.texts(key); one != nil && one.line > 0 {
					list = &[]text{*one}
				}
				for _, value := range deref(list) {
					fmt.Fprintf(&b, "%s %s\n", key, quoted(value.value))
				}
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func deref(list *[]text) []text {
	if list == nil {
		return nil
	}
	return *list
}

// quoted quotes what would not come back from a line as it is.
func quoted(s string) string {
	if strings.HasPrefix(s, `"`) || strings.ContainsAny(s, "\n\r") || strings.TrimSpace(s) != s {
		return strconv.Quote(s)
	}
	return s
}

// The built-in set is read from a form that must say what the YAML says.
func TestCompactIsFresh(t *testing.T) {
	want := compactOf(t, Data())
	if *update {
		if err := os.WriteFile("builtin.txt", []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if compactText != want {
		t.Fatal("builtin.txt is not what data/*.yaml says: run go generate ./rules/signature")
	}
}

// Rules read from the compact form are those of the YAML, without samples, and patterns
// compile when they are needed.
func TestCompactMeansTheSame(t *testing.T) {
	if *update {
		t.Skip("the new form is not in this binary yet")
	}
	fast, problems := readCompact(compactText)
	whole, more, err := readYAML(Data())
	if err != nil || len(problems)+len(more) > 0 || len(fast) != len(whole) {
		t.Fatalf("%d rules and %v, from YAML %d and %v, %v", len(fast), problems, len(whole), more, err)
	}
	for i, a := range fast {
		b := whole[i]
		if a.pattern != nil && a.pattern.re != nil || len(a.accept) > 0 {
			t.Fatalf("%s has been compiled, or has samples", a.signature.ID)
		}
		if a.file != b.file || a.line != b.line || a.level != b.level || a.told != b.told || a.below != b.below || !reflect.DeepEqual(a.unsure, b.unsure) || !reflect.DeepEqual(a.signature, b.signature) ||
			!reflect.DeepEqual([][]string{a.contains, a.all, a.not, a.from}, [][]string{b.contains, b.all, b.not, b.from}) {
			t.Errorf("%+v, from YAML %+v", a, b)
		}
		if (a.pattern == nil) != (b.pattern == nil) || a.pattern != nil && a.pattern.compiled().String() != b.pattern.re.String() {
			t.Errorf("%s: another pattern", a.signature.ID)
		}
	}
}

func BenchmarkBuiltin(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Load(Data()); err != nil {
			b.Fatal(err)
		}
	}
}
