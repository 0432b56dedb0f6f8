package backends_test

import (
	"context"
	"crypto/tls"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coder/websocket"

	"wsgen/golden/backends"
)

// proxied starts a server, and an nginx before it and further upstreams.
func proxied(t *testing.T, h http.HandlerFunc, further ...string) *backends.Nginx {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return backends.StartNginx(t, append(further, strings.TrimPrefix(s.URL, "http://"))...)
}

// client returns one that trusts nginx, and leaves nothing behind.
func client(n *backends.Nginx) *http.Client {
	return &http.Client{Transport: &http.Transport{DisableKeepAlives: true, TLSClientConfig: &tls.Config{RootCAs: n.Roots}}}
}

// get asks for something, and returns the status and the body.
func get(ctx context.Context, n *backends.Nginx, url string) (int, string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return 0, "", err
	}
	resp, err := client(n).Do(req)
	if err != nil {
		return 0, "", err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return resp.StatusCode, string(body), err
}

// TestNginx: what a service asks of a proxy comes through, with TLS and without.
func TestNginx(t *testing.T) {
	n := proxied(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, r.Host+" "+r.Header.Get("X-Forwarded-For")+" "+r.Header.Get("Connection"))
	})
	for _, url := range []string{n.URL, n.TLS} {
		_, host, _ := strings.Cut(url, "://")
		status, body, err := get(t.Context(), n, url)
		if want := host + " 127.0.0.1 "; err != nil || status != http.StatusOK || body != want {
			t.Errorf("%s: %d %q %v, want %q", url, status, body, err, want)
		}
	}
}

// TestNginxSockets: a socket outlives every timeout of nginx if something is said now and then, and not else.
func TestNginxSockets(t *testing.T) {
	n := proxied(t, func(w http.ResponseWriter, r *http.Request) {
		c, err := websocket.Accept(w, r, nil)
		if err != nil {
			return
		}
		defer func() { _ = c.CloseNow() }() // whatever is left of it
		for r.URL.Path == "/pings" && r.Context().Err() == nil {
			if c.Write(r.Context(), websocket.MessageText, []byte("ping")) != nil {
				return
			}
			time.Sleep(100 * time.Millisecond)
		}
		_, _, _ = c.Read(r.Context())
	})
	n.Replace("proxy_read_timeout 60s;", "proxy_read_timeout 2s;")
	began := time.Now()
	for path, lasts := range map[string]bool{"/pings": true, "/silence": false} {
		c, _, err := websocket.Dial(t.Context(), n.TLS+path, &websocket.DialOptions{HTTPClient: client(n)})
		if err != nil {
			t.Fatal(err)
		}
		for err == nil && time.Since(began) < 4500*time.Millisecond {
			_, _, err = c.Read(t.Context())
		}
		if (err == nil) != lasts {
			t.Errorf("%s: %v", path, err)
		}
		_ = c.CloseNow() // an error means that it has ended
		began = time.Now()
	}
}

// TestNginxLongRequest: one that is silent for too long is answered with 504, and with 499 in the log where the client has gone. It
// is not tried again at another server.
func TestNginxLongRequest(t *testing.T) {
	var calls atomic.Int32
	left := make(chan struct{}, 2)
	slow := func(_ http.ResponseWriter, r *http.Request) {
		calls.Add(1)
		<-r.Context().Done()
		left <- struct{}{}
	}
	other := httptest.NewServer(http.HandlerFunc(slow))
	t.Cleanup(other.Close)
	n := proxied(t, slow, strings.TrimPrefix(other.URL, "http://"))
	n.Replace("proxy_read_timeout 60s;", "proxy_read_timeout 2s;")
	n.Replace("proxy_next_upstream_timeout 5s;", "proxy_next_upstream_timeout 1s;")
	status, _, err := get(t.Context(), n, n.URL)
	if err != nil || status != http.StatusGatewayTimeout || calls.Load() != 1 {
		t.Errorf("%d %v after %d calls", status, err, calls.Load())
	}
	<-left

	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		for calls.Load() < 2 {
			time.Sleep(time.Millisecond)
		}
		cancel()
	}()
	if status, _, err := get(ctx, n, n.URL); err == nil {
		t.Errorf("answered %d", status)
	}
	<-left // nginx hangs up on the handler
	for deadline := time.Now().Add(20 * time.Second); !strings.Contains(n.AccessLog(), `" 499 `); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("no 499:\n%s", n.AccessLog())
		}
	}
}

// TestNginxNextProcess: who is dead or stopping is passed over.
func TestNginxNextProcess(t *testing.T) {
	dead := httptest.NewServer(nil)
	dead.Close()
	draining := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusServiceUnavailable)
	}))
	t.Cleanup(draining.Close)
	n := proxied(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "here") },
		strings.TrimPrefix(dead.URL, "http://"), strings.TrimPrefix(draining.URL, "http://"))
	for range 10 {
		if status, body, err := get(t.Context(), n, n.URL); err != nil || status != http.StatusOK || body != "here" {
			t.Fatalf("%d %q %v", status, body, err)
		}
	}
}
