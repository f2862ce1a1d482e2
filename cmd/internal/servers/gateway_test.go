package servers

import (
	"bytes"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// route is one path of a gateway and the upstream behind it.
type route struct {
	name string
	*upstream
}

// setup is what a gateway's configuration is made of.
type setup struct {
	dir    string // the logs go to its folder logs
	port   int    // on 127.0.0.1
	syslog int    // port of a syslog server, for a gateway that logs to one
	routes []route
}

// kind is how one program is configured and run in the foreground: the route called
// name serves the path /name/ and gives its upstream a second to answer.
type kind struct {
	program string
	conf    func(s *setup) string
	args    func(conf string) []string
	quit    syscall.Signal // ends it once what it has in hand is answered and logged
}

var nginx = kind{
	program: "nginx",
	args: func(conf string) []string {
		return []string{"-c", conf, "-e", filepath.Join(filepath.Dir(conf), "logs", "error.log")}
	},
	quit: syscall.SIGQUIT,
	conf: func(s *setup) string {
		var b strings.Builder
		if os.Geteuid() == 0 {
			b.WriteString("user root;\n") // the folder is this user's own
		}
		fmt.Fprintf(&b, `daemon off;
worker_processes 2;
pid %[1]s/pid;
error_log %[1]s/logs/error.log warn;
events { worker_connections 512; }
http {
	log_format timed '$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" "$http_user_agent" '
		'rt=$request_time ua="$upstream_addr" us="$upstream_status" ut="$upstream_response_time" uct="$upstream_connect_time"';
	access_log %[1]s/logs/access.log timed;
	client_body_temp_path %[1]s/body;
	proxy_temp_path %[1]s/proxy;
	fastcgi_temp_path %[1]s/fastcgi;
	uwsgi_temp_path %[1]s/uwsgi;
	scgi_temp_path %[1]s/scgi;
	proxy_connect_timeout 1s;
	proxy_read_timeout 1s;
	server {
		listen 127.0.0.1:%[2]d;
`, s.dir, s.port)
		for _, r := range s.routes {
			fmt.Fprintf(&b, "\t\tlocation /%s/ { proxy_pass http://%s; }\n", r.name, r.addr)
		}
		b.WriteString("\t}\n}\n")
		return b.String()
	},
}

var haproxy = kind{
	program: "haproxy",
	args:    func(conf string) []string { return []string{"-db", "-f", conf} },
	quit:    syscall.SIGUSR1,
	conf: func(s *setup) string {
		var b strings.Builder
		fmt.Fprintf(&b, `global
	log 127.0.0.1:%d local0
	log-send-hostname web-1
defaults
	mode http
	log global
	option httplog
	retries 0
	timeout connect 1s
	timeout client 20s
	timeout server 1s
frontend www
	bind 127.0.0.1:%d
`, s.syslog, s.port)
		for _, r := range s.routes {
			fmt.Fprintf(&b, "\tuse_backend %[1]s if { path_beg /%[1]s/ }\n", r.name)
		}
		for _, r := range s.routes {
			fmt.Fprintf(&b, "backend %[1]s\n\tserver %[1]s1 %[2]s\n", r.name, r.addr)
		}
		return b.String()
	},
}

var apache = kind{
	program: "apache2",
	args:    func(conf string) []string { return []string{"-f", conf, "-D", "FOREGROUND"} },
	quit:    syscall.SIGWINCH,
	conf: func(s *setup) string {
		var b strings.Builder
		for _, m := range []string{"mpm_event", "authz_core", "proxy", "proxy_http"} {
			fmt.Fprintf(&b, "LoadModule %s_module /usr/lib/apache2/modules/mod_%[1]s.so\n", m)
		}
		if os.Geteuid() == 0 {
			b.WriteString("User www-data\nGroup www-data\n") // it refuses to serve as root
		}
		fmt.Fprintf(&b, `ServerRoot %[1]s
DefaultRuntimeDir %[1]s
PidFile %[1]s/pid
ServerName web-1.example.org
Listen 127.0.0.1:%[2]d
ErrorLog %[1]s/logs/error.log
CustomLog %[1]s/logs/access.log "%%h %%l %%u %%t \"%%r\" %%>s %%b \"%%{Referer}i\" \"%%{User-Agent}i\""
ProxyTimeout 1
`, s.dir, s.port)
		for _, r := range s.routes {
			fmt.Fprintf(&b, "ProxyPass /%s/ http://%s/ retry=0\n", r.name, r.addr)
		}
		return b.String()
	},
}

var lighttpd = kind{
	program: "lighttpd",
	args:    func(conf string) []string { return []string{"-D", "-f", conf} },
	quit:    syscall.SIGINT,
	conf: func(s *setup) string {
		var b strings.Builder
		fmt.Fprintf(&b, `server.modules = ("mod_proxy", "mod_accesslog")
server.document-root = "%[1]s"
server.bind = "127.0.0.1"
server.port = %[2]d
server.errorlog = "%[1]s/logs/error.log"
accesslog.filename = "%[1]s/logs/access.log"
`, s.dir, s.port)
		for _, r := range s.routes {
			host, port, _ := net.SplitHostPort(r.addr)
			fmt.Fprintf(&b, `$HTTP["url"] =^ "/%s/" { proxy.server = ("" => (("host" => "%s", "port" => %s, "read-timeout" => 1, "connect-timeout" => 1))) }
`, r.name, host, port)
		}
		return b.String()
	},
}

// gateway is a gateway that runs.
type gateway struct {
	kind
	*process
	dir     string
	base    string // of its URLs
	client  http.Client
	collect func() // waits for the last line of syslog
}

func (g *gateway) logs() string { return filepath.Join(g.dir, "logs") }

// startGateway configures a gateway and returns when it serves.
func startGateway(t *testing.T, k kind, routes []route) *gateway {
	t.Helper()
	program := need(t, k.program)
	g := &gateway{kind: k, dir: t.TempDir()}
	if err := os.Mkdir(g.logs(), 0o755); err != nil {
		t.Fatal(err)
	}
	dump(t, g.logs())
	s := setup{dir: g.dir, port: freePort(t), routes: routes}
	s.syslog, g.collect = syslog(t, filepath.Join(g.logs(), k.program+".log"))
	conf := filepath.Join(g.dir, "conf")
	if err := os.WriteFile(conf, []byte(k.conf(&s)), 0o644); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program, k.args(conf)...)
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	g.process = start(t, cmd)
	g.base = fmt.Sprintf("http://127.0.0.1:%d", s.port)
	g.client.Timeout = patience
	until(t, k.program+" serves", func() bool {
		select {
		case <-g.ended:
			t.Fatalf("%s ended: %v\n%s", k.program, g.err, said.Bytes())
		default:
		}
		c, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", s.port))
		if err == nil {
			c.Close()
		}
		return err == nil
	})
	return g
}

