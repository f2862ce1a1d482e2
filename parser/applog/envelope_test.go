package applog

import (
	"fmt"
	"strings"
	"testing"

	"culprit/fixtures"
	"culprit/parser"
)

// peelAs peels line after a line with the given layers and renders what came out.
func peelAs(line string, hint Layers) (string, Layers) {
	var r parser.Record
	r.Reset()
	env := parser.Env{Year: 2026}
	r.Message = Peel([]byte(line), &env, &r, &hint)
	var kinds []string
	for _, k := range hint.Kinds[:hint.N] {
		kinds = append(kinds, k.String())
	}
	text := strings.Join(kinds, ",") + " " + fixtures.Render(&r)
	if hint.Stream > 0 {
		text += fmt.Sprint(" stream=", hint.Stream)
	}
	if hint.Partial {
		text += " partial"
	}
	return strings.TrimSpace(text), hint
}

// The lines follow sections 1 to 4 of the notes on application formats: runs of
// systemd 252, rsyslog, util-linux' dmesg, Docker, containerd, and pastes.
var peeled = []struct{ line, want string }{
	// The kernel.
	{`[  901.327141] Memory cgroup out of memory: Killed process 1 (a)`, `kernel-uptime uptime=901.327141 program=kernel msg="Memory cgroup out of memory: Killed process 1 (a)"`},
	{`[901327.327141]  <TASK>`, `kernel-uptime uptime=901327.327141 program=kernel msg=" <TASK>"`},
	{`[Sun Nov 22 14:14:20 2026] Memory cgroup`, `dmesg-t time=2026-11-22T14:14:20 program=kernel msg="Memory cgroup"`},
	{`2026-11-22T14:14:20,327141+00:00 Memory cgroup`, `dmesg-iso time=2026-11-22T14:14:20.327141Z program=kernel msg="Memory cgroup"`},
	{`2026-11-22T14:14:20,327141+00:00  <TASK>`, `dmesg-iso time=2026-11-22T14:14:20.327141Z program=kernel msg=" <TASK>"`},
	{`<3>[  901.327141] Out of memory`, `kernel-uptime uptime=901.327141 level=error program=kernel msg="Out of memory"`},
	{`kern  :err   : [  901.327141] Out of memory`, `kernel-uptime uptime=901.327141 level=error program=kernel msg="Out of memory"`},
	{`3,435,901327141,-;Memory cgroup out of memory`, `kmsg uptime=901.327141 level=error program=kernel msg="Memory cgroup out of memory"`},
	{`6,1,5,-,caller=T12;Linux version`, `kmsg uptime=0.000005 level=info program=kernel msg="Linux version"`},
	{`Nov 22 15:01:59 web-1 kernel: [ 3759.873505] gunicorn invoked oom-killer: order=0`, `syslog-3164,kernel-uptime time=11-22T15:01:59 host=web-1 program=kernel msg="gunicorn invoked oom-killer: order=0"`},
	{`Nov 22 15:01:59 web-1 kernel: gunicorn invoked oom-killer: order=0`, `syslog-3164 time=11-22T15:01:59 host=web-1 program=kernel msg="gunicorn invoked oom-killer: order=0"`},
	{`[Nov22 14:14] Memory cgroup out of memory`, `dmesg-human time=11-22T14:14:00 program=kernel msg="Memory cgroup out of memory"`},
	{`[Nov 2 14:14]  <TASK>`, `dmesg-human time=11-02T14:14:00 program=kernel msg=" <TASK>"`},
	{`[  +0.000015] Memory cgroup out of memory`, `dmesg-human program=kernel msg="Memory cgroup out of memory"`},
	{`{"pri": 3, "time":   901.327141, "msg": "Killed process 1 (\"a\")"}`, `dmesg-json uptime=901.327141 level=error program=kernel msg="Killed process 1 (\"a\")"`},
	{`{"fac":"kern","pri":"err","time":901.327141,"caller":"T1","msg":"x\n"}`, `dmesg-json uptime=901.327141 level=error program=kernel msg=x`},
	// Grafana's logcli (pkg/logcli/output/default.go): labels are padded, the text has no blanks around it.
	{`2026-11-24T09:41:01+11:00 {app="ledger", container="ledger", namespace="pay", pod="ledger-5bb4c-q9wzk"}   panic: boom`, `logcli time=2026-11-23T22:41:01Z(+11:00) program=ledger container=ledger-5bb4c-q9wzk/ledger msg="panic: boom"`},
	{`2026-11-24T09:41:01Z {filename="/var/log/a \"b\".log", hostname="web-1", job="shop"} 2026/11/24 09:41:01 [error] 7#7: *1 x`, `logcli time=2026-11-24T09:41:01Z host=web-1 program=shop msg="2026/11/24 09:41:01 [error] 7#7: *1 x"`},
	{`2026-11-24T09:41:01Z {hostname="web-1", unit="shop.service"} up`, `logcli time=2026-11-24T09:41:01Z host=web-1 unit=shop.service msg=up`},
	{`2026-11-24T09:41:01Z {"a": "b"} up`, `msg="2026-11-24T09:41:01Z {\"a\": \"b\"} up"`},
	{`2026-11-24T09:41:01Z {a="b", c="d} up`, `msg="2026-11-24T09:41:01Z {a=\"b\", c=\"d} up"`},
	// The journal.
	{`Nov 22 14:16:27 host systemd[1]: a.service: Failed with result 'signal'.`, `syslog-3164 time=11-22T14:16:27 host=host program=systemd unit=a.service pid=1 msg="a.service: Failed with result 'signal'."`},
	{`Nov 22 14:16:27 host systemd[1]: Started chat.service - Chat relay.`, `syslog-3164 time=11-22T14:16:27 host=host program=systemd unit=chat.service pid=1 msg="Started chat.service - Chat relay."`},
	{`Nov 22 14:16:27.219650 host systemd[1]: text`, `journal-short time=11-22T14:16:27.219650 host=host program=systemd pid=1 msg=text`},
	{`Sun 2026-11-22 14:16:27 UTC host systemd[1]: text`, `journal-short time=2026-11-22T14:16:27Z host=host program=systemd pid=1 msg=text`},
	{`Sun 2026-11-22 14:16:27 UTC host init.scope[1]: text`, `journal-short time=2026-11-22T14:16:27Z host=host program=init.scope unit=init.scope pid=1 msg=text`},
	{`2026-11-22T14:16:27+0000 host systemd[1]: text`, `syslog-iso time=2026-11-22T14:16:27Z host=host program=systemd pid=1 msg=text`},
	{`2026-11-22T14:16:27.219650+0100 host kernel: text`, `syslog-iso time=2026-11-22T13:16:27.219650Z(+01:00) host=host program=kernel msg=text`},
	{`1795356987.219650 host systemd[1]: text`, `journal-short time=2026-11-22T14:16:27.219650Z host=host program=systemd pid=1 msg=text`},
	{`[ 1027.622432] host systemd[1]: text`, `journal-short uptime=1027.622432 host=host program=systemd pid=1 msg=text`},
	{`[ 1027.927326 <    0.304894 >] host systemd[1]: text`, `journal-short uptime=1027.927326 host=host program=systemd pid=1 msg=text`},
	{`Nov 22 14:16:27 host (app)[89]: cannot execute`, `syslog-3164 time=11-22T14:16:27 host=host program=(app) pid=89 msg="cannot execute"`},
	{`{"__CURSOR": "s=0;i=1", "__REALTIME_TIMESTAMP": "1795359927775078", "PRIORITY": "3", "_HOSTNAME": "h", "SYSLOG_IDENTIFIER": "kernel", "MESSAGE": "traps: quotes[1] trap"}`, `journal-json time=2026-11-22T15:05:27.775078Z level=error host=h program=kernel msg="traps: quotes[1] trap"`},
	{`{"__REALTIME_TIMESTAMP":"1795359927775078","_PID":"1","_COMM":"systemd","_SYSTEMD_UNIT":"init.scope","UNIT":"quotes.service","MESSAGE_ID":"d9b373ed55a64feb8242e02dbe79a49c","MESSAGE":"quotes.service: Failed"}`, `journal-json time=2026-11-22T15:05:27.775078Z program=systemd unit=quotes.service message-id=d9b373ed55a64feb8242e02dbe79a49c pid=1 msg="quotes.service: Failed"`},
	{`{"__REALTIME_TIMESTAMP":"1795359927775078","MESSAGE":[27,91,51,49,109,104,105,27,91,48,109]}`, `journal-json time=2026-11-22T15:05:27.775078Z msg=hi`},
	{`{"__REALTIME_TIMESTAMP":"1795359927775078","MESSAGE":null,"_PID":["7","8"]}`, `journal-json time=2026-11-22T15:05:27.775078Z pid=7`},
	{`{"__REALTIME_TIMESTAMP":"1795359927775078","MESSAGE":["a",[98,99]],"CONTAINER_ID":"1a2b","CONTAINER_NAME":"web","_PID":"812","_SYSTEMD_UNIT":"docker.service","CONTAINER_PARTIAL_MESSAGE":"true"}`, `journal-json time=2026-11-22T15:05:27.775078Z container=web msg="a\nbc" partial`},
	{`{"__REALTIME_TIMESTAMP":"1795359927775078","MESSAGE":"a\nb \"q\" \u00e9\ud83d\ude00"}`, `journal-json time=2026-11-22T15:05:27.775078Z msg="a\nb \"q\" é😀"`},
	{`data: {"__REALTIME_TIMESTAMP":"1795359927775078","MESSAGE":"x"}`, `journal-sse,journal-json time=2026-11-22T15:05:27.775078Z msg=x`},
	{"\x1e" + `{"__REALTIME_TIMESTAMP":"1795359927775078","MESSAGE":"x"}`, `journal-sse,journal-json time=2026-11-22T15:05:27.775078Z msg=x`},
	// syslog.
	{`Nov 22 14:49:27 host gunicorn[1234]: text`, `syslog-3164 time=11-22T14:49:27 host=host program=gunicorn pid=1234 msg=text`},
	{`Nov  2 04:05:06 host app: text`, `syslog-3164 time=11-02T04:05:06 host=host program=app msg=text`},
	{`Nov 22 15:09:32 dnsmasq[29268]: started, version 2.90`, `syslog-3164 time=11-22T15:09:32 program=dnsmasq pid=29268 msg="started, version 2.90"`},
	{`<187>Nov 22 15:09:32 nginx: 2026/11/22 15:09:32 [error] 1#1: *1 x`, `syslog-3164 time=11-22T15:09:32 level=error program=nginx msg="2026/11/22 15:09:32 [error] 1#1: *1 x"`},
	{`2026-11-22T14:49:27.269713+00:00 host gunicorn[1234]: text`, `syslog-iso time=2026-11-22T14:49:27.269713Z host=host program=gunicorn pid=1234 msg=text`},
	{`May  5 21:09:30 localhost haproxy[59014]: text`, `syslog-3164 time=05-05T21:09:30 program=haproxy pid=59014 msg=text`},
	{`<11>1 2026-11-22T14:49:27.269713+00:00 host gunicorn 1234 - -  text`, `syslog-5424 time=2026-11-22T14:49:27.269713Z level=error host=host program=gunicorn pid=1234 msg=text`},
	{`2023-02-21T18:08:29+01:00 opnsense.<redacted> lighttpd 58826 - [meta sequenceId="1"] (gw_backend.c.274) text`, `syslog-5424 time=2023-02-21T17:08:29Z(+01:00) host=opnsense.<redacted> program=lighttpd pid=58826 msg="(gw_backend.c.274) text"`},
	{`2023-02-21T18:08:29+01:00 main worker 7 - [for "a"] text`, `msg="2023-02-21T18:08:29+01:00 main worker 7 - [for \"a\"] text"`},
	{`<14>1 2026-11-02T04:05:06.123Z host app 99 ID47 [ex@1 iut="3]\"" k="v"] ` + "\xef\xbb\xbf" + `text`, `syslog-5424 time=2026-11-02T04:05:06.123Z level=info host=host program=app pid=99 msg=text`},
	{`Nov 22 14:49:27 host 1a2b3c4d5e6f[812]: text`, `syslog-3164 time=11-22T14:49:27 host=host container=1a2b3c4d5e6f msg=text`},
	{`Nov 22 14:49:27 host docker/web[812]: text`, `syslog-3164 time=11-22T14:49:27 host=host container=web msg=text`},
	{`Jan 17 04:42:37 SV5-F5-5600-2 notice mcpd[10653]: 01070638:5: Pool`, `syslog-3164 time=01-17T04:42:37 level=notice host=SV5-F5-5600-2 program=mcpd pid=10653 msg="01070638:5: Pool"`}, // BIG-IP
	{`Error,11/23/2026 8:16:15 AM,.NET Runtime,1026,None,"Application: Orders.Api.exe`, `export time=2026-11-23T08:16:15 level=error msg="Application: Orders.Api.exe"`},                    // Event Viewer
	{`Information,11/23/2026 8:16:35 AM,Service Control Manager,7036,None,The Orders API service entered the running state.`, `export time=2026-11-23T08:16:35 level=info msg="The Orders API service entered the running state."`},
	{`Error,11/23/2026 8:16:15 AM,shop,order,None,"refused"`, `msg="Error,11/23/2026 8:16:15 AM,shop,order,None,\"refused\""`},
	{`Nov 22 14:49:27 host daemon.err app[12]: text`, `syslog-3164 time=11-22T14:49:27 level=error host=host program=app pid=12 msg=text`},
	{`Nov 22 14:49:27 host app[1]: Traceback (most recent call last):#012  File "x"#012ValueError: a#011b`, `syslog-3164 time=11-22T14:49:27 host=host program=app pid=1 msg="Traceback (most recent call last):\n  File \"x\"\nValueError: a\tb"`},
	{`Nov 22 14:49:27 host app[1]: order #0123 and #0999`, `syslog-3164 time=11-22T14:49:27 host=host program=app pid=1 msg="order \n3 and #0999"`},
	{`Nov 22 14:49:27 host last message repeated 3 times`, `syslog-3164 time=11-22T14:49:27 host=host msg="last message repeated 3 times"`},
	{`Nov 22 15:05:19 web-8 sudo:    deploy : TTY=pts/1 ; COMMAND=/usr/bin/kill -9 24210`, `syslog-3164 time=11-22T15:05:19 host=web-8 program=sudo msg="   deploy : TTY=pts/1 ; COMMAND=/usr/bin/kill -9 24210"`},
	{`Sep 22 07:37:24 host caddy[232]: {"level":"error"}`, `syslog-3164 time=09-22T07:37:24 host=host program=caddy pid=232 msg="{\"level\":\"error\"}"`},
	{`<30>dockerd[123]: text`, `priority level=info program=dockerd pid=123 msg=text`},
	{`Nov 22 14:16:27 lb haproxy[7]: @cee:{"status":503}`, `syslog-3164,cee time=11-22T14:16:27 host=lb program=haproxy pid=7 msg="{\"status\":503}"`},
	{`<3>cannot bind`, `priority level=error msg="cannot bind"`},
	{`2026-11-22T14:30:00.123456789Z stderr F <4>2026/11/22 14:30:00 [error] 1#1: *1 x`, `cri,priority time=2026-11-22T14:30:00.123456Z level=warn msg="2026/11/22 14:30:00 [error] 1#1: *1 x" stream=2`},
	// Containers.
	{`{"log":"text\n","stream":"stderr","time":"2026-11-22T14:30:00.123456789Z"}`, `docker-json time=2026-11-22T14:30:00.123456Z msg=text stream=2`},
	{`{"time": "2026-11-22T14:30:00Z", "attrs": {"a": "}"}, "stream" : "stdout", "log": "a \"b\"\r\n"}`, `docker-json time=2026-11-22T14:30:00Z msg="a \"b\"" stream=1`},
	{`{"log":"cut","stream":"stdout","time":"2026-11-22T14:30:00Z"}`, `docker-json time=2026-11-22T14:30:00Z msg=cut stream=1 partial`},
	{`{"log":"\u001b[31mred\u001b[0m\n","stream":"stdout","time":"2026-11-22T14:30:00Z"}`, `docker-json time=2026-11-22T14:30:00Z msg=red stream=1`},
	{`{"log":"Nov 22 14:49:27 h app[3]: time=\"x\" level=error\n","stream":"stdout","time":"2026-11-22T14:30:00Z"}`, `docker-json,syslog-3164 time=2026-11-22T14:30:00Z host=h program=app pid=3 msg="time=\"x\" level=error" stream=1`},
	{`2026-11-22T14:30:00.123456789Z stdout F text`, `cri time=2026-11-22T14:30:00.123456Z msg=text stream=1`},
	{`2026-11-22T14:30:00.123456789+01:00 stderr P te`, `cri time=2026-11-22T13:30:00.123456Z(+01:00) msg=te stream=2 partial`},
	{`2026-11-22T14:30:00.123456789Z stderr F:tag  indented`, `cri time=2026-11-22T14:30:00.123456Z msg=" indented" stream=2`},
	{`2026-11-22T14:30:00.123456789Z stderr F `, `cri time=2026-11-22T14:30:00.123456Z stream=2`},
	{`2026-11-22T14:30:00.123456789Z panic: boom`, `docker-timestamps time=2026-11-22T14:30:00.123456Z msg="panic: boom"`},
	{`2026-11-22T14:30:00.123456789Z `, `docker-timestamps time=2026-11-22T14:30:00.123456Z`},
	{`web-1  | 2026-11-22T14:30:00.123456789Z`, `compose,docker-timestamps time=2026-11-22T14:30:00.123456Z container=web-1`},
	{`[pod/web-7d/app] 2026-11-22T14:30:00.123456789Z text`, `kubectl-prefix,docker-timestamps time=2026-11-22T14:30:00.123456Z program=app container=web-7d/app msg=text`},
	{`web-7d9f8b6c5d-x2x4z app 2026/11/22 15:01:47 [error] 1#1: x`, `stern program=app container=web-7d9f8b6c5d-x2x4z/app msg="2026/11/22 15:01:47 [error] 1#1: x"`},
	{`web-7d9f8b6c5d-x2x4z app {"level":"info"}`, `stern program=app container=web-7d9f8b6c5d-x2x4z/app msg="{\"level\":\"info\"}"`},
	{`shop web-7d9f8b6c5d-x2x4z app 2026-11-22T14:30:00.123456789Z text`, `stern,docker-timestamps time=2026-11-22T14:30:00.123456Z program=app container=web-7d9f8b6c5d-x2x4z/app msg=text`},
	{`db-0 postgres 2026-11-22 15:10:26.444 UTC [29851] LOG:  x`, `stern program=postgres container=db-0/postgres msg="2026-11-22 15:10:26.444 UTC [29851] LOG:  x"`},
	{`api-7c9f6d5b8-x2x4z api Server listening on port 3000`, `stern program=api container=api-7c9f6d5b8-x2x4z/api msg="Server listening on port 3000"`},
	{`web-5d6f7c8b9-abcde nginx 172.18.0.1 - - [11/Jun/2025:09:59:50 +0000] "GET / HTTP/1.1" 200 157`, `stern program=nginx container=web-5d6f7c8b9-abcde/nginx msg="172.18.0.1 - - [11/Jun/2025:09:59:50 +0000] \"GET / HTTP/1.1\" 200 157"`},
	{`+ web-7d9f8b6c5d-x2x4z › app`, `stern program=app container=web-7d9f8b6c5d-x2x4z/app`},
	{`- shop web-7d9f8b6c5d-x2x4z › app`, `stern program=app container=web-7d9f8b6c5d-x2x4z/app`},
	{`web-1  | text`, `compose container=web-1 msg=text`},
	{`web_1            | 2026/11/22 15:01:47 [error] 1#1: *1 x`, `compose container=web_1 msg="2026/11/22 15:01:47 [error] 1#1: *1 x"`},
	{"\x1b[36mtraefik-1 | \x1b[0mtext", `compose container=traefik-1 msg=text`},
	{`hhvm-3.18.0-fastcgi-test    | text`, `compose container=hhvm-3.18.0-fastcgi-test msg=text`},
	{`nginx | 2026/11/22 15:01:47 [error] 1#1: x`, `compose container=nginx msg="2026/11/22 15:01:47 [error] 1#1: x"`},
	{`web-1  | 2026-11-22T14:30:00.123456789Z text`, `compose,docker-timestamps time=2026-11-22T14:30:00.123456Z container=web-1 msg=text`},
	{`web-1  |`, `compose container=web-1`},
	{`brinder-kong-12024/02/15 20:54:17 [error] 1#0: x`, `compose container=brinder-kong-1 msg="2024/02/15 20:54:17 [error] 1#0: x"`},
	{`edgeone_reverse-proxy.1.si3c4s8mwvd6@ip-172-31-35-113    | time="2019-07-11T14:13:53Z" level=debug msg=x`, `compose host=ip-172-31-35-113 container=edgeone_reverse-proxy.1.si3c4s8mwvd6 msg="time=\"2019-07-11T14:13:53Z\" level=debug msg=x"`}, // github.com/traefik/traefik/issues/4426
	{`web.1.si3c4s8mwvd6mv2cupvyh4r3e@node-2 | ready`, `compose host=node-2 container=web.1.si3c4s8mwvd6mv2cupvyh4r3e msg=ready`},
	{`web.1.short@node-2    | ready`, `msg="web.1.short@node-2    | ready"`},
	{`2|backend       | listening`, `pm2 program=backend msg=listening`},
	{`2026-11-27T01:27:52:     at Immediate.<anonymous> (/srv/shop/app.js:3:63)`, `pm2-time time=2026-11-27T01:27:52 msg="    at Immediate.<anonymous> (/srv/shop/app.js:3:63)"`}, // pm2 7.0.4 --time
	{`2026-11-27T01:27:52: {"level":50,"msg":"x"}`, `pm2-time time=2026-11-27T01:27:52 msg="{\"level\":50,\"msg\":\"x\"}"`},
	{`2026-11-27T01:27:52: `, `pm2-time time=2026-11-27T01:27:52`},
	{`2026-11-27 01:27:52 +01:00: text`, `pm2-time time=2026-11-27T00:27:52Z(+01:00) msg=text`},
	{`0|shop  | 2026-11-27T01:27:52: text`, `pm2,pm2-time time=2026-11-27T01:27:52 program=shop msg=text`},
	{`2026-11-27T01:27:52: PM2 log: App [shop:0] online`, `msg="2026-11-27T01:27:52: PM2 log: App [shop:0] online"`},
	{`2026-11-27 01:27:52: (server.c.1920) text`, `msg="2026-11-27 01:27:52: (server.c.1920) text"`}, // lighttpd
	// Platforms and pastes.
	{`2026-05-15T15:24:36.710861091Z [err]  2026/05/15 15:24:36 [error] 1#1: x`, `railway time=2026-05-15T15:24:36.710861Z level=error msg="2026/05/15 15:24:36 [error] 1#1: x"`},
	{`2020-11-16T08:47:16.135123+00:00 app[web.1]: Error`, `heroku time=2020-11-16T08:47:16.135123Z program=web.1 msg=Error`},
	{`2020-11-16T08:47:16.135123+00:00 heroku[router]: at=error code=H12`, `heroku time=2020-11-16T08:47:16.135123Z program=router msg="at=error code=H12"`},
	{`2025-03-12 15:33:08 2025/03/12 07:33:08 [error] 1#1: x`, `docker-timestamps time=2025-03-12T15:33:08 msg="2025/03/12 07:33:08 [error] 1#1: x"`},
	{`==> /var/log/nginx/error.log <==`, `tail-header program=/var/log/nginx/error.log`},
	{`1862:Fri Oct 16 14:30:00 2026 x`, `grep-number msg="Fri Oct 16 14:30:00 2026 x"`},
	// Exports of log stores.
	{`"Nov 24, 2026 @ 09:41:14.123","edge-1","nginx","2026/11/24 09:41:14 [error] 31#31: *105 x, request: ""GET / HTTP/1.1"""`, `export time=2026-11-24T09:41:14.123 program=nginx msg="2026/11/24 09:41:14 [error] 31#31: *105 x, request: \"GET / HTTP/1.1\""`},
	{`2026-11-24 09:41:14.123,shop/app/0f3c,"2026-11-24 09:41:14,120 ERROR shop.db: x"`, `export time=2026-11-24T09:41:14.123 container=shop/app/0f3c msg="2026-11-24 09:41:14,120 ERROR shop.db: x"`},
	{`2026-11-24T09:41:14.123Z,app-1,shop,2026/11/24 09:41:14 listening on :8080`, `export time=2026-11-24T09:41:14.123Z program=shop msg="2026/11/24 09:41:14 listening on :8080"`},
	{`"2026-11-24 09:41:14 x","2026-11-24T09:41:14.000+0000","app-1","main","/var/log/shop.log","generic"`, `export time=2026-11-24T09:41:14.000Z msg="2026-11-24 09:41:14 x"`},
	{`"2026-11-24T09:41:14Z","shop","2026-11-24 09:41:14,120 ERROR x: Traceback (most recent call last):`, `export time=2026-11-24T09:41:14Z program=shop msg="2026-11-24 09:41:14,120 ERROR x: Traceback (most recent call last):"`},
	{`2026-11-24 09:41:14,120 ERROR shop.db: a,b`, `msg="2026-11-24 09:41:14,120 ERROR shop.db: a,b"`},
	{`"a","b"`, `msg="\"a\",\"b\""`},
	{`2026-11-24T09:41:10+00:00	docker.shop	{"log": "panic: boom", "container_name": "/shop", "source": "stderr"}`, `export,export time=2026-11-24T09:41:10Z program=shop container=shop msg="panic: boom"`},
	{`{"insertId":"a0","textPayload":"panic: boom\n","resource":{"labels":{"container_name":"shop"}},"timestamp":"2026-11-24T09:41:10.123456Z"}`, `export time=2026-11-24T09:41:10.123456Z container=shop msg="panic: boom"`},
	{`{"@timestamp":"2026-11-24T09:41:10.000Z","message":"{\"log\":\"panic: \\\"boom\\\"\\n\",\"stream\":\"stderr\",\"kubernetes\":{\"container_name\":\"shop\"}}","@version":"1"}`, `export,export time=2026-11-24T09:41:10.000Z container=shop msg="panic: \"boom\""`},
	{`{"level":"error","message":"{\"code\":1}","timestamp":"2026-11-24T09:41:10Z"}`, `msg="{\"level\":\"error\",\"message\":\"{\\\"code\\\":1}\",\"timestamp\":\"2026-11-24T09:41:10Z\"}"`},
	{"\thttps 2026-11-24T09:41:10.186641Z app/a/1 198.51.100.2:4201 10.0.0.3:9000 0.001 -1 -1 504 - 218 342", `blanks msg="https 2026-11-24T09:41:10.186641Z app/a/1 198.51.100.2:4201 10.0.0.3:9000 0.001 -1 -1 504 - 218 342"`},
	{`    time="2026-11-24T09:41:10Z" level=debug msg="x"`, `blanks msg="time=\"2026-11-24T09:41:10Z\" level=debug msg=\"x\""`},
	{`{"line":"panic: boom","timestamp":"1795513270123456789","fields":{"container":"shop"}}`, `export time=2026-11-24T09:41:10.123456Z container=shop msg="panic: boom"`},
	// logcli query -o jsonl (Loki's pkg/logcli/output/jsonl.go marshals a map, so its keys are sorted); Elastic's fields of Kubernetes.
	{`{"labels":{"container":"controller","namespace":"ingress-nginx","pod":"ingress-nginx-controller-6c5b7d-zz2lm"},"line":"panic: boom","timestamp":"2026-11-25T21:10:13.329119833Z"}`, `export time=2026-11-25T21:10:13.329119Z program=controller container=ingress-nginx-controller-6c5b7d-zz2lm/controller msg="panic: boom"`},
	{`{"_index":"filebeat","_source":{"@timestamp":"2026-11-24T09:41:10.123Z","message":"panic: boom","kubernetes":{"namespace":"shop","pod":{"name":"web-0","uid":"1"},"container":{"name":"shop"}}}}`, `export time=2026-11-24T09:41:10.123Z program=shop container=web-0/shop msg="panic: boom"`},
	{`{"log":"panic: boom","kubernetes":{"pod_name":"web-0","container_name":"shop"},"time":"2026-11-24T09:41:10Z"}`, `export time=2026-11-24T09:41:10Z program=shop container=web-0/shop msg="panic: boom"`},
	{`{"labels":{"app":"an application's own"},"level":"error","message":"x","timestamp":"2026-11-24T09:41:10Z"}`, `msg="{\"labels\":{\"app\":\"an application's own\"},\"level\":\"error\",\"message\":\"x\",\"timestamp\":\"2026-11-24T09:41:10Z\"}"`},
	{`{"line":12,"message":"an application's own","timestamp":1795513270}`, `msg="{\"line\":12,\"message\":\"an application's own\",\"timestamp\":1795513270}"`},
	{`{"_index":"filebeat","_source":{"@timestamp":"2026-11-24T09:41:10.123Z","message":"panic: boom","container":{"name":"shop"}}}`, `export time=2026-11-24T09:41:10.123Z host=shop msg="panic: boom"`},
	{`{"preview":false,"result":{"_raw":"panic: boom","_time":"2026-11-24 09:41:10.000 UTC","host":"app-1"}}`, `export time=2026-11-24T09:41:10.000Z host=app-1 msg="panic: boom"`},
	{`{"time": "2026-11-24T09:41:10.1234567Z", "resourceId": "/X", "properties": {"ContainerName": "shop", "Log": "panic: boom"}}`, `export time=2026-11-24T09:41:10.123456Z container=shop msg="panic: boom"`},
	{`{"time":"2026-11-24T09:41:10Z","level":"INFO","msg":"slog's own","log":"x"}`, `msg="{\"time\":\"2026-11-24T09:41:10Z\",\"level\":\"INFO\",\"msg\":\"slog's own\",\"log\":\"x\"}"`},
	{`textPayload: "panic: \"boom\""`, `export msg="panic: \"boom\""`},
	{`textPayload: 2026/11/24 09:41:05 listening on :8080`, `export msg="2026/11/24 09:41:05 listening on :8080"`},
	{`2026-11-24T09:41:10Z app[e784a] fra [info]panic: boom`, `export time=2026-11-24T09:41:10Z level=info container=e784a msg="panic: boom"`},
	{`2026-11-24T09:41:10.123Z proxy[e784a] fra [error][PR01] no known healthy instances`, `export time=2026-11-24T09:41:10.123Z level=error container=e784a msg="[PR01] no known healthy instances"`},
	{`2026-11-24T09:41:10Z app[e784a] says [it`, `msg="2026-11-24T09:41:10Z app[e784a] says [it"`},
	{"1795513274123456789\t2026-11-24T09:41:14.123Z\tpanic: boom", `export time=2026-11-24T09:41:14.123Z msg="panic: boom"`},
	{"    12\t2026/11/24 09:41:05 [error] 31#31: x", `grep-number msg="2026/11/24 09:41:05 [error] 31#31: x"`},
	{"    12\tpanic: boom", `msg="    12\tpanic: boom"`},
	{`textPayload: |-`, `msg="textPayload: |-"`},
	{`/var/log/nginx/error.log:1862:2026/11/24 09:41:14 [error] 31#31: x`, `grep-file program=/var/log/nginx/error.log msg="2026/11/24 09:41:14 [error] 31#31: x"`},
	{`logs/shop.log:2026-11-24 09:41:14,120 ERROR x`, `grep-file program=logs/shop.log msg="2026-11-24 09:41:14,120 ERROR x"`},
	{`/srv/app/main.py:12: DeprecationWarning: x`, `msg="/srv/app/main.py:12: DeprecationWarning: x"`},
	{`12:203.0.113.24 - - [22/Nov/2026:15:01:46 +0000] "GET / HTTP/1.1" 502 1`, `grep-number msg="203.0.113.24 - - [22/Nov/2026:15:01:46 +0000] \"GET / HTTP/1.1\" 502 1"`},
	{`> 2026/11/22 15:01:47 [error] 1#1: x`, `markdown-quote msg="2026/11/22 15:01:47 [error] 1#1: x"`},
	{"\t  2026/11/22 15:01:47 [error] 1#1: x", `blanks msg="2026/11/22 15:01:47 [error] 1#1: x"`},
	{`    web-1  | Nov 22 14:49:27 h app[3]: x`, `blanks,compose,syslog-3164 time=11-22T14:49:27 host=h program=app container=web-1 pid=3 msg=x`},
	{`[33mnginx_1  |[0m 2026/11/22 15:01:47 [error] 1#1: *1 x`, `compose container=nginx_1 msg="2026/11/22 15:01:47 [error] 1#1: *1 x"`},
	{`[36mshop_api_1 exited with code 1[0m`, `msg="shop_api_1 exited with code 1"`},
	{`web-1  | [1;32mINFO[m:     started [5m] [38;5;200mx`, `compose container=web-1 msg="INFO:     started [5m] x"`},
	{`^[[36mapi_1    |^[[0m text`, `compose container=api_1 msg=text`},
	{`[2m2026-11-22T14:30:00.123456Z[0m [31mERROR[0m [2mshop::db[0m[2m:[0m pool timed out`, `msg="2026-11-22T14:30:00.123456Z ERROR shop::db: pool timed out"`},
	{"\x1b[31mred\x1b[0m and \x1b]0;title\x07plain\x1b", `msg="red and plain"`},
}

