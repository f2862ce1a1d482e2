package gateway

import (
	"bytes"
	"slices"
	"strings"
	"sync"

	"culprit/parser"
)

// An apacheBook finds httpd's messages: those with an AH number by it, and among the few
// texts of one number the one that says most; the others by their text.
type apacheBook struct {
	messages []Message
	numbered map[int][]*template
	plain    *templateIndex
	anchors  map[*Message]anchor
}

var apacheVocabulary = sync.OnceValue(func() *apacheBook {
	v := &apacheBook{messages: vocabularies["apache"](), numbered: map[int][]*template{}, plain: newTemplateIndex(), anchors: map[*Message]anchor{}}
	for i := range v.messages {
		m := &v.messages[i]
		if a, ok := anchorOf(m.Template); ok && m.Rank >= parser.RankSecondary {
			v.anchors[m] = a
		}
		number, _ := ahNumber([]byte(m.Template))
		if number == 0 {
			v.plain.add(m.Template, m)
			continue
		}
		v.numbered[number] = append(v.numbered[number], newTemplateIndex().add(m.Template, m))
	}
	for _, list := range v.numbered {
		slices.SortStableFunc(list, func(a, b *template) int { return b.literal - a.literal })
	}
	v.plain.sort()
	return v
})

// find returns the message of a text, nil if it is not known. A number whose words have
// changed keeps its plainest meaning.
func (v *apacheBook) find(number int, text []byte) *Message {
	if number > 0 {
		list := v.numbered[number]
		for _, t := range list {
			if len(t.parts) == 1 && string(text) == t.parts[0] || len(t.parts) > 1 && t.matches(text) {
				return t.variants[0]
			}
		}
		if len(list) > 0 {
			return list[len(list)-1].variants[0]
		}
		return nil
	}
	if t := v.plain.find(text); t != nil {
		return t.variants[0]
	}
	return nil
}

// apacheClassify fills Record.Gateway from the message and what stands before it.
func apacheClassify(h *apacheHead, env *parser.Env, r *parser.Record) {
	g := &r.Gateway
	g.Errno = h.status
	g.Symptom, g.Rank = parser.SymptomOther, parser.RankNoise
	if h.isScript() && h.number > 0 {
		return // a script printed httpd's words
	}
	_, h.body = ahNumber(r.Message)
	v := apacheVocabulary()
	m := v.find(h.number, r.Message)
	if m == nil && h.isScript() {
		g.Quoted = r.Message // what the program in this process, or behind its module, says
	} else if m == nil {
		h.guess(r)
	} else {
		g.Phase, g.MessageKey, g.Causes = m.Phases[0], m.ID, m.Causes
		g.Symptom, g.Rank = h.refine(m, r)
		if r.Level == parser.LevelDebug && g.Rank == parser.RankPrimary {
			g.Rank = parser.RankSecondary // another address is tried, or the line at error follows
		}
		if a, ok := v.anchors[m]; ok && g.Rank >= parser.RankSecondary {
			a.apacheUpstream(r.Message, env, g)
		}
		if strings.HasSuffix(m.Template, " returned by <uri>") {
			g.Request = returnedBy(r.Message)
		}
		if m.rule == ruleStderr {
			g.Quoted = apacheStderr(h.body, env)
		}
	}
	if g.Upstream == nil && g.Rank >= parser.RankSecondary && isHostPort(h.remote) {
		g.Upstream = h.remote
	}
	if g.Scheme == nil && g.Rank >= parser.RankSecondary {
		g.Scheme = h.scheme()
	}
}

// scheme is what a module speaks that speaks one protocol which few servers do.
func (h *apacheHead) scheme() []byte {
	switch string(h.module) {
	case "proxy_fcgi":
		return fastCGI
	case "proxy_uwsgi":
		return uwsgi
	case "wsgi":
		return ownDaemon
	}
	return nil
}

var fastCGI, uwsgi, ownDaemon = []byte("fastcgi"), []byte("uwsgi"), []byte(apache.Daemons)

// isScript reports whether the module hands on what programs print.
func (h *apacheHead) isScript() bool {
	return has(h.module, "php") || has(h.module, "wsgi") || has(h.module, "perl") || has(h.module, "lua") || has(h.module, "python") || has(h.module, "passenger")
}

// refine turns a message's class and rank into those of one line of it.
func (h *apacheHead) refine(m *Message, r *parser.Record) (parser.Symptom, parser.Rank) {
	switch m.rule {
	case ruleSocket, ruleResource:
		class := h.classOfStatus(m.Phases[0], m.Class)
		if class == parser.SymptomClientAbort {
			return class, parser.RankNoise
		}
		if m.rule == ruleSocket && has(h.body, "HC") { // HCTCP, HCOH, HCPING: no request, a check of mod_proxy_hcheck
			return h.healthCheck(class, &r.Gateway), parser.RankSecondary
		}
		return class, m.Rank
	case ruleStderr:
		if saysFatal(h.body) {
			return parser.SymptomUpstreamStatus, parser.RankPrimary
		}
	case ruleTLS:
		return m.Class, h.rankTLS(m, r.Level)
	}
	return m.Class, m.Rank
}

