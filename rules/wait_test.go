package rules

import (
	"testing"

	"culprit/parser"
)

func TestWaitTold(t *testing.T) {
	const ms = parser.Second / 1000
	for _, c := range []struct {
		line string
		want int64
	}{
		{"HikariPool-1 - Connection is not available, request timed out after 30001ms (total=10, active=10, idle=0, waiting=12)", 30001 * ms},
		{"could not obtain a connection from the pool within 5.000 seconds (waited 5.012 seconds); all pooled connections were in use", 5012 * ms},
		{"# Query_time: 31.2  Lock_time: 0.0 Rows_sent: 1", 31200 * ms},
		{"LOG:  duration: 31211.733 ms  statement: select * from orders", 31211733},
		{"[pool www] child 812, script '/srv/index.php' (request: \"GET /index.php\") executing too slow (5.231 sec), logging", 5231 * ms},
		{"query took 1m30.5s", 90500 * ms},
		{"AxiosError: timeout of 5000ms exceeded", 5000 * ms},
		{"Completed 200 OK in 61234ms (Views: 1.2ms | ActiveRecord: 61001.0ms)", 61234 * ms},
		{"INFO: task jbd2/sda1-8:310 blocked for more than 120 seconds.", 120 * parser.Second},
		{"took 99999999s", MaxWait},
		{"restarting in 5 minutes", 0},
		{"waited for 5 workers", 0},
		{"worker 5 exited", 0},
		{"connection lost, trying again in 30000 ms", 0},
	} {
		if got := WaitTold(c.line); got != c.want {
			t.Errorf("%s: %d, want %d", c.line, got, c.want)
		}
	}
}
