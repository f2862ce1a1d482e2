package gateway

import (
	"bytes"
	"slices"

	"culprit/parser"
)

// refine turns a message's class and rank into those of one line of it. errno is
// canonical. Level rules: nginx logs the usual socket and TLS errors at info on a
// client's connection and at error on an upstream's (ngx_connection_error).
func (m *Message) refine(level parser.Level, phase parser.Phase, bare []byte, errno int32) (parser.Symptom, parser.Rank) {
	switch m.rule {
	case ruleSocket:
		return m.refineSocket(level, phase, errno)
	case ruleTLS:
		return m.refineTLS(level, phase, errno)
	case ruleTimer:
		if phase == parser.PhaseUpgraded && level <= parser.LevelInfo {
			return parser.SymptomReadTimeout, parser.RankNoise // an idle tunnel
		}
		return timerClass(phase), parser.RankPrimary
	case ruleFile:
		if level < parser.LevelCrit {
			return parser.SymptomOther, parser.RankNoise
		}
		return resourceClass(errno, m.Class), m.Rank
	case ruleResource:
		if errno == errAborted {
			return parser.SymptomClientAbort, parser.RankNoise
		}
		return resourceClass(errno, m.Class), m.Rank
	case ruleResolve:
		if phase == parser.PhaseOther {
			return m.Class, parser.RankNoise
		}
	case ruleLimit:
		if bytes.Contains(bare, []byte(", dry run")) {
			return parser.SymptomOther, parser.RankNoise
		}
	case ruleStderr:
		if saysFatal(bare) {
			return parser.SymptomUpstreamStatus, parser.RankPrimary
		}
		return parser.SymptomOther, parser.RankNoise
	case ruleLua:
		return scriptClass(level, bare)
	}
	return m.Class, m.Rank
}

func (m *Message) refineSocket(level parser.Level, phase parser.Phase, errno int32) (parser.Symptom, parser.Rank) {
	switch {
	case phase == parser.PhaseResolving:
		return parser.SymptomResolveFailed, parser.RankPrimary
	case level <= parser.LevelInfo:
		return parser.SymptomClientAbort, parser.RankNoise
	case phase == parser.PhaseOther:
		return parser.SymptomOther, parser.RankNoise // the client's side, or the logger's
	}
	class := m.Class
	if class == parser.SymptomClientAbort {
		class = parser.SymptomOther // the words of a client's line at a level that clients do not have
	}
	class = socketClass(errno, phase, class)
	if phase == parser.PhaseNone && !m.inPhase(phase) {
		return class, parser.RankSecondary // no request is known to hang on it
	}
	if phase != parser.PhaseNone {
		return class, parser.RankPrimary
	}
	return class, m.Rank
}

func (m *Message) inPhase(phase parser.Phase) bool {
	if slices.Contains(m.Phases, phase) {
		return true
	}
	return len(m.Phases) == 0
}

func (m *Message) refineTLS(level parser.Level, phase parser.Phase, errno int32) (parser.Symptom, parser.Rank) {
	switch {
	case level <= parser.LevelInfo || phase == parser.PhaseOther:
		return m.Class, parser.RankNoise
	case phase == parser.PhaseNone:
		return m.Class, parser.RankSecondary
	case phase == parser.PhaseTLSHandshake:
		return m.Class, parser.RankPrimary
	case errno == errReset || errno == errPipe || errno == errNotConn:
		return parser.SymptomConnReset, parser.RankPrimary
	}
	return m.Class, parser.RankPrimary
}

// socketClass is the class of an error on an upstream's socket.
func socketClass(errno int32, phase parser.Phase, unknown parser.Symptom) parser.Symptom {
	switch errno {
	case errRefused:
		return parser.SymptomConnRefused
	case errReset, errPipe, errNotConn, errAborted:
		return parser.SymptomConnReset
	case errTimedOut:
		return kernelTimeout(phase)
	case errHostUnreach, errNetUnreach, errHostDown, errPerm, errFamily:
		return parser.SymptomNoRoute // EPERM: a local packet filter; EAFNOSUPPORT: no such network here
	case errNoEntry, errNotDir:
		return parser.SymptomSocketMissing
	case errAccess:
		return parser.SymptomSocketPermission
	case errAgain:
		return parser.SymptomQueueFull // a unix socket's backlog
	}
	return resourceClass(errno, unknown)
}

