package gateway

// An accessKey says which part of a request a named value is.
type accessKey uint8

const (
	keyNone    accessKey = iota // not known
	keyIgnored                  // known, and no part of parser.Access
	keyAppLog                   // a word of applications' logs, which no access format has
	keyLevel                    // a level: applications' logs have one, and few access formats a constant one for a log store
	keyTime                     // any form of stamp
	keyClient
	keyRequest
	keyMethod
	keyTarget // with query
	keyPath   // maybe rewritten or without query: second to keyTarget
	keyProtocol
	keyStatus
	keyBytes
	keyDuration
	keyHost
	keyServer  // server_name: second to keyHost
	keyService // proxy_upstream_name, namespace-service-port
	keyCache
	keyPeer
	keyPeerName    // host or URL of the peer: second to keyPeer
	keyPeerOrAgent // ua: $upstream_addr or $http_user_agent, by its shape
	keyPeerStatus
	keyConnect
	keyHeader
	keyResponse
	keyAnyResponse // response_time: the peer's beside a $request_time, else the request's
)

// nginxVariables are the variables that people log, under their own names
// (https://nginx.org/en/docs/varindex.html; those of ingress-nginx, Kong and APISIX
// from their templates).
var nginxVariables = map[string]accessKey{
	"time_local": keyTime, "time_iso8601": keyTime, "msec": keyTime,
	"remote_addr": keyClient, "the_real_ip": keyClient, "realip_remote_addr": keyIgnored, "remote_user": keyIgnored,
	"remote_port": keyIgnored, "proxy_protocol_addr": keyIgnored, "binary_remote_addr": keyIgnored,
	"request": keyRequest, "request_method": keyMethod, "request_uri": keyTarget, "uri": keyPath, "document_uri": keyPath,
	"server_protocol": keyIgnored, "protocol": keyProtocol, "args": keyIgnored, "query_string": keyIgnored, "scheme": keyIgnored,
	"status": keyStatus, "body_bytes_sent": keyBytes, "bytes_sent": keyBytes, "bytes_received": keyIgnored,
	"request_length": keyIgnored, "request_time": keyDuration, "session_time": keyDuration, "request_id": keyIgnored,
	"host": keyHost, "http_host": keyHost, "server_name": keyServer, "server_addr": keyIgnored, "server_port": keyIgnored,
	"hostname": keyIgnored, "connection": keyIgnored, "connection_requests": keyIgnored, "pipe": keyIgnored, "pid": keyIgnored,
	"http_referer": keyIgnored, "http_user_agent": keyIgnored, "http_x_forwarded_for": keyIgnored, "gzip_ratio": keyIgnored,
	"ssl_protocol": keyIgnored, "ssl_cipher": keyIgnored, "ssl_server_name": keyIgnored, "http_x_real_ip": keyIgnored,
	"upstream_addr": keyPeer, "upstream_status": keyPeerStatus, "upstream_connect_time": keyConnect,
	"upstream_header_time": keyHeader, "upstream_first_byte_time": keyHeader, "upstream_response_time": keyResponse,
	"upstream_session_time": keyResponse, "upstream_cache_status": keyCache, "upstream_response_length": keyIgnored,
	"upstream_bytes_sent": keyIgnored, "upstream_bytes_received": keyIgnored, "proxy_host": keyIgnored,
	"proxy_upstream_name": keyService, "proxy_alternative_upstream_name": keyIgnored, "req_id": keyIgnored,
	"kong_request_id": keyIgnored, "apisix_request_id": keyIgnored,
}

