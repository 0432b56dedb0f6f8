package ws

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"path"
	"strconv"
	"strings"
	"sync"
	"time"
)

// ServerConfig is how the service listens and how it stops.
type ServerConfig struct {
	// Addr is where to listen, "host:port"; without a host, on every address of the machine. Port 0 takes a free one.
	Addr string `env:"ADDR"`
	// ReadHeaderTimeout bounds how long a client may take to send the header of a request.
	ReadHeaderTimeout time.Duration `env:"READ_HEADER_TIMEOUT"`
	// IdleTimeout is how long a connection that is no socket may stay open between two requests.
	IdleTimeout time.Duration `env:"IDLE_TIMEOUT"`
	// MaxHeaderBytes bounds the header of a request, its first line included.
	MaxHeaderBytes int `env:"MAX_HEADER_BYTES"`
	// DrainDelay is how long a stopping service still takes connections while /readyz says 503 already: the time your load
	// balancer needs to notice.
	DrainDelay time.Duration `env:"DRAIN_DELAY"`
	// DrainWindow is the time over which a stopping service spreads the closing of its sockets, so that their clients do not
	// all come back at one moment.
	DrainWindow time.Duration `env:"DRAIN_WINDOW"`
	// DrainTimeout bounds the whole of stopping, but for DrainDelay; handlers and jobs that still run then are left behind. Jobs
	// are told to stop two seconds earlier. Give the service at least DrainDelay and DrainTimeout before you kill it.
	DrainTimeout time.Duration `env:"DRAIN_TIMEOUT"`
}

// DefaultServerConfig returns what holds where nothing else is said.
func DefaultServerConfig() ServerConfig {
	return ServerConfig{
		Addr:              ":8080",
		ReadHeaderTimeout: 5 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
		DrainWindow:       5 * time.Second,
		DrainTimeout:      25 * time.Second,
	}
}

// Validate says which values cannot be served with, each by the name of its environment variable.
func (c ServerConfig) Validate() error {
	const tick, hour = time.Millisecond, time.Hour
	var window error
	if c.DrainWindow < 0 || c.DrainWindow > c.DrainTimeout {
		window = fmt.Errorf("DRAIN_WINDOW=%v: want 0s up to DRAIN_TIMEOUT, which is %v", c.DrainWindow, c.DrainTimeout)
	}
	return errors.Join(
		validateAddr(c.Addr),
		within("READ_HEADER_TIMEOUT", c.ReadHeaderTimeout, tick, hour),
		within("IDLE_TIMEOUT", c.IdleTimeout, tick, hour),
		within("MAX_HEADER_BYTES", c.MaxHeaderBytes, 4<<10, 16<<20),
		within("DRAIN_DELAY", c.DrainDelay, 0, hour),
		within("DRAIN_TIMEOUT", c.DrainTimeout, tick, hour),
		window,
	)
}

// validateAddr finds the slips that a listener reports in words of its own, such as a port without its colon.
func validateAddr(addr string) error {
	_, port, err := net.SplitHostPort(addr)
	if err != nil {
		return fmt.Errorf("ADDR=%q: want host:port or :port, for example :8080", addr)
	}
	if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		return fmt.Errorf("ADDR=%q: want a port from 0 to 65535, for example :8080", addr)
	}
	return nil
}

// application is what Serve needs of a *Router.
type application interface {
	// serveDirect answers a request as net/http gives it, with nothing added to its context.
	serveDirect(w http.ResponseWriter, r *http.Request)
	// Handles reports whether the path of the request has the shape of a route.
	Handles(r *http.Request) bool
	// ready returns nil, or why no new sockets should come.
	ready() error
	// Drain refuses new sockets, closes those that are open, spread over the window, and waits for their handlers, and for the
	// jobs of the layer, until ctx ends.
	Drain(ctx context.Context, window time.Duration) error
}

