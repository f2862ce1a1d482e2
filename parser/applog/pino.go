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
	Role:    parser.RoleApp,
	Product: "node",
	Doc:     "https://github.com/pinojs/pino/blob/main/docs/api.md",
	Parse:   uncoloured(parsePino),
	Samples: []parser.Sample{
		{
			Line: `{"level":30,"time":1795359751442,"pid":23150,"hostname":"edge-3","name":"media-api","port":3000,"msg":"server listening"}`,
			Want: `time=2026-11-22T15:02:31.442Z level=info host=edge-3 program=media-api pid=23150 msg="server listening port=3000"`,
		},
		{ // pino-http
			Line: `{"level":30,"time":1795359751642,"pid":23150,"hostname":"edge-3","name":"media-api","req":{"id":1,"method":"GET","url":"/v2/rates","remoteAddress":"127.0.0.1"},"res":{"statusCode":200},"responseTime":6,"msg":"request completed"}`,
			Want: `time=2026-11-22T15:02:31.642Z level=info host=edge-3 program=media-api pid=23150 client=127.0.0.1 method=GET target=/v2/rates status=200 duration=6000 msg="request completed req.id=1 req.method=GET req.url=/v2/rates req.remoteAddress=127.0.0.1 res.statusCode=200 responseTime=6"`,
		},
		{
			Line: `{"level":50,"time":1795359751642,"pid":1,"hostname":"h","reqId":"req-1","err":{"type":"Error","message":"connect ECONNREFUSED 127.0.0.1:5432","stack":"Error: connect ECONNREFUSED 127.0.0.1:5432\n    at TCPConnectWrap.afterConnect","code":"ECONNREFUSED"},"msg":"request errored"}`,
			Want: `time=2026-11-22T15:02:31.642Z level=error host=h pid=1 msg="request errored reqId=req-1 err.code=ECONNREFUSED\nError: connect ECONNREFUSED 127.0.0.1:5432\n    at TCPConnectWrap.afterConnect"`,
		},
		{ // cut off by the carrier
			Line: `{"level":50,"time":1795359751642,"pid":1,"msg":"request errored","detail":"a very long te`,
			Want: `time=2026-11-22T15:02:31.642Z level=error pid=1 msg="request errored detail=\"a very long te\""`,
		},
	},
}

func parsePino(line []byte, env *parser.Env, r *parser.Record) bool {
	rest, ok := bytes.CutPrefix(line, []byte(`{"level":`))
	for ok && len(rest) > 0 && rest[0] >= '0' && rest[0] <= '9' {
		rest = rest[1:]
	}
	return ok && bytes.HasPrefix(rest, []byte(`,"time":1`)) && parseJSON(line, env, r)
}
