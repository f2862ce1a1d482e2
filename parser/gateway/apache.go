package gateway

// apache is what Apache's httpd does.
var apache = Product{
	Name:        "apache",
	Folders:     []string{"apache2", "httpd"},
	HasApps:     true,
	StampsBegin: true, // %t (mod_log_config)
	TellsAll:    true,
	Unreached:   503, // ap_proxy_connect_backend and the callers of ap_proxy_connect_to_backend
}
