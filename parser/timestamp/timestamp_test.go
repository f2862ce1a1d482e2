package timestamp

import (
	"strings"
	"testing"
	"time"

	"culprit/fixtures"
	"culprit/parser"
)

type reader = func([]byte) (parser.Stamp, int, bool)

var readers = []struct {
	name string
	read reader
}{
	{"Slashed", Slashed}, {"ISO", ISO}, {"WeekdayISO", WeekdayISO}, {"CLF", CLF}, {"DMY", DMY}, {"Mail", Mail},
	{"Syslog", Syslog}, {"CTime", CTime}, {"Epoch", Epoch}, {"Uptime", Uptime}, {"TimeOfDay", TimeOfDay},
	{"Klog", Klog}, {"ShortDate", ShortDate}, {"TwelveHour", TwelveHour}, {"Dotted", Dotted}, {"DayFirst", DayFirst}, {"Read", Read},
}

func byName(t *testing.T, name string) reader {
	t.Helper()
	for _, r := range readers {
		if r.name == name {
			return r.read
		}
	}
	t.Fatalf("no reader %s", name)
	return nil
}

// Each row is a line's start, cut by | where the stamp ends, and what it means.
// The lines are those of application servers, loggers, the kernel, the journal and
// syslog as their vendors' formats write them.
var accepted = []struct{ reader, line, want string }{
	{"Slashed", "2026/11/22 15:01:47| [error] 12#12: *1", "2026-11-22T15:01:47"},
	{"Slashed", "2026/11/22 15:01:47.123456| http: panic", "2026-11-22T15:01:47.123456"},
	{"ISO", "2026-11-22 14:32:49,152| ERROR root text", "2026-11-22T14:32:49.152"},
	{"ISO", "2026-11-22 15:10:28,149|,29677 WARNING x", "2026-11-22T15:10:28.149"},
	{"ISO", "2026-11-26T20:27:36|-11-26", "2026-11-26T20:27:36"},
	{"ISO", "2026-11-22 14:18:36 +0000|] [2987] [INFO]", "2026-11-22T14:18:36Z"},
	{"ISO", "2026-11-22T14:42:57|: PM2 log: text", "2026-11-22T14:42:57"},
	{"ISO", "2026-11-22T14:38:03.606916| #24446]  INFO", "2026-11-22T14:38:03.606916"},
	{"ISO", "2026-11-22 14:42:05.1234| 1234/T1 age", "2026-11-22T14:42:05.1234"},
	{"ISO", "2026-11-22T14:42:05.123Z|  INFO 1234", "2026-11-22T14:42:05.123Z"},
	{"ISO", "2026-11-22T14:42:05.123+01:00|  INFO 1234", "2026-11-22T13:42:05.123Z(+01:00)"},
	{"ISO", "2026-11-22 14:42:05.123|  INFO 1234", "2026-11-22T14:42:05.123"},
	{"ISO", "2026-11-22 14:30:00.123|:INFO:oejs.Server:main", "2026-11-22T14:30:00.123"},
	{"ISO", "2026-11-22T14:30:00.123+0000|][warning]", "2026-11-22T14:30:00.123Z"},
	{"ISO", "2026-11-22 14:30:00.1234||ERROR|Logger", "2026-11-22T14:30:00.1234"},
	{"ISO", "2026-11-22T14:30:00Z| ERROR crate]", "2026-11-22T14:30:00Z"},
	{"ISO", "2026-11-22 14:52:18.843 UTC| [14553] LOG:", "2026-11-22T14:52:18.843Z"},
	{"ISO", "2026-11-22 09:52:18.843 EST| [14553] LOG:", "2026-11-22T14:52:18.843Z(-05:00)"},
	{"ISO", "2026-11-22 09:52:18.843| IST [14553] LOG:", "2026-11-22T09:52:18.843"},
	{"ISO", "2026-11-22 17:52:18.843 +03| [14553] LOG:", "2026-11-22T14:52:18.843Z(+03:00)"},
	{"ISO", "2026-11-22 14:30:00| 0 [ERROR] text", "2026-11-22T14:30:00"},
	{"ISO", "2026-11-22 14:30:00| INFO text", "2026-11-22T14:30:00"},
	{"ISO", "2026-11-26  7:42:24| 0 [Note] text", "2026-11-26T07:42:24"},
	{"ISO", "2026-11-26 7:42:24,123| ERROR text", "2026-11-26T07:42:24.123"},
	{"ISO", "2026-11-22T14:14:20,327141+00:00| Memory", "2026-11-22T14:14:20.327141Z"},
	{"ISO", "2026-11-22T14:16:27+0000| host systemd[1]", "2026-11-22T14:16:27Z"},
	{"ISO", "2026-11-22T14:30:00.123456789Z| stdout F", "2026-11-22T14:30:00.123456Z"},
	{"ISO", "2024-02-29 00:00:00|", "2024-02-29T00:00:00"},
	{"ISO", "2026-11-22 14:30:00 GMT+01:00| x", "2026-11-22T13:30:00Z(+01:00)"},
	{"CLF", "22/Nov/2026:15:01:46 +0000|] \"GET", "2026-11-22T15:01:46Z"},
	{"CLF", "22/Nov/2026:10:01:46 -0500|] \"GET", "2026-11-22T15:01:46Z(-05:00)"},
	{"CLF", "22/Nov/2026 14:30:00|] \"GET / HTTP/1.1\"", "2026-11-22T14:30:00"},
	{"CLF", "22/Nov/2026:15:01:46.318|] fe be/s1", "2026-11-22T15:01:46.318"},
	{"DMY", "22-Nov-2026 14:36:22|] NOTICE: text", "2026-11-22T14:36:22"},
	{"DMY", "22-Nov-2026 14:36:22.123456|] NOTICE: text", "2026-11-22T14:36:22.123456"},
	{"DMY", "22-Nov-2026 14:33:14 UTC|] PHP Fatal", "2026-11-22T14:33:14Z"},
	{"DMY", "22-Nov-2026 14:33:14 Europe/Berlin|] PHP", "2026-11-22T14:33:14"},
	{"DMY", "22-Nov-2026 14:42:05.123| INFO [main]", "2026-11-22T14:42:05.123"},
	{"DMY", "22 Nov 2026 14:52:29.076| * text", "2026-11-22T14:52:29.076"},
	{"DMY", "2 Nov 2026 04:52:29.076| * text", "2026-11-02T04:52:29.076"},
	{"DMY", "22-Nov-2026::14:43:37.654284| ===", "2026-11-22T14:43:37.654284"},
	{"Mail", "Sun, 22 Nov 2026 14:30:00 GMT|", "2026-11-22T14:30:00Z"},
	{"Syslog", "Nov 22 15:01:59| host systemd[1]:", "11-22T15:01:59"},
	{"Syslog", "Nov  2 04:05:06| host", "11-02T04:05:06"},
	{"Syslog", "Nov 22 14:16:27.219650| host", "11-22T14:16:27.219650"},
	{"Syslog", "Feb 29 14:16:27| host", "02-29T14:16:27"},
	{"Syslog", "Jan  1 00:00:00| host", "01-01T00:00:00"},
	{"Syslog", "Nov 22 2026 14:49:27|: %SYS", "2026-11-22T14:49:27"},
	{"CTime", "Sun Nov 22 14:30:00.123456 2026|] [core", "2026-11-22T14:30:00.123456"},
	{"CTime", "Sun Nov 22 14:36:16 2026| - text", "2026-11-22T14:36:16"},
	{"CTime", "Sun Nov  2 14:36:16 2026|]", "2026-11-02T14:36:16"},
	{"CTime", "Sun Nov 22 14:30:00 UTC 2026|", "2026-11-22T14:30:00Z"},
	{"WeekdayISO", "Sun 2026-11-22 14:16:27 UTC| host", "2026-11-22T14:16:27Z"},
	{"WeekdayISO", "Sun 2026-11-22 14:16:27.219650 UTC| [s=", "2026-11-22T14:16:27.219650Z"},
	{"Epoch", "1795356987|}", "2026-11-22T14:16:27Z"},
	{"Epoch", "1795356987.219650| host", "2026-11-22T14:16:27.219650Z"},
	{"Epoch", "1795356987219|,", "2026-11-22T14:16:27.219Z"},
	{"Epoch", "1795356987219.65|,", "2026-11-22T14:16:27.21965Z"},
	{"Epoch", "1795356987219650|", "2026-11-22T14:16:27.219650Z"},
	{"Epoch", "1795356987219650123|", "2026-11-22T14:16:27.219650Z"},
	{"Uptime", "  901.327141|] Memory cgroup", "901.327141"},
	{"Uptime", "0.123|s][info]", "0.123"},
	{"TimeOfDay", "14:43:38.557| [error]", "14:43:38.557"},
	{"TimeOfDay", "14:30:00,123| INFO  [org", "14:30:00.123"},
	{"TimeOfDay", "14:30:00| ERR] text", "14:30:00"},
	{"Klog", "1122 14:30:00.123456|    1234 pod", "11-22T14:30:00.123456"},
	{"ShortDate", "261122 14:30:00| [Note] x", "2026-11-22T14:30:00"},
	{"ShortDate", "261122  4:30:00| [Note] x", "2026-11-22T04:30:00"},
	{"TwelveHour", "11/22/2026, 2:30:00 PM|     LOG", "2026-11-22T14:30:00"},
	{"TwelveHour", "11/22/2026, 12:30:00 AM|", "2026-11-22T00:30:00"},
	{"TwelveHour", "11/22/2026, 12:30:00\u202fPM| x", "2026-11-22T12:30:00"},
	{"TwelveHour", "Nov 22, 2026 2:34:06 PM| Class method", "2026-11-22T14:34:06"},
	{"TwelveHour", "Nov 22, 2026 @ 14:34:06.123|", "2026-11-22T14:34:06.123"},
	{"TwelveHour", "Nov 22, 2026, 2:34:06 PM| Class", "2026-11-22T14:34:06"},
	{"TwelveHour", "Nov 22, 2026 14:34:06| Class method", "2026-11-22T14:34:06"},
	{"Dotted", "25.11.2026 19:42:48| INFO GET /red/514 200 2ms", "2026-11-25T19:42:48"},
	{"Dotted", "25.11.2026 19:42:48,123| [7] ERROR Shop.Api", "2026-11-25T19:42:48.123"},
	{"Dotted", "25.11.2026T19:42:48.1234| x", "2026-11-25T19:42:48.1234"},
	{"Dotted", "25.11.2026 19:42:48 +0100|] x", "2026-11-25T18:42:48Z(+01:00)"},
	{"Dotted", "2.11.2026, 04:05:06|     LOG", "2026-11-02T04:05:06"},
	{"Dotted", "2.1.2026 04:05:06|: x", "2026-01-02T04:05:06"},
	{"Dotted", "29.02.2024 00:00:00|", "2024-02-29T00:00:00"},
	{"Dotted", "2026.11.25 19:42:48| INFO", "2026-11-25T19:42:48"},
	{"Dotted", "2026.11.25 19:42:48.654321| <Error> executeQuery", "2026-11-25T19:42:48.654321"},
	{"DayFirst", "27-11-2026 09:30:25| CRITICAL vault key rotated", "2026-11-27T09:30:25"}, // Python, datefmt %d-%m-%Y %H:%M:%S
	{"DayFirst", "27-11-2026 09:30:25.123| [main] ERROR c.e.Kyc", "2026-11-27T09:30:25.123"},
	{"DayFirst", "27/11/2026 09:30:25,123| ERROR x", "2026-11-27T09:30:25.123"},
	{"DayFirst", "27/11/2026 09:30:25 +0530|] x", "2026-11-27T04:00:25Z(+05:30)"},
	{"DayFirst", "27/11/2026, 09:30:25|     LOG", "2026-11-27T09:30:25"},   // toLocaleString, en-GB
	{"DayFirst", "27/11/2026, 9:30:25 pm|     LOG", "2026-11-27T21:30:25"}, // toLocaleString, en-IN
	{"DayFirst", "11/27/2026 09:30:25| ERROR x", "2026-11-27T09:30:25"},    // .NET, invariant culture
	{"DayFirst", "05-11-2026 09:30:25| x", "2026-11-05T09:30:25"},
	{"Read", "[27-11-2026 09:30:25]| INFO", "2026-11-27T09:30:25"},
	{"Read", "[25.11.2026 19:42:48]| INFO", "2026-11-25T19:42:48"},
	{"Read", "[2026-11-22 14:18:36 +0000]| [2987]", "2026-11-22T14:18:36Z"},
	{"Read", "[2026-11-22 14:30:00,123|: ERROR/Main", "2026-11-22T14:30:00.123"},
	{"Read", "[  901.327141]| Memory", "901.327141"},
	{"Read", "[Sun Nov 22 14:14:20 2026]| Memory", "2026-11-22T14:14:20"},
	{"Read", "[22/Nov/2026:15:01:46 +0000]| \"GET", "2026-11-22T15:01:46Z"},
	{"Read", "[14:30:00| ERR] text", "14:30:00"},
	{"Read", "1795356987.219650| host", "2026-11-22T14:16:27.219650Z"},
}

