package ws

import (
	"io"
	"net/http"
	"sync/atomic"
)

// health answers the probes of a platform. /healthz says that the process is alive: a platform restarts it otherwise.
// /readyz says that it takes new work: a platform sends it none otherwise, which is what a service wants while it drains.
type health struct {
	draining atomic.Bool
	ready    func() error // returns nil, or why the service takes no new work, though it does not drain
}

// serve answers the request if it is a probe, and reports whether it was.
func (h *health) serve(w http.ResponseWriter, r *http.Request) bool {
	switch r.URL.Path {
	case "/healthz":
		answerProbe(w, r, http.StatusOK, "ok")
	case "/readyz":
		status, word := h.readiness()
		answerProbe(w, r, status, word)
	default:
		return false
	}
	return true
}

// readiness returns the answer to /readyz. A service whose layer has lost its server keeps its sockets, but takes no new ones
// where another process can.
func (h *health) readiness() (status int, word string) {
	if h.draining.Load() {
		return http.StatusServiceUnavailable, "draining"
	}
	if err := h.ready(); err != nil {
		return http.StatusServiceUnavailable, err.Error()
	}
	return http.StatusOK, "ready"
}

// answerProbe writes one line, which no cache may keep.
func answerProbe(w http.ResponseWriter, r *http.Request, status int, word string) {
	if !allowRead(w, r) {
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		_, _ = io.WriteString(w, word+"\n") // the prober may be gone already, and nothing depends on its reading
	}
}

// allowRead reports whether the request only reads; it answers 405 to any other.
func allowRead(w http.ResponseWriter, r *http.Request) bool {
	if r.Method == http.MethodGet || r.Method == http.MethodHead {
		return true
	}
	w.Header().Set("Allow", "GET, HEAD")
	http.Error(w, "405 method not allowed", http.StatusMethodNotAllowed)
	return false
}
