package redact

import (
	"net/netip"
	"strings"
	"testing"

	"culprit/rules"
)

// Lines of real layouts: nginx, Apache, HAProxy, JSON, logfmt, syslog, sudo, sshd, PostgreSQL,
// Rails, Python. What they say is made up.
func TestText(t *testing.T) {
	f := func(text, want string) {
		t.Helper()
		d := New(Options{})
		d.infra[mustAddr("10.0.0.3")] = true
		if got := d.private(text); got != want {
			t.Errorf("%s\n got %s\nwant %s", text, got, want)
		}
	}
	// Clients.
	f(`2026/11/22 15:02:45 [error] 23161#23161: *248 upstream prematurely closed connection while reading response header from upstream, client: 203.0.113.24, server: media.example.org, request: "POST /media/77/transcode?key=s3 HTTP/1.1", upstream: "http://10.0.0.3:3000/media/77/transcode?key=s3", host: "media.example.org"`,
		`2026/11/22 15:02:45 [error] 23161#23161: *248 upstream prematurely closed connection while reading response header from upstream, client: [client-1], server: media.example.org, request: "POST /media/77/transcode?[query-1] HTTP/1.1", upstream: "http://10.0.0.3:3000/media/77/transcode?[query-1]", host: "media.example.org"`)
	f(`203.0.113.24 - anna [22/Nov/2026:15:02:45 +0000] "GET /a?b=c HTTP/1.1" 502 157 "https://shop.example/?q=x" "Mozilla/5.0 (X11) Chrome/126.0.0.0 Safari/537.36"`,
		`[client-1] - [user-1] [22/Nov/2026:15:02:45 +0000] "GET /a?[query-1] HTTP/1.1" 502 157 "https://shop.example/?[query-2]" "Mozilla/5.0 (X11) Chrome/126.0.0.0 Safari/537.36"`)
	f(`[Sun Nov 22 15:02:45.1 2026] [proxy:error] [pid 7] [client 2001:db8::7:52344] AH00898`, `[Sun Nov 22 15:02:45.1 2026] [proxy:error] [pid 7] [client [client-1]:52344] AH00898`)
	f(`haproxy[12]: 203.0.113.9:52344 [22/Nov/2026:15:02:45.123] web~ shop/web1 0/0/-1/-1/3 503`, `haproxy[12]: [client-1]:52344 [22/Nov/2026:15:02:45.123] web~ shop/web1 0/0/-1/-1/3 503`)
	f(`Nov 22 15:15:45 lb-1 haproxy[1133]: 198.51.100.201:41907 [22/Nov/2026:15:15:44.163] web app/catalog1 0/0/-1/-1/1001 503 217`,
		`Nov 22 15:15:45 lb-1 haproxy[1133]: [client-1]:41907 [22/Nov/2026:15:15:44.163] web app/catalog1 0/0/-1/-1/1001 503 217`)
	f(`ip:203.0.113.9 "x_forwarded_for":"203.0.113.9, 198.51.100.7, 10.0.0.3" [::ffff:203.0.113.9]:80 ip-203-0-113-9.compute.internal 127.0.0.1:9001 [::1]:80 0.0.0.0:80`,
		`ip:[client-1] "x_forwarded_for":"[client-1], [client-2], 10.0.0.3" [[client-1]]:80 ip-[client-1].compute.internal 127.0.0.1:9001 [::1]:80 0.0.0.0:80`)
	f(`from fe80::1%eth0. seen 203.0.113.9. 300.1.2.3 1.2.3.4.5 15:02:45 std::vector 2026-11-22-15 nginx/1.22.1`, `from [client-1]%eth0. seen [client-2]. 300.1.2.3 1.2.3.4.5 15:02:45 std::vector 2026-11-22-15 nginx/1.22.1`)
	f(`host-7.dsl.example.net - - [22/Nov/2026:15:02:45 +0000] "GET / HTTP/1.1" 502 1`, `[client-1] - - [22/Nov/2026:15:02:45 +0000] "GET / HTTP/1.1" 502 1`)
	// Queries; a quote in one ends it only where a value can end.
	f(`request: "GET /a?x="hush&y=2 HTTP/1.1", upstream`, `request: "GET /a?[query-1] HTTP/1.1", upstream`)
	f(`{"url":"/a?x=hush","status":502,"args":"y=hush&z","query":{"mail":"a"}}`, `{"url":"/a?[query-3]","status":502,"args":"[query-1]","query":[query-2]}`)
	f(`{"log":"GET \"/a?x=hush\" 502\n"}`, `{"log":"GET \"/a?[query-1]\" 502\n"}`)
	f(`Parameters: {"email"=>"anna@example.org", "user"=>{"password"=>"hush"}}`, `Parameters: [query-1]`)
	f(`why? because`, `why? because`)
	// Secrets by their key.
	f(`DB_PASSWORD=hush password: hush "db.passwd": "hush", client_secret => 'hush'`, `DB_PASSWORD=[secret-1] password: [secret-1] "db.passwd": "[secret-1]", client_secret => '[secret-1]'`)
	f(`{"headers":"{\"authorization\":\"Bearer abc.def.1\",\"x-api-key\":\"k1\",\"cookie\":\"sid=9; theme=dark\"}"}`, `{"headers":"{\"authorization\":\"[token-1]\",\"x-api-key\":\"[token-2]\",\"cookie\":\"[cookie-1]\"}"}`)
	f(`Authorization: Basic dXNlcjpwdw== Cookie: a=1; b=2 status=502`, `Authorization: [token-1] Cookie: [cookie-1] status=502`)
	f(`/cart;jsessionid=AB12 PHPSESSID=q1w2 session_id="zz" csrfmiddlewaretoken=t1`, `/cart;jsessionid=[cookie-1] PHPSESSID=[cookie-2] session_id="[cookie-3]" csrfmiddlewaretoken=[token-1]`)
	f(`Unexpected token: name; invalid token: 8f2c9a; password=[FILTERED] token=null`, `Unexpected token: name; invalid token: [token-1]; password=[FILTERED] token=null`)
	// Secrets in command lines: of long options, and of MySQL's -p, which has its value attached.
	f(`COMMAND=/usr/bin/mysqldump -u root -phush --port 3306 shop`, `COMMAND=/usr/bin/mysqldump -u root -p[secret-1] --port 3306 shop`)
	f(`run: app --db-password hush --token t0 --verbose; PGPASSWORD=hush2 psql; ssh -p2222 web`, `run: app --db-password [secret-1] --token [token-1] --verbose; PGPASSWORD=[secret-2] psql; ssh -p2222 web`)
	f(`psql --password --host db; mysql -p --host db`, `psql --password --host db; mysql -p --host db`)
	// Secrets by their shape.
	f(`sent eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln AKIAABCDEFGHIJKLMNOP ghp_abcdefghijklmnopqrstuvwxyz0123 Bearer aB3dEf6h; Basic authentication`,
		`sent [token-1] [token-2] [token-3] Bearer [token-4]; Basic authentication`)
	f("-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----", "-----BEGIN RSA PRIVATE KEY-----[secret-1]-----END RSA PRIVATE KEY-----")
	f(`postgres://shopper:hush@10.0.0.3:5432/shop and shopper:hush@tcp(10.0.0.3:3306)/shop redis://:hush@10.0.0.3`,
		`postgres://[user-1]:[secret-1]@10.0.0.3:5432/shop and [user-1]:[secret-1]@tcp(10.0.0.3:3306)/shop redis://:[secret-1]@10.0.0.3`)
	// People.
	f(`FATAL:  password authentication failed for user "anna"`, `FATAL:  password authentication failed for user "[user-1]"`)
	f(`sshd[7]: Accepted publickey for anna from 203.0.113.9 port 22`, `sshd[7]: Accepted publickey for [user-1] from [client-1] port 22`)
	f(`sudo:     anna : TTY=pts/0 ; PWD=/home/anna/src ; USER=root ; COMMAND=/bin/systemctl restart shop`, `sudo:     [user-1] : TTY=pts/0 ; PWD=/home/[user-1]/src ; USER=root ; COMMAND=/bin/systemctl restart shop`)
	f(`{"name":"Bob Smith","hostname":"web-1","level":30} name="media-api" displayName: 'José de la Cruz'`, `{"name":"[user-1]","hostname":"web-1","level":30} name="media-api" displayName: '[user-2]'`)
	f(`name="Bob Smith"; name=shop; name="Out Of memory"; names="x"`, `name="[user-1]"; name=shop; name="Out Of memory"; names="x"`)
	f("Error: Cannot find module './a'\nnode:/home/alice/app/a.js:3 unix:/home/alice/run/app.sock `/var/home/alice/x` file:///home/alice/y >/home/alice/z", "Error: Cannot find module './a'\nnode:/home/[user-1]/app/a.js:3 unix:/home/[user-1]/run/app.sock `/var/home/[user-1]/x` file:///home/[user-1]/y >/home/[user-1]/z")
	f(`GET https://shop.example/home/alice/c`, `GET https://shop.example/home/alice/c`)
	f(`home/anna/a.log /Users/anna/b "GET /home/anna/c HTTP/1.1" C:\Users\anna\d`, `home/[user-1]/a.log /Users/[user-1]/b "GET /home/anna/c HTTP/1.1" C:\Users\[user-1]\d`)
	f(`pam_unix(sudo:session): session opened for user root(uid=0) by anna(uid=1000)`, `pam_unix(sudo:session): session opened for user root(uid=0) by [user-1](uid=1000)`)
	f(`user=anna username="anna" {"user":{"id":5,"name":"Anna B."},"login":"anna"} run by www-data, user: www-data`, `user=[user-1] username="[user-1]" {"user":[user-2],"login":"[user-1]"} run by www-data, user: www-data`)
	f(`mail to Anna.B+x@Example.ORG and anna.b%2Bx%40example.org, getty@tty1.service user@1000.service`, `mail to [mail-1] and [mail-2], getty@tty1.service user@1000.service`)
	// What an engineer needs stays.
	for _, line := range []string{
		`Memory cgroup out of memory: Killed process 22838 (gunicorn) total-vm:318216kB, anon-rss:259904kB, file-rss:5376kB, UID:33 pgtables:604kB oom_score_adj:0`,
		`oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=shop.service,task_memcg=/system.slice/shop.service,task=gunicorn,pid=22838,uid=33`,
		`[2026-11-22 15:01:59 +0000] [22830] [ERROR] Worker (pid:22838) was sent SIGKILL! Perhaps out of memory?`,
		`systemd[1]: shop.service: Main process exited, code=killed, status=9/KILL`,
		`Started Session 3 of user root.`,
		`dial tcp 127.0.0.1:5432: connect: connection refused`,
		`container 3858fd54b3552a05b2de27417190643e9dc12db51ab07936f8155e5f3365f90b at 2026-11-22T15:02:45.406670+00:00`,
		`  File "/srv/app/views.py", line 5, in work`,
	} {
		f(line, line)
	}
}

