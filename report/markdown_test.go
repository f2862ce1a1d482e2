package report

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"
)

func TestMarkdownProse(t *testing.T) {
	f := func(text, want string) {
		t.Helper()
		if got := mdProse(text); got != want {
			t.Errorf("%s\n got %s\nwant %s", text, got, want)
		}
	}
	f("The gateway closed it, 23 of 1,204 requests (19 %) at 15:10:26.444; it's a half-open state.", "The gateway closed it, 23 of 1,204 requests (19 %) at 15:10:26.444; it's a half-open state.")
	f("was killed on 2026-11-22 × 182 – so", "was killed on 2026-11-22 × 182 – so")
	f("Crm (127.0.0.1:9060) failed", "Crm (`127.0.0.1:9060`) failed")
	f("see app/crm.log:1, then", "see `app/crm.log:1`, then")
	// what forges make links, mentions, emoji and formulas of
	f("@all #12 GH-12 !12 $x$ :smile: user@host.example www.a.example https://a.example a.example", "`@all #12 GH-12 !12 $x$ :smile`: `user@host.example www.a.example https://a.example a.example`")
	f("2a41f5c deadbeef 1234567 12345678901234567890", "`2a41f5c deadbeef 1234567 12345678901234567890`")
	// what Markdown and HTML read
	f("*a* _b_ ~~c~~ [x](y) ![x](y) <b> &lt; \\ a|b | # - + > 1.", "`*a* _b_ ~~c~~ [x](y`) `![x](y`) `<b> &lt`; `\\ a|b | # - + >` 1.")
	f("1. no list", "`1`. no list")
	f("12) no list", "`12`) no list")
	f("- no list", "`-` no list")
	f("a `b` c", "a `` `b` `` c")
	f("``` x ```", "```` ``` ```` x ```` ``` ````")
	f("=cmd|' /C calc'!A0", "`=cmd|' /C calc'!A0`")
	f("\x1b[2J \u202egnp \x00", "`\\x1b[2J \\u202egnp \\x00`")
	f("ConnectionRefusedError: [Errno 111] Connection refused", "ConnectionRefusedError: `[Errno 111]` Connection refused")
	f("", "")
	f("  \n\t ", "`\\n\\t`")
}

func TestMarkdownAdvice(t *testing.T) {
	for text, want := range map[string]string{
		"See whether it runs: `docker ps -a --filter name=web-1`; then (`dmesg -T`, `free -m`) read.": "See whether it runs: `docker ps -a --filter name=web-1`; then (`dmesg -T`, `free -m`) read.",
		"`a`":                                "`a`",
		"`a` `b` or `c`":                     "`a` `b` or `c`",
		"one ` alone and 10.0.0.1:80":        "one `` ` `` alone and `10.0.0.1:80`",
		"empty `` and `x` @all":              "empty ``` `` ``` and `` `x` @all ``",
		"the quoted \"`<b>|`\" and <script>": "the quoted \"`<b>|`\" and `<script>`",
		"":                                   "",
	} {
		if got := mdAdvice(text); got != want {
			t.Errorf("%s\n got %s\nwant %s", text, got, want)
		}
	}
}

// outsideCode takes fenced blocks and code spans out of a document, as CommonMark reads them.
func outsideCode(t testing.TB, text string) string {
	t.Helper()
	var out strings.Builder
	fence := ""
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		ticks := line[:len(line)-len(strings.TrimLeft(line, "`"))]
		switch {
		case fence != "":
			if len(ticks) >= len(fence) && ticks == line {
				fence = ""
			}
		case len(ticks) >= 3 && !strings.Contains(line[len(ticks):], "`"):
			fence = ticks
		default:
			out.WriteString(outsideSpans(line) + "\n")
		}
	}
	if fence != "" {
		t.Errorf("a fence of %d is never closed", len(fence))
	}
	return out.String()
}

func outsideSpans(line string) string {
	var out strings.Builder
	for {
		at := strings.IndexByte(line, '`')
		if at < 0 {
			return out.String() + line
		}
		out.WriteString(line[:at])
		rest := strings.TrimLeft(line[at:], "`")
		ticks := line[at : len(line)-len(rest)]
		end := closing(rest, len(ticks))
		if end < 0 {
			return out.String() + line[at:] // backticks that open nothing
		}
		line = rest[end+len(ticks):]
	}
}

// closing finds a run of exactly n backticks.
func closing(text string, n int) int {
	for i := 0; i < len(text); {
		if text[i] != '`' {
			i++
			continue
		}
		run := len(text[i:]) - len(strings.TrimLeft(text[i:], "`"))
		if run == n {
			return i
		}
		i += run
	}
	return -1
}

// Outside of code a document has words, numbers, and the few signs that we write ourselves.
func TestMarkdownHasNothingHostileOutsideCode(t *testing.T) {
	goldens, err := filepath.Glob("testdata/cases/*.markdown")
	if err != nil || len(goldens) < 6 {
		t.Fatal(len(goldens), err)
	}
	docs := map[string]string{}
	for _, path := range goldens {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		docs[path] = string(text)
	}
	for _, r := range reports {
		docs[r.name] = render(t, "markdown", r.make(), Options{})
	}
	for name, doc := range docs {
		for line := range strings.Lines(outsideCode(t, doc)) {
			line = strings.TrimLeft(line, "#") // heads
			if i := strings.IndexAny(line, "<>@[]#_~$\\`&=!{}"); i >= 0 {
				t.Errorf("%s: %q", name, line[max(0, i-30):])
			}
			if i := strings.IndexAny(strings.ReplaceAll(line, "**", ""), "*"); i >= 0 {
				t.Errorf("%s: emphasis in %q", name, line)
			}
			if strings.Contains(line, "://") || strings.Contains(line, "www.") {
				t.Errorf("%s: link in %q", name, line)
			}
		}
	}
}

// All rows of a table have as many cells as its head.
func TestMarkdownTablesAreWhole(t *testing.T) {
	for _, r := range reports {
		cells := 0
		for line := range strings.Lines(render(t, "markdown", r.make(), Options{})) {
			if !strings.HasPrefix(line, "|") {
				cells = 0
				continue
			}
			n := strings.Count(strings.ReplaceAll(line, `\|`, ""), "|")
			if cells == 0 {
				cells = n
			}
			if n != cells {
				t.Errorf("%s: %d cells, want %d: %s", r.name, n-1, cells-1, line)
			}
		}
	}
}

func FuzzMarkdownProse(f *testing.F) {
	f.Add(evil)
	f.Add("a `b`` ```c ``` d | 1. x")
	f.Fuzz(func(t *testing.T, text string) {
		got := mdProse(text)
		rest := outsideSpans(got)
		for _, r := range rest {
			if !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune(` ()",.;:?-'’–…→×%`, r) {
				t.Fatalf("%q stands outside code in %q, from %q", r, got, text)
			}
		}
		if strings.ContainsFunc(got, forbidden) || strings.Contains(got, "\n") {
			t.Fatalf("%q from %q", got, text)
		}
	})
}
