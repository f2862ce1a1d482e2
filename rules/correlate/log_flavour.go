package correlate

import (
	"slices"
	"strings"

	"culprit/rules"
)

// flavours are what a gateway's own words name that is nginx with modules; clients choose none of
// them, since requests and their headers stand behind the message.
var flavours = []struct {
	product string
	words   []string
}{
	{"kong", []string{"[kong] ", "/kong/"}},
	{"apisix", []string{"/apisix/", "[apisix]"}},
	{"ingress-nginx", []string{"/ingress-nginx/"}},
	{"openresty", []string{"[lua] ", "/openresty/", "lua entry thread aborted", "lua tcp socket"}},
}

// maxFlavours is how many lines are looked at for the product's name.
const maxFlavours = 64

// flavour is the product that the lines of a case name.
func flavour(g *gathering, product string) string {
	if product != "nginx" {
		return product
	}
	best := len(flavours)
	for _, s := range g.symptoms[:min(len(g.symptoms), maxFlavours)] {
		said, _, _ := strings.Cut(s.Text, ", client: ")
		for i := range best {
			if s.Access {
				break
			}
			if slices.ContainsFunc(flavours[i].words, func(w string) bool { return strings.Contains(said, w) }) {
				best = i
				break
			}
		}
	}
	if best == len(flavours) {
		return product
	}
	return flavours[best].product
}

// nameShared says whose an access log is that has the form which nginx, Apache and others share:
// the one gateway's that the other logs are of.
func (e *Engine) nameShared(info *rules.SourceInfo) {
	const shared = "nginx-access"
	if info.Format != shared {
		return
	}
	product := ""
	for _, s := range e.sources {
		switch of := s.Source.Gateway; {
		case s.Source.Format == shared || of == "" || !s.Source.HasErrors:
		case of == "nginx" || product != "" && of != product:
			return
		default:
			product = of
		}
	}
	if product != "" {
		info.Gateway, info.Format = product, product+"-access"
	}
}
