package gateway

import (
	"bytes"

	"culprit/parser"
	"culprit/parser/timestamp"
)

// varnish is what is known of the product: whatever fails a fetch is a 503 (vbf_beresp2obj and
// vcl_backend_error of the built-in VCL); any other 5xx was an answer.
var varnish = Product{
	Name:        "varnish",
	PlainOnly:   true, // backend_definition has no TLS (reference/vcl-backend.html)
	StampsBegin: true, // %t (varnishncsa.html)
	Answers:     map[parser.Symptom][]int16{parser.SymptomNone: {503}},
}

// varnishLog is the output of varnishlog, grouped by transaction or raw. Grouped, a line
// with stars opens a transaction and lines with dashes are its records; raw, each line
// has the transaction's number and its side:
//
//	32771 FetchError     b HTC eof (-1)
//
// One line is one record of the shared memory log. Only Timestamp records (and
// SessOpen) have a time. A line by itself tells the failure and, in most texts, the
// back end's name; a whole group (VarnishGroupStart, VarnishGroupLine) tells name,
// request and time together, and Parse reads it as one text with newlines.
//
// Upstream is the back end's name in VCL, which every record about it has, not its
// address, which only a connection that was made logs.
//
// What clients and back ends wrote (headers, URLs) never becomes a Message.
var varnishLog = &parser.Format{
	Name:    "varnish-log",
	Gates:   []parser.Gate{{First: "*", All: "<>"}, {First: parser.Digits + "-"}},
	Role:    parser.RoleGateway,
	Product: "varnish",
	Doc:     "https://varnish-cache.org/docs/trunk/reference/vsl.html; varnish-cache include/tbl/vsl_tags.h, lib/libvarnishapi/vsl.c",
	Parse:   parseVarnishLog,
}

func parseVarnishLog(line []byte, env *parser.Env, r *parser.Record) bool {
	if VarnishGroupStart(line) {
		return parseVarnishGroup(line, env, r)
	}
	tag, text, ok := varnishRecord(line)
	if !ok {
		return false
	}
	varnishTag(tag, text, line, r)
	return true
}

// VarnishGroupStart reports whether a line opens a transaction: stars for its depth,
// "<<", its type and its number.
func VarnishGroupStart(line []byte) bool {
	if len(line) < len("*   << BeReq    >> 1") || line[0] != '*' {
		return false
	}
	rest := line[1:]
	for len(rest) > 0 && (rest[0] == '*' || isDigit(rest[0])) {
		rest = rest[1:]
	}
	rest = trimBlanks(rest)
	if !has(rest, "<< ") {
		return false
	}
	rest = rest[len("<< "):]
	end := wordEnd(rest, 0)
	switch string(rest[:end]) {
	case "BeReq", "Request", "Session":
	default:
		return false
	}
	rest = trimBlanks(rest[end:])
	return has(rest, ">> ") && len(rest) > 3 && isDigit(rest[3])
}

// VarnishGroupLine reports whether a line goes on with the transaction of the line
// before: dashes for its depth and a known tag.
func VarnishGroupLine(line []byte) bool {
	if len(line) == 0 || line[0] != '-' {
		return false
	}
	_, _, ok := varnishRecord(line)
	return ok
}

// varnishRecord cuts a line into tag and text: "-   Tag            text" with one dash
// or more, or " 32771 Tag            b text".
func varnishRecord(line []byte) (tag, text []byte, ok bool) {
	b := line
	raw := false
	if len(b) > 0 && b[0] == '-' {
		for len(b) > 0 && len(line)-len(b) < 4 && (b[0] == '-' || isDigit(b[0])) {
			b = b[1:]
		}
		if len(b) < 2 || b[0] != ' ' {
			return nil, nil, false
		}
	} else {
		_, rest := leadingNumber(trimBlanks(b))
		if raw = len(rest) > 0 && rest[0] == ' ' && len(rest) < len(b); !raw {
			return nil, nil, false
		}
		b = rest
	}
	b = trimBlanks(b)
	end := wordEnd(b, 0)
	tag, text = b[:end], trimBlanks(b[end:])
	if !isVarnishTag(tag) {
		return nil, nil, false
	}
	if !raw {
		return tag, text, len(line) >= len("-   Tag")
	}
	if len(text) == 0 || text[0] != 'b' && text[0] != 'c' && text[0] != '-' || len(text) > 1 && text[1] != ' ' {
		return nil, nil, false
	}
	return tag, trimBlanks(text[1:]), true
}

