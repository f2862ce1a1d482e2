package source

import (
	"context"
	"slices"
	"strings"
	"testing"
)

func TestSlotOf(t *testing.T) {
	f := func(name, stem string, date int64, number int) {
		t.Helper()
		if got := slotOf(name); got.stem != stem || got.date != date || got.number != number {
			t.Errorf("%s: got %+v, want %s %d %d", name, got, stem, date, number)
		}
	}
	f("error.log", "error.log", 0, 0)
	f("error.log.1", "error.log", 0, 2)
	f("error.log.2.gz", "error.log", 0, 3)
	f("syslog.12.xz", "syslog", 0, 13)
	f("messages.0", "messages", 0, 1)
	f("boot.log.old", "boot.log", 0, 1)
	f("catalog.2.log", "catalog.log", 0, 3)
	// logrotate: dateext; dateformat -%Y%m%d%H, -%Y-%m-%d, -%s, -%Y%m%d-%s; dateext with extension .log
	f("error.log-20261122", "error.log", 20261122_000000_000, 0)
	f("error.log-20261122.gz", "error.log", 20261122_000000_000, 0)
	f("error.log-2026112214.gz", "error.log", 20261122_140000_000, 0)
	f("error.log-2026-11-22", "error.log", 20261122_000000_000, 0)
	f("error.log-1795357546", "error.log", 20261122_142546_000, 0)
	f("error.log-20261122-1795357546", "error.log", 20261122_142546_000, 0)
	f("error-20261122.log", "error.log", 20261122_000000_000, 0)
	f("error-2026-11-22.log", "error.log", 20261122_000000_000, 0)
	// Apache rotatelogs, Tomcat, Python, log4j, logback, winston, Serilog, Laravel, lumberjack, kubelet, IIS, PostgreSQL
	f("access_log.2026-11-22", "access_log", 20261122_000000_000, 0)
	f("access_log.1795357546", "access_log", 20261122_142546_000, 0)
	f("localhost_access_log.2026-11-22.txt", "localhost_access_log.txt", 20261122_000000_000, 0)
	f("catalina.2026-11-22.log", "catalina.log", 20261122_000000_000, 0)
	f("app.log.2026-11-22_14", "app.log", 20261122_140000_000, 0)
	f("app-2026-11-22T15.log.gz", "app.log", 20261122_150000_000, 0)
	f("app.log.2026-11-22-15", "app.log", 20261122_150000_000, 0)
	f("app-2026-11-22.1.log.gz", "app.log", 20261122_000000_000, 2)
	f("app-2026-11-22.10.log.gz", "app.log", 20261122_000000_000, 11)
	f("app-2026-11-22-1.log.gz", "app.log", 20261122_000000_000, 2)
	f("app-2026-11-22.log.3", "app.log", 20261122_000000_000, 4)
	f("app-2026-11.log", "app.log", 20261100_000000_000, 0)
	f("app20261122.log", "app.log", 20261122_000000_000, 0)
	f("app20261122_001.log", "app.log", 20261122_000000_000, 2)
	f("foo-2026-11-22T14-25-46.123.log.gz", "foo.log", 20261122_142546_123, 0)
	f("0.log.20261122-142546.gz", "0.log", 20261122_142546_000, 0)
	f("u_ex261122.log", "u_ex.log", 20261122_000000_000, 0)
	f("postgresql-2026-11-22_142546.log", "postgresql.log", 20261122_142546_000, 0)
	f("20261122.log", "log", 20261122_000000_000, 0)
	// Numbers that are no rotation: a version, a port, an instance, a container, a job, no date
	f("postgresql-15-main.log", "postgresql-15-main.log", 0, 0)
	f("postgresql-15-main.log.1", "postgresql-15-main.log", 0, 2)
	f("gunicorn.9001", "gunicorn.9001", 0, 0)
	f("redis-6379.log", "redis-6379.log", 0, 0)
	f("worker-1.log", "worker-1.log", 0, 0)
	f("app-out-0.log", "app-out-0.log", 0, 0)
	f("php8.2-fpm.log", "php8.2-fpm.log", 0, 0)
	f("media-api-3858fd54b355-json.log", "media-api-3858fd54b355-json.log", 0, 0)
	f("job-20261399.log", "job-20261399.log", 0, 0)
	f("id-202611221234567890.log", "id-202611221234567890.log", 0, 0)
	f(".1", ".1", 0, 0)
	f("1", "1", 0, 0)
	f("", "", 0, 0)
}