func TestReadersAccept(t *testing.T) {
	for _, row := range accepted {
		cut := strings.Index(row.line, "|")
		line := row.line[:cut] + row.line[cut+1:]
		s, n, ok := byName(t, row.reader)([]byte(line))
		if got := rendered(s); !ok || n != cut || got != row.want {
			t.Errorf("%s(%q) = %s, %d, %v; want %s, %d", row.reader, line, got, n, ok, row.want, cut)
		}
	}
}

// Layouts whose digits cannot be told from other text without their context.
var onlyInContext = map[string]bool{"Uptime": true, "Klog": true, "ShortDate": true}

func TestReadAgreesWithEachReader(t *testing.T) {
	for _, row := range accepted {
		cut := strings.Index(row.line, "|")
		line := row.line[:cut] + " text"
		s, n, ok := Read([]byte(line))
		if onlyInContext[row.reader] {
			if ok {
				t.Errorf("Read(%q) takes a %s stamp", line, row.reader)
			}
			continue
		}
		if !ok || n != cut || rendered(s) != row.want {
			t.Errorf("Read(%q) = %s, %d, %v; want %s, %d", line, rendered(s), n, ok, row.want, cut)
		}
	}
}

var rejected = []struct{ reader, line string }{
	{"ISO", "2026-11-26T7:42:24 x"}, {"ISO", "2026-11-26   7:42:24 x"}, {"Slashed", "2026/13/22 15:01:47 x"}, {"Slashed", "2026/02/30 15:01:47 x"}, {"Slashed", "2026/11/22 24:00:00"},
	{"Slashed", "2026/11/22 15:60:00"}, {"Slashed", "2026/11/22 15:01:61"}, {"Slashed", "2026/11/22 15:01:4"},
	{"Slashed", "2026/11/22 15:01:471"}, {"Slashed", "2026-11-22 15:01:47"}, {"Slashed", ""},
	{"ISO", "2026-11-22"}, {"ISO", "2026-11-00 10:00:00"}, {"ISO", "2025-02-29 00:00:00"}, {"ISO", "0001-01-01T00:00:00Z"},
	{"ISO", "2026-11-22x15:01:47"}, {"ISO", "2026-1122 15:01:47"},
	{"CLF", "22/Foo/2026:15:01:46 +0000"}, {"CLF", "31/Nov/2026:15:01:46 +0000"}, {"CLF", "22/Nov/2026"},
	{"DMY", "22.Nov.2026 14:36:22"}, {"DMY", "22-Nov 2026 14:36:22"}, {"DMY", "22-Nov-2026:14:36:22"},
	{"Dotted", "31.11.2026 15:01:59"}, {"Dotted", "25.13.2026 15:01:59"}, {"Dotted", "29.02.2025 15:01:59"}, {"Dotted", "00.11.2026 15:01:59"},
	{"Dotted", "25.11.26 15:01:59"}, {"Dotted", "25.11.2026"}, {"Dotted", "25.11.2026 24:00:00"}, {"Dotted", "2026.25.11 15:01:59"},
	{"Dotted", "25.11.2026 15:01"}, {"Dotted", "25.11-2026 15:01:59"}, {"Dotted", "25.11.0001 15:01:59"}, {"Dotted", "25.11.2026,15:01:59"},
	{"Read", "10.0.0.12 10:11:12 GET /"}, {"Read", "10.11.202.12 10:11:12 GET /"}, {"Read", "1.2.3.4 - - 10:11:12"}, {"Read", "2026.11.25.1 10:11:12"},
	{"Read", "10.11.2026.12 10:11:12"}, {"Read", "12.11.2026:8080 10:11:12"}, {"Read", "1.25.2026 10:11:12"},
	{"DayFirst", "31-11-2026 09:30:25"}, {"DayFirst", "13-13-2026 09:30:25"}, {"DayFirst", "27-11/2026 09:30:25"}, {"DayFirst", "27-11-26 09:30:25"},
	{"DayFirst", "27-11-2026"}, {"DayFirst", "27-11-2026 24:30:25"}, {"DayFirst", "27.11.2026 09:30:25"}, {"DayFirst", "00-11-2026 09:30:25"},
	{"Read", "10-20 30:40:50 x"}, {"Read", "12-34-5678 x"}, {"Read", "1/2 tests 10:11:12"},
	{"Syslog", "Nov 31 15:01:59 h"}, {"Syslog", "November 22 15:01:59"}, {"Syslog", "Nov 22 15:01 h"}, {"Syslog", "Feb 30 10:00:00"},
	{"CTime", "Sun Nov 22 14:30:00"}, {"CTime", "Xun Nov 22 14:30:00 2026"}, {"CTime", "Sun Nov 22 14:30:00 20261"},
	{"WeekdayISO", "2026-11-22 14:16:27 UTC"}, {"WeekdayISO", "Son 2026-11-22 14:16:27 UTC"},
	{"Epoch", "179535698"}, {"Epoch", "17953569871"}, {"Epoch", "9795356987"}, {"Epoch", "17953569872196501234"}, {"Epoch", "x"},
	{"Uptime", "901"}, {"Uptime", "  901."}, {"Uptime", "12345678901.2"}, {"Uptime", ".5"},
	{"TimeOfDay", "25:00:00"}, {"TimeOfDay", "01:02:03:04:05:06"}, {"TimeOfDay", "1:02:03"},
	{"ShortDate", "261322 14:30:00"}, {"ShortDate", "261122 430"}, {"Klog", "1322 14:30:00.1"}, {"Klog", "1131 14:30:00.1"},
	{"TwelveHour", "11/22/2026, 13:30:00 PM"}, {"TwelveHour", "22/11/2026, 2:30:00 PM"}, {"TwelveHour", "11/22/2026, 2:30:00"},
	{"TwelveHour", "Nov 22, 2026 0:34:06 PM"},
	{"Read", ""}, {"Read", "["}, {"Read", "[1027] - x"}, {"Read", "GET /2026-11-22 14:00:00"}, {"Read", "1795356987, x"},
	{"Read", "127.0.0.1 - - [22/Nov/2026"}, {"Read", "Node.js v20.1.0"}, {"Read", "[  901.327141 <    0.304894 >] host"},
	{"Read", "  at Foo.bar"}, {"Read", "Sunday Nov 22"}, {"Read", "Monitor x 12:00:00"},
}

