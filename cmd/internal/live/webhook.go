package live

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// Bounds of the webhook.
const (
	webhookQueue   = 1000
	webhookTime    = 10 * time.Second // for one attempt
	webhookFirst   = time.Second      // before the second attempt, doubled from there
	webhookLongest = time.Minute
	webhookAnswer  = 4 << 10 // bytes of an answer that are read so that its connection can be used again
	maxRedirects   = 3
)

// A webhook posts every change to one address, until it is taken. Changes of one incident
// arrive in their order; one that the receiver does not take does not hold up those of
// other incidents. While the receiver is away, waiting updates of one incident become
// one. A nil *webhook posts nothing.
type webhook struct {
	url    string
	name   string // scheme and host: the rest of an address is often a secret
	agent  string
	client *http.Client
	warn   func(string, ...any)
	count  func(kind, result string)

	queue   *queue
	closing chan struct{}
	ended   chan struct{}
	stop    context.CancelFunc
	ctx     context.Context // of all attempts; kept because they outlive any one call

	fails int       // attempts in a row that came to nothing
	gate  time.Time // no attempt before
}

// newWebhook checks the address. A nil transport is Go's own: certificates are verified,
// proxies taken from the environment.
func newWebhook(address, version string, transport http.RoundTripper, warn func(string, ...any), count func(kind, result string)) (*webhook, error) {
	if address == "" {
		return nil, nil
	}
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, errors.New("use --webhook: the address must be http://… or https://…")
	}
	if transport == nil {
		t := http.DefaultTransport.(*http.Transport).Clone()
		t.MaxIdleConns, t.MaxConnsPerHost = 1, 2
		transport = t
	}
	w := &webhook{url: address, name: u.Scheme + "://" + u.Host, agent: "culprit/" + version, warn: warn, count: count,
		client:  &http.Client{Transport: transport, CheckRedirect: checkRedirect},
		closing: make(chan struct{}), ended: make(chan struct{})}
	w.ctx, w.stop = context.WithCancel(context.Background())
	w.queue = newQueue(webhookQueue, func(_ job, n int64) {
		count("webhook", "dropped")
		if worthTelling(n) {
			warn("webhook %s: %d changes were not told: too many wait", w.name, n)
		}
	})
	w.queue.merge, w.queue.merged = true, func() { count("webhook", "merged") }
	return w, nil
}

// checkRedirect follows what keeps the scheme and the body: after 301, 302 and 303 Go
// sends a GET, which would look like success and tell nothing. The Referer would hand
// the address, which may be a secret, to another host.
func checkRedirect(req *http.Request, via []*http.Request) error {
	switch {
	case req.URL.Scheme != via[0].URL.Scheme:
		return errRefused{"it redirects to another scheme"}
	case req.Method != http.MethodPost:
		return errRefused{"it redirects in a way that drops the body (only 307 and 308 keep it)"}
	case len(via) > maxRedirects:
		return errRefused{"it redirects too often"}
	}
	req.Header.Del("Referer")
	return nil
}

// errRefused is an answer that another attempt would not change.
type errRefused struct{ why string }

func (e errRefused) Error() string { return e.why }

func (w *webhook) add(j job) {
	if w != nil {
		w.queue.push(j)
	}
}

// start begins to post what is added.
func (w *webhook) start() {
	if w == nil {
		return
	}
	go func() {
		defer close(w.ended)
		for w.step() {
		}
	}()
}

// step makes one attempt, or waits for the time of the next. It returns false at the end.
func (w *webhook) step() bool {
	closing := false
	select {
	case <-w.closing:
		closing = true
	default:
	}
	if w.ctx.Err() != nil || closing && w.queue.len() == 0 {
		return false
	}
	now := time.Now()
	wait := w.gate.Sub(now)
	if wait <= 0 || closing {
		var j *job
		if j, wait = w.queue.take(now, closing); j != nil {
			w.attempt(j, closing)
			return true
		}
	}
	w.sleep(wait, closing)
	return true
}

