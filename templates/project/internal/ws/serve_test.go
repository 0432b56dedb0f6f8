package ws

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"
)

// These tests run in bubbles of testing/synctest, over connections in memory: time is the bubble's, so that every delay
// below is exact and costs nothing.

// pipeListener accepts connections in memory.
type pipeListener struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
	err    error // what Accept returns once closed; set before
}

func newPipeListener() *pipeListener {
	return &pipeListener{conns: make(chan net.Conn), closed: make(chan struct{}), err: net.ErrClosed}
}

func (l *pipeListener) Accept() (net.Conn, error) {
	select {
	case conn := <-l.conns:
		return conn, nil
	case <-l.closed:
		return nil, l.err
	}
}

func (l *pipeListener) Close() error   { l.once.Do(func() { close(l.closed) }); return nil }
func (l *pipeListener) Addr() net.Addr { return pipeAddr{} }

// dial opens a connection; it fails where the listener is closed.
func (l *pipeListener) dial() (net.Conn, error) {
	client, server := net.Pipe()
	select {
	case l.conns <- server:
		return client, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

type pipeAddr struct{}

func (pipeAddr) Network() string { return "pipe" }
func (pipeAddr) String() string  { return "in-memory" }

// fakeApp is an application whose routes are below /ws/, and which tells when it is drained.
type fakeApp struct {
	drain func(ctx context.Context, window time.Duration) error
}

func (fakeApp) ready() error                 { return nil }
func (fakeApp) Handles(r *http.Request) bool { return strings.HasPrefix(r.URL.Path, "/ws/") }
func (fakeApp) serveDirect(w http.ResponseWriter, _ *http.Request) {
	_, _ = io.WriteString(w, "app")
}
func (a fakeApp) Drain(ctx context.Context, window time.Duration) error { return a.drain(ctx, window) }

func drainAtOnce(context.Context, time.Duration) error { return nil }

// service is a service that runs in a test's bubble.
type service struct {
	t      *testing.T
	l      *pipeListener
	stop   context.CancelFunc
	result chan error
}

func startService(t *testing.T, c ServerConfig, app application, mux http.Handler) *service {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	s := &service{t: t, l: newPipeListener(), stop: stop, result: make(chan error, 1)}
	t.Cleanup(stop)
	go func() { s.result <- serveOn(ctx, s.l, c, app, mux) }()
	return s
}

// get asks for a path on a connection of its own.
func (s *service) get(method, path string) (status int, body string, header http.Header) {
	s.t.Helper()
	conn, err := s.l.dial()
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	return roundTrip(s.t, conn, method, path)
}

func roundTrip(t *testing.T, conn net.Conn, method, path string) (status int, body string, header http.Header) {
	t.Helper()
	if _, err := io.WriteString(conn, method+" "+path+" HTTP/1.1\r\nHost: example.com\r\nConnection: close\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	resp, err := http.ReadResponse(bufio.NewReader(conn), &http.Request{Method: method})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(text), resp.Header
}

func muxSaying(word string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, word) })
}

func TestServeAsksProbesThenRoutesThenMux(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := startService(t, DefaultServerConfig(), fakeApp{drain: drainAtOnce}, muxSaying("mux"))
		for path, want := range map[string]string{
			"/healthz": "ok\n", "/readyz": "ready\n", "/ws/echo": "app", "/": "mux", "/healthz/": "mux", "/metrics": "mux",
		} {
			if status, body, _ := s.get(http.MethodGet, path); status != 200 || body != want {
				t.Errorf("GET %s: %d %q, want 200 %q", path, status, body, want)
			}
		}
		if status, body, _ := s.get(http.MethodHead, "/healthz"); status != 200 || body != "" {
			t.Errorf("HEAD /healthz: %d %q, want 200 and no body", status, body)
		}
		if status, body, _ := s.get(http.MethodGet, "//ws/echo"); status != http.StatusNotFound {
			t.Errorf("GET //ws/echo: %d %q, want 404: the mux would redirect to the route", status, body)
		}
		if status, body, _ := s.get(http.MethodGet, "//other/./x/"); status != http.StatusOK || body != "mux" {
			t.Errorf("GET //other/./x/: %d %q, want the mux's own answer", status, body)
		}
		status, _, header := s.get(http.MethodPost, "/readyz")
		if status != http.StatusMethodNotAllowed || header.Get("Allow") != "GET, HEAD" {
			t.Errorf("POST /readyz: %d, Allow %q", status, header.Get("Allow"))
		}
		_, _, header = s.get(http.MethodGet, "/readyz")
		if got := header.Get("Cache-Control"); got != "no-store" {
			t.Errorf("/readyz: Cache-Control %q, want no-store", got)
		}
		s.stop()
		if err := <-s.result; err != nil {
			t.Error(err)
		}
	})
}

func TestServeDrainsInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := DefaultServerConfig()
		c.DrainDelay, c.DrainWindow, c.DrainTimeout = 10*time.Second, 3*time.Second, 20*time.Second
		drained := make(chan time.Time, 1)
		var s *service
		s = startService(t, c, fakeApp{drain: func(ctx context.Context, window time.Duration) error {
			drained <- time.Now()
			if _, err := s.l.dial(); !errors.Is(err, net.ErrClosed) {
				t.Errorf("a connection was accepted while the sockets closed: %v", err)
			}
			if deadline, ok := ctx.Deadline(); !ok || time.Until(deadline) > c.DrainTimeout {
				t.Errorf("deadline %v (%v), want one within DrainTimeout", deadline, ok)
			}
			if ctx.Err() != nil || window != c.DrainWindow {
				t.Errorf("Drain got a context with error %v and the window %v", ctx.Err(), window)
			}
			return nil
		}}, muxSaying("mux"))

		if status, _, _ := s.get(http.MethodGet, "/readyz"); status != 200 {
			t.Errorf("/readyz of a running service: %d, want 200", status)
		}
		stopped := time.Now()
		s.stop()
		synctest.Wait()
		if status, body, _ := s.get(http.MethodGet, "/readyz"); status != 503 || body != "draining\n" {
			t.Errorf("/readyz of a stopping service: %d %q, want 503", status, body)
		}
		if status, _, _ := s.get(http.MethodGet, "/healthz"); status != 200 {
			t.Errorf("/healthz of a stopping service: %d, want 200", status)
		}
		if status, body, _ := s.get(http.MethodGet, "/ws/echo"); status != 200 || body != "app" {
			t.Errorf("a route during the delay: %d %q", status, body)
		}
		if err := <-s.result; err != nil {
			t.Errorf("Serve = %v, want nil: stopping is no error", err)
		}
		if waited := (<-drained).Sub(stopped); waited != c.DrainDelay {
			t.Errorf("the sockets were drained after %v, want DrainDelay", waited)
		}
	})
}

func TestServeLetsRequestsFinish(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		entered := make(chan struct{})
		s := startService(t, DefaultServerConfig(), fakeApp{drain: drainAtOnce},
			http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				close(entered)
				time.Sleep(10 * time.Second)
				_, _ = io.WriteString(w, "done")
			}))
		answer := make(chan string, 1)
		go func() {
			_, body, _ := s.get(http.MethodGet, "/slow")
			answer <- body
		}()
		<-entered
		s.stop()
		if err := <-s.result; err != nil {
			t.Error(err)
		}
		if got := <-answer; got != "done" {
			t.Errorf("the request in flight got %q", got)
		}
	})
}

func TestServeLeavesBehindWhatTakesTooLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := DefaultServerConfig()
		release := make(chan struct{})
		entered := make(chan struct{})
		s := startService(t, c, fakeApp{drain: func(ctx context.Context, _ time.Duration) error {
			<-ctx.Done()
			return ctx.Err()
		}}, http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
			close(entered)
			<-release
		}))
		conn, err := s.l.dial()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(conn, "GET /stuck HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
		<-entered
		stopped := time.Now()
		s.stop()
		if err := <-s.result; err != nil {
			t.Errorf("Serve = %v, want nil: what was left behind is logged", err)
		}
		if took := time.Since(stopped); took != c.DrainTimeout {
			t.Errorf("stopping took %v, want DrainTimeout", took)
		}
		if _, err := conn.Read(make([]byte, 1)); err == nil {
			t.Error("the connection of the stuck request is still open")
		}
		close(release)
	})
}

