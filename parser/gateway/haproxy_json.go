package gateway

import (
	"bytes"

	"culprit/parser"
	"culprit/parser/timestamp"
)

// A haproxyKey says what a value of a JSON log-format is.
type haproxyKey uint8

const (
	haNone haproxyKey = iota
	haClient
	haTime
	haFrontend
	haBackend
	haServer
	haState
	haStatus
	haBytes
	haRequestTime
	haQueueTime
	haConnectTime
	haResponseTime
	haTotalTime
	haRequest
	haMethod
	haTarget
	haHost
	haRequestID
)

// haproxyKeys are the variables' own names, which %{+json} prints, and the words that
// log-formats in use put in their place.
var haproxyKeys = map[string]haproxyKey{
	"ci": haClient, "client_ip": haClient, "clientip": haClient, "src": haClient, "client": haClient, "c_ip": haClient, "remote_addr": haClient, "client_addr": haClient, "source_ip": haClient,
	"t": haTime, "tr": haTime, "trg": haTime, "trl": haTime, "T": haTime, "Tl": haTime, "time": haTime, "timestamp": haTime, "@timestamp": haTime, "date": haTime, "datetime": haTime, "accept_date": haTime, "request_date": haTime, "time_local": haTime, "start_time": haTime,
	"f": haFrontend, "ft": haFrontend, "frontend": haFrontend, "frontend_name": haFrontend, "fe_name": haFrontend, "fe": haFrontend, "frontend_name_transport": haFrontend,
	"b": haBackend, "backend": haBackend, "backend_name": haBackend, "be_name": haBackend, "be": haBackend,
	"s": haServer, "server": haServer, "server_name": haServer, "srv_name": haServer, "srv": haServer,
	"ts": haState, "tsc": haState, "termination_state": haState, "term_state": haState, "state": haState, "termination": haState, "session_state": haState, "session_state_at_disconnect": haState, "termination_state_with_cookie": haState, "termination_code": haState,
	"ST": haStatus, "status": haStatus, "status_code": haStatus, "http_status": haStatus, "http_status_code": haStatus, "response_code": haStatus, "res_status": haStatus,
	"B": haBytes, "bytes_read": haBytes, "bytes": haBytes, "bytes_sent": haBytes, "response_bytes": haBytes,
	"TR": haRequestTime, "Tq": haRequestTime, "time_request": haRequestTime, "time_client_request": haRequestTime,
	"Tw": haQueueTime, "time_queue": haQueueTime, "time_wait": haQueueTime, "time_backend_queue": haQueueTime, "time_queues": haQueueTime,
	"Tc": haConnectTime, "time_connect": haConnectTime, "time_backend_connect": haConnectTime, "time_server_connection": haConnectTime, "time_connection": haConnectTime,
	"Tr": haResponseTime, "time_response": haResponseTime, "time_backend_response": haResponseTime, "time_server_response": haResponseTime,
	"Ta": haTotalTime, "Tt": haTotalTime, "time_total": haTotalTime, "time_active": haTotalTime, "time_session": haTotalTime, "time_duration": haTotalTime, "time_active_ms": haTotalTime, "duration": haTotalTime,
	"r": haRequest, "request": haRequest, "http_request": haRequest, "request_line": haRequest,
	"HM": haMethod, "method": haMethod, "http_method": haMethod, "request_method": haMethod,
	"HU": haTarget, "HPO": haTarget, "HP": haTarget, "uri": haTarget, "http_uri": haTarget, "path": haTarget, "http_path": haTarget, "url": haTarget, "request_uri": haTarget,
	"host": haHost, "hdr_host": haHost, "vhost": haHost, "http_host": haHost, "ssl_fc_sni": haHost, "sni": haHost, "request_host": haHost,
	"ID": haRequestID, "unique_id": haRequestID, "request_id": haRequestID, "uniqueid": haRequestID,
}

// readJSON reads one object with any names; values whose names are not known are told by
// their look. It is HAProxy's if it has a valid termination state and a backend or server,
// which no other gateway logs.
func (s *haproxySession) readJSON(b []byte, env *parser.Env, r *parser.Record) bool {
	s.timers = haproxyTimers{-1, -1, -1, -1, -1}
	s.bytes = -1
	for pos := 1; ; {
		i := bytes.IndexByte(b[pos:], '"')
		if i < 0 {
			break
		}
		start := pos + i + 1
		end := quotedEnd(b, start)
		name := b[start:end]
		if pos = end + 1; pos >= len(b) {
			break
		}
		if pos = skipBlanks(b, pos); pos >= len(b) || b[pos] != ':' {
			continue // an element of an array
		}
		if pos = skipBlanks(b, pos+1); pos >= len(b) {
			break
		}
		var value []byte
		value, pos = jsonScalar(b, pos)
		s.take(name, value, env, r)
	}
	return s.finish(r)
}

func skipBlanks(b []byte, pos int) int {
	for pos < len(b) && (b[pos] == ' ' || b[pos] == '\t') {
		pos++
	}
	return pos
}

// jsonScalar reads a string or number at pos; an object or array is entered by the
// caller's next step, so nested names count as their own.
func jsonScalar(b []byte, pos int) (value []byte, next int) {
	if b[pos] == '"' {
		end := quotedEnd(b, pos+1)
		return b[pos+1 : end], min(end+1, len(b))
	}
	end := pos
	for end < len(b) && !isJSONEnd(b[end]) && b[end] != '{' && b[end] != '[' {
		end++
	}
	return b[pos:end], max(end, pos+1)
}

func (s *haproxySession) assign(key haproxyKey, value []byte, env *parser.Env, r *parser.Record) {
	a, t := &r.Access, &s.timers
	switch key {
	case haNone:
	case haTime:
		if stamp, n, ok := timestamp.Read(value); ok && n == len(value) {
			r.Stamp = stamp
		}
	case haRequestTime, haQueueTime, haConnectTime, haResponseTime, haTotalTime:
		n, ok := haproxyNumber(value)
		if !ok {
			return
		}
		*[...]*int64{&t.request, &t.queue, &t.connect, &t.response, &t.total}[key-haRequestTime] = n
	case haStatus:
		if n, ok := haproxyNumber(value); ok && n < 1000 {
			s.status = int16(max(n, 0))
		}
	case haBytes:
		if n, ok := haproxyNumber(value); ok {
			s.bytes = n
		}
	default:
		s.assignText(key, unescaped(env, value), a)
	}
}

// setBoth takes backend/server.
func (s *haproxySession) setBoth(value []byte) {
	slash := bytes.IndexByte(value, '/')
	s.both, s.backend, s.server = value, value[:slash], value[slash+1:]
}

func (s *haproxySession) assignText(key haproxyKey, value []byte, a *parser.Access) {
	if len(value) == 0 || isDash(value) {
		return
	}
	switch key {
	case haClient:
		if s.client = value; isHostPort(value) {
			s.client = withoutClientPort(value)
		}
	case haFrontend:
		s.frontend = bytes.TrimSuffix(value, []byte{'~'})
	case haBackend:
		if s.backend = value; isServerName(value) {
			s.setBoth(value)
		}
	case haServer:
		if s.server = value; isServerName(value) {
			s.setBoth(value)
		}
	case haState:
		if isHAProxyState(value) {
			s.state = value
		}
	case haRequest:
		a.Request = value
	case haMethod:
		a.Method = value
	case haTarget:
		a.Target = value
	case haHost:
		a.Host = value
	case haRequestID:
		a.RequestID = value
	}
}
