package signature

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"culprit/fixtures"
)

// The built-in rules pass the same checker as a user's.
func TestBuiltin(t *testing.T) {
	for _, p := range Check(Data()) {
		t.Error(p)
	}
}

// Each broken rule file has a golden with the messages that its author reads. With
// -update the goldens are written, to be read by a person.
func TestCheckMessages(t *testing.T) {
	files, err := filepath.Glob("testdata/bad/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatal("no broken rule files", err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		name := filepath.Base(file)
		var got strings.Builder
		for _, p := range Check(fstest.MapFS{name: {Data: data}}) {
			got.WriteString(p.String() + "\n")
		}
		fixtures.Golden(t, strings.TrimSuffix(file, ".yaml")+".want", got.String(), *update)
	}
}

// What Check finds with Load alone (no samples run) Load refuses, too.
func TestLoadRefuses(t *testing.T) {
	one := `- {id: one, meaning: x, contains: [text], match: [some text], reject: [none]}`
	f := func(name string, want string, files ...string) {
		t.Helper()
		fsys := fstest.MapFS{}
		for i, data := range files {
			fsys[string(rune('a'+i))+".yaml"] = &fstest.MapFile{Data: []byte(data)}
		}
		set, err := Load(fsys)
		switch {
		case want == "" && (err != nil || len(set.Signatures()) != len(files)):
			t.Errorf("%s: %v", name, err)
		case want != "" && (err == nil || !strings.Contains(err.Error(), want)):
			t.Errorf("%s: error %v, want %q", name, err, want)
		}
	}
	f("good", "", one)
	f("unknown key", "a.yaml:1: one: unknown key", strings.Replace(one, "meaning", "meanings", 1))
	f("same id in two files", "b.yaml:1: one: id stands also at a.yaml:1", one, one)
	f("too large", "larger than", strings.Repeat("#", maxFileBytes+1))
}

func FuzzLoad(f *testing.F) {
	files, _ := filepath.Glob("testdata/bad/*.yaml")
	for _, file := range append(files, "data/host.yaml") {
		data, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data[:min(len(data), 4<<10)])
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		fsys := fstest.MapFS{"x.yaml": {Data: data}}
		problems := Check(fsys)
		_, err := Load(fsys)
		if err != nil && len(problems) == 0 {
			t.Errorf("Load refuses what Check finds good: %v", err)
		}
	})
}
