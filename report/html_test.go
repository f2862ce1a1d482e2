package report

import (
	"crypto/sha256"
	"encoding/base64"
	"io"
	"math"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"encoding/xml"
)

// pages are the HTML of all reports.
func pages(t *testing.T) map[string]string {
	t.Helper()
	out := map[string]string{}
	for _, r := range reports {
		out[r.name] = render(t, "html", r.make(), Options{})
	}
	out["crowd"] = render(t, "html", crowd(300, 7), Options{})
	return out
}

// An element is a start tag with its attributes; a page of ours is also well-formed XML, but
// for its doctype and the void elements of its head.
type element struct {
	name  string
	attrs map[string]string
	text  string // of titles and heads
}

func elements(t *testing.T, name, page string) []element {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader(page))
	d.Strict, d.AutoClose, d.Entity = false, []string{"meta"}, xml.HTMLEntity
	var out []element
	var open []int
	for {
		tok, err := d.Token()
		if err == io.EOF {
			return out
		}
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		switch tok := tok.(type) {
		case xml.StartElement:
			e := element{name: tok.Name.Local, attrs: map[string]string{}}
			for _, a := range tok.Attr {
				e.attrs[a.Name.Local] = a.Value
			}
			open = append(open, len(out))
			out = append(out, e)
		case xml.EndElement:
			if out[open[len(open)-1]].name != tok.Name.Local {
				t.Fatalf("%s: <%s> is closed by </%s>", name, out[open[len(open)-1]].name, tok.Name.Local)
			}
			open = open[:len(open)-1]
		case xml.CharData:
			for _, i := range open {
				out[i].text += string(tok)
			}
		}
	}
}

// What stands in a page is what the template holds, whatever stands in the logs.
var allowed = strings.Fields("html head meta title style body main header article section h1 h2 h3 p span strong code pre mark time div dl dt dd ul ol li " +
	"table thead tbody tr th td a figure figcaption svg desc g line rect text")

func TestHTMLHasNothingActive(t *testing.T) {
	known := map[string]bool{}
	for _, name := range allowed {
		known[name] = true
	}
	for name, page := range pages(t) {
		ids := map[string]bool{}
		for _, e := range elements(t, name, page) {
			if !known[e.name] {
				t.Errorf("%s: <%s>", name, e.name)
			}
			for key, value := range e.attrs {
				if strings.HasPrefix(key, "on") || key == "style" || key == "src" || key == "srcset" || key == "target" {
					t.Errorf("%s: <%s %s=%q>", name, e.name, key, value)
				}
				if key == "href" && !(e.name == "a" && strings.HasPrefix(value, "#incident-")) {
					t.Errorf("%s: link to %q", name, value)
				}
			}
			if id := e.attrs["id"]; id != "" {
				if ids[id] {
					t.Errorf("%s: id %s twice", name, id)
				}
				ids[id] = true
			}
		}
		for _, e := range elements(t, name, page) {
			for _, ref := range append(strings.Fields(e.attrs["aria-labelledby"]), strings.TrimPrefix(e.attrs["href"], "#")) {
				if ref != "" && !ids[ref] {
					t.Errorf("%s: <%s> refers to %s, which is not there", name, e.name, ref)
				}
			}
		}
	}
}

func TestHTMLPolicyNamesTheStyleSheet(t *testing.T) {
	page := render(t, "html", oom(), Options{})
	_, rest, _ := strings.Cut(page, "<style>")
	css, _, ok := strings.Cut(rest, "</style>")
	if !ok || css == "" {
		t.Fatal("no style sheet")
	}
	sum := sha256.Sum256([]byte(css))
	want := "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'; base-uri 'none'; form-action 'none'"
	for _, e := range elements(t, "oom", page) {
		if e.attrs["http-equiv"] == "Content-Security-Policy" {
			if e.attrs["content"] != want {
				t.Errorf("got %s\nwant %s", e.attrs["content"], want)
			}
			return
		}
		if e.name == "style" {
			t.Fatal("the policy comes after the style sheet")
		}
	}
	t.Error("no policy")
}

