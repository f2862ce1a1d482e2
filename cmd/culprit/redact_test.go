package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A gateway's and an application's log of an outage, full of what is nobody's business.
var privateLogs = map[string]string{
	"nginx/error.log": `2026/11/22 15:02:40 [notice] 811#811: using the "epoll" event method
2026/11/22 15:02:45 [error] 811#811: *345 connect() failed (111: Connection refused) while connecting to upstream, client: 203.0.113.77, server: shop.example.org, request: "GET /reset?code=QZ81secretcode HTTP/1.1", upstream: "http://10.9.8.7:9001/reset?code=QZ81secretcode", host: "shop.example.org", referrer: "https://mail.example.net/inbox?search=divorce+lawyer"
2026/11/22 15:02:46 [error] 811#811: *346 connect() failed (111: Connection refused) while connecting to upstream, client: 2001:db8::beef, server: shop.example.org, request: "POST /login HTTP/1.1", upstream: "http://10.9.8.7:9001/login", host: "shop.example.org"
2026/11/22 15:02:47 [error] 811#811: *347 connect() failed (111: Connection refused) while connecting to upstream, client: 203.0.113.77, server: shop.example.org, request: "GET /u/carla.k%40example.com/x HTTP/1.1", upstream: "http://10.9.8.7:9001/u", host: "shop.example.org"
`,
	"nginx/access.log": `203.0.113.5 - - [22/Nov/2026:15:02:40 +0000] "GET / HTTP/1.1" 200 5 "-" "curl" rt=0.1 uaddr=10.9.8.7:9001 ust=200
203.0.113.77 - berta [22/Nov/2026:15:02:45 +0000] "GET /reset?code=QZ81secretcode HTTP/1.1" 502 157 "-" "curl" rt=0.1 uaddr=10.9.8.7:9001 ust=502
2001:db8::beef - - [22/Nov/2026:15:02:46 +0000] "POST /login HTTP/1.1" 502 157 "-" "curl" rt=0.1 uaddr=10.9.8.7:9001 ust=502
203.0.113.77 - - [22/Nov/2026:15:02:47 +0000] "GET /u/carla.k%40example.com/x HTTP/1.1" 502 157 "-" "curl" rt=0.1 uaddr=10.9.8.7:9001 ust=502
`,
	"home/dagmar/shop.log": `[2026-11-22 15:02:30 +0000] [9001] [INFO] Starting gunicorn 20.1.0
[2026-11-22 15:02:30 +0000] [9001] [INFO] Listening at: http://10.9.8.7:9001 (9001)
[2026-11-22 15:02:44 +0000] [9002] [ERROR] Exception in worker process
Traceback (most recent call last):
  File "/home/dagmar/shop/app.py", line 5, in work
    connect("postgres://emilia:tiger7pass@db.internal/shop", token="eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiI0MiJ9.c2lnbmF0dXJl")
ValueError: cannot parse cookie: sessionid=a1b2c3d4e5cookie; theme=dark for user 'franz' from 198.51.100.23 password=hunter2pw mail gerda@example.com
[2026-11-22 15:02:44 +0000] [9001] [ERROR] Worker (pid:9002) exited with code 3
[2026-11-22 15:02:44 +0000] [9001] [ERROR] Shutting down: Master
[2026-11-22 15:02:44 +0000] [9001] [ERROR] Reason: Worker failed to boot.
`,
}

// secrets are what must not get out.
var secrets = []string{
	"203.0.113.77", "2001:db8::beef", "198.51.100.23", "QZ81secretcode", "divorce", "carla", "berta", "dagmar", "emilia", "tiger7pass",
	"eyJhbGci", "a1b2c3d4e5cookie", "theme=dark", "franz", "hunter2pw", "gerda",
}

