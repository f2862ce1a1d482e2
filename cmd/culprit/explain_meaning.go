package main

import (
	"slices"

	"culprit/parser"
	"culprit/parser/gateway"
)

// gatewayMeaning is the catalogue's sentence about a gateway's message.
func gatewayMeaning(g *parser.Gateway) string {
	if g.MessageKey == "" {
		return ""
	}
	all := gateway.NginxMessages()
	if i := slices.IndexFunc(all, func(m gateway.Message) bool { return m.ID == g.MessageKey }); i >= 0 {
		return all[i].Meaning
	}
	return ""
}

func sortedKeys(m map[string]any) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
