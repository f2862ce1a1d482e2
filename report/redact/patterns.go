package redact

import (
	"regexp"
	"slices"
	"strings"
	"sync"
)

// Text returns a text in which everything private is replaced. It may be any text of a report:
// a raw line, a decoded message, a sentence that quotes one.
func (d *Redactor) Text(text string) string { return d.known(d.private(text)) }

// private replaces what shows by its form or its place that it is private.
func (d *Redactor) private(text string) string {
	if text == "" {
		return text
	}
	d.learnText(text)
	for _, p := range patterns {
		if containsAny(text, p.gates) {
			text = p.replace(d, text)
		}
	}
	return text
}

// patterns are tried in this order: what holds other private things in it comes first.
var patterns = []struct {
	gates   []string // a text without any of these has none
	replace func(*Redactor, string) string
}{
	{[]string{"PRIVATE KEY"}, (*Redactor).keyBlocks},
	{[]string{"@"}, (*Redactor).credentials},
	{[]string{"--", " -p"}, (*Redactor).options},
	{[]string{"=", ":"}, (*Redactor).values},
	{[]string{"?"}, (*Redactor).queries},
	{[]string{"@", "%40"}, (*Redactor).mails},
	{[]string{"eyJ", "AKIA", "ASIA", "gh", "glpat-", "xox", "k_live_", "k_test_", "AIza", "npm_", "pypi-", "SG."}, (*Redactor).tokens},
	{[]string{"earer ", "asic ", "egotiate ", "EARER ", "ASIC ", "EGOTIATE ", "NTLM "}, (*Redactor).schemes},
	{nil, (*Redactor).users},
	{[]string{".", ":", "-"}, (*Redactor).addresses},
	{nil, (*Redactor).hosts},
}

func containsAny(text string, parts []string) bool {
	return parts == nil || slices.ContainsFunc(parts, func(p string) bool { return strings.Contains(text, p) })
}

// A pattern is a regular expression that is compiled when a text first needs it: all of them
// took 8 ms of every run's start, redacted or not.
type pattern func() *regexp.Regexp

func lazy(source string) pattern {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(source) })
}

// named matches a name that was given before.
var named = lazy(`^\[(?:client|user|query|token|secret|cookie|mail|host)-\d+(?::\w+)?\]`)

// replaceGroup replaces the last group of each match by what name makes of it.
func replaceGroup(p pattern, text string, name func(value string) string) string {
	e := edit{text: text}
	for _, m := range p().FindAllStringSubmatchIndex(text, -1) {
		from, to := m[len(m)-2], m[len(m)-1]
		if from < 0 || from < e.done || named().MatchString(text[from:]) {
			continue
		}
		e.replace(from, to, name(text[from:to]))
	}
	return e.result()
}

var keyBlock = lazy(`(?s)-----BEGIN [A-Z ]*PRIVATE KEY-----(.*?)(?:-----END|$)`)

func (d *Redactor) keyBlocks(text string) string {
	return replaceGroup(keyBlock, text, func(v string) string { return d.name("secret", v) })
}

// A command line's secrets: long options whose value follows a space, and the -p of MySQL's
// and MariaDB's programs, whose value is attached.
var (
	secretOption = lazy(`(?i)(?:^|[\s"'\[=])--(?:[a-z0-9]+[-_])*(?:password|passwd|passphrase|secret)[ \t]+["']?([^\s"',;:()-][^\s"',;]*)`)
	tokenOption  = lazy(`(?i)(?:^|[\s"'\[=])--(?:[a-z0-9]+[-_])*(?:token|api[-_]?key|access[-_]?key)[ \t]+["']?([^\s"',;:()-][^\s"',;]*)`)
	mysqlOption  = lazy(`\b(?:mysql|mariadb)[a-z_-]*[ \t](?:[^\n|;]*?[ \t])?-p([^\s"'=;|-][^\s"';|]*)`)
)

func (d *Redactor) options(text string) string {
	secret := func(v string) string { return d.name("secret", v) }
	text = replaceGroup(secretOption, text, secret)
	text = replaceGroup(tokenOption, text, func(v string) string { return d.name("token", v) })
	return replaceGroup(mysqlOption, text, secret)
}

