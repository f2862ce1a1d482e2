package live

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"culprit/report"

	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Bounds of the listener.
const (
	readTime    = 5 * time.Second
	writeTime   = 10 * time.Second
	idleTime    = time.Minute
	headerBytes = 16 << 10
	scrapes     = 4 // at once; more are told to come again
)

// staleAfter is how long the engine may be silent: it decides every five seconds even
// when nothing comes.
const staleAfter = 30 * time.Second

// A server serves /metrics and /healthz.
type server struct {
	http   *http.Server
	addr   net.Addr
	health *health
	ended  chan error
}

// listen starts the listener; nil without an address.
func listen(address string, m *metrics, warn func(string, ...any)) (*server, error) {
	if address == "" {
		return nil, nil
	}
	where, err := loopback(address)
	if err != nil {
		return nil, fmt.Errorf("use --listen %s: %w", report.Clean(address), err)
	}
	l, err := net.Listen("tcp", where)
	if err != nil {
		return nil, fmt.Errorf("use --listen: %w", err)
	}
	s := &server{addr: l.Addr(), health: &health{now: time.Now}, ended: make(chan error, 1)}
	s.http = &http.Server{
		Handler:           s.handler(m),
		ReadHeaderTimeout: readTime, ReadTimeout: readTime, WriteTimeout: writeTime, IdleTimeout: idleTime,
		MaxHeaderBytes: headerBytes,
		ErrorLog:       log.New(warnWriter(warn), "", 0),
	}
	go func() { s.ended <- s.http.Serve(l) }()
	return s, nil
}

func (s *server) handler(m *metrics) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{MaxRequestsInFlight: scrapes}))
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.Header().Set("Cache-Control", "no-store")
		if why := s.health.trouble(); why != "" {
			w.WriteHeader(http.StatusServiceUnavailable)
			fmt.Fprintln(w, why)
			return
		}
		fmt.Fprintln(w, "ok")
	})
	return mux
}

// close lets answers under way end, until ctx does.
func (s *server) close(ctx context.Context) error {
	err := s.http.Shutdown(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		err = s.http.Close()
	}
	if end := <-s.ended; !errors.Is(end, http.ErrServerClosed) {
		err = errors.Join(err, end)
	}
	if err != nil {
		return fmt.Errorf("close listener: %w", err)
	}
	return nil
}

// loopback completes an address: nobody but this machine is served unless the host is
// named. A bare port is taken too.
func loopback(address string) (string, error) {
	if !strings.Contains(address, ":") {
		address = ":" + address
	}
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return "", errors.New("an address is HOST:PORT or :PORT")
	}
	if host == "" {
		host = "127.0.0.1"
	}
	if _, err := net.LookupPort("tcp", port); err != nil || port == "" {
		return "", errors.New("an address ends with a port: :9100")
	}
	return net.JoinHostPort(host, port), nil
}

// health knows whether the engine decides.
type health struct {
	now func() time.Time

	mu      sync.Mutex
	last    time.Time
	stopped bool
}

// alive notes a decision.
func (h *health) alive(now time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.last = now
}

func (h *health) stop() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.stopped = true
}

// trouble says why the program does not do its work; "" if it does.
func (h *health) trouble() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch silent := h.now().Sub(h.last); {
	case h.stopped:
		return "stopping"
	case h.last.IsZero():
		return "starting: nothing was decided yet"
	case silent > staleAfter:
		return fmt.Sprintf("nothing was decided for %s", age(silent))
	}
	return ""
}

// warnWriter makes warnings of what the HTTP server logs.
type warnWriter func(string, ...any)

func (w warnWriter) Write(b []byte) (int, error) {
	w("listener: %s", strings.TrimSpace(string(b)))
	return len(b), nil
}
