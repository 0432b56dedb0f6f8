// Package serve is what the peers' servers in Go have in common: their settings, and how they are looked into from outside.
package serve

import (
	"fmt"
	"log"
	"net/http"
	"os"
	"sync/atomic"
	"time"
)

// MaxMessage is the size of the largest message taken, in bytes: that of the emitted service.
const MaxMessage = 64 << 10

// Settings come from the environment, so that all servers get the same.
type Settings struct {
	Addr string
	Ping time.Duration // between two pings to a socket
	Pong time.Duration // for the answer
	Slow *atomic.Int64 // counts the connections for which more waited than is allowed, where the server can know
}

// Run serves what routes puts into the mux, and /healthz, /stats and /debug/pprof, until the process is killed.
func Run(routes func(mux *http.ServeMux, s Settings) error) {
	if err := run(routes); err != nil {
		log.Fatal(err)
	}
}

func run(routes func(mux *http.ServeMux, s Settings) error) error {
	s := Settings{Addr: os.Getenv("ADDR"), Slow: new(atomic.Int64)}
	var err error
	if s.Ping, err = time.ParseDuration(os.Getenv("PING_INTERVAL")); err != nil {
		return fmt.Errorf("PING_INTERVAL: %w", err)
	}
	if s.Pong, err = time.ParseDuration(os.Getenv("PONG_TIMEOUT")); err != nil {
		return fmt.Errorf("PONG_TIMEOUT: %w", err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(http.ResponseWriter, *http.Request) {})
	look(mux, s)
	if err := routes(mux, s); err != nil {
		return err
	}
	return http.ListenAndServe(s.Addr, mux)
}
