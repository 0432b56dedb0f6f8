// The service of the tests in cut_test.go: main.go as wsgen emits it, with a journal and with publishing over HTTP.
package main

import (
	"context"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"os/signal"
	"syscall"

	"example.com/cut/consumers"
	"example.com/cut/internal/ws"
	"example.com/cut/journal"
	"example.com/cut/publish"
	"example.com/cut/routing"
	"example.com/cut/settings"
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

	j, err := journal.Open()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, j.Close()) }()
	app := routing.New(cfg, layer, consumers.Deps{Layer: layer, Journal: j})

	mux := http.NewServeMux()
	publish.New(layer, j).Handle(mux)
	mux.HandleFunc("GET /stats", func(w http.ResponseWriter, _ *http.Request) {
		_ = json.NewEncoder(w).Encode(app.Stats()) // who asked may have gone
	})
	mux.Handle("/", ws.Assets(assets))

	return ws.Serve(ctx, cfg.Server, app, mux)
}
