package gateway

import (
	"bytes"

	"culprit/parser"
	"culprit/parser/timestamp"
)

// cloudflared is what Cloudflare's tunnel daemon says about requests that its origin, the
// service behind the tunnel, did not answer: zerolog's console form, or one JSON object.
//
//	2024-07-10T16:21:59Z ERR  error="Unable to reach the origin service. …: dial tcp 192.168.3.180:3000: i/o timeout" connIndex=0 event=1 ingressRule=4 originService=http://192.168.3.180:3000
//	2024-07-10T16:21:59Z ERR Request failed error="Unable to reach the origin service. …" connIndex=0 dest=https://graphs.example/ event=0 ip=198.41.192.47 type=http
//
// The proxy logs the first, with the origin as the tunnel's configuration has it, and the
// connection to Cloudflare's edge says the same again. All other lines of the daemon are
// about the tunnel, not about what stands behind it, and are left to the general layout.
var cloudflared = &parser.Format{
	Name:    "cloudflared",
	Gates:   []parser.Gate{{First: parser.Object}, {First: parser.Digits, Word: "ERR "}},
	Role:    parser.RoleGateway,
	Product: "cloudflared",
	Doc:     "https://github.com/cloudflare/cloudflared proxy/proxy.go (logRequestError), connection/http2.go, connection/quic.go",
	Parse:   parseCloudflared,
}

// cloudflaredWords are the daemon's own; Go's error behind them decides.
var cloudflaredWords = vocabularies["cloudflared"]

const (
	cloudflaredUnreachable = "Unable to reach the origin service."
	cloudflaredAbrupt      = "Incoming request ended abruptly"
)

// A cloudflaredLine is the fields of a line.
type cloudflaredLine struct {
	msg, err, service []byte
}

func parseCloudflared(line []byte, env *parser.Env, r *parser.Record) bool {
	if len(line) < len("2024-07-10T16:21:59Z ERR error=") {
		return false
	}
	var l cloudflaredLine
	if line[0] == '{' {
		l.json(line, r)
	} else if !l.console(line, r) {
		return false
	}
	ours := has(l.err, cloudflaredUnreachable) || has(l.err, cloudflaredAbrupt) || len(l.service) > 0
	if !ours || r.Level < parser.LevelError {
		return false
	}
	r.Kind = parser.KindGateway
	if r.Message = l.err; len(l.msg) > 0 {
		r.Message = textAndError(env, l.msg, l.err)
	}
	l.settle(env, &r.Gateway)
	return true
}

func (l *cloudflaredLine) json(line []byte, r *parser.Record) {
	j := openJSON(line)
	for j.next() {
		if j.kind != '"' {
			continue
		}
		switch string(j.key) {
		case "level":
			r.Level = levelOf(j.value)
		case "time":
			if stamp, n, ok := timestamp.ISO(j.value); ok && n == len(j.value) {
				r.Stamp = stamp
			}
		case "message":
			l.msg = j.value
		default:
			l.field(j.key, j.value)
		}
	}
}

func (l *cloudflaredLine) console(line []byte, r *parser.Record) bool {
	stamp, n, ok := timestamp.ISO(line)
	if !ok || !has(line[n:], " ERR ") {
		return false
	}
	r.Stamp, r.Level = stamp, parser.LevelError
	rest := line[n+len(" ERR "):]
	end := fieldsStart(rest)
	l.msg, rest = bytes.TrimSpace(rest[:end]), bytes.TrimLeft(rest[end:], " ")
	for len(rest) > 0 {
		eq := bytes.IndexByte(rest, '=')
		if eq < 0 {
			break
		}
		key, value := rest[:eq], rest[eq+1:]
		stop := wordEnd(value, 0)
		if len(value) > 0 && value[0] == '"' {
			stop = min(quotedEnd(value, 1), len(value))
			l.field(key, value[1:stop])
			rest = bytes.TrimLeft(value[min(stop+1, len(value)):], " ")
			continue
		}
		l.field(key, value[:stop])
		rest = bytes.TrimLeft(value[stop:], " ")
	}
	return true
}

func (l *cloudflaredLine) field(key, value []byte) {
	switch string(key) {
	case "error":
		l.err = value
	case "originService":
		l.service = value
	}
}

// settle says what the error means, and names the origin as the configuration has it: the
// error has its address only where connecting failed.
func (l *cloudflaredLine) settle(env *parser.Env, g *parser.Gateway) {
	id := "cloudflared.unreachable"
	if has(l.err, cloudflaredAbrupt) {
		id = "cloudflared.abrupt"
	}
	m := entry(cloudflaredWords(), []byte(id))
	m.tell(nil, 0, g)
	if f := readGoError(l.err); f.message != nil && m.Rank == parser.RankPrimary {
		f.tell(env, g)
	}
	switch {
	case g.Rank <= parser.RankNoise:
		return
	case len(l.service) == 0: // said again by the connection to the edge
		g.Rank, g.Upstream, g.Group, g.MessageKey = parser.RankNoise, nil, false, "cloudflared.again"
		return
	}
	scheme, _, ok := bytes.Cut(l.service, []byte("://"))
	if !ok && !has(l.service, "unix:") {
		return // hello_world, http_status:404
	}
	g.Upstream, g.Scheme = peerOf(l.service), nil
	if ok {
		g.Scheme = scheme
	}
	g.Group = !has(g.Upstream, "unix:") && !isHostPort(g.Upstream)
}
