// The service that wsgen.yaml describes: settings, then the layer, then the routes, then serving them.
package main

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"os/signal"
	"syscall"

	"example.com/jwt_nats/consumers"
	"example.com/jwt_nats/internal/ws"
	"example.com/jwt_nats/login"
	"example.com/jwt_nats/routing"
	"example.com/jwt_nats/settings"
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

	// Your HTTP handlers go here; through layer they can send to groups.
	mux := http.NewServeMux()
	mux.Handle("/", ws.Assets(assets))
	login.Add(mux, cfg.Debug) // the page's sign-in: see login/login.go

	return ws.Serve(ctx, cfg.Server, app, mux)
}
