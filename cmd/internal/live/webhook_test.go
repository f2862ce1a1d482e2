package live

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// A receiver answers in a synctest bubble, without a network.
type receiver struct {
	mu     sync.Mutex
	answer func(n int, body string) (status int, header http.Header, err error)
	begin  time.Time
	posts  []string // "seconds: body"
	hang   bool
}

func (r *receiver) RoundTrip(req *http.Request) (*http.Response, error) {
	body, _ := io.ReadAll(req.Body)
	r.mu.Lock()
	r.posts = append(r.posts, fmt.Sprintf("%d: %s", time.Since(r.begin)/time.Second, body))
	n, hang := len(r.posts), r.hang
	r.mu.Unlock()
	if hang {
		<-req.Context().Done()
		return nil, req.Context().Err()
	}
	status, header, err := r.answer(n, string(body))
	if err != nil {
		return nil, err
	}
	return &http.Response{StatusCode: status, Header: header, Body: io.NopCloser(bytes.NewReader(nil)), Request: req}, nil
}

func (r *receiver) got() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return strings.Join(r.posts, "\n")
}

const secretURL = "https://user:hunter2@hooks.example.org/services/T0SECRET?token=s3cr3t"

func hookTo(t *testing.T, r *receiver) (*webhook, *journal) {
	t.Helper()
	r.begin = time.Now()
	j := newJournal()
	w, err := newWebhook(secretURL, "1", r, j.warn, j.count)
	if err != nil {
		t.Fatal(err)
	}
	w.start()
	return w, j
}

func post(id, event string) job {
	return job{incident: id, event: event, body: []byte(id + " " + event)}
}

func noSecret(t *testing.T, text string) {
	t.Helper()
	for _, s := range []string{"hunter2", "SECRET", "s3cr3t", "user"} {
		if strings.Contains(text, s) {
			t.Errorf("%q of the address is in:\n%s", s, text)
		}
	}
}

func TestWebhookTriesAgainWithBackOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &receiver{answer: func(n int, _ string) (int, http.Header, error) {
			if n < 10 {
				return 0, nil, errors.New("dial tcp 192.0.2.1:443: connect: connection refused")
			}
			return 204, nil, nil
		}}
		w, j := hookTo(t, r)
		w.add(post("a", "opened"))
		time.Sleep(time.Hour)
		// 1, 2, 4, 8, 16, 32, 60, 60, 60 s between them
		want := "0: a opened\n1: a opened\n3: a opened\n7: a opened\n15: a opened\n31: a opened\n63: a opened\n123: a opened\n183: a opened\n243: a opened"
		if got := r.got(); got != want {
			t.Errorf("posts:\n%s\nwant:\n%s", got, want)
		}
		w.close(t.Context())
		if j.get("webhook retried") != 9 || j.get("webhook ok") != 1 || !strings.Contains(j.text(), "https://hooks.example.org: attempt 1: dial tcp") {
			t.Errorf("%v\n%s", j.counts, j.text())
		}
		noSecret(t, j.text())
	})
}

func TestWebhookKeepsOrderAndPassesThePoisonedBy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &receiver{answer: func(_ int, body string) (int, http.Header, error) {
			if strings.HasPrefix(body, "a") && time.Now().Before(time.Date(2000, 1, 1, 0, 1, 0, 0, time.UTC)) {
				return 500, nil, nil // chokes on one incident, for a minute
			}
			return 200, nil, nil
		}}
		w, _ := hookTo(t, r)
		for _, event := range []string{"opened", "updated", "resolved"} {
			w.add(post("a", event))
			w.add(post("b", event))
		}
		time.Sleep(10 * time.Minute)
		w.close(t.Context())
		var a, b []string
		for line := range strings.Lines(r.got()) {
			when, body, _ := strings.Cut(strings.TrimSpace(line), ": ")
			if strings.HasPrefix(body, "b") {
				b = append(b, when+" "+body)
			} else if len(a) == 0 || a[len(a)-1] != body {
				a = append(a, body)
			}
		}
		if want := []string{"a opened", "a updated", "a resolved"}; !slices.Equal(a, want) {
			t.Errorf("of a came %q; want %q", a, want)
		}
		if want := []string{"1 b opened", "1 b updated", "1 b resolved"}; !slices.Equal(b, want) {
			t.Errorf("of b came %q; want %q", b, want)
		}
	})
}