// varnishTag fills the record from one record of the log.
func varnishTag(tag, text, line []byte, r *parser.Record) {
	switch string(tag) {
	case "FetchError", "Gzip":
		if string(tag) == "Gzip" && !has(text, "Gunzip error") {
			return
		}
		r.Kind = parser.KindGateway
		varnishFetchError(text, r)
	case "VCL_Error", "Error":
		r.Kind = parser.KindGateway
		varnishVCLError(text, r)
	case "Backend_health":
		if varnishHealth(text, r) {
			r.Kind = parser.KindGateway
		}
	case "Timestamp":
		r.Stamp, _ = varnishTime(text)
		return
	case "BackendOpen", "BackendClose", "SessClose", "VCL_call", "VCL_return", "Begin", "End":
	default:
		return
	}
	r.Message = varnishMessage(tag, line)
}

// varnishMessage is the line from its tag on.
func varnishMessage(tag, line []byte) []byte {
	i := indexString(line, string(tag))
	return line[max(i, 0):]
}

// varnishTime reads "Error: 1795618898.075405 0.003770 0.000003": the moment, and how
// long after the transaction's start.
func varnishTime(text []byte) (s parser.Stamp, since int64) {
	i := bytes.IndexByte(text, ' ')
	if i < 1 || text[i-1] != ':' {
		return s, -1
	}
	s, n, ok := timestamp.Epoch(text[i+1:])
	if !ok {
		return parser.Stamp{}, -1
	}
	rest := text[i+1+n:]
	if len(rest) < 2 {
		return s, -1
	}
	rest = rest[1:]
	since, ok = seconds(rest[:wordEnd(rest, 0)])
	if !ok {
		return s, -1
	}
	return s, since
}

// isVarnishTag knows the tags of include/tbl/vsl_tags.h and vsl_tags_http.h.
func isVarnishTag(b []byte) bool {
	switch string(b) {
	case "ReqMethod", "ReqURL", "ReqStatus", "ReqReason", "ReqProtocol", "ReqHeader", "ReqUnset", "ReqLost",
		"RespMethod", "RespURL", "RespStatus", "RespReason", "RespProtocol", "RespHeader", "RespUnset", "RespLost",
		"BereqMethod", "BereqURL", "BereqStatus", "BereqReason", "BereqProtocol", "BereqHeader", "BereqUnset", "BereqLost",
		"BerespMethod", "BerespURL", "BerespStatus", "BerespReason", "BerespProtocol", "BerespHeader", "BerespUnset", "BerespLost",
		"ObjMethod", "ObjURL", "ObjStatus", "ObjReason", "ObjProtocol", "ObjHeader", "ObjUnset", "ObjLost":
		return true
	case "Debug", "Error", "CLI", "SessOpen", "SessClose", "BackendOpen", "BackendClose", "BackendReuse", "HttpGarbage",
		"Proxy", "ProxyGarbage", "Backend", "Length", "FetchError", "BogoHeader", "LostHeader", "TTL", "Fetch_Body",
		"VCL_acl", "VCL_call", "VCL_trace", "VCL_return", "ReqStart", "Hit", "HitPass", "HitMiss", "ExpBan", "ExpKill",
		"WorkThread", "ESI_xmlerror", "Hash", "Backend_health", "VCL_Log", "VCL_Error", "Gzip", "Link", "Begin", "End", "VSL",
		"Storage", "Timestamp", "ReqAcct", "PipeAcct", "BereqAcct", "Witness", "VfpAcct", "H2RxHdr", "H2RxBody", "H2TxHdr",
		"H2TxBody", "Filters", "VCL_use", "SessError", "Notice", "VdpAcct", "ESI_BodyAcct", "Brotli":
		return true
	}
	return false
}