func TestPeel(t *testing.T) {
	for _, c := range peeled {
		if got, _ := peelAs(c.line, Layers{}); got != c.want {
			t.Errorf("%s\n got  %s\n want %s", c.line, got, c.want)
		}
	}
}

// Lines of applications and gateways that look like an envelope and are none.
func TestPeelLeavesOwnLines(t *testing.T) {
	for _, line := range []string{
		`2026/11/22 15:01:47 [error] 812#812: *4077 connect() failed`,
		`203.0.113.24 - - [22/Nov/2026:15:01:46 +0000] "GET / HTTP/1.1" 200 1`,
		`2001:db8::1 - - [22/Nov/2026:15:01:46 +0000] "GET / HTTP/1.1" 200 1`,
		`[2026-11-22 14:18:36 +0000] [2987] [INFO] text`,
		`2026-11-22 14:32:49,152 ERROR root: text`,
		`2026-11-22T14:42:05.123Z  INFO 1234 --- [app] [main] o.s.b.w.e.tomcat.TomcatWebServer  : text`,
		`2026-11-22T14:42:05.123+01:00 ERROR target: text`,
		`2026-11-22T15:05:21Z stopping catalog: now`, `2026-11-22T15:05:21.5Z`, `2026-11-22T15:05:21 `,
		`2026-11-22T15:05:59.027Z INFO server listening {"port":3400}`,
		`2026-11-22T14:30:00.123456789Z ERROR target: text`,
		`2026-11-22T14:30:00.123456789+00:00 container die 1a2b3c4d5e6f (exitCode=137, image=shop:1, name=shop-web-1)`,
		`{"level":30,"time":1795359751442,"pid":23150,"msg":"listening"}`,
		`{"log":"x","stream":"stdout","time":"2026-11-22T14:30:00Z","level":"info"}`,
		`{"log":"x\n","stream":"stdout"}`,
		`{"log":"x\n","stream":"stdout","time":"yesterday"}`,
		`{"log":"cut off`,
		`{"msg":"saw \"__REALTIME_TIMESTAMP\" in","__REALTIME":"1795359927775078"}`,
		`{"a":{"__REALTIME_TIMESTAMP":"1795359927775078"},"MESSAGE":"x"}`,
		`14722:M 22 Nov 2026 14:52:29.076 * Ready`,
		`14:43:38.557 [error] text`,
		`2026-11-22 14:30:00.1234|ERROR|Logger|text`,
		`Nov 22, 2026 2:34:06 PM Class method`,
		`[Sun Nov 22 15:16:24.407407 2026] [mpm_event:notice] [pid 1667:tid 1667] AH00489: x`,
		`[Sun Nov 22 15:16:24 2026] [error] [client 192.0.2.1] x`,
		`[22/Nov/2026 14:30:00] "GET / HTTP/1.1" 500 145`,
		`[1.5] half`,
		`[0.123s][info][gc] Pause`, `[5m] rate`, `[mail] x`, `[3000m x`, `^[a-z]+$`, `[;x`,
		`id | name`,
		`    at Server.emit (node:events:524:28)`,
		`> code`,
		`panic: runtime error: index out of range [3] with length 0`,
		`web-7d9f8b6c5d-x2x4z was evicted`, `pod web-7d9f8b6c5d-x2x4z was evicted`, `web-7d9f8b6c5d-x2x4z   1/1     Running   0   5m`,
		`web-5d6f7c8b9-abcde app started`, `run-2026112-first 172.18.0.1 failed`, `price-list items follow`, `db-0 is up`, `+ a › b`, `- item`, `+1`, `<30>text`, `<0.1.0> text`, `<3`,
		`{"pri":3,"time":901.327141,"msg":"x","level":"info"}`, `{"msg":"x","time":901.327141,"pri":3}`, `{"pri":"high","time":901.327141,"msg":"x"}`,
		`[Nov22 14:74] x`, `[Now22 14:14] x`, `[  +0.1] x`, `[+] x`,
		`<TASK>`, `<--- Last few GCs --->`, `<999>x`, `==> x`, `{`, `[`, `<`, `9`, ``,
	} {
		got, layers := peelAs(line, Layers{})
		if layers.N != 0 {
			t.Errorf("%s\n peeled %s", line, got)
		}
	}
}