func TestNamesAreStable(t *testing.T) {
	d := New(Options{})
	got := d.Text("203.0.113.1 203.0.113.2 203.0.113.1") + d.Text(" 203.0.113.2 ::ffff:203.0.113.2")
	if want := "[client-1] [client-2] [client-1] [client-2] [client-2]"; got != want {
		t.Error(got)
	}
	if twice := d.Text(got); twice != got {
		t.Errorf("replaced again: %s", twice)
	}
	scoped := New(Options{Scope: "9c3e"})
	once := scoped.Text(`203.0.113.1 user=anna token=t1 a@b.example /x?y=z`)
	if want := `[client-1:9c3e] user=[user-1:9c3e] token=[token-1:9c3e] [mail-1:9c3e] /x?[query-1:9c3e]`; once != want || New(Options{}).Text(once) != want {
		t.Errorf("%s, again %s", once, New(Options{}).Text(once))
	}
}

// Where a service listens is no client's address.
func TestService(t *testing.T) {
	d := New(Options{})
	if got := d.Service("Listening at: http://10.9.8.7:9001 (7), started by user anna.") + d.Text(" from 10.9.8.7, 10.9.8.8"); got != "Listening at: http://10.9.8.7:9001 (7), started by user [user-1]. from 10.9.8.7, [client-1]" {
		t.Error(got)
	}
}