// get sends a request; an answer that is not HTTP counts as status 0.
func (g *gateway) get(path string) (status int) {
	resp, err := g.client.Get(g.base + path)
	if err != nil {
		return 0
	}
	defer resp.Body.Close()
	return resp.StatusCode
}

// close ends the gateway; then its logs are complete.
func (g *gateway) close(t *testing.T) {
	t.Helper()
	g.client.CloseIdleConnections()
	g.stop(t, g.quit)
	g.collect()
}

// syslog writes what it is sent to a file as a syslog server would, its priority cut
// off. The returned function waits for all that was sent before it is called. The
// file appears with the first line.
func syslog(t *testing.T, path string) (port int, collect func()) {
	t.Helper()
	c, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	const last = "<0>last"
	seen := make(chan error)
	go func() {
		var lines bytes.Buffer
		buf := make([]byte, 64<<10)
		for {
			n, _, err := c.ReadFrom(buf)
			if err != nil || string(buf[:n]) == last {
				if err == nil && lines.Len() > 0 {
					err = os.WriteFile(path, lines.Bytes(), 0o644)
				}
				seen <- err
				return
			}
			_, line, _ := bytes.Cut(buf[:n], []byte(">"))
			lines.Write(bytes.TrimRight(line, "\n"))
			lines.WriteByte('\n')
		}
	}()
	return c.LocalAddr().(*net.UDPAddr).Port, func() {
		t.Helper()
		out, err := net.Dial("udp", c.LocalAddr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer out.Close()
		if _, err := out.Write([]byte(last)); err != nil {
			t.Fatal(err)
		}
		select {
		case err := <-seen:
			if err != nil {
				t.Fatal(err)
			}
		case <-time.After(patience):
			t.Fatal("the syslog server did not see the last line")
		}
	}
}