var (
	refusesChecks = []string{"not-listening"}
	losesChecks   = []string{"network-unreachable"}
)

// healthCheck makes the failed connection of a check what the check says of the back end.
func (h *apacheHead) healthCheck(class parser.Symptom, g *parser.Gateway) parser.Symptom {
	g.Phase = parser.PhaseHealthCheck
	switch class {
	case parser.SymptomConnRefused, parser.SymptomSocketMissing:
		g.Causes = refusesChecks
	case parser.SymptomConnectTimeout, parser.SymptomNoRoute:
		g.Causes = losesChecks
	}
	return parser.SymptomHealthCheckFailed
}

// proxyConnectFailed says that a handshake with a back end failed; a line of the library's
// follows that says why, and the request's.
const proxyConnectFailed = 2003

// rankTLS tells the back end's handshakes from clients', whose library errors stand at
// info without saying whose they are.
func (h *apacheHead) rankTLS(m *Message, level parser.Level) parser.Rank {
	switch {
	case h.client:
		return parser.RankNoise
	case h.number == proxyConnectFailed && level <= parser.LevelInfo:
		return parser.RankSecondary
	case h.remote != nil:
		return parser.RankPrimary
	case h.number == 0 && level <= parser.LevelInfo:
		return parser.RankNoise
	}
	return m.Rank
}

// APR's own status codes (srclib/apr/include/apr_errno.h).
const (
	aprGeneral    = 20014
	aprTimeUp     = 70007
	aprIncomplete = 70008
	aprEOF        = 70014
	aprResolver   = 670000 // APR_OS_START_EAIERR, getaddrinfo's errors from here
	aprSystem     = 720000 // APR_OS_START_SYSERR, Windows' errors from here
	ajpOverflow   = 120001 // modules/proxy/ajp.h
	ajpBadHeader  = 120006
)

// classOfStatus is the class of the status before a message; unknown if it has none
// or one that says nothing.
func (h *apacheHead) classOfStatus(phase parser.Phase, unknown parser.Symptom) parser.Symptom {
	switch n := h.status; {
	case n == 0:
		return unknown
	case n == aprTimeUp:
		return timerClass(phase)
	case n == aprEOF || n == aprGeneral || n == aprIncomplete:
		if phase == parser.PhaseConnecting || unknown == parser.SymptomDiskFull {
			return unknown
		}
		return parser.SymptomPrematureClose
	case n == ajpBadHeader || n == ajpOverflow:
		return parser.SymptomProtocolError
	case n == errAborted && phase != parser.PhaseReadingHeader: // what is read there comes from the upstream
		return parser.SymptomClientAbort
	case phase == parser.PhaseReadingHeader && n == errInvalid: // ap_rgetline: a NUL byte is in the line
		return parser.SymptomInvalidHeader
	case phase == parser.PhaseReadingHeader && n == errNoSpace: // it is longer than ProxyIOBufferSize
		return parser.SymptomHeaderTooBig
	case n > aprResolver && n < aprSystem:
		return parser.SymptomResolveFailed
	case n > aprSystem:
		return socketClass(canonicalErrno(n-aprSystem, h.reason), phase, unknown)
	case n < 0:
		return unknown
	}
	return socketClass(canonicalErrno(h.status, h.reason), phase, unknown)
}

// guess classes a message that is not in the vocabulary: an error of a proxy module
// with a status of a socket is a failed request.
func (h *apacheHead) guess(r *parser.Record) {
	g := &r.Gateway
	if !has(h.module, "proxy") || r.Level < parser.LevelError || h.status == 0 {
		return
	}
	if class := h.classOfStatus(parser.PhaseNone, parser.SymptomOther); class != parser.SymptomOther && class != parser.SymptomClientAbort {
		g.Symptom, g.Rank = class, parser.RankPrimary
	}
}

// returnedBy takes the path out of "… returned by /path", which no other line has.
func returnedBy(message []byte) []byte {
	if _, after, ok := bytes.Cut(message, []byte(" returned by ")); ok {
		return after
	}
	return nil
}

// apacheStderr takes a script's words out of "Got error '…'" or a bare text, un-escaped
// (httpd escapes control characters, server/log.c).
func apacheStderr(body []byte, env *parser.Env) []byte {
	if has(body, "mod_fcgid: ") || has(body, `FastCGI: server "`) {
		_, body, _ = bytes.Cut(body, []byte("stderr: "))
	}
	if quoted, ok := bytes.CutPrefix(body, []byte("Got error '")); ok {
		body = bytes.TrimSuffix(bytes.TrimSuffix(quoted, []byte("'")), []byte(`\n`))
	}
	return bytes.TrimPrefix(unescaped(env, body), []byte(phpPrefix))
}
