package applog

import "testing"

func TestFindPID(t *testing.T) {
	f := func(msg string, want int64) {
		t.Helper()
		if got := FindPID([]byte(msg)); got != want {
			t.Errorf("%d, want %d: %s", got, want, msg)
		}
	}
	f("server started pid=24210 port=8080", 24210)
	f("started (pid=24210)", 24210)
	f("rapid=24210", 0)
	f("shopd[4631]: listening on 127.0.0.1:8080", 4631)
	f("worker[3]: job done", 0)
	f("items[4631] is missing", 0)
	f("listening on [4631]: ok", 0)
	f("", 0)
}