func TestWebhookGivesUpWhatIsRefused(t *testing.T) {
	for _, c := range []struct {
		status, posts int
		result        string
	}{{200, 1, "ok"}, {201, 1, "ok"}, {400, 1, "failed"}, {401, 1, "failed"}, {404, 1, "failed"}, {410, 1, "failed"}, {304, 1, "failed"},
		{408, 2, "ok"}, {429, 2, "ok"}, {500, 2, "ok"}, {503, 2, "ok"}} {
		synctest.Test(t, func(t *testing.T) {
			r := &receiver{answer: func(n int, _ string) (int, http.Header, error) {
				if n > 1 {
					return 200, nil, nil
				}
				return c.status, nil, nil
			}}
			w, j := hookTo(t, r)
			w.add(post("a", "opened"))
			time.Sleep(time.Minute)
			w.close(t.Context())
			if strings.Count(r.got(), ":") != c.posts || j.get("webhook "+c.result) != 1 {
				t.Errorf("%d: %d posts, %v; want %d, %s", c.status, strings.Count(r.got(), ":"), j.counts, c.posts, c.result)
			}
			noSecret(t, j.text())
		})
	}
}

func TestWebhookHeedsRetryAfter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &receiver{answer: func(n int, _ string) (int, http.Header, error) {
			return []int{429, 503, 200}[n-1], http.Header{"Retry-After": {[]string{"20", "999999", ""}[n-1]}}, nil
		}}
		w, _ := hookTo(t, r)
		w.add(post("a", "opened"))
		time.Sleep(time.Hour)
		w.close(t.Context())
		if got, want := r.got(), "0: a opened\n20: a opened\n80: a opened"; got != want {
			t.Errorf("posts:\n%s\nwant:\n%s", got, want)
		}
	})
}

func TestWebhookWhileTheReceiverIsAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &receiver{answer: func(n int, _ string) (int, http.Header, error) {
			if time.Now().Before(time.Date(2000, 1, 1, 2, 0, 0, 0, time.UTC)) {
				return 502, nil, nil
			}
			return 200, nil, nil
		}}
		w, j := hookTo(t, r)
		for i := range webhookQueue + 3 {
			w.add(post(fmt.Sprint(i), "opened"))
		}
		for range 5 {
			w.add(post("1002", "updated"))
		}
		time.Sleep(100 * time.Minute)
		synctest.Wait()
		if n := strings.Count(r.got(), "\n"); n < 100 || n > 120 { // one a minute, however much waits
			t.Errorf("%d attempts in 100 minutes", n)
		}
		time.Sleep(time.Hour)
		w.close(t.Context())
		if j.get("webhook dropped") != 4 || j.get("webhook merged") != 4 || j.get("webhook ok") != webhookQueue {
			t.Errorf("%v; want 4 dropped, 4 merged, %d ok", j.counts, webhookQueue)
		}
	})
}

func TestWebhookCloseFlushes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fail := true
		r := &receiver{answer: func(n int, _ string) (int, http.Header, error) {
			if fail {
				return 500, nil, nil
			}
			return 200, nil, nil
		}}
		w, j := hookTo(t, r)
		w.add(post("a", "opened"))
		time.Sleep(10 * time.Second) // the next attempt is due at 15 s
		w.add(post("a", "resolved"))
		synctest.Wait()
		fail = false
		begin := time.Now()
		w.close(t.Context())
		if j.get("webhook ok") != 2 || time.Since(begin) > time.Second {
			t.Errorf("%v after %s", j.counts, time.Since(begin))
		}
	})
}

func TestWebhookCloseDoesNotWaitForever(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &receiver{hang: true}
		w, j := hookTo(t, r)
		for i := range 3 {
			w.add(post(fmt.Sprint(i), "opened"))
		}
		synctest.Wait()
		begin := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), closeGrace)
		defer cancel()
		w.close(ctx)
		if took := time.Since(begin); took != closeGrace {
			t.Errorf("close took %s; want %s", took, closeGrace)
		}
		if strings.Count(r.got(), ":") != 1 || j.get("webhook dropped")+j.get("webhook retried") < 3 {
			t.Errorf("%s, %v", r.got(), j.counts)
		}
	})
}

