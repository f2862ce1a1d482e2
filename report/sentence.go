package report

import (
	"strings"

	"culprit/rules"
)

// sentences makes a sentence of each item.
func sentences(items []string) []string {
	out := make([]string, len(items))
	for i, item := range items {
		out[i] = sentence(Clean(item))
	}
	return out
}

// openers are the words with which sentences about an incident begin and that are no names.
// All else may be one: gunicorn, nginx or a unit stays as it is written.
var openers = func() map[string]bool {
	words := map[string]bool{}
	for w := range strings.FieldsSeq(`a after all an another connecting connections container first further health how it its last most
		no nobody nothing one process so such that the these this those what when where whether which while who`) {
		words[w] = true
	}
	return words
}()

// sentence gives a cleaned text a full stop, and a capital unless it begins with a name.
func sentence(text string) string {
	text = strings.TrimSpace(text)
	if first, _, _ := strings.Cut(text, " "); openers[first] {
		text = strings.ToUpper(text[:1]) + text[1:]
	}
	return stopped(text)
}

// orders makes sentences of advice, whose words are the program's own: only the gateway's
// name may stand in front.
func orders(items []string, in *rules.Incident) []string {
	out := make([]string, len(items))
	for i, item := range items {
		text := strings.TrimSpace(Clean(item))
		if text != "" && text[0] >= 'a' && text[0] <= 'z' && (in.Gateway == "" || !strings.HasPrefix(item, in.Gateway)) {
			text = strings.ToUpper(text[:1]) + text[1:]
		}
		out[i] = stopped(text)
	}
	return out
}

func stopped(text string) string {
	if text != "" && !strings.ContainsAny(text[len(text)-1:], ".!?") {
		text += "."
	}
	return text
}
