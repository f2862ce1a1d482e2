package gateway

import (
	"bytes"

	"culprit/parser"
)

// finish fills the request from what was read and decides who failed it.
func (e *envoyRequest) finish(env *parser.Env, r *parser.Record) {
	r.Kind = parser.KindAccess
	a := &r.Access
	a.AtStart, a.HasUps = !e.atEnd, true
	a.Client = e.client()
	if isServiceCluster(e.cluster) {
		a.Pool = e.cluster
	}
	addr := envoyPeer(env, e.host)
	m := e.message(a.Status, addr)
	e.made(a, m, addr)
	e.attempt(a, addr)
	if m != nil {
		e.tell(m, addr, r)
	}
}

// isServiceCluster reports whether a cluster's name stands for one service. Istio's
// catch-all clusters take in any destination, and every sidecar calls its own
// application inbound|port||.
func isServiceCluster(name []byte) bool {
	if len(name) == 0 || isDash(name) || has(name, "inbound|") || has(name, "InboundPassthroughCluster") {
		return false
	}
	switch string(name) {
	case "PassthroughCluster", "BlackHoleCluster", "connect_originate", "dynamic_forward_proxy_cluster":
		return false
	}
	return true
}

// client is the connection's far end where it is logged, else the first address of
// X-Forwarded-For.
func (e *envoyRequest) client() []byte {
	if len(e.remote) > 0 && !isDash(e.remote) {
		return bytes.Trim(withoutAnyPort(e.remote), "[]")
	}
	forwarded, _, _ := bytes.Cut(e.forwarded, []byte(","))
	if len(forwarded) == 0 || isDash(forwarded) {
		return nil
	}
	return forwarded
}

// withoutAnyPort cuts the port off an address, also off one in brackets.
func withoutAnyPort(b []byte) []byte {
	if i := bytes.LastIndexByte(b, ':'); i > 0 && (b[i-1] == ']' || bytes.IndexByte(b, ':') == i) {
		return b[:i]
	}
	return b
}

// envoyPeer is an upstream's address: envoy://connect_originate/<ip:port> is an
// ambient mesh's tunnel to ip:port, a path is a unix socket.
func envoyPeer(env *parser.Env, host []byte) []byte {
	if i := bytes.Index(host, []byte("://")); i >= 0 { // tcp:// in old versions
		host = host[bytes.LastIndexByte(host, '/')+1:]
	}
	if len(host) == 0 || isDash(host) {
		return nil
	}
	if host[0] == '/' {
		start := len(env.Buf)
		env.Buf = append(append(env.Buf, "unix:"...), host...)
		return env.Buf[start:len(env.Buf):len(env.Buf)]
	}
	return host
}

// message returns what decides about the request: the transport failure's text before
// the reset's reason before the flag, and without a flag the details. Nil for a request
// that did not fail in Envoy's hands.
func (e *envoyRequest) message(status int16, addr []byte) *Message {
	w := envoyVocabulary()
	name, reason, transport := splitDetails(e.details)
	m := e.decisive
	switch {
	case m == nil && string(e.cluster) == "BlackHoleCluster" && status >= 500:
		return w.blackHole
	case m == nil:
		return e.unflagged(w, name, status, addr)
	case string(name) == "via_upstream" && isRetryFlag(m):
		return nil // the upstream's own status, with the retries used up
	case string(name) == w.after.Template && m.Rank > parser.RankNoise:
		return w.after
	}
	if !isResetFlag(m) {
		return e.codec(w, m, reason, transport)
	}
	if t := w.transport(e.transport); t != nil {
		return t
	}
	if t := w.transport(transport); t != nil {
		return t
	}
	if t := w.reason(reason); t != nil && t.Class != parser.SymptomOther {
		return t
	}
	if d := w.details[string(name)]; d != nil && d.Rank == parser.RankPrimary {
		return d // the codec's word: http2.remote_refuse
	}
	return m
}