// A user or host that is told in one line is replaced in all; what a service is called is not.
func TestKnownWords(t *testing.T) {
	quote := func(text string) rules.Evidence {
		return rules.Evidence{Quote: rules.Quote{Location: rules.Location{Source: "/srv/anna/web-1/app.log"}, Text: text}, Why: "said anna"}
	}
	r := &rules.Report{Incidents: []rules.Incident{{
		Service: "shop", Culprit: rules.Culprit{Unit: "shop.service", Host: "web-1"}, Upstreams: []string{"app.internal:8080", "10.0.0.3:80"},
		Evidence: []rules.Evidence{quote("anna restarted shop on web-1 for shop.example"), quote(`user "anna" failed, host: "shop.example", joanna, anna's`), quote(`user "shop"`)},
	}}, Sources: []rules.SourceInfo{{Path: "/srv/anna/web-1/app.log"}}}
	got := New(Options{}).Report(r)
	f := func(got, want string) {
		t.Helper()
		if got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	e := got.Incidents[0].Evidence
	f(e[0].Quote.Text, "[user-1] restarted shop on web-1 for shop.example")
	f(e[1].Quote.Text, `user "[user-1]" failed, host: "shop.example", joanna, [user-1]'s`)
	f(e[0].Quote.Source, "/srv/[user-1]/web-1/app.log")
	f(got.Sources[0].Path, "/srv/[user-1]/web-1/app.log")
	f(e[0].Why, "said [user-1]")
	f(strings.Join(got.Incidents[0].Upstreams, " "), "app.internal:8080 10.0.0.3:80")
	f(r.Incidents[0].Evidence[0].Quote.Text, "anna restarted shop on web-1 for shop.example")

	got = New(Options{Hosts: true}).Report(r)
	f(got.Incidents[0].Evidence[0].Quote.Text, "[user-1] restarted shop on [host-2] for [host-4]")
	f(got.Sources[0].Path, "/srv/[user-1]/[host-2]/app.log")
	f(strings.Join(got.Incidents[0].Upstreams, " "), "[host-1]:8080 [host-3]:80")
	f(got.Incidents[0].Culprit.Host, "[host-2]")
}

func mustAddr(text string) netip.Addr { return netip.MustParseAddr(text) }

// A report of 10,000 incidents, each with a dozen lines, is not what one waits for.
func BenchmarkReport(b *testing.B) {
	line := `2026/11/22 15:02:45 [error] 23161#23161: *248 upstream prematurely closed connection while reading response header from upstream, client: 203.0.113.24, server: media.example.org, request: "POST /media/77/transcode?key=s3 HTTP/1.1", upstream: "http://10.0.0.3:3000/media/77/transcode?key=s3", host: "media.example.org"`
	r := new(rules.Report)
	for range 100 {
		in := rules.Incident{Upstreams: []string{"10.0.0.3:3000"}, Summary: "Media-api (127.0.0.1:3000) was killed for memory (node, pid 23150)"}
		for range 6 {
			in.Evidence = append(in.Evidence, rules.Evidence{Quote: rules.Quote{Text: line}, Why: "the kernel killed process 23150"})
			in.Timeline = append(in.Timeline, rules.TimelineEntry{What: "the kernel killed process 23150 (node), holding 162656kB, because memory ran out"})
		}
		r.Incidents = append(r.Incidents, in)
	}
	b.SetBytes(int64(100 * 6 * len(line)))
	for b.Loop() {
		New(Options{}).Report(r)
	}
}