func TestHTMLIsAccessible(t *testing.T) {
	for name, page := range pages(t) {
		level, firsts := 0, 0
		var row []element
		for _, e := range elements(t, name, page) {
			switch e.name {
			case "html":
				if e.attrs["lang"] != "en" {
					t.Errorf("%s: no language", name)
				}
			case "h1", "h2", "h3":
				now := int(e.name[1] - '0')
				if now > level+1 {
					t.Errorf("%s: a head of level %d after one of %d: %s", name, now, level, e.text)
				}
				if level = now; now == 1 {
					firsts++
				}
				if strings.TrimSpace(e.text) == "" {
					t.Errorf("%s: an empty head", name)
				}
			case "th":
				if s := e.attrs["scope"]; s != "col" && s != "row" {
					t.Errorf("%s: a table head without scope: %s", name, e.text)
				}
			case "svg":
				if e.attrs["aria-hidden"] != "true" && (e.attrs["role"] != "img" || e.attrs["aria-labelledby"] == "") {
					t.Errorf("%s: a drawing without words", name)
				}
			case "desc":
				if len(e.text) < 20 {
					t.Errorf("%s: a drawing is described by %q", name, e.text)
				}
			case "rect":
				row = append(row, e)
			}
		}
		if firsts != 1 {
			t.Errorf("%s: %d heads of level 1", name, firsts)
		}
		for _, e := range row {
			if e.text == "" && e.attrs["width"] != "10" { // a legend's key has its words beside it
				t.Errorf("%s: a bar without a hover text", name)
			}
		}
	}
}

// Text has a contrast of at least 4.5 and bars of at least 3 against all they stand on (WCAG
// 2.2, 1.4.3 and 1.4.11), in the light, in the dark and on paper.
func TestHTMLContrast(t *testing.T) {
	schemes := regexp.MustCompile(`(?s):root \{(.*?)\}`).FindAllStringSubmatch(pageCSS, -1)
	if len(schemes) != 3 {
		t.Fatalf("%d schemes", len(schemes))
	}
	for i, scheme := range schemes {
		colour := map[string]float64{}
		for _, m := range regexp.MustCompile(`--(\w+): (#[0-9a-f]+);`).FindAllStringSubmatch(scheme[1], -1) {
			colour[m[1]] = luminance(t, m[2])
		}
		check := func(text, ground string, least float64) {
			t.Helper()
			a, b := colour[text], colour[ground]
			if got := (max(a, b) + 0.05) / (min(a, b) + 0.05); got < least {
				t.Errorf("scheme %d: %s on %s has a contrast of %.2f", i, text, ground, got)
			}
		}
		for _, text := range []string{"ink", "faint", "cause", "recovery", "link"} {
			check(text, "page", 4.5)
		}
		check("ink", "panel", 4.5)
		check("ink", "mark", 4.5)
		for _, bar := range []string{"s0", "s1", "s2", "s3", "s4"} {
			check(bar, "page", 3)
		}
	}
}

func luminance(t *testing.T, hex string) float64 {
	t.Helper()
	if hex == "#fff" {
		hex = "#ffffff"
	}
	sum := 0.0
	for i, weight := range []float64{0.2126, 0.7152, 0.0722} {
		n, err := strconv.ParseUint(hex[1+2*i:3+2*i], 16, 8)
		if err != nil {
			t.Fatal(err)
		}
		c := float64(n) / 255
		if c <= 0.04045 {
			c /= 12.92
		} else {
			c = math.Pow((c+0.055)/1.055, 2.4)
		}
		sum += weight * c
	}
	return sum
}

func TestHTMLSaysItAll(t *testing.T) {
	page := render(t, "html", oom(), Options{})
	for _, want := range []string{
		"The kernel killed gunicorn worker 22838", "98 % sure", "kern.log:80", "record of lines 1 to 80", "<mark>22838</mark>", "<mark>gunicorn</mark>",
		"1 of 343 in all logs (0.3 %)", "would have got through at the first repetition", "15:01:59.471", "No stop was ordered",
		"How much memory the worker held before", "systemctl edit shop.service", "−2.5 s", "+00:00 inferred", "answered again 15:02:02",
	} {
		if !strings.Contains(strings.ReplaceAll(strings.ReplaceAll(page, "<span>", ""), "</span>", ""), strings.ReplaceAll(want, "+", "&#43;")) {
			t.Errorf("no %q", want)
		}
	}
	if got := strings.Count(render(t, "html", crowd(300, 7), Options{}), "<article"); got != maxFull {
		t.Errorf("%d of many incidents are told in full", got)
	}
}

func TestPieces(t *testing.T) {
	f := func(line string, marks []string, want string) {
		t.Helper()
		got := ""
		for _, p := range pieces(line, marks) {
			if p.Mark {
				got += "[" + p.Text + "]"
			} else {
				got += p.Text
			}
		}
		if got != want {
			t.Errorf("got %s\nwant %s", got, want)
		}
	}
	f("Killed process 22838 (gunicorn)", []string{"gunicorn", "22838"}, "Killed process [22838] ([gunicorn])")
	f("pid 1228381 and 22838", []string{"22838"}, "pid 1228381 and [22838]")
	f("a b", []string{"", "c", strings.Repeat("x", 100)}, "a b")
	f("one two three", []string{"one two", "two three"}, "[one two] three")
	f("", []string{"x"}, "")
	f("Killed\\x1b", []string{"Killed\x1b"}, "[Killed\\x1b]")
}
