package gateway

import (
	"strings"

	"culprit/parser"
)

// A phrasebook is the vocabulary of one gateway beside nginx: the same columns as
// nginx_messages.tsv, with the index that finds the entry of a text. The first phase of
// an entry is what the gateway was doing.
type phrasebook struct {
	messages []Message
	index    *templateIndex
}

func newPhrasebook(messages []Message) *phrasebook {
	p := &phrasebook{messages: messages, index: newTemplateIndex()}
	for i := range p.messages {
		p.index.add(p.messages[i].Template, &p.messages[i])
	}
	p.index.sort()
	return p
}

func (p *phrasebook) find(text []byte) *Message {
	if t := p.index.find(text); t != nil {
		return t.variants[0]
	}
	return nil
}

// classify fills symptom, phase, rank, key and causes of g from the entry of text; nil
// if there is none. errno is Linux's number, 0 if the text names none.
func (p *phrasebook) classify(text []byte, errno int32, g *parser.Gateway) *Message {
	m := p.find(text)
	if m != nil {
		m.tell(text, errno, g)
	}
	return m
}

// tell fills g from the entry.
func (m *Message) tell(text []byte, errno int32, g *parser.Gateway) {
	if len(m.Phases) > 0 {
		g.Phase = m.Phases[0]
	}
	g.Errno = errno
	g.Symptom, g.Rank = m.refine(parser.LevelError, g.Phase, text, errno)
	g.MessageKey, g.Causes = m.ID, m.Causes
}

// level is the level of a line of m where the gateway prints none.
func (m *Message) level() parser.Level {
	if len(m.Levels) == 0 {
		return parser.LevelError
	}
	return m.Levels[0]
}

// capture returns what stands in text in place of the template's first <name>, nil if
// the template has none. Literals are taken at their first place, as the match did, so
// what a client wrote into a later part cannot stand in for an earlier one.
func (m *Message) capture(text []byte, name string) []byte {
	template := m.Template
	for {
		literal := literalEnd(template)
		i := indexString(text, template[:literal])
		if i < 0 || literal == len(template) {
			return nil
		}
		text, template = text[i+literal:], template[literal:]
		end := placeholderEnd(template)
		found := template[1:end-1] == name
		template = template[end:]
		if found {
			next := template[:literalEnd(template)]
			switch i := indexString(text, next); {
			case next == "":
				return text
			case i >= 0:
				return text[:i]
			}
			return nil
		}
	}
}

// literalEnd returns the length of the text before the next <name>.
func literalEnd(template string) int {
	for at := 0; ; at++ {
		i := strings.IndexByte(template[at:], '<')
		if i < 0 {
			return len(template)
		}
		if at += i; placeholderEnd(template[at:]) > 0 {
			return at
		}
	}
}

// indexString is bytes.Index for a string, without making a slice of it.
func indexString(b []byte, s string) int {
	for i := 0; i+len(s) <= len(b); i++ {
		if len(s) == 0 || b[i] == s[0] && string(b[i:i+len(s)]) == s {
			return i
		}
	}
	return -1
}

// errnoNamed returns Linux's number of the error that text names at its end or
// anywhere else; 0 for none known here. Texts of glibc, musl and BSD.
func errnoNamed(text []byte) int32 {
	for _, e := range &errnoNames {
		if indexString(text, e.text) >= 0 {
			return e.number
		}
	}
	return 0
}

var errnoNames = [...]struct {
	text   string
	number int32
}{
	{"onnection refused", errRefused}, {"timed out", errTimedOut}, {"reset by peer", errReset},
	{"No route to host", errHostUnreach}, {"Host is unreachable", errHostUnreach},
	{"etwork is unreachable", errNetUnreach}, {"Network unreachable", errNetUnreach}, {"Host is down", errHostDown},
	{"No such file or directory", errNoEntry}, {"ermission denied", errAccess}, {"Broken pipe", errPipe},
	{"temporarily unavailable", errAgain}, {"Cannot assign requested address", errNoAddress},
	{"Address not available", errNoAddress}, {"ddress already in use", errInUse}, {"Address in use", errInUse},
	{"Too many open files", errFiles}, {"No file descriptors available", errFiles},
	{"No space left", errNoSpace}, {"Cannot allocate memory", errNoMemory}, {"Out of memory", errNoMemory},
	{"not connected", errNotConn}, {"Operation not permitted", errPerm}, {"connection abort", errAborted},
}