func TestPeelFollowsTheLineBefore(t *testing.T) {
	f := func(before, line, want string) {
		t.Helper()
		_, hint := peelAs(before, Layers{})
		if got, _ := peelAs(line, hint); got != want {
			t.Errorf("%s\n got  %s\n want %s", line, got, want)
		}
	}
	f("  2026/11/22 15:01:47 [error] 1#1: x", "  \tstack", `blanks msg="\tstack"`)
	f("1862:Fri Oct 16 14:30:00 2026 x", "1863-text", `grep-number msg=text`)
	f("nginx | 2026/11/22 15:01:47 [error] 1#1: x", "app | text", `compose container=app msg=text`)
	f("> 2026/11/22 15:01:47 [error] 1#1: x", ">", `markdown-quote`)
	f("[Nov22 14:14] x", "[ +12.000015] y", `dmesg-human time=11-22T14:14:12 program=kernel msg=y`)
	f("+ web-7d9f8b6c5d-x2x4z › app", "web-7d9f8b6c5d-x2x4z app panic: boom", `stern program=app container=web-7d9f8b6c5d-x2x4z/app msg="panic: boom"`)
	f("2026-11-22T14:30:00.123456789Z x", "2026-11-22T14:30:00.5Z panic: boom", `docker-timestamps time=2026-11-22T14:30:00.5Z msg="panic: boom"`)
	f("2026-11-22T14:30:00.123456789Z x", "2026-11-22T14:30:01Z", `docker-timestamps time=2026-11-22T14:30:01Z`)
	f("[33mweb_1  |[0m x", "web_1  | [32minfo[39m: y", `compose container=web_1 msg="info: y"`)
	f("[33mweb_1  |[0m x", "at a[0m] = b[1m", `msg="at a[0m] = b"`)
	f("db-0 app {\"a\":1}", "web-0 app text", `msg="web-0 app text"`)
	f("2026/11/22 15:01:47 [error] 1#1: x", "    at f (x.js:1:2)", `msg="    at f (x.js:1:2)"`)
}

