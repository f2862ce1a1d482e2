package live

import (
	"slices"
	"strings"
	"testing"
)

func TestSplit(t *testing.T) {
	f := func(command string, want ...string) {
		t.Helper()
		if got, err := split(command); err != nil || !slices.Equal(got, want) {
			t.Errorf("split(%s) = %q, %v; want %q", command, got, err, want)
		}
	}
	f("cat", "cat")
	f("  mail -s  502s\tops@example.org \n", "mail", "-s", "502s", "ops@example.org")
	f(`mail -s 'it''s down' "a b"`, "mail", "-s", "its down", "a b")
	f(`sh -c 'jq -r .summary | wall'`, "sh", "-c", "jq -r .summary | wall")
	f(`sh -c "logger \"$(cat)\" \\ \n"`, "sh", "-c", `logger "$(cat)" \ \n`)
	f(`a\ b \' \"`, "a b", "'", `"`)
	f(`notify '' ""`, "notify", "", "")
	f(`--x='a b'c`, "--x=a bc")
	f(`curl -d @- https://hooks.example.org/?a=1&b=2`, "curl", "-d", "@-", "https://hooks.example.org/?a=1&b=2")
	f(`echo '|' ">" \; a|b $HOME *`, "echo", "|", ">", ";", "a|b", "$HOME", "*") // literally: there is no shell
	f("größe 'ü ß'", "größe", "ü ß")
}

func TestSplitRefuses(t *testing.T) {
	f := func(command, why string) {
		t.Helper()
		if got, err := split(command); err == nil || !strings.Contains(err.Error(), why) {
			t.Errorf("split(%s) = %q, %v; want an error with %q", command, got, err, why)
		}
	}
	f("", "empty")
	f(" \t", "empty")
	f("''", "empty")
	f("echo 'a", "quote ' is not closed")
	f(`echo "a\"`, `quote " is not closed`)
	f(`echo \`, "backslash")
	f("jq . | wall", "| needs a shell")
	f("jq . > /tmp/x", "> needs a shell")
	f("a && b", "&& needs a shell")
	f("a 2>&1", "2>&1 needs a shell")
}

func FuzzSplit(f *testing.F) {
	for _, s := range []string{"cat", `sh -c 'a | b'`, `a "b\"c" \ d`, `'`, `"\`, "a > b"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, command string) {
		words, err := split(command)
		if err != nil {
			return
		}
		// Quoted again, the words are what they were.
		var again []string
		for _, w := range words {
			again = append(again, "'"+strings.ReplaceAll(w, "'", `'\''`)+"'")
		}
		if got, err := split(strings.Join(again, " ")); err != nil || !slices.Equal(got, words) {
			t.Errorf("%q: %q, then %q, %v", command, words, got, err)
		}
	})
}