func TestReadersReject(t *testing.T) {
	for _, row := range rejected {
		if s, n, ok := byName(t, row.reader)([]byte(row.line)); ok {
			t.Errorf("%s(%q) = %s, %d", row.reader, row.line, rendered(s), n)
		}
	}
}

func TestDaysSinceEpoch(t *testing.T) {
	day := time.Date(0, 1, 1, 0, 0, 0, 0, time.UTC)
	for ; day.Year() < 1; day = day.AddDate(0, 0, 1) {
		checkDay(t, day)
	}
	for day = time.Date(minYear, 1, 1, 0, 0, 0, 0, time.UTC); day.Year() <= maxYear; day = day.AddDate(0, 0, 1) {
		checkDay(t, day)
	}
}

func checkDay(t *testing.T, day time.Time) {
	t.Helper()
	got := daysSinceEpoch(day.Year(), int(day.Month()), day.Day())
	if want := day.Unix() / 86400; got != want {
		t.Fatalf("daysSinceEpoch(%s) = %d, want %d", day.Format(time.DateOnly), got, want)
	}
}

// rendered is the stamp's value as parser.Render writes it, without the key.
func rendered(s parser.Stamp) string {
	text := fixtures.Render(&parser.Record{Stamp: s, Access: parser.Access{Duration: -1, Bytes: -1}})
	return text[strings.Index(text, "=")+1:]
}

