package gateway

// apache is what Apache's httpd does.
var apache = Product{
	Name:        "apache",
	Folders:     []string{"apache2", "httpd"},
	HasApps:     true,
	Places:      []string{"/usr/local/apache2/logs/*_log"},
	StampsBegin: true, // %t (mod_log_config)
	TellsAll:    true,
	Unreached:   503,    // ap_proxy_connect_backend and the callers of ap_proxy_connect_to_backend
	Queues:      true,   // AH00161, AH00484: connections wait in the backlog (mpm_common.html, ListenBacklog)
	Daemons:     "wsgi", // mod_wsgi forks them from httpd's parent, which tells how they end (WSGIDaemonProcess)
}