// accessAliases are the names that people give to those variables: nginx's and
// Amplify's examples (rt, uct, ua, us, ut, cs), LTSV (reqtime, apptime, req, size),
// Elastic's and Datadog's field names. Names that are made of others, as
// backend_status is, need no entry (composedKey).
var accessAliases = map[string]accessKey{
	"time": keyTime, "timestamp": keyTime, "ts": keyTime, "datetime": keyTime, "date": keyTime, "t": keyTime,
	"local_time": keyTime, "date_time": keyTime, "log_time": keyTime, "logtime": keyTime, "access_time": keyTime,
	"time_stamp": keyTime, "timelocal": keyTime, "event_time": keyTime, "iso8601": keyTime, "time_msec": keyTime,
	"at": keyTime, "when": keyTime, "logged": keyTime, "logged_at": keyTime, "epoch": keyTime,

	"client": keyClient, "client_ip": keyClient, "clientip": keyClient, "client_addr": keyClient, "remote_ip": keyClient,
	"remote": keyClient, "remote_host": keyClient, "remoteaddr": keyClient, "ip": keyClient, "real_ip": keyClient,
	"realip": keyClient, "source_ip": keyClient, "src_ip": keyClient, "src": keyClient, "client_address": keyClient,
	"remote_address": keyClient, "source_address": keyClient, "network_client_ip": keyClient, "addr": keyClient, "address": keyClient, "from": keyClient,

	"req": keyRequest, "request_line": keyRequest, "http_request": keyRequest, "r": keyRequest,
	"method": keyMethod, "http_method": keyMethod, "verb": keyMethod, "m": keyMethod,
	"url": keyTarget, "target": keyTarget, "url_original": keyTarget, "requesturi": keyTarget,
	"path": keyPath, "p": keyPath, "url_path": keyPath, "http_uri": keyPath, "u": keyPath,

	"code": keyStatus, "status_code": keyStatus, "statuscode": keyStatus, "http_status": keyStatus, "st": keyStatus,
	"http_response_status_code": keyStatus, "response": keyStatus, "s": keyStatus,

	"bytes": keyBytes, "size": keyBytes, "body_bytes": keyBytes, "body_size": keyBytes, "b": keyBytes,
	"bytes_out": keyBytes, "sent": keyBytes, "http_response_body_bytes": keyBytes, "sent_bytes": keyBytes,
	"network_bytes_written": keyBytes, "length": keyBytes,

	"rt": keyDuration, "reqtime": keyDuration, "req_time": keyDuration, "duration": keyDuration, "request_duration": keyDuration,
	"requesttime": keyDuration, "took": keyDuration, "dur": keyDuration, "seconds": keyDuration,
	"elapsed": keyDuration, "latency": keyDuration, "total_time": keyDuration, "time_taken": keyDuration, "tt": keyDuration,
	"response_time": keyAnyResponse, "responsetime": keyAnyResponse, "resp_time": keyAnyResponse,

	"vhost": keyHost, "virtual_host": keyHost, "domain": keyHost, "hst": keyHost, "url_domain": keyHost, "authority": keyHost,
	"sn": keyServer, "servername": keyServer, "server": keyServer, "site": keyServer,

	"cache_status": keyCache, "cache": keyCache, "handling": keyCache, "cs": keyCache, "ucs": keyCache, "cachestatus": keyCache,

	"upstream": keyPeer, "backend": keyPeer, "uaddr": keyPeer, "to": keyPeer, "proxy_to": keyPeer, "peer": keyPeer,
	"uip": keyPeer, "up": keyPeer, "ups": keyPeer, "ua": keyPeerOrAgent,

	"us": keyPeerStatus, "ustatus": keyPeerStatus, "ust": keyPeerStatus, "upstatus": keyPeerStatus,

	"uct": keyConnect, "ct": keyConnect,
	"uht": keyHeader, "ht": keyHeader,
	"urt": keyResponse, "ut": keyResponse, "apptime": keyResponse, "upt": keyResponse,

	"user": keyIgnored, "referer": keyIgnored, "referrer": keyIgnored, "user_agent": keyIgnored, "useragent": keyIgnored, "agent": keyIgnored,
	"xff": keyIgnored, "x_forwarded_for": keyIgnored, "forwardedfor": keyIgnored, "ul": keyIgnored,

	"level": keyLevel, "lvl": keyLevel, "severity": keyLevel, "loglevel": keyLevel, "log_level": keyLevel, "levelname": keyLevel,
	"msg": keyAppLog, "message": keyAppLog, "logger": keyAppLog, "caller": keyAppLog, "stack": keyAppLog, "thread": keyAppLog,
	"latency_human": keyAppLog, // Echo's request log
}
