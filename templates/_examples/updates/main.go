// The service that wsgen.yaml describes: settings, then the layer, then the routes, then serving them.
package main

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"os/signal"
	"syscall"

	"example.com/updater/consumers"
	"example.com/updater/fleet"
	"example.com/updater/internal/ws"
	"example.com/updater/rollout"
	"example.com/updater/routing"
	"example.com/updater/settings"
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

	servers := fleet.New(cfg.UpdateTime)
	app := routing.New(cfg, layer, consumers.Deps{Layer: layer, Fleet: servers})
	go rollout.Resume(ctx, layer.Jobs(), servers)

	// Your HTTP handlers go here; through layer they can send to groups.
	mux := http.NewServeMux()
	mux.Handle("/", ws.Assets(assets))
	mux.HandleFunc("PUT /updates/{job}", startUpdate(layer.Jobs(), servers))

	return ws.Serve(ctx, cfg.Server, app, mux)
}

// startUpdate answers a request at once with 202, and the job goes on: who wants to see it opens the page that Location names.
// It is PUT since asking twice starts one job, and since no page of another site can send it unasked, unlike POST.
func startUpdate(jobs *ws.Jobs, servers *fleet.Fleet) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		job := r.PathValue("job")
		_, err := rollout.Start(r.Context(), jobs, servers, job)
		switch {
		case errors.Is(err, ws.ErrJobID):
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		case err != nil:
			slog.ErrorContext(r.Context(), "update not started", "job", job, "error", err)
			http.Error(w, "the update could not be started", http.StatusInternalServerError)
			return
		}
		w.Header().Set("Location", "/#"+url.PathEscape(job))
		w.WriteHeader(http.StatusAccepted)
	}
}