// Credentials in front of a host: scheme://user:password@host, and Go's user:password@tcp(host).
var credential = lazy(`(?:://([^/\s:@"'=()<>,]{0,128})|\b([^/\s:@"'=()<>,]{1,128})):([^\s/@"'<>]{1,256})@(?:[\w\[]|$)`)
var bareUser = lazy(`://([^/\s:@"'=()<>,]{1,128})@`)

func (d *Redactor) credentials(text string) string {
	e := edit{text: text}
	for _, m := range credential().FindAllStringSubmatchIndex(text, -1) {
		user := m[2:4]
		if user[0] < 0 {
			user = m[4:6]
		}
		e.replace(user[0], user[1], d.user(text[user[0]:user[1]]))
		e.replace(m[6], m[7], d.name("secret", text[m[6]:m[7]]))
	}
	return replaceGroup(bareUser, e.result(), d.user)
}

// queries replaces what stands behind the question mark of a URL or a path.
func (d *Redactor) queries(text string) string {
	e := edit{text: text}
	for at := strings.IndexByte(text, '?'); at >= 0; {
		end := queryEnd(text, at+1)
		start := strings.LastIndexAny(text[:at], " \t\"'") + 1
		url := strings.Contains(text[start:at], "/") || strings.Contains(text[at:end], "=")
		if at >= e.done && end > at+1 && url && !named().MatchString(text[at+1:]) {
			e.replace(at+1, end, d.name("query", text[at+1:end]))
		}
		next := strings.IndexByte(text[max(end, at+1):], '?')
		if next < 0 {
			break
		}
		at = max(end, at+1) + next
	}
	return e.result()
}

// queryEnd is where a query ends: at a blank, or at a quote that ends a value. nginx writes
// a request into its error log as it came, so a quote alone ends nothing.
func queryEnd(text string, at int) int {
	for ; at < len(text); at++ {
		switch text[at] {
		case ' ', '\t', '\n':
			return at
		case '"', '\'', '\\':
			after := strings.TrimLeft(text[at:], `\"'`)
			if len(after) < len(text[at:]) && (after == "" || strings.ContainsAny(after[:1], " \t\n,}])|;:>")) {
				return at
			}
		}
	}
	return at
}

var mail = lazy(`([A-Za-z0-9._%+~-]+(?:@|%40)(?:[A-Za-z0-9-]+\.)+[A-Za-z]{2,63})`)

// units end in what looks like a mail's domain: getty@tty1.service.
var unitEnding = lazy(`\.(?:service|socket|slice|scope|timer|target|mount|path|device|swap)$`)

func (d *Redactor) mails(text string) string {
	return replaceGroup(mail, text, func(v string) string {
		if unitEnding().MatchString(v) {
			return v
		}
		return d.name("mail", strings.ToLower(strings.Replace(v, "%40", "@", 1)))
	})
}

// Tokens that show by their shape what they are, as their makers document them.
var tokenShape = lazy(`\b(eyJ[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]{5,}(?:\.[A-Za-z0-9_-]*)?` + // JSON web tokens
	`|(?:AKIA|ASIA)[0-9A-Z]{16}` + // AWS
	`|gh[pousr]_[A-Za-z0-9]{20,}|github_pat_\w{20,}|glpat-[\w-]{20,}` + // GitHub, GitLab
	`|xox[abprs]-[A-Za-z0-9-]{10,}` + // Slack
	`|[sr]k_(?:live|test)_[A-Za-z0-9]{10,}` + // Stripe
	`|AIza[0-9A-Za-z_-]{30,}` + // Google
	`|npm_[A-Za-z0-9]{30,}|pypi-[\w-]{30,}|SG\.[\w-]{16,}\.[\w-]{16,})`)

var scheme = lazy(`(?i)\b(?:bearer|basic|negotiate|ntlm)\s+([A-Za-z0-9+/=_.~-]{6,})`)
var plainWord = lazy(`^[A-Z]?[a-z]+$`)

func (d *Redactor) tokens(text string) string {
	return replaceGroup(tokenShape, text, func(v string) string { return d.name("token", v) })
}

func (d *Redactor) schemes(text string) string {
	return replaceGroup(scheme, text, func(v string) string {
		if plainWord().MatchString(v) { // basic authentication
			return v
		}
		return d.name("token", v)
	})
}

