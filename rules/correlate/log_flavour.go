package correlate

import (
	"culprit/parser/gateway"
	"culprit/rules"
)

// maxFlavours is how many lines are looked at for the product's name.
const maxFlavours = 64

// flavour is the product that the lines of a case name: one of the kin that write its lines.
func flavour(g *gathering, product string) string {
	p := gateway.Of(product)
	best := len(p.Kin)
	for _, s := range g.symptoms[:min(len(g.symptoms), maxFlavours)] {
		if best > 0 && !s.Access {
			best = min(best, p.KinOf(s.Text))
		}
	}
	if best == len(p.Kin) {
		return product
	}
	return p.Kin[best].Name
}

// nameShared says whose an access log is that has a form which several products write: the one
// gateway's that the other logs are of. One that names upstreams has more than the form.
func (e *Engine) nameShared(source *source, info *rules.SourceInfo) {
	shared := gateway.Of(info.Gateway).SharedForm
	if info.Format != shared || shared == "" {
		return
	}
	names := namesUpstreams(source)
	product := ""
	for _, s := range e.sources {
		switch of := s.Source.Gateway; {
		case s.Source.Format == shared || of == "" || !s.Source.HasErrors:
		case of == info.Gateway || product != "" && of != product:
			return
		default:
			product = of
		}
	}
	if product != "" && (!names || gateway.Of(product).Runs == info.Gateway) {
		info.Gateway, info.Format = product, product+"-access"
	}
}
