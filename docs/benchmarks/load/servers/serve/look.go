//go:build !bare

package serve

import (
	"encoding/json"
	"net/http"
	"net/http/pprof"
	"runtime"
)

// look lets the driver see more than /proc knows.
func look(mux *http.ServeMux, s Settings) {
	mux.HandleFunc("GET /debug/pprof/", pprof.Index)
	mux.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("GET /stats", func(w http.ResponseWriter, _ *http.Request) {
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		_ = json.NewEncoder(w).Encode(map[string]uint64{ // an error would mean that nobody listens any more
			"goroutines": uint64(runtime.NumGoroutine()),
			"mallocs":    m.Mallocs,
			"heap":       m.HeapInuse,
			"stacks":     m.StackInuse,
			"slow":       uint64(s.Slow.Load()),
		})
	})
}