// sleep waits for d (0: for ever), or until something changes.
func (w *webhook) sleep(d time.Duration, closing bool) {
	var timer <-chan time.Time
	if d > 0 {
		t := time.NewTimer(d)
		defer t.Stop()
		timer = t.C
	}
	end := w.closing
	if closing {
		end = nil
	}
	select {
	case <-timer:
	case <-w.queue.wake:
	case <-end:
	case <-w.ctx.Done():
	}
}

// attempt posts a job once and decides what becomes of it. At the end there is no time
// for a second attempt.
func (w *webhook) attempt(j *job, last bool) {
	j.tries++
	after, err := w.post(j)
	var refused errRefused
	switch {
	case err == nil:
		w.count("webhook", "ok")
		if w.fails > 0 {
			w.warn("webhook %s: answers again", w.name)
		}
		w.fails, w.gate = 0, time.Time{}
		w.queue.done(j)
	case errors.As(err, &refused):
		w.count("webhook", "failed")
		w.warn("webhook %s: %s of %s is given up: %v", w.name, j.event, j.incident, err)
		w.queue.done(j)
	case last:
		w.count("webhook", "dropped")
		w.warn("webhook %s: %s of %s was not told: %v", w.name, j.event, j.incident, err)
		w.queue.done(j)
	default:
		w.count("webhook", "retried")
		w.fails++
		if worthTelling(int64(w.fails)) {
			w.warn("webhook %s: attempt %d: %v; trying again", w.name, w.fails, err)
		}
		now := time.Now()
		w.gate = now.Add(max(after, backoff(w.fails)))
		w.queue.retry(j, now.Add(max(after, backoff(j.tries))))
	}
}

// backoff is how long to wait after so many attempts: 1, 2, 4, … 60 s. Without jitter:
// one program posts to one address.
func backoff(tries int) time.Duration {
	if tries > 6 {
		return webhookLongest
	}
	return min(webhookFirst<<max(tries-1, 0), webhookLongest)
}

// post makes one request. after is how long the receiver wants to be left alone. Errors
// name no part of the address.
func (w *webhook) post(j *job) (after time.Duration, err error) {
	ctx, cancel := context.WithTimeout(w.ctx, webhookTime)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, w.url, bytes.NewReader(j.body))
	if err != nil {
		return 0, errRefused{"the address cannot be used"}
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", w.agent)
	req.Header.Set("Idempotency-Key", keyOf(j)) // an attempt may have arrived although its answer did not
	resp, err := w.client.Do(req)
	if err != nil {
		var wrapped *url.Error // whose text quotes the address
		if errors.As(err, &wrapped) {
			err = wrapped.Err
		}
		return 0, err
	}
	defer resp.Body.Close()
	io.CopyN(io.Discard, resp.Body, webhookAnswer)
	return judge(resp)
}

// judge says what an answer means. 408 and 429 and all of 5xx may change; no other
// refusal does.
func judge(resp *http.Response) (after time.Duration, err error) {
	status := fmt.Sprintf("it answers %d", resp.StatusCode)
	switch code := resp.StatusCode; {
	case code >= 200 && code < 300:
		return 0, nil
	case code == http.StatusRequestTimeout, code == http.StatusTooManyRequests, code >= 500:
		if seconds, err := strconv.Atoi(resp.Header.Get("Retry-After")); err == nil && seconds > 0 {
			after = time.Duration(min(seconds, int(webhookLongest/time.Second))) * time.Second
		}
		return after, errors.New(status)
	}
	return 0, errRefused{status}
}

func keyOf(j *job) string {
	h := fnv.New64a()
	h.Write(j.body)
	return fmt.Sprintf("%s-%s-%016x", j.incident, j.event, h.Sum64())
}

// close posts what waits, each change once more at most, until ctx ends.
func (w *webhook) close(ctx context.Context) {
	if w == nil {
		return
	}
	close(w.closing)
	select {
	case <-w.ended:
	case <-ctx.Done():
	}
	w.stop()
	<-w.ended
	left := w.queue.drain()
	for range left {
		w.count("webhook", "dropped")
	}
	if len(left) > 0 {
		w.warn("webhook %s: %d changes were not told: the program ends", w.name, len(left))
	}
	w.client.CloseIdleConnections()
}
