// The emitted service of the comparison. It differs from a fresh one in what can be seen of it from outside: /stats and /debug/pprof.
package main

import (
	"context"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/pprof"
	"os"
	"os/signal"
	"runtime"
	"syscall"

	"example.com/bench/consumers"
	"example.com/bench/internal/ws"
	"example.com/bench/routing"
	"example.com/bench/settings"
)

// assets are the page and the client, built into the binary.
//
//go:embed web client
var assets embed.FS

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // from then on a second signal ends the process at once
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// run serves until ctx ends.
func run(ctx context.Context) (err error) {
	cfg, err := settings.Load()
	if err != nil {
		return err
	}
	slog.SetDefault(ws.NewLogger(os.Stderr, cfg.LogLevel, cfg.Debug))

	layer, err := routing.OpenLayer(ctx, cfg)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, layer.Close()) }()

	app := routing.New(cfg, layer, consumers.Deps{Layer: layer})

	mux := http.NewServeMux()
	mux.Handle("/", ws.Assets(assets))
	mux.HandleFunc("GET /stats", stats(app))
	mux.HandleFunc("GET /debug/pprof/", pprof.Index)
	mux.HandleFunc("GET /debug/pprof/profile", pprof.Profile)

	return ws.Serve(ctx, cfg.Server, app, mux)
}

// stats tells what /proc does not know.
func stats(app *ws.Router) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		_ = json.NewEncoder(w).Encode(map[string]uint64{ // an error would mean that nobody listens any more
			"goroutines": uint64(runtime.NumGoroutine()),
			"mallocs":    m.Mallocs,
			"heap":       m.HeapInuse,
			"stacks":     m.StackInuse,
			"slow":       app.Stats().Slow,
		})
	}
}
