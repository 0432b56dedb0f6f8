// Package serve is what the peers' servers in Go have in common: their settings, and how they are looked into from outside.
package serve

import (
	"encoding/json"
	"fmt"
	"log"
	"net/http"
	"net/http/pprof"
	"os"
	"runtime"
	"time"
)

// MaxMessage is the size of the largest message taken, in bytes: that of the emitted service.
const MaxMessage = 64 << 10

// Settings come from the environment, so that all servers get the same.
type Settings struct {
	Addr string
	Ping time.Duration // between two pings to a socket
	Pong time.Duration // for the answer
}

// Run serves what routes puts into the mux, and /healthz, /stats and /debug/pprof, until the process is killed.
func Run(routes func(mux *http.ServeMux, s Settings) error) {
	if err := run(routes); err != nil {
		log.Fatal(err)
	}
}

func run(routes func(mux *http.ServeMux, s Settings) error) error {
	s := Settings{Addr: os.Getenv("ADDR")}
	var err error
	if s.Ping, err = time.ParseDuration(os.Getenv("PING_INTERVAL")); err != nil {
		return fmt.Errorf("PING_INTERVAL: %w", err)
	}
	if s.Pong, err = time.ParseDuration(os.Getenv("PONG_TIMEOUT")); err != nil {
		return fmt.Errorf("PONG_TIMEOUT: %w", err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(http.ResponseWriter, *http.Request) {})
	mux.HandleFunc("GET /stats", stats)
	mux.HandleFunc("GET /debug/pprof/", pprof.Index)
	mux.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
	if err := routes(mux, s); err != nil {
		return err
	}
	return http.ListenAndServe(s.Addr, mux)
}

// stats tells what /proc does not know.
func stats(w http.ResponseWriter, _ *http.Request) {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	_ = json.NewEncoder(w).Encode(map[string]uint64{ // an error would mean that nobody listens any more
		"goroutines": uint64(runtime.NumGoroutine()),
		"mallocs":    m.Mallocs,
		"heap":       m.HeapInuse,
		"stacks":     m.StackInuse,
	})
}
