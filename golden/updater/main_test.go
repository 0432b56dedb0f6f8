package main

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"example.com/updater/consumers"
	"example.com/updater/fleet"
	"example.com/updater/internal/ws"
	"example.com/updater/routing"
	"example.com/updater/settings"
)

// Each request is answered at once and names the page; only the first starts the update, which goes on after it.
func TestUpdateIsStartedOverHTTP(t *testing.T) {
	layer := ws.NewMemoryLayer()
	t.Cleanup(func() {
		if err := layer.Close(); err != nil {
			t.Error(err)
		}
	})
	servers := fleet.New(time.Hour)
	routing.New(settings.Defaults(), layer, consumers.Deps{Layer: layer, Fleet: servers}) // tells the layer what to keep
	mux := http.NewServeMux()
	mux.HandleFunc("PUT /updates/{job}", startUpdate(layer.Jobs(), servers))

	for range 2 {
		answer := httptest.NewRecorder()
		mux.ServeHTTP(answer, httptest.NewRequestWithContext(t.Context(), http.MethodPut, "/updates/1.4.2%20beta", nil))
		if answer.Code != http.StatusAccepted || answer.Header().Get("Location") != "/#1.4.2%20beta" {
			t.Fatalf("answered %d, Location %q", answer.Code, answer.Header().Get("Location"))
		}
	}
	answer := httptest.NewRecorder()
	mux.ServeHTTP(answer, httptest.NewRequestWithContext(t.Context(), http.MethodPut, "/updates/%00", nil))
	if answer.Code != http.StatusBadRequest {
		t.Errorf("an update to a version with a control character is answered with %d", answer.Code)
	}
	status, err := layer.Jobs().Status(t.Context(), "1.4.2 beta")
	if err != nil || status.State != ws.JobRunning {
		t.Errorf("the job is %q (%v), want it running", status.State, err)
	}
}