func writeLogs(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "logs")
	for name, text := range files {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func leaks(t *testing.T, what, text string) {
	t.Helper()
	for _, s := range secrets {
		if at := strings.Index(text, s); at >= 0 {
			t.Errorf("%s: %q gets out: …%s…", what, s, text[max(0, at-60):min(len(text), at+60)])
		}
	}
}

// leaksInFolder looks into the bytes of a store's files.
func leaksInFolder(t *testing.T, folder, logs string) {
	t.Helper()
	files, err := os.ReadDir(folder)
	if err != nil || len(files) == 0 {
		t.Fatal("no store", err)
	}
	for _, f := range files {
		content, err := os.ReadFile(filepath.Join(folder, f.Name()))
		if err != nil {
			t.Fatal(err)
		}
		// Where the files lay is kept, so that they can be found again.
		leaks(t, f.Name(), strings.ReplaceAll(string(content), logs+"/home/dagmar/shop.log", ""))
	}
}

func TestRedactedReports(t *testing.T) {
	dir := writeLogs(t, privateLogs)
	db := filepath.Join(t.TempDir(), "culprit.db")
	plain, _ := culprit(t, exitDone, "analyze", "-q", "--db", db, "--format", "json", dir)
	told := 0
	for _, s := range secrets {
		if strings.Contains(plain, s) {
			told++
		}
	}
	if told < 10 {
		t.Fatalf("only %d of the secrets are in the report as it is; nothing is proven:\n%s", told, plain)
	}
	for _, format := range []string{"text", "markdown", "html", "json"} {
		for _, flag := range []string{"--redact", "--redact-hosts"} {
			for _, args := range [][]string{{"analyze", dir, "--db", ":memory:"}, {"report", "--db", db}, {"report", "--verify", "--db", db}} {
				text, _ := culprit(t, exitDone, append(args, "-q", flag, "--format", format)...)
				leaks(t, strings.Join(args[:1], "")+" "+flag+" "+format, text)
				if !strings.Contains(text, "client-1") || !strings.Contains(text, "cookie-1") {
					t.Errorf("%s %s: nobody has a name:\n%s", flag, format, text)
				}
				hosts := flag == "--redact-hosts"
				for _, host := range []string{"10.9.8.7", "shop.example.org"} {
					if strings.Contains(text, host) == hosts {
						t.Errorf("%s %s: %s is there: %v", flag, format, host, !hosts)
					}
				}
			}
		}
	}
	if text, _ := culprit(t, exitDone, "report", "--db", db, "--redact", "--format", "json"); !strings.Contains(text, `"hash": null`) || strings.Contains(plain, `"hash": null`) {
		t.Error("the hash of a raw line is told, or none at all")
	}
	text, _ := culprit(t, exitDone, "explain", "--redact", strings.Split(privateLogs["nginx/error.log"], "\n")[1])
	leaks(t, "explain", text)
	text, _ = culprit(t, exitDone, "explain", "--redact", "--format", "json", strings.Split(privateLogs["nginx/error.log"], "\n")[1])
	leaks(t, "explain", text)
}

func TestRedactedTail(t *testing.T) {
	dir := writeLogs(t, privateLogs)
	for _, format := range []string{"text", "json"} {
		folder := t.TempDir()
		db := filepath.Join(folder, "culprit.db")
		told := tailUntilTold(t, dir, &common{DB: db, Format: format, redaction: redaction{RedactStore: true}})
		// The followed paths are the user's own words here.
		leaks(t, "tail "+format, strings.ReplaceAll(told, dir, ""))
		if !strings.Contains(told, "cookie-1") {
			t.Errorf("%s: nothing is told, or nothing replaced:\n%s", format, told)
		}
		text, _ := culprit(t, exitDone, "report", "--db", db, "--format", "json")
		leaks(t, "report after tail", text)
		leaksInFolder(t, folder, dir)
		if !strings.Contains(text, "[cookie-1:") {
			t.Errorf("names of two runs can be mistaken for one:\n%s", text)
		}
	}
}

func TestRedactedStore(t *testing.T) {
	dir := writeLogs(t, privateLogs)
	folder := t.TempDir()
	db := filepath.Join(folder, "culprit.db")
	text, _ := culprit(t, exitDone, "analyze", "-q", "--redact-store", "--db", db, dir)
	leaks(t, "analyze", text)
	leaksInFolder(t, folder, dir)
	text, _ = culprit(t, exitDone, "report", "--verify", "--db", db, "--format", "json")
	leaks(t, "report", text)
	if got := states(t, text); !strings.HasPrefix(got, "map[unchanged:") || strings.Contains(got, " ") {
		t.Errorf("found: %s", got)
	}
	list, _ := culprit(t, exitDone, "incidents", "--db", db)
	if !strings.Contains(list, "10.9.8.7:9001") {
		t.Errorf("the upstream is not told:\n%s", list)
	}
}