func TestPrefer(t *testing.T) {
	zoned := parser.Stamp{Micros: 1, Precision: parser.Second, Clock: parser.ClockZoned}
	local := parser.Stamp{Micros: 2, Precision: parser.Second, Clock: parser.ClockLocal}
	fine := parser.Stamp{Micros: 3, Precision: 1, Clock: parser.ClockLocal}
	bare := parser.Stamp{Micros: 4, Precision: parser.Second, Clock: parser.ClockYearless}
	f := func(outer, inner, want parser.Stamp) {
		t.Helper()
		if got := Prefer(outer, inner); got != want {
			t.Errorf("Prefer(%v, %v) = %v, want %v", outer, inner, got, want)
		}
	}
	f(zoned, fine, zoned)
	f(bare, local, local)
	f(local, bare, local)
	f(local, fine, fine)
	f(local, parser.Stamp{}, local)
	f(parser.Stamp{}, local, local)
	f(bare, zoned, zoned)
	at := func(clock parser.Clock, seconds, precision int64) parser.Stamp {
		return parser.Stamp{Micros: seconds * parser.Second, Precision: precision, Clock: clock}
	}
	const hour = 3600
	host, seconds := at(parser.ClockYearless, 10*hour, parser.Second), at(parser.ClockLocal, 10*hour, parser.Second)
	f(host, at(parser.ClockLocal, 8*hour-2, 1000), at(parser.ClockLocal, 10*hour-2, 1000)) // a container in UTC
	f(host, at(parser.ClockLocal, 8*hour-6, 1000), at(parser.ClockLocal, 8*hour-6, 1000))  // another moment
	f(host, at(parser.ClockLocal, 10*hour-2, 1000), at(parser.ClockLocal, 10*hour-2, 1000))
	f(host, at(parser.ClockLocal, 34*hour, 1000), at(parser.ClockLocal, 34*hour, 1000)) // another day
	f(seconds, at(parser.ClockLocal, 15*hour+45*60, 1000), at(parser.ClockLocal, 10*hour, 1000))
	f(seconds, at(parser.ClockLocal, 8*hour, parser.Second), seconds)
}