// resourceClass is the class of an error that means the gateway itself ran short.
func resourceClass(errno int32, unknown parser.Symptom) parser.Symptom {
	switch errno {
	case errFiles, errFilesSystem:
		return parser.SymptomNoFiles
	case errNoMemory, errNoBuffers:
		return parser.SymptomNoMemory
	case errNoAddress, errInUse:
		return parser.SymptomNoPorts
	case errNoSpace, errQuota:
		return parser.SymptomDiskFull
	}
	return unknown
}

// kernelTimeout is the class of ETIMEDOUT: the kernel gave up retransmitting.
func kernelTimeout(phase parser.Phase) parser.Symptom {
	switch phase {
	case parser.PhaseConnecting, parser.PhaseNone, parser.PhaseTLSHandshake:
		return parser.SymptomConnectTimeout
	case parser.PhaseSendingRequest:
		return parser.SymptomSendTimeout
	}
	return parser.SymptomReadTimeout
}

// timerClass is the class of nginx's own timers: *_connect_timeout, the handshake's,
// *_send_timeout, *_read_timeout.
func timerClass(phase parser.Phase) parser.Symptom {
	switch phase {
	case parser.PhaseConnecting:
		return parser.SymptomConnectTimeout
	case parser.PhaseTLSHandshake:
		return parser.SymptomTLSHandshake
	case parser.PhaseSendingRequest:
		return parser.SymptomSendTimeout
	}
	return parser.SymptomReadTimeout
}

// saysFatal reports whether an upstream's stderr says that it could not serve the
// request; warnings and notices do not.
func saysFatal(b []byte) bool {
	for _, word := range [...]string{
		"Fatal error", "Parse error", "Uncaught ", "Allowed memory size", "Traceback (most recent call last)",
		"panic: ", "Segmentation fault", "FATAL", "Out of memory",
	} {
		if bytes.Contains(b, []byte(word)) {
			return true
		}
	}
	return false
}

// scriptClass reads a Lua script's own words: an error about a connection is the
// gateway's reaction to something that failed; the rest is talk.
func scriptClass(level parser.Level, b []byte) (parser.Symptom, parser.Rank) {
	if level < parser.LevelError {
		return parser.SymptomOther, parser.RankNoise
	}
	for _, w := range [...]struct {
		words string
		class parser.Symptom
	}{
		{"onnection refused", parser.SymptomConnRefused},
		{"onnection reset", parser.SymptomConnReset},
		{"could not be resolved", parser.SymptomResolveFailed},
		{"no resolver defined", parser.SymptomNoResolver},
		{"no route to host", parser.SymptomNoRoute},
		{"No route to host", parser.SymptomNoRoute},
		{"timed out", parser.SymptomReadTimeout},
		{"timeout", parser.SymptomReadTimeout},
	} {
		if bytes.Contains(b, []byte(w.words)) {
			return w.class, parser.RankSecondary
		}
	}
	return parser.SymptomOther, parser.RankNoise
}

// guess classes a message that is not in the vocabulary, a newer nginx's or a module's:
// at error and above while an upstream was worked with, the request failed.
func guess(level parser.Level, phase parser.Phase, bare []byte, errno int32) (parser.Symptom, parser.Rank) {
	switch {
	case level == parser.LevelEmerg:
		return parser.SymptomOther, parser.RankSecondary
	case level < parser.LevelError || phase < parser.PhaseConnecting || phase > parser.PhaseReadingBody:
		return parser.SymptomOther, parser.RankNoise
	case bytes.Contains(bare, []byte("timed out")):
		return timerClass(phase), parser.RankPrimary
	case bytes.Contains(bare, []byte("prematurely closed")):
		return parser.SymptomPrematureClose, parser.RankPrimary
	}
	return socketClass(errno, phase, parser.SymptomOther), parser.RankPrimary
}