func FuzzSlotOf(f *testing.F) {
	for _, s := range []string{"error.log.1", "app-2026-11-22T15.log.gz", "u_ex261122.log", "@400000006380a0b10c.s", "2026-11"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, name string) {
		if s := slotOf(name); s.number < 0 || s.date < 0 || len(s.stem) > len(name)+len("current") {
			t.Errorf("%q: %+v", name, s)
		}
	})
}

// order opens files of these names and returns them as Open sorts them, families apart.
func order(t *testing.T, names string) string {
	t.Helper()
	var files []member
	for n := range strings.FieldsSeq(names) {
		files = append(files, member{n, []byte(n)})
	}
	slices.Reverse(files)
	sources, _ := Open(context.Background(), []string{folder(t, files...)}, Options{})
	var b strings.Builder
	for i, s := range sources {
		if i > 0 && sources[i-1].Group != s.Group {
			b.WriteString("| ")
		}
		if i > 0 && sources[i-1].Group == s.Group && sources[i-1].Rotation+1 != s.Rotation {
			t.Errorf("%s: rotation %d after %d", s.Path, s.Rotation, sources[i-1].Rotation)
		}
		b.WriteString(s.Path + " ")
	}
	return strings.TrimSpace(b.String())
}

func TestRotationOldestFirst(t *testing.T) {
	f := func(names, want string) {
		t.Helper()
		if got := order(t, names); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
	f("error.log error.log.1 error.log.2.gz error.log.10.gz", "error.log.10.gz error.log.2.gz error.log.1 error.log")
	f("error.log error.log-20261122 error.log-20261121.gz", "error.log-20261121.gz error.log-20261122 error.log")
	f("error.log error.log.1 error.log-20261122.gz error-2026-11-21.log", "error-2026-11-21.log error.log-20261122.gz error.log.1 error.log")
	f("access_log access_log.2026-11-22 access_log.2026-11-21", "access_log.2026-11-21 access_log.2026-11-22 access_log")
	f("app-2026-11-22T15.log.gz app-2026-11-22T09.log.gz app.log", "app-2026-11-22T09.log.gz app-2026-11-22T15.log.gz app.log")
	f("a-2026-11-22.10.log a-2026-11-22.2.log a-2026-11-21.11.log a.log", "a-2026-11-21.11.log a-2026-11-22.2.log a-2026-11-22.10.log a.log")
	f("catalog.log catalog.1.log catalog.2.log", "catalog.2.log catalog.1.log catalog.log")
	f("web.1.log web.2.log", "web.1.log | web.2.log")
	f("x/error.log y/error.log.1 error.log.2", "error.log.2 | x/error.log | y/error.log.1")
	f("Xorg.0.log Xorg.0.log.old", "Xorg.0.log.old Xorg.0.log")
	f("@400000006380a0b10c3b5a2c.s @400000006380a0b00c3b5a2c.s current", "@400000006380a0b00c3b5a2c.s @400000006380a0b10c3b5a2c.s current")
	// Kept together by copytruncate or not, the names are the same; the bare one is the youngest.
	f("out.log out.log.1 out.log.2", "out.log.2 out.log.1 out.log")
}

func TestEqualNamesAreToldApart(t *testing.T) {
	f := func(files, args, want string) {
		t.Helper()
		var all []member
		for p := range strings.FieldsSeq(files) {
			all = append(all, member{p, []byte(p + "\n")})
		}
		t.Chdir(folder(t, all...))
		sources, problems := Open(context.Background(), strings.Fields(args), Options{})
		got := strings.Join(paths(sources), " ")
		if got != want || len(problems) != 0 {
			t.Errorf("%s\n got  %s %v\n want %s", args, got, problems, want)
		}
	}
	f("web-1/nginx/error.log web-2/nginx/error.log", "web-2 web-1", "web-1/nginx/error.log web-2/nginx/error.log")
	f("a/logs/e.log b/logs/e.log a/logs/x.log", "a/logs b/logs", "a/logs/e.log b/logs/e.log x.log")
	f("a/logs/e.log b/logs/e.log c/e.log", "a/logs b/logs c", "a/logs/e.log b/logs/e.log c/e.log")
	f("a/e.log b/e.log.1 b/e.log", "a b", "a/e.log b/e.log.1 b/e.log")
	f("e.log a/e.log", "e.log a/e.log", "a/e.log e.log")
	f("a/e.log b/x/e.log", "a b", "e.log x/e.log")
}
