package correlate

import (
	"testing"

	"culprit/parser"
	"culprit/rules"
)

func under(tag string) tallyChange {
	return func(t *rules.Tally) { t.Stream = rules.StreamAccess + tag }
}

func TestTagsOfAccessLines(t *testing.T) {
	gateway := func() *logFile { return errorLog("error.log").fails(5, shopAddress, parser.SymptomConnRefused, 1) }
	for name, c := range map[string]struct {
		tag    string
		beside []*logFile
		speaks bool
		app    bool
	}{
		"an application's beside a gateway's error log": {"shop", []*logFile{gateway()}, false, true},
		"nothing else is there":                         {"shop", nil, false, false},
		"the product's name":                            {"compose-nginx-1", []*logFile{gateway()}, false, false},
		"a gateway complains under it":                  {"web-1", []*logFile{gateway()}, true, false},
		"the product of an error log":                   {"apache2", []*logFile{func() *logFile { l := gateway(); l.d.Source.Gateway = "apache"; return l }()}, false, false},
		"beside an access log of upstreams":             {"shop", []*logFile{accessLog("access.log").answers(1, shopAddress, 200, 1)}, false, true},
		"beside an application's own log":               {"web-1", []*logFile{appLog("app.log").pid(12)}, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			shared := accessLog("journal.log").answers(1, "", 200, 3, under(c.tag))
			if c.speaks {
				shared.d.Speakers = []string{c.tag}
			}
			e := New(Config{})
			for _, l := range append(c.beside, shared) {
				e.Add(copied(&l.d))
			}
			for range 2 { // deciding again changes nothing
				e.Decide()
				for _, s := range e.sources {
					if s.Source.Path == "journal.log" && s.Source.HasAccess == c.app {
						t.Errorf("an application's: %v, want %v", !s.Source.HasAccess, c.app)
					}
				}
			}
		})
	}
}