func TestPreferStart(t *testing.T) {
	stamp := func(clock parser.Clock, seconds float64, precision int64) parser.Stamp {
		return parser.Stamp{Micros: int64(seconds * 1e6), Precision: precision, Clock: clock}
	}
	const zoned, local, yearless = parser.ClockZoned, parser.ClockLocal, parser.ClockYearless
	f := func(name string, outer, inner, want parser.Stamp, wantOwn bool) {
		t.Helper()
		if got, own := PreferStart(outer, inner); got != want || own != wantOwn {
			t.Errorf("%s: %v %v, want %v", name, got, own, want)
		}
	}
	written := stamp(zoned, 36_000, 1)
	f("the envelope is later", written, stamp(zoned, 35_985, 1000), stamp(zoned, 35_985, 1000), true)
	f("as long as a request may be", written, stamp(zoned, 35_940, 1000), stamp(zoned, 35_940, 1000), true)
	f("longer", written, stamp(zoned, 35_939, 1000), written, false)
	f("the envelope is earlier", written, stamp(zoned, 36_002, 1000), written, false)
	f("in one second", stamp(zoned, 36_000, 1_000_000), stamp(zoned, 36_000.5, 1000), stamp(zoned, 36_000.5, 1000), true)
	f("the line has none", written, written, written, false)
	f("poorer envelope", stamp(yearless, 40_000, 1_000_000), stamp(zoned, 35_000, 1), stamp(zoned, 35_000, 1), true)
	f("poorer line", written, stamp(yearless, 35_000, 1), written, false)
	behind := stamp(zoned, 35_985, 1000)
	behind.Offset = -18_000
	f("no zone, five hours behind", written, stamp(local, 35_985-18_000, 1000), behind, true)
	behind.Offset = 20_700
	f("no zone, 5:45 ahead", written, stamp(local, 35_985+20_700, 1000), behind, true)
	behind.Offset = 0
	f("no zone, UTC", written, stamp(local, 35_985, 1000), behind, true)
	f("no zone would fit", written, stamp(local, 35_800, 1000), written, false)
	f("none so wide", written, stamp(local, 35_985+54_000, 1000), written, false)
}

