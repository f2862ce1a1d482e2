package rules

import (
	"regexp"
	"strconv"
	"sync"

	"culprit/parser"
)

// MaxWait bounds what a line tells of a wait.
const MaxWait = 10 * parser.Minute

// The words with which programs tell how long they waited: "request timed out after 30000ms"
// (HikariCP), "waited 5.012 seconds" (ActiveRecord), "Query_time: 31.2" (MySQL), "duration:
// 31211.733 ms" (PostgreSQL), "executing too slow (5.231 sec)" (PHP-FPM), "took 1m30s" (Go),
// "blocked for more than 120 seconds" (Linux).
var waitWords = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?i)(?:\b(?:after|within|waited|timeout of|took|duration:?|elapsed:?|for(?: more than)?)|\bCompleted \d{3} .{0,40}? in|too slow \(|\bQuery_time:)\s*((?:(\d{1,3})m)?(\d{1,9}(?:\.\d{1,9})?) ?(ms|milliseconds|s|sec|secs|seconds)?)\b`)
})

// WaitTold is how long, in microseconds, something had been waited for when a line was written:
// its stamp is the end of that wait. 0 if the line tells none; at most MaxWait.
func WaitTold(line string) int64 {
	var most int64
	for _, m := range waitWords().FindAllStringSubmatch(line, 8) {
		n, err := strconv.ParseFloat(m[3], 64)
		if err != nil {
			continue
		}
		unit := parser.Second
		switch m[4] {
		case "ms", "milliseconds", "MS":
			unit = parser.Second / 1000
		case "":
			if len(m[0]) < 11 || m[0][:11] != "Query_time:" {
				continue
			}
		}
		minutes, _ := strconv.ParseInt(m[2], 10, 64)
		most = max(most, min(int64(n*float64(unit))+minutes*parser.Minute, MaxWait))
	}
	return most
}