// Serve runs the service until ctx ends: the probes /healthz and /readyz first, then the routes of app, then mux. Then it
// stops in order: /readyz says 503, nothing new is accepted, the sockets close with 1012 over the drain window, and handlers,
// jobs and HTTP requests have until the drain timeout. Stopping is no error, not even where a handler had to be left behind; that
// is logged.
//
// It sets no deadline on the requests of mux: what a handler of yours needs, it knows best (http.ResponseController).
func Serve(ctx context.Context, c ServerConfig, app *Router, mux http.Handler) error {
	l, err := listen(ctx, c.Addr)
	if err != nil {
		return err
	}
	return serveOn(ctx, l, c, app, app.around(mux))
}

// serveOn is Serve on a listener, which it closes.
func serveOn(ctx context.Context, l net.Listener, c ServerConfig, app application, mux http.Handler) error {
	probes, fresh := &health{ready: app.ready}, newFreshConns()
	server := &http.Server{
		Handler:           dispatch(probes, app, mux),
		ReadHeaderTimeout: c.ReadHeaderTimeout,
		IdleTimeout:       c.IdleTimeout,
		MaxHeaderBytes:    c.MaxHeaderBytes,
		ErrorLog:          slog.NewLogLogger(slog.Default().Handler(), slog.LevelWarn),
		ConnState:         fresh.track,
	}
	served := make(chan error, 1)
	go func() {
		served <- server.Serve(l)
		close(served)
	}()
	slog.Info("listening", "url", pageURL(l.Addr()), "addr", l.Addr().String())

	var broken error
	select {
	case err := <-served: // the listener broke: the sockets still deserve an orderly end
		broken = fmt.Errorf("serve on %s: %w", l.Addr(), err)
		probes.draining.Store(true)
	case <-ctx.Done():
		probes.draining.Store(true) // first, so that who has read the line finds it so
		slog.Info("stopping", "cause", context.Cause(ctx).Error())
		time.Sleep(c.DrainDelay)
	}

	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), c.DrainTimeout)
	defer cancel()
	stopped := make(chan error, 1)
	go func() { stopped <- server.Shutdown(ctx) }()
	<-served // the listener is closed
	fresh.close()
	if err := app.Drain(ctx, c.DrainWindow); err != nil {
		slog.Warn("handlers or jobs were left behind", "drain_timeout", c.DrainTimeout.String(), "error", err)
	}
	if err := <-stopped; err != nil {
		slog.Warn("HTTP requests were cut off", "drain_timeout", c.DrainTimeout.String(), "error", err)
		broken = errors.Join(broken, server.Close())
	}
	slog.Info("stopped")
	return broken
}

// dispatch asks in order: the probes, the routes, the mux. The mux is not asked about a path that only cleaning would bring to
// a route: an http.ServeMux answers such a one with a redirect, and a route is matched exactly or not at all.
func dispatch(probes *health, app application, mux http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case probes.serve(w, r):
		case app.Handles(r):
			app.serveDirect(w, r)
		case cleansToRoute(app, r):
			http.NotFound(w, r)
		default:
			mux.ServeHTTP(w, r)
		}
	})
}

// cleansToRoute reports whether the path is not clean, and would be a route's if it were.
func cleansToRoute(app application, r *http.Request) bool {
	clean := path.Clean("/" + r.URL.Path)
	if strings.HasSuffix(r.URL.Path, "/") && clean != "/" {
		clean += "/"
	}
	return clean != r.URL.Path && app.Handles(&http.Request{URL: &url.URL{Path: clean}})
}

// freshConns are the connections that have not sent a byte yet. Browsers keep such ones at hand, and http.Server.Shutdown
// waits seconds for their first request.
type freshConns struct {
	mu     sync.Mutex
	conns  map[net.Conn]struct{} // guarded by mu
	closed bool                  // guarded by mu
}

func newFreshConns() *freshConns { return &freshConns{conns: make(map[net.Conn]struct{})} }

// track is an http.Server's ConnState.
func (f *freshConns) track(conn net.Conn, state http.ConnState) {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case state != http.StateNew:
		delete(f.conns, conn)
	case f.closed:
		_ = conn.Close() // accepted in the last moment; nothing was read, so nothing is lost
	default:
		f.conns[conn] = struct{}{}
	}
}

// close ends them, and each that is still to come.
func (f *freshConns) close() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.closed = true
	for conn := range f.conns {
		_ = conn.Close() // nothing was read or written, so nothing is lost
	}
	clear(f.conns)
}
