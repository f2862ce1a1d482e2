package redact

import "strings"

// A field is private if its key, in small letters, ends in one of the endings of a kind, or
// is one of its keys: DB_PASSWORD, x-api-key, jsessionid.
var privateFields = []struct {
	kind    string
	endings []string
	keys    map[string]bool
}{
	{kind: "secret", endings: []string{"password", "passwd", "passphrase", "pwd", "secret", "credential", "credentials", "private_key", "private-key", "privatekey"}},
	{kind: "token", endings: []string{"token", "api_key", "api-key", "apikey", "authorization", "access_key", "access-key", "accesskey", "access_key_id",
		"accesskeyid", "signature", "csrf", "xsrf", "nonce"}, keys: set("otp")},
	{kind: "cookie", endings: []string{"cookie", "cookies", "sessionid", "session_id", "session-id", "sessid"}, keys: set("session sid")},
	{kind: "user", endings: []string{"username", "user_name", "remote_user", "email"}, keys: set("user userid user_id login account principal customer subject " +
		"actor nick nickname fullname full_name firstname first_name lastname last_name displayname display_name auth_user db_user dbuser")},
	{kind: "query", keys: set("query query_string querystring args params parameters form body payload")},
}

// kindOf is the kind of name that the value of a field gets; "" if it is not private.
func kindOf(key string) string {
	key = strings.ToLower(key)
	for i := range privateFields {
		f := &privateFields[i]
		if f.keys[key] {
			return f.kind
		}
		for _, e := range f.endings {
			if strings.HasSuffix(key, e) {
				return f.kind
			}
		}
	}
	return ""
}

// values replaces the values of private fields: what stands behind = or : or =>.
func (d *Redactor) values(text string) string {
	e := edit{text: text}
	for at := 0; at < len(text); at++ {
		if text[at] != '=' && text[at] != ':' {
			continue
		}
		key, quoted := keyBefore(text[e.done:at])
		kind := kindOf(key)
		person := kind == "" && strings.HasSuffix(strings.ToLower(key), "name") // many things have one
		if kind == "" && !person {
			continue
		}
		from := at + 1
		if strings.HasPrefix(text[from:], ">") {
			from++
		}
		prose := !quoted && text[at] == ':' && strings.HasPrefix(text[from:], " ")
		if strings.HasPrefix(text[from:], " ") {
			from++
		}
		start, end := value(text, from, kind, strings.HasSuffix(strings.ToLower(key), "authorization"))
		v := text[start:end]
		if person {
			if start == 0 || text[start-1] != '"' && text[start-1] != '\'' || !personName().MatchString(v) {
				continue
			}
			kind = "user"
		}
		if plainValue(v) || named().MatchString(v) || !telling(key, kind, v, prose, quoted) {
			continue
		}
		if kind == "user" {
			e.replace(start, end, d.userValue(v))
		} else {
			e.replace(start, end, d.name(kind, v))
		}
		at = end - 1
	}
	return e.result()
}

// personName matches two to four words that begin with capitals, as names of persons do.
var personName = lazy(`^\p{Lu}[\p{L}'’.-]*(?: (?:\p{Lu}[\p{L}'’.-]*|de|da|van|von|der|den|bin|al)){1,4}$`)

// keyBefore returns the key at the end of a text, and whether it stands in quotes.
func keyBefore(text string) (key string, quoted bool) {
	text = strings.TrimSuffix(text, " ")
	bare := strings.TrimRight(text, `"'\`)
	start := len(bare)
	for start > 0 && (letterOrDigit(rune(bare[start-1])) || strings.IndexByte("_.-", bare[start-1]) >= 0) {
		start--
	}
	return bare[start:], len(bare) < len(text)
}

func (d *Redactor) userValue(v string) string {
	switch {
	case v[0] == '{' || v[0] == '[':
		return d.name("user", v)
	case mail().MatchString(v) && !unitEnding().MatchString(v):
		return d.mails(v)
	}
	return d.user(v)
}

// telling reports whether a value is one: "unexpected token: end of input" is prose, a
// number behind a colon is a count or a line, and PWD a folder.
func telling(key, kind, v string, prose, quoted bool) bool {
	switch {
	case strings.EqualFold(key, "pwd") && v[0] == '/':
		return false
	case kind == "query":
		return quoted || strings.ContainsAny(v, "={[&%")
	case !prose || kind == "secret":
		return true
	case kind == "user":
		return v[0] != '{' && !plainNumber(v)
	}
	return len(v) >= 12 || strings.ContainsAny(v, "0123456789")
}

func plainNumber(v string) bool { return strings.Trim(v, "0123456789") == "" }

// plainValue reports whether a value tells that there is none, or was hidden by its writer.
func plainValue(v string) bool {
	switch strings.ToLower(v) {
	case "", "-", "null", "nil", "none", "undefined", "true", "false", "anonymous", "unknown", "?":
		return true
	}
	return strings.Trim(v, "*•") == "" || strings.HasPrefix(v, "[FILTERED") || strings.HasPrefix(v, "[REDACTED") || strings.HasPrefix(v, "<redacted")
}

// value finds the value that begins at a place: quoted, also inside of a quoted text, in
// brackets, or up to the next separator.
func value(text string, at int, kind string, authorization bool) (start, end int) {
	if name := named().FindString(text[at:]); name != "" {
		return at, at + len(name)
	}
	start = at
	for start < len(text) && text[start] == '\\' {
		start++
	}
	if start < len(text) && (text[start] == '"' || text[start] == '\'') {
		escape := text[at:start]
		quote := text[start]
		start++
		for end = start; end < len(text); end++ {
			if text[end] == quote && strings.HasSuffix(text[start:end], escape) && !strings.HasSuffix(text[start:end], escape+`\`) {
				return start, end - len(escape)
			}
		}
		return start, end
	}
	start = at
	if start < len(text) && (text[start] == '{' || text[start] == '[') {
		return start, bracket(text, start)
	}
	for end = start; end < len(text); end++ {
		switch c := text[end]; {
		case c == '&' && kind == "query":
		case c == ';' && kind == "cookie" && end+1 < len(text) && text[end+1] == ' ' && pair(text[end+2:]):
			end++ // a cookie's next part
		case c == ' ' && authorization && !strings.Contains(text[start:end], " "): // "Basic dXNlcjpwdw=="
		case strings.IndexByte(" \t\n,;&\"'()<>{}|", c) >= 0 || c == ']':
			return start, end
		}
	}
	return start, end
}

// pair reports whether a text begins with name=value.
func pair(text string) bool {
	stop := strings.IndexAny(text, "= \t,;\"")
	return stop > 0 && text[stop] == '='
}

// bracket returns the end of what a bracket opens; the text's end if nothing closes it.
func bracket(text string, at int) int {
	depth := 0
	for ; at < len(text); at++ {
		switch text[at] {
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth == 0 {
				return at + 1
			}
		}
	}
	return at
}