// real posts one job to a server on loopback and returns what came of it.
func real(t *testing.T, path string, handler http.Handler) (*journal, string) {
	t.Helper()
	noLeaks(t)
	s := httptest.NewServer(handler)
	defer s.Close()
	j := newJournal()
	w, err := newWebhook(s.URL+path, "1.2", nil, j.warn, j.count)
	if err != nil {
		t.Fatal(err)
	}
	w.start()
	w.add(job{incident: "a", event: "opened", body: []byte(`{"event":"opened"}` + "\n")})
	j.until(t, func() bool { return j.get("webhook ok")+j.get("webhook failed") == 1 })
	w.close(t.Context())
	return j, s.URL
}

func TestWebhookPosts(t *testing.T) {
	var got string
	j, _ := real(t, "/x", http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		got = fmt.Sprintf("%s %s %s %s %s", r.Method, r.URL, r.Header.Get("Content-Type"), r.Header.Get("User-Agent"), body)
		if !strings.HasPrefix(r.Header.Get("Idempotency-Key"), "a-opened-") {
			t.Errorf("Idempotency-Key %q", r.Header.Get("Idempotency-Key"))
		}
	}))
	if want := "POST /x application/json culprit/1.2 {\"event\":\"opened\"}\n"; got != want || j.get("webhook ok") != 1 {
		t.Errorf("got %q; want %q", got, want)
	}
}

func TestWebhookRedirects(t *testing.T) {
	f := func(status int, to, result, why string) {
		t.Helper()
		moved := ""
		mux := http.NewServeMux()
		mux.HandleFunc("/T0SECRET", func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Location", to)
			w.WriteHeader(status)
		})
		mux.HandleFunc("/moved", func(_ http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			moved = r.Method + " " + string(body) + r.Referer()
		})
		j, _ := real(t, "/T0SECRET", mux)
		if j.get("webhook "+result) != 1 || !strings.Contains(j.text(), why) {
			t.Errorf("%d to %s: %v, %s; want %s, %q", status, to, j.counts, j.text(), result, why)
		}
		if result == "ok" && moved != "POST {\"event\":\"opened\"}\n" {
			t.Errorf("%d: at the new place came %q", status, moved)
		}
		noSecret(t, j.text())
	}
	f(307, "/moved", "ok", "")
	f(308, "/moved", "ok", "")
	f(301, "/moved", "failed", "drops the body")
	f(302, "/moved", "failed", "drops the body")
	f(303, "/moved", "failed", "drops the body")
	f(307, "https://127.0.0.1:1/SECRET", "failed", "another scheme")
	f(307, "file:///etc/SECRET", "failed", "another scheme")
	f(307, "/T0SECRET", "failed", "too often")
}

func TestWebhookVerifiesCertificates(t *testing.T) {
	noLeaks(t)
	s := httptest.NewUnstartedServer(http.NotFoundHandler())
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.StartTLS()
	defer s.Close()
	j := newJournal()
	w, err := newWebhook(s.URL+"/SECRET", "1", nil, j.warn, j.count)
	if err != nil {
		t.Fatal(err)
	}
	w.start()
	w.add(post("a", "opened"))
	j.until(t, func() bool { return j.get("webhook retried") == 1 })
	w.close(t.Context())
	if !strings.Contains(j.text(), "certificate") {
		t.Errorf("no word of the certificate in:\n%s", j.text())
	}
	noSecret(t, j.text())
}

func TestWebhookRefusesAddresses(t *testing.T) {
	for _, address := range []string{"hooks.example.org/SECRET", "ftp://example.org/SECRET", "https:///SECRET", "http://ex ample/SECRET", "file:///etc/SECRET", "https://%zz/SECRET"} {
		w, err := newWebhook(address, "", nil, nil, nil)
		if err == nil || w != nil {
			t.Errorf("newWebhook(%s) takes it", address)
		} else {
			noSecret(t, err.Error())
		}
	}
}

func TestBackoff(t *testing.T) {
	var got []time.Duration
	for n := range 9 {
		got = append(got, backoff(n)/time.Second)
	}
	if want := []time.Duration{1, 1, 2, 4, 8, 16, 32, 60, 60}; !slices.Equal(got, want) {
		t.Errorf("seconds %v; want %v", got, want)
	}
}
