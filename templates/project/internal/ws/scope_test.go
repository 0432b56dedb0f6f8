package ws

import (
	"context"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
)

// TestPackedHeader: what goes in comes out, whatever it is.
func TestPackedHeader(t *testing.T) {
	for _, h := range []http.Header{
		{},
		{"A": {"1"}},
		{"Cookie": {"a=b; c=d", "e=f"}, "X": {""}, "": {"\x00\n", "ü"}},
		{"Long": {strings.Repeat("x", 300), strings.Repeat("y", 70_000)}},
	} {
		if got := packHeader(h).unpack(); !maps.EqualFunc(got, h, slices.Equal) {
			t.Errorf("%.100v came out of %.100v", got, h)
		}
	}
}

// TestHeaderIsACopy: what a consumer does with the header is its own affair.
func TestHeaderIsACopy(t *testing.T) {
	s := &Scope{header: packHeader(http.Header{"A": {"1"}})}
	s.Header().Set("A", "2")
	if got := s.Header().Get("A"); got != "1" {
		t.Errorf("A: %s", got)
	}
}

// TestLastingContext: a socket's context has all values of its request, and does not end with it, whether net/http has made the
// request's context alone or others have added to it, outside the router or inside.
func TestLastingContext(t *testing.T) {
	type outer struct{}
	type inner struct{}
	var seen context.Context
	note := func(http.Handler) http.Handler {
		return http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { seen = lasting(r.Context()) })
	}
	add := func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			h.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), inner{}, "inner")))
		})
	}
	for name, test := range map[string]struct {
		middlewares []Middleware
		outer       bool
	}{
		"net/http's alone":    {middlewares: []Middleware{note}},
		"from inside":         {middlewares: []Middleware{add, note}},
		"from outside":        {middlewares: []Middleware{note}, outer: true},
		"from in and outside": {middlewares: []Middleware{add, note}, outer: true},
	} {
		r := NewRouter(DefaultLimits(), nil, test.middlewares, Sync("/ws", func(Params) SyncConsumer { return nil }))
		ctx, cancel := context.WithCancel(context.Background())
		ctx = context.WithValue(context.WithValue(ctx, http.ServerContextKey, "server"), http.LocalAddrContextKey, "addr")
		serve := r.serveDirect
		if test.outer {
			ctx, serve = context.WithValue(ctx, outer{}, "outer"), r.ServeHTTP
		}
		request := httptest.NewRequestWithContext(ctx, http.MethodGet, "/ws", http.NoBody)
		for key, value := range map[string]string{"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA=="} {
			request.Header.Set(key, value)
		}
		seen = nil
		serve(httptest.NewRecorder(), request)
		cancel()
		if seen == nil || seen.Err() != nil || seen.Done() != nil {
			t.Fatalf("%s: %v", name, seen)
		}
		want := map[any]any{http.ServerContextKey: "server", http.LocalAddrContextKey: "addr", outer{}: nil, inner{}: nil}
		if test.outer {
			want[outer{}] = "outer"
		}
		if len(test.middlewares) > 1 {
			want[inner{}] = "inner"
		}
		for key, value := range want {
			if got := seen.Value(key); got != value {
				t.Errorf("%s: %T %v is %v, want %v", name, key, key, got, value)
			}
		}
	}
}