func isRetryFlag(m *Message) bool { return m.ID == "envoy.flag-urx" }

// isResetFlag reports whether a flag stands for an upstream connection's or stream's
// end, of which details and transport failure tell more.
func isResetFlag(m *Message) bool {
	switch m.ID {
	case "envoy.flag-uf", "envoy.flag-uc", "envoy.flag-ur", "envoy.flag-lr", "envoy.flag-urx":
		return true
	}
	return false
}

// codec refines an upstream's protocol error by the codec's own word, which newer
// versions put behind the reason.
func (e *envoyRequest) codec(w *envoyWords, m *Message, reason, transport []byte) *Message {
	if m.ID != "envoy.flag-upe" {
		return m
	}
	for _, text := range [...][]byte{transport, reason, e.transport, e.details} {
		if d := w.details[string(text)]; d != nil && d.Rank == parser.RankPrimary {
			return d
		}
	}
	return m
}

// unflagged judges a line without a flag: the details' word, if they have one for it.
func (e *envoyRequest) unflagged(w *envoyWords, name []byte, status int16, addr []byte) *Message {
	if string(name) == w.after.Template {
		return w.after
	}
	if m := w.details[string(name)]; m != nil && (status >= 500 || status == 0 || m.Class == parser.SymptomClientAbort) {
		return m
	}
	if len(e.details) == 0 && addr == nil && status >= 500 {
		return w.details["direct_response"] // nobody else can have answered
	}
	return nil
}

// made says who made the status.
func (e *envoyRequest) made(a *parser.Access, m *Message, addr []byte) {
	switch {
	case a.Status < 500:
	case m != nil:
		a.Made = parser.MadeGateway
	case addr != nil || string(e.details) == "via_upstream":
		a.Made = parser.MadeUpstream
	}
}

func (e *envoyRequest) attempt(a *parser.Access, addr []byte) {
	if addr != nil {
		a.Tries = 1
		a.Attempts[0] = parser.Attempt{Addr: addr, Connect: -1, Header: -1, Response: -1}
		if e.service >= 0 {
			a.Attempts[0].Header = e.service * parser.Millisecond
		}
		if a.Made == parser.MadeUpstream || a.Status > 0 && a.Status < 500 {
			a.Attempts[0].Status = a.Status
		}
	}
	noteUnlogged(a, false, e.service >= 0)
}

// tell writes the symptom. A status below 500 that Envoy made up is the client's or
// the configuration's affair; gRPC's failures have 200, and a cut answer the status
// that was already sent.
func (e *envoyRequest) tell(m *Message, addr []byte, r *parser.Record) {
	a, g := &r.Access, &r.Gateway
	tellEnvoy(m, r)
	if a.Status >= 400 && a.Status < 500 && g.Rank > parser.RankNoise {
		r.Level, g.Rank = parser.LevelNone, parser.RankNoise
		if g.Symptom == parser.SymptomReadTimeout {
			g.Symptom = parser.SymptomClientAbort // 408: the request had not come whole
		}
	}
	if g.Rank == parser.RankNoise && g.Symptom == parser.SymptomOther {
		g.Symptom, g.Rank, g.Phase, g.Causes, g.MessageKey = 0, 0, 0, nil, ""
		return
	}
	e.slowConnect(a, g)
	g.Client, g.Request, g.Host = a.Client, a.Request, a.Host
	switch {
	case g.Rank == parser.RankNoise:
	case addr != nil:
		g.Upstream = addr
	case len(a.Pool) > 0:
		g.Upstream, g.Group = a.Pool, true
	}
}

// slowConnect recognises a connect timeout in forms without details: a refusal and an
// unreachable network fail at once, retries included, and nothing else takes a second.
func (e *envoyRequest) slowConnect(a *parser.Access, g *parser.Gateway) {
	if g.MessageKey == "envoy.flag-uf" && a.Duration >= parser.Second {
		g.Symptom = parser.SymptomConnectTimeout
	}
}
