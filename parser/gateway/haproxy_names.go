package gateway

// A haproxyKey says what a named value of a log-format is.
type haproxyKey uint8

const (
	haNone haproxyKey = iota
	haClient
	haTime
	haFrontend
	haBackend
	haServer
	haServerAddr
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

// haproxyVariables are the names that %{+json} prints: those of the variables, whose case tells them apart.
var haproxyVariables = map[string]haproxyKey{
	"ci": haClient, "t": haTime, "tr": haTime, "trg": haTime, "trl": haTime, "T": haTime, "Tl": haTime, "Ts": haTime,
	"f": haFrontend, "ft": haFrontend, "b": haBackend, "s": haServer, "si": haServerAddr, "ts": haState, "tsc": haState, "ST": haStatus, "B": haBytes,
	"TR": haRequestTime, "Tq": haRequestTime, "Tw": haQueueTime, "Tc": haConnectTime, "Tr": haResponseTime, "Ta": haTotalTime, "Tt": haTotalTime,
	"r": haRequest, "HM": haMethod, "HU": haTarget, "HPO": haTarget, "HP": haTarget, "ID": haRequestID,
	"time_request": haRequestTime, "ssl_fc_sni": haHost, "unique_id": haRequestID, "unique-id": haRequestID, "request_id": haRequestID, "uniqueid": haRequestID,
}

// A haproxyNameSet is a set of words that names of members are made of.
type haproxyNameSet uint32

const (
	haxTime haproxyNameSet = 1 << iota
	haxDate
	haxConnect
	haxQueue
	haxResponse
	haxRequest
	haxWhole    // the whole session
	haxDuration // and its length
	haxEnd      // how it ended
	haxFlags    // its state in other words, and Envoy's
	haxState
	haxStatus
	haxCode
	haxBytes
	haxOut // towards the client
	haxClient
	haxUpstream
	haxFrontend
	haxBackend
	haxServer
	haxAddress
	haxHost
	haxMethod
	haxTarget
	haxName
	haxFiller
	haxOther
)

var haproxyNameWords = map[string]haproxyNameSet{
	"time": haxTime, "timer": haxTime, "timers": haxTime, "times": haxTime, "timing": haxTime, "timings": haxTime, "ms": haxTime, "msec": haxTime, "millis": haxTime,
	"timestamp": haxDate, "date": haxDate, "datetime": haxDate, "stamp": haxDate, "start": haxDate, "accept": haxDate, "local": haxDate, "gmt": haxDate, "utc": haxDate, "at": haxDate,
	"connect": haxConnect, "connection": haxConnect, "tc": haxConnect | haxTime, "queue": haxQueue, "queues": haxQueue, "queued": haxQueue, "wait": haxQueue, "waiting": haxQueue, "tw": haxQueue | haxTime,
	"response": haxResponse, "resp": haxResponse, "res": haxResponse, "request": haxRequest, "req": haxRequest, "tq": haxClient | haxRequest | haxTime,
	"total": haxWhole, "session": haxWhole, "active": haxWhole, "tt": haxWhole | haxTime, "ta": haxWhole | haxTime, "duration": haxDuration, "elapsed": haxDuration, "latency": haxDuration,
	"termination": haxEnd, "term": haxEnd, "terminated": haxEnd, "disconnect": haxEnd, "tsc": haxEnd, "flags": haxFlags, "state": haxState,
	"status": haxStatus, "st": haxStatus, "code": haxCode, "bytes": haxBytes, "size": haxBytes, "read": haxOut, "sent": haxOut, "out": haxOut,
	"client": haxClient, "remote": haxClient, "src": haxClient, "source": haxClient, "c": haxClient, "clientip": haxClient | haxAddress, "ci": haxClient | haxAddress, "upstream": haxUpstream,
	"frontend": haxFrontend, "fe": haxFrontend, "ft": haxFrontend, "listener": haxFrontend, "backend": haxBackend, "be": haxBackend, "server": haxServer, "srv": haxServer, "si": haxServer | haxAddress,
	"ip": haxAddress, "addr": haxAddress, "address": haxAddress, "host": haxHost, "vhost": haxHost, "sni": haxHost, "domain": haxHost, "authority": haxHost,
	"method": haxMethod, "verb": haxMethod, "uri": haxTarget, "url": haxTarget, "path": haxTarget, "hu": haxTarget, "hp": haxTarget,
	"name": haxName, "transport": haxName, "http": haxFiller, "haproxy": haxFiller, "send": haxFiller, "line": haxFiller, "header": haxFiller, "hdr": haxFiller,
}

// haproxyNames says what names mean: they hold one of some and, if there are any, one of
// with, and no word besides but of may.
var haproxyNames = []struct {
	some, with, may haproxyNameSet
	key             haproxyKey
}{
	{haxEnd, 0, ^haproxyNameSet(0), haState},
	{haxState | haxFlags, 0, haxWhole, haState},
	{haxConnect, haxTime | haxDuration, haxServer | haxBackend | haxUpstream, haConnectTime},
	{haxQueue, haxTime | haxDuration, haxServer | haxBackend, haQueueTime},
	{haxClient, haxRequest, haxTime, haRequestTime},
	{haxDuration, 0, haxWhole | haxRequest | haxTime, haTotalTime},
	{haxWhole, haxTime, 0, haTotalTime},
	{haxResponse, haxTime | haxDuration, haxServer | haxBackend | haxUpstream, haResponseTime},
	{haxTime | haxDate, 0, haxRequest, haTime},
	{haxStatus | haxCode, 0, haxResponse, haStatus},
	{haxBytes, 0, haxOut | haxResponse, haBytes},
	{haxClient, 0, haxAddress | haxHost, haClient},
	{haxUpstream | haxServer | haxBackend, haxAddress, 0, haServerAddr},
	{haxFrontend, 0, haxName, haFrontend},
	{haxBackend, 0, haxName, haBackend},
	{haxServer, 0, haxName, haServer},
	{haxMethod, 0, haxRequest, haMethod},
	{haxTarget, 0, haxRequest, haTarget},
	{haxHost, 0, haxRequest | haxName, haHost},
	{haxRequest, 0, 0, haRequest},
}

// haproxyKeyOf tells what a member is by its name: a variable's, or words in any spelling,
// as termination_state, statusCode and haproxy_backend; those of the object around it count
// where its own do not tell ("time":{"connect":0}).
func haproxyKeyOf(around, name []byte) haproxyKey {
	if key, ok := haproxyVariables[string(name)]; ok {
		return key
	}
	words := haproxyNameOf(name)
	if key := words.key(); key != haNone || len(around) == 0 || words&haxOther != 0 {
		return key
	}
	return (words | haproxyNameOf(around)).key()
}

func (w haproxyNameSet) key() haproxyKey {
	for i := range haproxyNames {
		n := &haproxyNames[i]
		if w&n.some != 0 && (n.with == 0 || w&n.with != 0) && w&^(n.some|n.with|n.may|haxFiller) == 0 {
			return n.key
		}
	}
	return haNone
}

// haproxyNameOf cuts a name at marks and where capitals begin, and looks the words up.
func haproxyNameOf(name []byte) haproxyNameSet {
	var buf [16]byte
	var set haproxyNameSet
	n := 0
	end := func() {
		if n == 0 {
			return
		}
		one, ok := haproxyNameWords[string(buf[:min(n, len(buf))])]
		if !ok || n > len(buf) {
			one = haxOther
		}
		set, n = set|one, 0
	}
	for i, c := range name {
		upper := c-'A' < 26
		switch {
		case !alphabetic(c) && !isDigit(c):
			end()
			continue
		case upper && i > 0 && (name[i-1]-'A' >= 26 || i+1 < len(name) && name[i+1]-'a' < 26):
			end()
		}
		if upper {
			c |= 0x20
		}
		if n < len(buf) {
			buf[n] = c
		}
		n++
	}
	end()
	return set
}
