package gateway

import (
	"reflect"
	"strings"
	"testing"

	"culprit/fixtures"
	"culprit/parser"
)

// What plainPairs reads, accessScan reads in the same way; what it leaves, it has not changed.
func FuzzPlainPairs(f *testing.F) {
	for _, s := range fixtures.Samples(nginxAccess.Name) {
		if _, tail, ok := strings.Cut(s.Line, "\" "); ok {
			f.Add(" "+tail, true, uint16(200))
		}
	}
	for _, tail := range plainTails {
		f.Add(tail, false, uint16(502))
	}
	f.Fuzz(func(t *testing.T, tail string, host bool, status uint16) {
		var marks parser.Marks
		for quoted := range opaqueQuoted + 1 {
			checkPlainPairs(t, tail, quoted, host, int16(status%1000), nil)
			for _, before := range append(plainTails, tail) {
				var a parser.Access
				a.Client, a.Duration = []byte("x"), -1
				plainPairs([]byte(before), quoted, &a, &marks)
				checkPlainPairs(t, tail, quoted, host, int16(status%1000), &marks)
			}
		}
	})
}

var plainTails = []string{
	` rt=0.038 uct="0.000" uht="0.038" urt="0.038" ua="10.0.1.11:8080" us="200"`,
	` "203.0.113.9" rt=0.038 uct=0.000 uht=0.038 urt=0.038 upstream_addr=10.0.1.11:8080 upstream_status=200 upstream_cache_status=HIT`,
	` "-" request_time=0.038 upstream_response_time="0.038"`,
	` rt=0.038 us=200`,
	` rt=0.038`,
	` "a=b" rt=0.038 ua="[::1]:80" us=200`,
	` rt=0.038 ua="10.0.1.11:8080" us=502, 200`,
	` rt=0.038 ua="10.0.1.11:8080, 10.0.1.12:8080" us="502, 200"`,
	` rt=0.038 ua="curl/8" us="200" uaddr="10.0.0.1:80"`,
	` rt=0.038 rt=0.039`,
	` ua="10.0.1.11:8080"`,
	` urt="-" us="-"`,
	` peer=10.0.0.1:80 cs=MISS cs=HIT`,
	` rt=0.000 uct="-" uht="-" urt="-" ua="-" us="-"`,
	` rt=12.004 uct=- uht=- urt=12.004 upstream=10.0.0.1:80 us=502 cs=-`,
	` rt=0.001 uct="0.001" uht="0.001" urt="0.001" uaddr="unix:/run/php/php8.2-fpm.sock" us="200" cs="MISS"`,
	` rt=0.001 uaddr="[2001:db8::1]:8080" us="200"`,
	` rt=0.001 uaddr=[2001:db8::1]:8080 us=200`,
	` rt=0.001 uaddr=unix:/run/a]. us=200`,
	` us=502 urt=0.003 ua=10.0.0.1:8`,
	` "10.0.0.9" rt=0.001 uaddr="unix://x/y:z" us="200"`,
	` rt=0.001 upstream_response_time=0.001 a_name_that_is_longer_than_a_mark_may_be=1`,
}

func checkPlainPairs(t *testing.T, tail string, quoted int, host bool, status int16, marks *parser.Marks) {
	t.Helper()
	var fast, slow parser.Record
	for _, r := range []*parser.Record{&fast, &slow} {
		r.Reset()
		r.Access.Client, r.Access.Status = []byte("198.51.100.5"), status
		if host {
			r.Access.Host = []byte("shop.example.com")
		}
	}
	before := fast
	if !plainPairs([]byte(tail), quoted, &fast.Access, marks) {
		if !reflect.DeepEqual(fast, before) {
			t.Fatalf("%q: left %s, before %s", tail, fixtures.Render(&fast), fixtures.Render(&before))
		}
		return
	}
	s := accessScan{line: []byte(tail), env: &parser.Env{}, r: &slow, a: &slow.Access, hasRequest: true, hasStatus: true, quoted: quoted}
	s.walk()
	s.settle()
	if !reflect.DeepEqual(fast, slow) {
		t.Fatalf("%q behind %d quoted: %s\nwant %s\n%+v\n%+v", tail, quoted, fixtures.Render(&fast), fixtures.Render(&slow), fast.Access, slow.Access)
	}
}

// A tail with the marks of the one before is read by these, whatever its values are.
func TestMarks(t *testing.T) {
	for _, c := range []struct{ before, tail string }{
		{` rt=0.038 uct="0.000" uht="0.038" urt="0.038" ua="10.0.1.11:8080" us="200"`, ` rt=60.002 uct="0.001" uht="-" urt="60.002" ua="127.0.0.1:80" us="504"`},
		{` rt=0.038 uct="0.000" uht="0.038" urt="0.038" ua="10.0.1.11:8080" us="200"`, ` rt=0.000 uct="-" uht="-" urt="-" ua="-" us="-"`},
		{` rt=0.038 us=200`, ` rt=100.038 us=502`},
		{` request_time=0.038 upstream_response_time=0.038 upstream_addr=10.0.1.11:8080`, ` request_time=1.000 upstream_response_time=0.999 upstream_addr=10.0.255.11:80`},
		{` rt=0.001 uaddr="unix:/run/a.sock" us="200"`, ` rt=0.001 uaddr="[::1]:8080" us="200"`},
	} {
		for _, tails := range [][2]string{{c.before, c.tail}, {c.tail, c.before}} {
			var marks parser.Marks
			v := plainValues{times: noTimes}
			if !v.read([]byte(tails[0]), &marks) || marks.N != strings.Count(c.tail, "=") {
				t.Errorf("%s has %d marks", tails[0], marks.N)
			}
			if v = (plainValues{times: noTimes}); !v.cut([]byte(tails[1]), &marks) {
				t.Errorf("behind %s: %s is not cut", tails[0], tails[1])
			}
			checkPlainPairs(t, tails[1], opaqueQuoted, false, 200, &marks)
			for _, wrong := range []string{tails[1] + "1", tails[1] + `"`, tails[1] + " ", tails[1][:len(tails[1])-1], strings.Replace(tails[1], "=", "-=", 1), tails[1] + tails[1]} {
				if v = (plainValues{times: noTimes}); v.cut([]byte(wrong), &marks) {
					checkPlainPairs(t, wrong, opaqueQuoted, false, 200, &marks)
				}
			}
		}
	}
}

// The tails that a format has for most of its lines are read by the fast way, and each name
// means the same to both.
func TestPlainPairs(t *testing.T) {
	var a parser.Access
	for _, tail := range plainTails[:5] {
		a = parser.Access{Client: []byte("x"), Duration: -1}
		if !plainPairs([]byte(tail), opaqueQuoted, &a, nil) {
			t.Errorf("%s is not plain", tail)
		}
	}
	for _, names := range []map[string]accessKey{nginxVariables, accessAliases} {
		for name := range names {
			key, _ := lookupAccessKey([]byte(name))
			if got := plainKey([]byte(name)); got != key {
				t.Errorf("%s is %d, want %d", name, got, key)
			}
		}
	}
}