func TestReadersDoNotAllocate(t *testing.T) {
	for _, row := range accepted {
		line, read := []byte(strings.Replace(row.line, "|", "", 1)), byName(t, row.reader)
		if n := testing.AllocsPerRun(10, func() { read(line) }); n != 0 {
			t.Errorf("%s(%q) allocates %v times", row.reader, line, n)
		}
	}
}

func FuzzReaders(f *testing.F) {
	for _, row := range accepted {
		f.Add([]byte(strings.Replace(row.line, "|", "", 1)))
	}
	for _, row := range rejected {
		f.Add([]byte(row.line))
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		for _, r := range readers {
			s, n, ok := r.read(line)
			if !ok && n != 0 || n < 0 || n > len(line) {
				t.Fatalf("%s(%q) takes %d bytes, %v", r.name, line, n, ok)
			}
			if ok != s.Known() || ok && s.Precision <= 0 {
				t.Fatalf("%s(%q) = %+v, %v", r.name, line, s, ok)
			}
			if again, m, _ := r.read(line[:n]); ok && (m != n || again != s) {
				t.Fatalf("%s(%q) depends on what follows the stamp", r.name, line)
			}
		}
	})
}

func BenchmarkReaders(b *testing.B) {
	seen := map[string]bool{}
	for _, row := range accepted {
		if seen[row.reader] {
			continue
		}
		seen[row.reader] = true
		line := []byte(strings.Replace(row.line, "|", "", 1))
		for _, r := range readers {
			if r.name == row.reader {
				b.Run(r.name, func(b *testing.B) {
					b.SetBytes(int64(strings.Index(row.line, "|")))
					b.ReportAllocs()
					for b.Loop() {
						r.read(line)
					}
				})
			}
		}
	}
}
