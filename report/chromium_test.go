package report

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"culprit/rules"
)

// chromium returns a browser that can be run without a screen; the test is skipped where
// there is none.
func chromium(t *testing.T) string {
	t.Helper()
	if testing.Short() {
		t.Skip("a browser takes seconds to start")
	}
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	absent(t, "no chromium on this machine")
	return ""
}

// absent skips a test that no browser runs here, or fails it where one is required.
func absent(t *testing.T, why string) {
	t.Helper()
	if os.Getenv("CULPRIT_BROWSER") == "required" {
		t.Fatal(why)
	}
	t.Skip(why + "; CI has one")
}

// visit opens a page as a reader does, from a file, and returns what the browser complained
// about and which addresses beside the file it asked for.
func visit(t *testing.T, browser, page string) (complaints, asked []string) {
	t.Helper()
	dir := t.TempDir()
	file, netlog := filepath.Join(dir, "report.html"), filepath.Join(dir, "net.json")
	if err := os.WriteFile(file, []byte(page), 0o644); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(browser, "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
		"--disable-sync", "--no-first-run", "--no-default-browser-check", "--disable-extensions", "--user-data-dir="+filepath.Join(dir, "profile"),
		"--enable-logging=stderr", "--log-level=0", "--log-net-log="+netlog, "--dump-dom", "file://"+file)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		absent(t, browser+" does not run here: "+err.Error())
	}
	if !strings.Contains(stdout.String(), "</html>") {
		t.Fatalf("the browser shows no page: %s", stdout.String())
	}
	for line := range strings.Lines(stderr.String()) {
		if strings.Contains(line, "CONSOLE") {
			complaints = append(complaints, strings.TrimSpace(line))
		}
	}
	return complaints, requests(t, netlog)
}

// requests lists the addresses in a net log that have to do with a page: the browser's own
// errands have no page that began them.
func requests(t *testing.T, path string) (asked []string) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var log struct {
		Events []struct {
			Params struct {
				URL       string `json:"url"`
				Initiator string `json:"initiator"`
			} `json:"params"`
		} `json:"events"`
	}
	if err := json.Unmarshal(text, &log); err != nil {
		t.Fatalf("net log: %v", err)
	}
	for _, e := range log.Events {
		if strings.HasPrefix(e.Params.URL, "http") && e.Params.Initiator != "" && e.Params.Initiator != "not an origin" {
			asked = append(asked, e.Params.URL)
		}
	}
	return asked
}

func TestHTMLInABrowser(t *testing.T) {
	browser := chromium(t)
	for _, r := range []*rules.Report{oom(), hostile()} {
		complaints, asked := visit(t, browser, render(t, "html", r, Options{}))
		if len(complaints) > 0 || len(asked) > 0 {
			t.Errorf("%.40s: complaints %q, requests %q", r.Incidents[0].Summary, complaints, asked)
		}
	}
}

// The report asks for A4 (595 by 842 points), whatever the printer's own paper.
func TestHTMLPrintsOnA4(t *testing.T) {
	browser := chromium(t)
	dir := t.TempDir()
	for _, r := range []*rules.Report{oom(), many()} {
		page, pdf := filepath.Join(dir, "report.html"), filepath.Join(dir, "report.pdf")
		if err := os.WriteFile(page, []byte(render(t, "html", r, Options{})), 0o644); err != nil {
			t.Fatal(err)
		}
		out, err := exec.Command(browser, "--headless", "--no-sandbox", "--disable-gpu", "--user-data-dir="+filepath.Join(dir, "profile"),
			"--no-pdf-header-footer", "--print-to-pdf="+pdf, "file://"+page).CombinedOutput()
		if err != nil {
			absent(t, browser+" does not print here: "+string(out))
		}
		text, err := os.ReadFile(pdf)
		if err != nil {
			t.Fatal(err)
		}
		pages := regexp.MustCompile(`/MediaBox ?\[0 0 ([\d.]+) ([\d.]+)\]`).FindAllSubmatch(text, -1)
		if len(pages) == 0 {
			t.Fatal("no page in the PDF")
		}
		for _, p := range pages {
			if w, h := string(p[1]), string(p[2]); !strings.HasPrefix(w, "595") && !strings.HasPrefix(w, "594.9") || !strings.HasPrefix(h, "842") && !strings.HasPrefix(h, "841.9") {
				t.Errorf("a page of %s by %s points", w, h)
			}
		}
	}
}

// The same test sees what it should see: a page that breaks its policy is complained about,
// and one without a policy asks for what it names.
func TestBrowserTestCanFail(t *testing.T) {
	browser := chromium(t)
	page := render(t, "html", oom(), Options{})
	image := strings.Replace(page, "<header>", `<img src="http://127.0.0.1:9/x.png"><p style="color:red">x</p><header>`, 1)
	complaints, asked := visit(t, browser, image)
	if len(complaints) < 2 || len(asked) > 0 {
		t.Errorf("with a policy: complaints %q, requests %q", complaints, asked)
	}
	open := strings.Replace(image, "Content-Security-Policy", "X-Nothing", 1)
	if _, asked = visit(t, browser, open); len(asked) == 0 {
		t.Error("without a policy: the request is not seen")
	}
}