// Where logs name a person.
var userPlaces = []struct {
	gates []string
	place pattern
}{
	{[]string{"user", "User", "USER", "role", "login", "account", "principal"},
		lazy(`(?i)\b(?:user|role|login|account|principal)(?: name)? \\?["'` + "`" + `]([^"'\\` + "`" + `]{1,128})`)},
	{[]string{" user"}, lazy(`\b(?:for|by|as|of) (?:invalid |unknown )?user:? ([^\s"'(),;:]{1,128})`)},
	{[]string{"Accepted ", "Failed "}, lazy(`\b(?:Accepted|Failed) [\w/-]+ for (?:invalid user )?([^\s]{1,128}) from `)}, // sshd
	{[]string{"(uid="}, lazy(`\bby ([\w.-]{1,128})\(uid=`)},                                                              // pam_unix
	{[]string{"sudo"}, lazy(`\bsudo(?:\[\d+\])?:\s+([\w.@-]{1,128}) : `)},                                                // sudo
	{[]string{`\Users\`}, lazy(`[A-Z]:\\+Users\\+([^/\\\s"':,]{1,128})`)},                                                // Windows
	{[]string{" [0", " [1", " [2", " [3"}, lazy(`\S \S+ ([^\s"\[\]]{1,128}) \[\d\d/[A-Z][a-z]{2}/\d{4}:\d\d`)},           // access lines
	{[]string{"home/", "Users/"}, home},
}

// home is a person's folder in a path of files; a request's path is none.
var home = lazy(`(?:GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS) /(?:home|Users)/|(?:^|[\s"'=(,\[!:;<>{|` + "`" + `]|://)/?(?:(?:var|mnt|export|data|nfs|net|private|usr)/)?(?:home|Users)/([^/\\\s"':,;)\]]{1,128})`)

var homeInside = lazy(`/(?:home|Users)/([^/\\\s"':,;)\]]{1,128})`)

// accessClient is the first field of an access line that is a name and no address.
var accessClient = lazy(`^(\S+) \S+ \S+ \[\d\d/[A-Z][a-z]{2}/\d{4}:\d\d`)

func (d *Redactor) users(text string) string {
	for _, p := range userPlaces {
		if !containsAny(text, p.gates) {
			continue
		}
		text = replaceGroup(p.place, text, func(v string) string {
			if _, address := addressOf(v); address || plainValue(v) {
				return v // HAProxy has the client where others have the user
			}
			return d.user(v)
		})
	}
	return replaceGroup(accessClient, text, func(v string) string {
		if _, ok := addressOf(v); ok {
			return v // an address has its own names
		}
		return d.name("client", v)
	})
}

// Where logs name a machine or a virtual host.
var upstreamField = lazy(`upstream: "(?:\w+://)?([^/"\s]+)`)
var hostPlaces = []pattern{
	lazy(`\bhost: "([^"]{1,255})"`),                   // nginx
	lazy(`\bserver: ([^,\s"]{1,255}), req`),           // nginx
	lazy(`://((?:[A-Za-z0-9-]+\.)+[A-Za-z]{2,63})\b`), // addresses of pages
	lazy(`^(?:<\d+>)?(?:[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d|\d{4}-\d\d-\d\dT\S+) ([\w.-]{1,255}) [\w./@-]+(?:\[\d+\])?: `), // syslog
}

func (d *Redactor) hosts(text string) string {
	if !d.o.Hosts {
		return text
	}
	for _, p := range hostPlaces {
		text = replaceGroup(p, text, func(v string) string {
			if _, ok := addressOf(v); ok || plainValue(v) || v == "_" || v == "localhost" {
				return v
			}
			return d.word(hostOf(v), "host") + strings.TrimPrefix(v, hostOf(v))
		})
	}
	return text
}

// serviceAccounts are no person's; the empty ones mean that nobody is told.
var serviceAccounts = set("root daemon bin sys nobody nogroup www-data www http httpd apache apache2 nginx openresty caddy haproxy envoy traefik varnish " +
	"lighttpd postgres postgresql pgbouncer mysql mariadb mongodb mongod redis rabbitmq memcache memcached elasticsearch opensearch kafka zookeeper " +
	"tomcat jetty node nodejs gunicorn uwsgi php-fpm puma unicorn passenger syslog messagebus dbus systemd polkitd sshd ntp chrony docker containerd " +
	"kubelet git jenkins prometheus grafana consul vault nomad deploy app service")

func set(words string) map[string]bool {
	m := map[string]bool{}
	for w := range strings.FieldsSeq(words) {
		m[w] = true
	}
	return m
}
