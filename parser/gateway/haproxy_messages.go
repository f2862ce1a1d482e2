package gateway

import (
	"strings"
	"sync"
)

// A haproxyBook is HAProxy's vocabulary: termination states by their first two letters,
// details of checks apart from whole messages.
type haproxyBook struct {
	messages      []Message
	states        map[[2]byte]*Message
	stateNoServer *Message
	errorLog      *Message
	events        *templateIndex // texts of events and of connection errors
	details       *templateIndex // reason: …, info: "…", maintenance cause: …
}

var haproxyVocabulary = sync.OnceValue(func() *haproxyBook {
	v := &haproxyBook{
		messages: vocabularies["haproxy"](), states: map[[2]byte]*Message{},
		events: newTemplateIndex(), details: newTemplateIndex(),
	}
	for i := range v.messages {
		m := &v.messages[i]
		state, isState := strings.CutPrefix(m.Template, "termination state ")
		switch {
		case isState && len(state) == 2:
			v.states[[2]byte([]byte(state))] = m
		case isState:
			v.stateNoServer = m
		case m.ID == "haproxy.error-log":
			v.errorLog = m
		case strings.HasPrefix(m.Template, "reason: ") || strings.HasPrefix(m.Template, "info: ") || strings.HasPrefix(m.Template, "maintenance cause: "):
			v.details.add(m.Template, m)
		default:
			v.events.add(m.Template, m)
		}
	}
	v.events.sort()
	v.details.sort()
	return v
})

func (x *templateIndex) message(text []byte) *Message {
	if t := x.find(text); t != nil {
		return t.variants[0]
	}
	return nil
}
