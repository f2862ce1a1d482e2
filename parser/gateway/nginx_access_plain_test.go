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
		for quoted := range opaqueQuoted + 1 {
			checkPlainPairs(t, tail, quoted, host, int16(status%1000))
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
}

func checkPlainPairs(t *testing.T, tail string, quoted int, host bool, status int16) {
	var fast, slow parser.Record
	for _, r := range []*parser.Record{&fast, &slow} {
		r.Reset()
		r.Access.Client, r.Access.Status = []byte("198.51.100.5"), status
		if host {
			r.Access.Host = []byte("shop.example.com")
		}
	}
	before := fast
	if !plainPairs([]byte(tail), quoted, &fast.Access) {
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

// The tails that a format has for most of its lines are read by the fast way, and each name
// means the same to both.
func TestPlainPairs(t *testing.T) {
	var a parser.Access
	for _, tail := range plainTails[:5] {
		a = parser.Access{Client: []byte("x"), Duration: -1}
		if !plainPairs([]byte(tail), opaqueQuoted, &a) {
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
