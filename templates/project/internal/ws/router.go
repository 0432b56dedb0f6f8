package ws

import (
	"context"
	"log/slog"
	"net/http"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"
)

// Router serves the handshakes of all routes, and knows every socket that is open. It is an http.Handler, and safe for
// concurrent use.
type Router struct {
	limits Limits
	layer  *Layer
	tree   *routeTree
	shake  http.Handler // the middlewares, and the handshake behind them
	around Middleware   // of the HTTP handlers beside the routes
	gate   *gate
	crew   crew
	counts counts
	acks   bool // commands are acknowledged: the layer keeps history
	began  time.Time

	clients clients
	births  atomic.Uint64 // of sockets

	abandoned context.Context // ends when nobody waits any more for handlers that do not return
	abandon   context.CancelFunc
	stopped   context.Context // ends when Disconnect has had its time as well
	stop      context.CancelFunc

	mu       sync.Mutex // guards the rest
	sockets  []*Socket
	open     int                // sockets, and handshakes under way
	perIP    map[netip.Addr]int // the same, by address; only with MaxPerIP
	draining bool
	empty    chan struct{}      // made by Drain; closed when open is 0
	shaken   chan struct{}      // made by Quiet; closed when no handshake is under way
	sweeping <-chan struct{}    // closed to end the sweeper; nil where there is none
	endSweep context.CancelFunc // closes it
}

// NewRouter returns a router for the routes. A nil layer is a memory layer of its own. The first middleware is the outermost.
//
// It panics on limits that cannot be served with, on an illegal pattern, and on two patterns that overlap without one being
// more specific: only the program itself can be wrong about these.
func NewRouter(limits Limits, layer *Layer, middlewares []Middleware, routes ...Route) *Router {
	if err := limits.Validate(); err != nil {
		panic("ws: " + err.Error())
	}
	if layer == nil {
		layer = NewMemoryLayer()
	}
	list := make([]*Route, len(routes))
	for i := range routes {
		list[i] = &routes[i]
	}
	r := &Router{
		limits: limits,
		layer:  layer,
		tree:   newRouteTree(list),
		gate:   &gate{free: limits.MaxHandlers},
		acks:   layer.keepsHistory(),
		began:  time.Now(),
		perIP:  make(map[netip.Addr]int),
		around: func(mux http.Handler) http.Handler { return mux },
	}
	r.abandoned, r.abandon = context.WithCancel(context.Background())
	r.stopped, r.stop = context.WithCancel(context.Background())
	r.shake = http.HandlerFunc(r.handshake)
	for i := len(middlewares) - 1; i >= 0; i-- {
		r.shake = middlewares[i](r.shake)
	}
	return r
}

// Handles reports whether the path of the request has the shape of a route: only this router answers it then, if only with
// a 404 because a converter does not take a parameter.
func (r *Router) Handles(req *http.Request) bool {
	return r.tree.find(req.URL.EscapedPath()) != nil
}

// ready returns nil, or why no new sockets should come.
func (r *Router) ready() error { return r.layer.Ready() }

// match is what ServeHTTP found out about a path, on its way through the middlewares.
type match struct {
	route  *Route
	params Params
}

// matchKey is where the match stands in the context of a request.
type matchKey struct{}

// matched is a request's context with its match.
type matched struct {
	context.Context
	match  match
	direct bool // Context is net/http's own
}

// Value implements context.Context.
func (c *matched) Value(key any) any {
	if key == (matchKey{}) {
		return c.match
	}
	return c.Context.Value(key)
}

// serverValues is a context with the values that net/http gives a request, and no others. It never ends.
type serverValues struct {
	context.Context
	server, addr any
}

// Value implements context.Context.
func (c *serverValues) Value(key any) any {
	switch key {
	case http.ServerContextKey:
		return c.server
	case http.LocalAddrContextKey:
		return c.addr
	}
	return nil
}

// lasting returns a context with the values of a request's context. It does not end with that, which net/http ends when the
// handler returns, right after the upgrade. Every socket keeps it: where no middleware has added a value, it does without the
// contexts that net/http makes for each request.
func lasting(request context.Context) context.Context {
	c, bare := request.(*matched)
	switch {
	case !bare:
		return context.WithoutCancel(request)
	case !c.direct:
		return context.WithoutCancel(c.Context)
	}
	return &serverValues{context.Background(), c.Value(http.ServerContextKey), c.Value(http.LocalAddrContextKey)}
}

// ServeHTTP answers a handshake: 404 where no route takes the path, 426 where the request is no WebSocket handshake;
// otherwise the middlewares and then the consumer decide. It returns as soon as the socket is accepted or refused.
func (r *Router) ServeHTTP(w http.ResponseWriter, req *http.Request) { r.serve(w, req, false) }