// A browser holds connections at hand that it has not sent a byte on; they must not hold up a Ctrl-C.
func TestServeDoesNotWaitForUnusedConnections(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := startService(t, DefaultServerConfig(), fakeApp{drain: drainAtOnce}, muxSaying("mux"))
		conn, err := s.l.dial()
		if err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		stopped := time.Now()
		s.stop()
		if err := <-s.result; err != nil {
			t.Error(err)
		}
		if took := time.Since(stopped); took > time.Second {
			t.Errorf("stopping took %v because of a connection that was never used", took)
		}
		if _, err := conn.Read(make([]byte, 1)); err == nil {
			t.Error("the unused connection is still open")
		}
	})
}

func TestServeBoundsTheHeader(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := DefaultServerConfig()
		s := startService(t, c, fakeApp{drain: drainAtOnce}, muxSaying("mux"))
		conn, err := s.l.dial()
		if err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		if _, err := io.WriteString(conn, "GET / HTTP/1.1\r\nHost: x\r\n"); err != nil { // and never the rest
			t.Fatal(err)
		}
		if _, err := io.Copy(io.Discard, conn); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(began); took != c.ReadHeaderTimeout {
			t.Errorf("a slow header was given up after %v, want %v", took, c.ReadHeaderTimeout)
		}
		s.stop()
		if err := <-s.result; err != nil {
			t.Error(err)
		}
	})
}

func TestServeDrainsWhenTheListenerBreaks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		drained := false
		s := startService(t, DefaultServerConfig(), fakeApp{drain: func(context.Context, time.Duration) error {
			drained = true
			return nil
		}}, muxSaying("mux"))
		synctest.Wait()
		broken := errors.New("no more descriptors")
		s.l.err = broken
		_ = s.l.Close()
		err := <-s.result
		if !errors.Is(err, broken) || !strings.Contains(err.Error(), "in-memory") {
			t.Errorf("Serve = %v, want the listener's error and its address", err)
		}
		if !drained {
			t.Error("the sockets were not drained")
		}
	})
}

// echoConsumer sends back what it gets, and tells when it is disconnected.
type echoConsumer struct{ gone chan<- CloseStatus }

func (echoConsumer) Connect(context.Context, *Handshake) error { return nil }
func (echoConsumer) Receive(ctx context.Context, s *Socket, m Message) error {
	return s.Send(ctx, m)
}
func (c echoConsumer) Disconnect(_ context.Context, st CloseStatus) { c.gone <- st }

// The whole path over a real connection: the origin is judged, a message comes back, and stopping says 1012 to the page.
func TestServeClosesSocketsWithRestart(t *testing.T) {
	l, err := listen(t.Context(), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	gone := make(chan CloseStatus, 2)
	layer := NewMemoryLayer()
	defer func() {
		if err := layer.Close(); err != nil {
			t.Error(err)
		}
	}()
	app := NewRouter(DefaultLimits(), layer, []Middleware{OriginValidator(Origins{}, false)},
		Sync("/ws/echo", func(Params) SyncConsumer { return echoConsumer{gone: gone} }))
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	result := make(chan error, 1)
	go func() { result <- serveOn(ctx, l, DefaultServerConfig(), app, http.NotFoundHandler()) }()

	host := l.Addr().String()
	_, resp, err := websocket.DefaultDialer.DialContext(t.Context(), "ws://"+host+"/ws/echo", http.Header{"Origin": {"https://evil.test"}})
	if err == nil || resp == nil || resp.StatusCode != http.StatusForbidden {
		t.Errorf("a foreign page's handshake = %v, want 403", err)
	}
	conn, _, err := websocket.DefaultDialer.DialContext(t.Context(), "ws://"+host+"/ws/echo", http.Header{"Origin": {"http://" + host}})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	if err := conn.WriteMessage(websocket.TextMessage, []byte("hello")); err != nil {
		t.Fatal(err)
	}
	if _, got, err := conn.ReadMessage(); err != nil || string(got) != "hello" {
		t.Errorf("the echo = %q, %v", got, err)
	}

	stop()
	if _, _, err := conn.ReadMessage(); !websocket.IsCloseError(err, CodeRestart) {
		t.Errorf("the page of a stopping service reads %v, want close code 1012", err)
	}
	if err := <-result; err != nil {
		t.Errorf("Serve = %v, want nil", err)
	}
	if st := <-gone; st.Code != CodeRestart {
		t.Errorf("Disconnect was told %+v, want 1012", st)
	}
	if len(gone) != 0 {
		t.Error("Disconnect was called twice")
	}
}
