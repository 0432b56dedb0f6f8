package ws

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
)

// TestReadyzOfALostServer: a service whose layer cannot work takes nothing new, lives on, and says why.
func TestReadyzOfALostServer(t *testing.T) {
	lost := errors.New("layer: redis: connection refused")
	h := &health{ready: func() error { return lost }}
	for path, want := range map[string]struct {
		status int
		body   string
	}{
		"/readyz":  {http.StatusServiceUnavailable, "layer: redis: connection refused\n"},
		"/healthz": {http.StatusOK, "ok\n"},
	} {
		w := httptest.NewRecorder()
		if !h.serve(w, httptest.NewRequest(http.MethodGet, path, nil)) || w.Code != want.status || w.Body.String() != want.body {
			t.Errorf("%s: %d %q", path, w.Code, w.Body)
		}
	}
	h.draining.Store(true)
	if _, word := h.readiness(); word != "draining" {
		t.Errorf("draining, and the server is lost: %s", word)
	}
}
