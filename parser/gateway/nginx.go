package gateway

import (
	"regexp"
	"strings"
	"sync"

	"culprit/parser"
)

// nginx is what nginx does. Its combined form of access lines is Apache's, and is written by
// gunicorn, Puma and Tomcat, too.
var nginx = Product{
	Name:       "nginx",
	Places:     []string{"/var/log/nginx/*/*.log", "/usr/local/nginx/logs/*.log"},
	Configs:    []string{"/etc/nginx/nginx.conf", "/etc/nginx/conf.d/*.conf", "/etc/nginx/sites-enabled/*"},
	LogsIn:     nginxLogsIn,
	SharedForm: "nginx-access",
	TellsAll:   true,
	Own503:     true, // 502 is for "no live upstreams", with the group's name
	Answers:    nginxAnswers,
	PortsOf:    ingressPorts,
	Context:    ", client: ",
	Kin: []Kin{
		{"kong", []string{"[kong] ", "/kong/"}, "kong"},
		{"apisix", []string{"/apisix/", "[apisix]"}, ""},
		{"ingress-nginx", []string{"/ingress-nginx/"}, ""},
		{"openresty", []string{"[lua] ", "/openresty/", "lua entry thread aborted", "lua tcp socket"}, ""},
	},
}

// nginxAnswers is what ngx_http_upstream_next and ngx_http_upstream_finalize_request answer.
var nginxAnswers = map[parser.Symptom][]int16{
	parser.SymptomNone:           {502, 503, 500},
	parser.SymptomConnectTimeout: {504, 502},
	parser.SymptomReadTimeout:    {504, 502},
	parser.SymptomSendTimeout:    {504, 502},
	parser.SymptomNoHTTPHeader:   {9, 502},
	parser.SymptomNoMemory:       {500, 503}, // a zone of limit_conn or limit_req that is full refuses (ngx_http_limit_conn_handler)
	parser.SymptomNoConnections:  {500},
	parser.SymptomNoFiles:        {500},
	parser.SymptomDiskFull:       {500},
	parser.SymptomBadURL:         {500},
	parser.SymptomTLSHandshake:   {502, 504},
}

// ingressPorts is what $proxy_upstream_name calls the ports of a service, namespace-name-port, which
// ingress-nginx's controller calls namespace/name.
func ingressPorts(service string) string {
	namespace, name, ok := strings.Cut(service, "/")
	if !ok {
		return ""
	}
	return namespace + "-" + name + "-"
}

var nginxLog = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?m)^[^#\n]*\b(?:access_log|error_log)\s+"?(/[^\s;"$]+)`)
})

// nginxLogsIn are the paths that access_log and error_log have in nginx.conf.
func nginxLogsIn(config []byte) (paths []string) {
	for _, m := range nginxLog().FindAllSubmatch(config, -1) {
		paths = append(paths, string(m[1]))
	}
	return paths
}
