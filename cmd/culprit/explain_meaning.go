package main

import (
	"slices"

	"culprit/parser"
	"culprit/parser/gateway"
)

// gatewayMeaning is the catalogue's sentence about a gateway's message.
func gatewayMeaning(g *parser.Gateway) string {
	if m, ok := gateway.MessageByKey(g.MessageKey); ok {
		return m.Meaning
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
