package gateway

import (
	"bytes"
	"strings"
	"sync"

	"culprit/parser"
)

// An envoyWords is Envoy's vocabulary, taken apart by kind.
type envoyWords struct {
	messages   []Message
	flags      map[string]*Message // by short and long name
	reasons    map[string]*Message // inside {}, blanks as _
	details    map[string]*Message // response code details without what is in brackets
	transports []envoyTransport    // the first that is found counts
	events     map[string]*Message
	log        *templateIndex
	after      *Message // the answer broke off behind its header
	blackHole  *Message
}

// An envoyTransport is a phrase of a transport failure's text.
type envoyTransport struct {
	phrase  []byte
	message *Message
}

var envoyVocabulary = sync.OnceValue(loadEnvoy)

func loadEnvoy() *envoyWords {
	w := &envoyWords{
		messages: vocabularies["envoy"](),
		flags:    map[string]*Message{}, reasons: map[string]*Message{}, details: map[string]*Message{}, events: map[string]*Message{},
		log: newTemplateIndex(),
	}
	for i := range w.messages {
		m := &w.messages[i]
		kind, _, _ := strings.Cut(strings.TrimPrefix(m.ID, "envoy."), "-")
		switch kind {
		case "flag":
			short, long, _ := strings.Cut(m.Template, " ")
			w.flags[short], w.flags[long] = m, m
		case "reason":
			w.reasons[m.Template] = m
		case "detail":
			w.details[m.Template] = m
		case "transport":
			m.errno = leadingErrno(strings.TrimPrefix(m.ID, "envoy.transport-"))
			w.transports = append(w.transports, envoyTransport{[]byte(m.Template), m})
		case "event":
			w.events[m.Template] = m
		case "log":
			w.log.add(m.Template, m)
		case "after":
			w.after = m
		case "black":
			w.blackHole = m
		default:
			panic("BUG: envoy_messages.tsv: unknown kind: " + m.ID)
		}
	}
	w.log.sort()
	return w
}

// flag returns the message of the flag that decides in a list such as UF,URX; known
// is false if the list holds something that is no flag. No message: "-".
func (w *envoyWords) flag(list []byte) (decisive *Message, known bool) {
	if len(list) == 0 {
		return nil, false
	}
	if isDash(list) {
		return nil, true
	}
	for more := true; more; {
		var one []byte
		one, list, more = bytes.Cut(list, []byte(","))
		m := w.flags[string(one)]
		if m == nil {
			return decisive, false
		}
		if decisive == nil || w.before(m, decisive) {
			decisive = m
		}
	}
	return decisive, true
}

// before reports whether a stands before b in the file.
func (w *envoyWords) before(a, b *Message) bool {
	for i := range w.messages {
		switch &w.messages[i] {
		case a:
			return true
		case b:
			return false
		}
	}
	return false
}

// maxEnvoyText bounds what is looked at of a transport failure's text.
const maxEnvoyText = 256

// transport returns the message of a transport failure's text, which has blanks or _
// by version and place.
func (w *envoyWords) transport(text []byte) *Message {
	if len(text) == 0 || isDash(text) {
		return nil
	}
	var buf [maxEnvoyText]byte
	n := copy(buf[:], text)
	for i, c := range buf[:n] {
		if c == '_' {
			buf[i] = ' '
		}
	}
	for i := range w.transports {
		if t := &w.transports[i]; containsPhrase(buf[:n], t.phrase) {
			return t.message
		}
	}
	return nil
}

// containsPhrase finds phrase in b; a number at its end has to be whole.
func containsPhrase(b, phrase []byte) bool {
	for {
		i := bytes.Index(b, phrase)
		if i < 0 {
			return false
		}
		b = b[i+len(phrase):]
		if len(b) == 0 || !decimal(phrase[len(phrase)-1]) || !decimal(b[0]) {
			return true
		}
	}
}

// splitDetails takes response code details apart: name, and what is in its brackets,
// cut at the first , or | into reason and transport failure.
func splitDetails(details []byte) (name, reason, transport []byte) {
	open := bytes.IndexAny(details, "{([")
	if open < 0 {
		return details, nil, nil
	}
	name = details[:open]
	inside := bytes.TrimRight(details[open+1:], "})]")
	if cut := bytes.IndexAny(inside, ",|"); cut >= 0 {
		return name, inside[:cut], inside[cut+1:]
	}
	return name, inside, nil
}

// reason looks a reset's reason up, with blanks or _.
func (w *envoyWords) reason(text []byte) *Message {
	var buf [64]byte
	if len(text) == 0 || len(text) > len(buf) {
		return nil
	}
	n := copy(buf[:], text)
	for i, c := range buf[:n] {
		if c == ' ' {
			buf[i] = '_'
		}
	}
	return w.reasons[string(buf[:n])]
}

// leadingErrno is the system's error number that an id begins with, 0 if none.
func leadingErrno(id string) int32 {
	n, rest := leadingNumber([]byte(id))
	if len(rest) == len(id) {
		return 0
	}
	return int32(n)
}

// tellEnvoy writes what a message means into r.
func tellEnvoy(m *Message, r *parser.Record) {
	m.tell(nil, m.errno, &r.Gateway)
	if m.Rank > parser.RankNoise {
		r.Level = parser.LevelError
	}
}
