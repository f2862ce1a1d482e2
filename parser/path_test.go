package parser

import "testing"

func TestNameOf(t *testing.T) {
	for file, want := range map[string]string{
		"/var/log/php8.2-fpm.log.1": "php8.2-fpm", "shop.log-20261126": "shop", "shop.2026-11-26": "shop", "shop.log": "shop", "/var/log/shop.log.1.gz": "shop", "cat0/stdout.log": "cat0", "app1/stderr.log": "app1",
		"/etc/sv/foo/log/current": "foo", "web/current": "web", "web/output.log": "web", "/var/log/nginx/error.log": "nginx",
		"/var/log/pods/shop_web-0_8f2c/app/0.log": "app", `C:\srv\shop\logs\stdout.log`: "shop",
		"/var/log/supervisor/ws-stdout---supervisor-k2j4x_9q.log": "ws", "shop-web-stderr---sup-1-abcdefgh.log.1": "shop-web",
		"/var/log/error.log": "error", "stdout.log": "stdout", "current": "current", "/var/log/syslog": "syslog", "": ".",
	} {
		if got := NameOf(file); got != want {
			t.Errorf("NameOf(%q) = %q, want %q", file, got, want)
		}
	}
}
