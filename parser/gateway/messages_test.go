package gateway

import "testing"

func TestMessageKeysAreUnique(t *testing.T) {
	seen := map[string]string{}
	for _, messages := range vocabularies {
		list := messages()
		for i := range list {
			m := &list[i]
			if other, ok := seen[m.ID]; ok {
				t.Errorf("%s stands for %q and %q", m.ID, other, m.Template)
			}
			seen[m.ID] = m.Template
			if got, ok := MessageByKey(m.ID); !ok || got.Template != m.Template {
				t.Errorf("%s is not found", m.ID)
			}
		}
	}
	if _, ok := MessageByKey("haproxy.no-such-thing"); ok {
		t.Error("an unknown key is found")
	}
}
