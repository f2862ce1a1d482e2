package applog

import (
	"bytes"

	"culprit/parser"
)

// pino is the JSON of pino and of Fastify, which logs through it: jsonl's layout
// with the numeric level first and the time in milliseconds after it (lib/proto.js,
// asJson). Only Node writes it, so it names the process.
var pino = parser.Format{
	Name:    "pino",
	Gates:   []parser.Gate{{First: parser.Object}},
	Role:    parser.RoleApp,
	Product: "node",
	Doc:     "https://github.com/pinojs/pino/blob/main/docs/api.md",
	Parse:   uncoloured(parsePino),
}

func parsePino(line []byte, env *parser.Env, r *parser.Record) bool {
	rest, ok := bytes.CutPrefix(line, []byte(`{"level":`))
	for ok && len(rest) > 0 && rest[0] >= '0' && rest[0] <= '9' {
		rest = rest[1:]
	}
	return ok && bytes.HasPrefix(rest, []byte(`,"time":1`)) && parseJSON(line, env, r)
}
