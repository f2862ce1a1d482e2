package gateway

import (
	"embed"
	"strings"
	"sync"
)

// messageFiles are the words of every gateway, of the libraries and of the runtimes that it is made
// with, NAME_messages.tsv. The head of nginx's tells what the columns are. Ids are unique over all of
// them, so each begins with its gateway's name or, for nginx, its module's.
//
//go:embed *_messages.tsv
var messageFiles embed.FS

// vocabularies are the messages by the file's NAME, in its order. Each is parsed once, when somebody
// asks for it, and shared: do not change it.
var vocabularies = func() map[string]func() []Message {
	all := map[string]func() []Message{}
	files, _ := messageFiles.ReadDir(".")
	for _, f := range files {
		all[strings.TrimSuffix(f.Name(), "_messages.tsv")] = sync.OnceValue(func() []Message {
			text, _ := messageFiles.ReadFile(f.Name())
			return parseMessages(string(text))
		})
	}
	return all
}()

// phrasesOf is a vocabulary with the index that finds the entry of a text.
func phrasesOf(name string) func() *phrasebook {
	return sync.OnceValue(func() *phrasebook { return newPhrasebook(vocabularies[name]()) })
}

// MessageByKey returns the message whose ID a format wrote into Gateway.MessageKey,
// of whatever gateway. It is shared: do not change it.
func MessageByKey(key string) (*Message, bool) {
	m, ok := messagesByKey()[key]
	return m, ok
}

var messagesByKey = sync.OnceValue(func() map[string]*Message {
	all := map[string]*Message{}
	for _, messages := range vocabularies {
		list := messages()
		for i := range list {
			all[list[i].ID] = &list[i]
		}
	}
	return all
})

// begin is the first of the messages whose whole text the text begins with; nil if there is none.
func begin(messages []Message, text []byte) *Message {
	for i := range messages {
		if has(text, messages[i].Template) {
			return &messages[i]
		}
	}
	return nil
}

// entry is the message of an id; nil if there is none.
func entry(messages []Message, id []byte) *Message {
	for i := range messages {
		if messages[i].ID == string(id) {
			return &messages[i]
		}
	}
	return nil
}
