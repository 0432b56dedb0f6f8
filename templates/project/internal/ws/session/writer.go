package session

import (
	"bufio"
	"log/slog"
	"net"
	"net/http"
)

// writer is the http.ResponseWriter of a handler. It saves the session before the first byte of the answer, since the cookie
// stands in the header. Where that fails the answer is a 503 instead, and what the handler writes is thrown away: an answer of
// "signed in" would not be true.
type writer struct {
	http.ResponseWriter
	commit func() error
	begun  bool
	failed error
}

// begin saves the session, once, and reports whether the handler's answer may follow.
func (w *writer) begin() bool {
	if w.begun {
		return w.failed == nil
	}
	w.begun = true
	w.failed = w.commit()
	if w.failed != nil {
		slog.Error("session: not saved, so the request is answered with 503", "error", w.failed)
		http.Error(w.ResponseWriter, "503 the session could not be saved", http.StatusServiceUnavailable)
	}
	return w.failed == nil
}

// WriteHeader implements http.ResponseWriter.
func (w *writer) WriteHeader(status int) {
	// Status codes below 200 announce an answer, and are none; 101 is one.
	announced := status < http.StatusOK && status != http.StatusSwitchingProtocols
	if announced || w.begin() {
		w.ResponseWriter.WriteHeader(status)
	}
}

// Write implements http.ResponseWriter.
func (w *writer) Write(b []byte) (int, error) {
	if !w.begin() {
		return 0, w.failed
	}
	return w.ResponseWriter.Write(b)
}

// Flush implements http.Flusher.
func (w *writer) Flush() { _ = w.FlushError() }

// FlushError is what http.ResponseController looks for.
func (w *writer) FlushError() error {
	if !w.begin() {
		return w.failed
	}
	return http.NewResponseController(w.ResponseWriter).Flush()
}

// Hijack implements http.Hijacker. Who takes the connection over writes no cookie, but the session is saved.
func (w *writer) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	if !w.begin() {
		return nil, nil, w.failed
	}
	return http.NewResponseController(w.ResponseWriter).Hijack()
}

// Unwrap is what http.ResponseController looks for.
func (w *writer) Unwrap() http.ResponseWriter { return w.ResponseWriter }
