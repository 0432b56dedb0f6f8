package session_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/textproto"
	"strings"
	"testing"
	"time"

	"wsgen/templates/project/internal/ws"
	"wsgen/templates/project/internal/ws/session"
)

// However a handler answers, the session is saved before, and the answer is the handler's.
func TestAnswers(t *testing.T) {
	login := func(r *http.Request) {
		if err := session.Login(r.Context(), "alice"); err != nil {
			t.Error(err)
		}
	}
	s := newSite(t, options{handle: func(mux *http.ServeMux) {
		mux.HandleFunc("GET /silent", func(_ http.ResponseWriter, r *http.Request) { login(r) })
		mux.HandleFunc("GET /status", func(w http.ResponseWriter, r *http.Request) {
			login(r)
			w.WriteHeader(http.StatusTeapot)
			w.WriteHeader(http.StatusOK) // too late, as ever
		})
		mux.HandleFunc("GET /flush", func(w http.ResponseWriter, r *http.Request) {
			login(r)
			w.(http.Flusher).Flush()
			_, _ = io.WriteString(w, "flushed")
			if err := http.NewResponseController(w).Flush(); err != nil {
				t.Error(err)
			}
		})
		mux.HandleFunc("GET /hints", func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(http.StatusEarlyHints)
			login(r)
			_, _ = io.WriteString(w, "after the hints")
		})
		mux.HandleFunc("GET /file", func(w http.ResponseWriter, r *http.Request) {
			login(r)
			http.ServeContent(w, r, "a.txt", time.Time{}, strings.NewReader("content"))
		})
		mux.HandleFunc("GET /deadline", func(w http.ResponseWriter, r *http.Request) {
			login(r)
			if err := http.NewResponseController(w).SetWriteDeadline(time.Now().Add(patience)); err != nil {
				t.Error(err)
			}
		})
		mux.HandleFunc("GET /late", func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.WriteString(w, "first")
			if err := session.Login(r.Context(), "alice"); !errors.Is(err, session.ErrNoCookie) {
				t.Errorf("a login after the answer: %v", err)
			}
		})
	}})
	for path, want := range map[string]string{
		"/silent": "200 , alice", "/status": "418 , alice", "/flush": "200 flushed, alice", "/hints": "200 after the hints, alice",
		"/file": "200 content, alice", "/deadline": "200 , alice", "/late": "200 first, nobody",
	} {
		b := s.browser()
		status, body, _ := b.ask("GET", path)
		if got := fmt.Sprintf("%d %s, %s", status, body, b.do("GET", "/me")); got != want {
			t.Errorf("%s: %s, want %s", path, got, want)
		}
	}
}

// Early hints come before the answer, and are none.
func TestEarlyHints(t *testing.T) {
	b := newSite(t, options{handle: func(mux *http.ServeMux) {
		mux.HandleFunc("GET /hints", func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Link", "</a.css>; rel=preload")
			w.WriteHeader(http.StatusEarlyHints)
			if err := session.Login(r.Context(), "alice"); err != nil {
				t.Error(err)
			}
		})
	}}).browser()
	var hints []int
	trace := &httptrace.ClientTrace{Got1xxResponse: func(code int, _ textproto.MIMEHeader) error {
		hints = append(hints, code)
		return nil
	}}
	r, err := http.NewRequestWithContext(httptrace.WithClientTrace(t.Context(), trace), "GET", b.site.server.URL+"/hints", nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := b.client.Do(r)
	if err != nil || response.Body.Close() != nil {
		t.Fatal(err)
	}
	if len(hints) != 1 || hints[0] != http.StatusEarlyHints || b.do("GET", "/me") != "alice" {
		t.Errorf("hints %v", hints)
	}
}

// A handler may take the connection over.
func TestHijack(t *testing.T) {
	b := newSite(t, options{handle: func(mux *http.ServeMux) {
		mux.HandleFunc("GET /hijack", func(w http.ResponseWriter, _ *http.Request) {
			conn, rw, err := w.(http.Hijacker).Hijack()
			if err != nil {
				t.Error(err)
				return
			}
			_, _ = rw.WriteString("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nby hand")
			_ = rw.Flush()
			_ = conn.Close()
		})
	}}).browser()
	if got := b.do("GET", "/hijack"); got != "by hand" {
		t.Error(got)
	}
}

// Who is served by something else than ws.Serve is told so.
func TestNoSession(t *testing.T) {
	if err := session.Login(t.Context(), "alice"); !errors.Is(err, session.ErrNoSession) {
		t.Error(err)
	}
	if err := session.Logout(t.Context()); !errors.Is(err, session.ErrNoSession) {
		t.Error(err)
	}
	defer func() {
		if v := recover(); v != session.ErrNoSession {
			t.Errorf("panic %v", v)
		}
	}()
	session.Manager(t.Context())
}

var _ ws.Authenticator = (*session.Auth)(nil)
