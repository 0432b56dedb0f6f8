// The emitted service of the comparison. It differs from a fresh one in a handler: what is posted to /publish goes to the
// stream that every socket watches.
package main

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"os/signal"
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
	mux.HandleFunc("POST /publish", publish(layer))

	return ws.Serve(ctx, cfg.Server, app, mux)
}

// publish sends the body of a request to everyone who watches.
func publish(layer *ws.Layer) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<10))
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		if err := layer.Send(r.Context(), "job:bench", ws.Text(string(body))); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
		}
	}
}