// serveDirect is ServeHTTP for a request as net/http gives it, with nothing added to its context.
func (r *Router) serveDirect(w http.ResponseWriter, req *http.Request) { r.serve(w, req, true) }

func (r *Router) serve(w http.ResponseWriter, req *http.Request, direct bool) {
	path := req.URL.EscapedPath()
	route := r.tree.find(path)
	if route == nil {
		http.NotFound(w, req)
		return
	}
	params, ok := route.params(path)
	if !ok {
		refuseParams(w, req, route)
		return
	}
	if status, reason := checkUpgrade(req); status != 0 {
		refuseUpgrade(w, route, status, reason)
		return
	}
	ctx := &matched{Context: req.Context(), match: match{route: route, params: params}, direct: direct}
	r.shake.ServeHTTP(w, req.WithContext(ctx))
}

// Who refuses has a function of its own, so that a handshake that goes well does without the stack that its log line takes.

// refuseParams answers a request whose path has the shape of a route.
func refuseParams(w http.ResponseWriter, req *http.Request, route *Route) {
	slog.Debug("ws: a parameter is not what its converter takes", "route", route.pattern, "path", clip(req.URL.Path))
	http.NotFound(w, req)
}

// refuseUpgrade answers a request that is no WebSocket handshake.
func refuseUpgrade(w http.ResponseWriter, route *Route, status int, reason string) {
	slog.Debug("ws: not a WebSocket handshake", "route", route.pattern, "status", status, "reason", reason)
	w.Header().Set("Connection", "Upgrade")
	w.Header().Set("Upgrade", "websocket")
	w.Header().Set("Sec-WebSocket-Version", "13")
	http.Error(w, reason, status)
}

// admit makes room for one more connection, or says with which status to refuse it, and why.
func (r *Router) admit(addr netip.Addr) (status int, reason string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case r.draining:
		return http.StatusServiceUnavailable, "the service is stopping"
	case r.limits.MaxConnections > 0 && r.open >= r.limits.MaxConnections:
		return http.StatusServiceUnavailable, "too many connections"
	case r.limits.MaxPerIP > 0 && r.perIP[addr] >= r.limits.MaxPerIP:
		return http.StatusTooManyRequests, "too many connections from one address"
	}
	r.open++
	if r.limits.MaxPerIP > 0 {
		r.perIP[addr]++
	}
	return 0, ""
}

// dismiss gives back what admit took.
func (r *Router) dismiss(addr netip.Addr) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.dismissLocked(addr)
}

func (r *Router) dismissLocked(addr netip.Addr) {
	r.open--
	if r.perIP[addr]--; r.perIP[addr] <= 0 {
		delete(r.perIP, addr)
	}
	if r.open == 0 && r.empty != nil {
		close(r.empty)
		r.empty = nil
	}
	r.settle()
}

// settle tells Quiet that no handshake is under way; r.mu is held.
func (r *Router) settle() {
	if r.shaken != nil && r.open == len(r.sockets) {
		close(r.shaken)
		r.shaken = nil
	}
}

// shaking returns nil where no handshake is under way, otherwise a channel that is closed when that is so.
func (r *Router) shaking() <-chan struct{} {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.open == len(r.sockets) {
		return nil
	}
	if r.shaken == nil {
		r.shaken = make(chan struct{})
	}
	return r.shaken
}

// add takes a socket among those that are open, and reports whether it may stay.
func (r *Router) add(s *Socket) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	s.slot = len(r.sockets)
	s.pingAt = time.Since(r.began) + r.pingEvery()
	s.due = s.pingAt
	r.sockets = append(r.sockets, s)
	r.settle()
	if r.sweeping == nil {
		ctx, cancel := context.WithCancel(context.Background())
		r.sweeping, r.endSweep = ctx.Done(), cancel
		go r.sweep(r.sweeping)
		r.crew.gather()
	}
	return !r.draining
}

// remove takes a socket out that is over.
func (r *Router) remove(s *Socket) {
	r.clients.leave(s)
	r.mu.Lock()
	defer r.mu.Unlock()
	last := len(r.sockets) - 1
	r.sockets[s.slot] = r.sockets[last]
	r.sockets[s.slot].slot = s.slot
	r.sockets[last] = nil
	r.sockets = r.sockets[:last]
	if last == 0 {
		r.endSweep()
		r.sweeping = nil
		r.crew.dismiss()
	}
	r.dismissLocked(s.scope.addr)
}

// list returns the sockets that are open now.
func (r *Router) list() []*Socket {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]*Socket(nil), r.sockets...)
}