func TestPeelDoesNotAllocate(t *testing.T) {
	env := parser.Env{Buf: make([]byte, 0, 4096)}
	var r parser.Record
	for _, c := range peeled {
		line := []byte(c.line)
		var hint Layers
		n := testing.AllocsPerRun(10, func() {
			env.Buf = env.Buf[:0]
			r.Reset()
			Peel(line, &env, &r, &hint)
		})
		if n > 0 {
			t.Errorf("%v allocations: %s", n, c.line)
		}
	}
}

func FuzzPeel(f *testing.F) {
	for _, c := range peeled {
		f.Add([]byte(c.line))
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		var r parser.Record
		var hint Layers
		env := parser.Env{}
		for range 2 { // the second time with the first as its hint
			r.Reset()
			inner := Peel(line, &env, &r, &hint)
			if hint.N > MaxLayers || hint.Width > len(line) || len(inner) > 4*len(line)+4 {
				t.Fatalf("%d layers, width %d, %d bytes inside of %d", hint.N, hint.Width, len(inner), len(line))
			}
		}
	})
}

func BenchmarkPeel(b *testing.B) {
	for _, c := range []struct{ name, line string }{
		{"nginx", `2026/11/22 15:01:47 [error] 812#812: *4077 connect() failed (111: Connection refused) while connecting to upstream, client: 203.0.113.24`},
		{"docker", `{"log":"{\"level\":30,\"time\":1795359751442,\"pid\":23150,\"msg\":\"server listening\"}\n","stream":"stdout","time":"2026-11-22T15:02:31.442787820Z"}`},
		{"syslog", `Nov 22 14:49:27 host gunicorn[1234]: [2026-11-22 15:01:46 +0000] [22833] [INFO] Using worker: sync`},
	} {
		b.Run(c.name, func(b *testing.B) {
			line := []byte(c.line)
			var env parser.Env
			var r parser.Record
			var hint Layers
			b.SetBytes(int64(len(line)))
			b.ReportAllocs()
			for b.Loop() {
				env.Buf = env.Buf[:0]
				r.Stamp = parser.Stamp{}
				Peel(line, &env, &r, &hint)
			}
		})
	}
}
