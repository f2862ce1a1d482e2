package gateway

import (
	"bytes"

	"culprit/parser"
)

// ocelot is what Ocelot, a gateway library of .NET, says when it answers a request with an error:
//
//	warn: Ocelot.Responder.Middleware.ResponderMiddleware[0]
//	      requestId: 0HLGKQK19POEE:00000002, previousRequestId: no previous request id, message: Error Code: ConnectionToDownstreamServiceError Message: Error connecting to downstream service, exception: System.Net.Http.HttpRequestException: Connection refused (localhost:5001)
//	       ---> System.Net.Sockets.SocketException (111): Connection refused
//	         at Ocelot.Requester.HttpClientHttpRequester.GetResponse(HttpContext httpContext) errors found in ResponderMiddleware. Setting error response for request path:/cart/7, request method: GET
//
// Only this class speaks when a request is over, at a warning; what others of its pipeline say of
// the same error is an application's. Parse wants the lines of one entry joined by \n. Other
// loggers than the console's leave the class out, but have the code and these last words.
var ocelot = &parser.Format{
	Name:    "ocelot",
	Gates:   []parser.Gate{{First: yarpFirst, All: ".:", Word: "ResponderMiddleware"}},
	Role:    parser.RoleGateway,
	Product: "ocelot",
	Program: true,
	Doc:     "https://github.com/ThreeMammals/Ocelot src/Ocelot/Responder/Middleware/ResponderMiddleware.cs, ErrorsToHttpStatusCodeMapper.cs, Requester/HttpExceptionToErrorMapper.cs, Logging/OcelotLogger.cs",
	Parse:   parseOcelot,
}

const (
	ocelotCategory = "Ocelot.Responder.Middleware.ResponderMiddleware[0]"
	ocelotCode     = "Error Code: "
	ocelotEnd      = " errors found in ResponderMiddleware. Setting error response for request path:"
)

// ocelotErrors are the codes that mean that no usable answer came, and what the client got; all
// others are refusals of the gateway's own, such as a path without a route.
var ocelotErrors = vocabularies["ocelot"]

func parseOcelot(lines []byte, env *parser.Env, r *parser.Record) bool {
	if has(lines, "{") {
		return ocelotJSON(lines, env, r)
	}
	head, text := lines, []byte(nil)
	if i := indexString(lines[:min(len(lines), 400)], ocelotCategory); i >= 0 {
		head, text = lines[:i], lines[i+len(ocelotCategory):]
	} else if i := indexString(lines[:min(len(lines), 400)], ocelotCode); i >= 0 && indexString(lines[i:], ocelotEnd) >= 0 {
		head, text = lines[:i], lines[i:]
	} else {
		return false
	}
	return yarpHead(head[:min(len(head), 60)], r) && ocelotFailure(text, env, r)
}

// ocelotFailure classes the entry by its code, and by the exception where that alone tells more.
func ocelotFailure(text []byte, env *parser.Env, r *parser.Record) bool {
	g := &r.Gateway
	r.Kind, r.Message = parser.KindGateway, bytes.TrimLeft(text, " \r\n")
	g.Symptom, g.Rank = parser.SymptomOther, parser.RankNoise
	if len(r.Message) == 0 { // the console's first line, before the others have come
		g.Rank = parser.RankPrimary
		return true
	}
	_, said, ok := bytes.Cut(text, []byte(ocelotCode))
	if !ok {
		return true
	}
	errors := ocelotErrors()
	for i := range errors {
		m := &errors[i]
		if !has(said, m.Template) || len(said) > len(m.Template) && said[len(m.Template)] != ' ' {
			continue
		}
		m.tell(nil, 0, g)
		if _, exception, ok := bytes.Cut(said, []byte(", exception: ")); ok && m.Class == parser.SymptomOther && m.Rank == parser.RankPrimary {
			tellException(exception, dotnetExceptions(), g)
		}
		break
	}
	if i := indexString(said, ocelotEnd); i >= 0 {
		path, method, _ := bytes.Cut(said[i+len(ocelotEnd):], []byte(", request method: "))
		g.Request = requestLine(env, untilAny(method, "' \r\n"), path, nil)
	}
	return true
}

// ocelotJSON reads what .NET's console logger prints as JSON.
func ocelotJSON(line []byte, env *parser.Env, r *parser.Record) bool {
	category, message, _ := dotnetEntry(line, r)
	return string(category) == ocelotCategory[:len(ocelotCategory)-len("[0]")] && ocelotFailure(unescaped(env, message), env, r)
}
