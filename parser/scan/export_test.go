package scan

import (
	"strconv"
	"strings"
	"testing"
)

// Lists of objects, as aws logs filter-log-events and Grafana's Explore write them: each element is
// a record with the line's place.
func TestReaderReadsExportedLists(t *testing.T) {
	const element = "        {\n            \"logStreamName\": \"shop/shop/0f3c\",\n            \"timestamp\": 1795513270123,\n            \"message\": \"panic: boom\",\n            \"eventId\": \"1\"\n        }"
	const aws = "{\n    \"events\": [\n" + element + ",\n" + element + "\n    ],\n    \"searchedLogStreams\": []\n}\n"
	const loki = "[\n  {\n    \"line\": \"panic: boom\",\n    \"timestamp\": \"1795513270123456789\",\n    \"fields\": {\n      \"container\": \"shop\"\n    }\n  },\n  {\n    \"line\": \"ready\",\n    \"timestamp\": \"1795513271123456789\"\n  }\n]\n"
	const hit = "    {\n      \"_index\": \"filebeat\",\n      \"_source\": {\n        \"@timestamp\": \"2026-11-24T09:41:10.123Z\",\n        \"log\": {\n          \"offset\": 4411\n        },\n        \"message\": \"panic: boom\"\n      }\n    }"
	const kibana = "{\n  \"hits\": [\n" + hit + ",\n" + hit + "\n  ]\n}\n"
	for name, tc := range map[string]struct {
		text, want string
		place      string
	}{
		"aws":    {aws, `time=2026-11-24T09:41:10.123Z container=shop/shop/0f3c msg="panic: boom"`, "6:"},
		"loki":   {loki, `time=2026-11-24T09:41:10.123456Z container=shop msg="panic: boom"`, "3:"},
		"kibana": {kibana, `time=2026-11-24T09:41:10.123Z msg="panic: boom"`, "10:"},
	} {
		all := readText(t, tc.text)
		if len(all) < 3 || all[1].rendered != tc.want || !strings.HasPrefix(all[1].places, tc.place) {
			t.Errorf("%s: %d records: %+v", name, len(all), all[min(1, len(all)-1)])
		}
	}
	// docker inspect prints a list, too, and an application's own objects may hold one.
	all := readText(t, "{\n   \"errors\": [\n      {\n         \"message\": \"x\"\n      }\n   ]\n}\n"+goLine)
	if got := lineCounts(all); got != "7 1" {
		t.Errorf("an application's own: records of %s lines", got)
	}
}

// The same on one line: each element is a record with the line's number, and its own place in the line.
func TestReaderReadsListsOnOneLine(t *testing.T) {
	const element = `{"line": "panic: boom", "timestamp": "1795513270123456789", "fields": {"container": "shop"}}`
	const hit = `{"_index": "a", "_source": {"@timestamp": "2026-11-24T09:41:10.123Z", "message": "ready"}}`
	for text, want := range map[string]string{
		"[" + element + ", " + element + "]\n" + goLine:                              "1 1 2",
		`{"took":3,"hits":{"total":{"value":2},"hits":[` + hit + `,` + hit + "]}}\n": "1 1",
		`[{"a": 1}, {"a": 2}]` + "\n" + goLine:                                       "1 2",
		`[{"line": 1}, {"line": 2}]` + "\n":                                          "1",
	} {
		all := readText(t, text)
		var got []string
		for i, r := range all {
			got = append(got, strconv.FormatInt(r.first, 10))
			if strings.HasPrefix(want, "1 1") && i < 2 && !strings.Contains(r.rendered, "time=2026-11-24T09:41:10.123") {
				t.Errorf("%s: %+v", text, r)
			}
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s: lines %v, want %s", text, got, want)
		}
	}
	// What is left of an object where a download broke off is read, too.
	cut := strings.Replace(element[:40], "panic: boom", "panic: lost", 1)
	all := readText(t, "["+element+","+cut+"\n"+goLine)
	if len(all) != 3 || all[1].first != 1 || !strings.Contains(all[1].rendered, "panic: lost") || all[2].first != 2 {
		t.Errorf("cut off: %+v", all)
	}
}

// Behind grep -H each file has its own stream, and its name.
func TestReaderReadsGrep(t *testing.T) {
	all := readText(t, "/var/log/nginx/error.log:7:2026/11/24 09:41:10 [error] 31#31: *1 upstream timed out (110: Connection timed out) while reading response header from upstream, client: 10.0.0.1\n"+
		"/var/log/shop/shop.log:12:2026/11/24 09:41:10 listening on :8080\n/var/log/shop/shop.log:13:panic: boom\n")
	if len(all) != 3 || all[0].format != "nginx-error" || !strings.Contains(all[1].rendered, "program=shop") || !strings.Contains(all[2].rendered, `program=shop msg="panic: boom"`) {
		t.Errorf("%+v", all)
	}
}
