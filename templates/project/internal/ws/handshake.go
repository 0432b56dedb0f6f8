package ws

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"sync"
	"time"
)

// Handshake is a connection that has not been accepted yet. Its methods are safe for concurrent use.
type Handshake struct {
	scope    *Scope
	router   *Router
	w        http.ResponseWriter
	r        *http.Request
	offer    string // of wsgen's subprotocols, or ""
	consumer consumer

	base   context.Context
	ctx    context.Context
	cancel context.CancelCauseFunc

	mu     sync.Mutex // guards state and socket
	state  handshakeState
	socket *Socket // once accepted

	answered chan struct{} // closed when w is not needed any more, or refusal says what to write
	refusal  *denyError    // set before answered is closed
}

// handshakeState says how far a handshake has come.
type handshakeState uint8

const (
	undecided handshakeState = iota
	accepting                // somebody is at it, and will say how it ended
	accepted
	over // refused, failed or expired
)

// Why a context ends before the accept.
var (
	errClientGone = errors.New("ws: the client went away during the handshake")
	errTooLate    = errors.New("ws: the handshake took longer than HANDSHAKE_TIMEOUT")
)

// ErrHandshakeOver is what Accept returns where the handshake has been answered already.
var ErrHandshakeOver = errors.New("ws: the handshake has been answered already")

// AcceptOption changes how a connection is accepted.
type AcceptOption func(*acceptOptions)

// acceptOptions is what options set.
type acceptOptions struct {
	subprotocol string
	header      http.Header
}

// Subprotocol selects one of the application's subprotocols that the client offered, see [Scope.Subprotocols].
func Subprotocol(name string) AcceptOption {
	return func(o *acceptOptions) { o.subprotocol = name }
}

// ResponseHeader adds a header to the answer, such as a cookie. The headers of the WebSocket handshake itself cannot be set.
func ResponseHeader(key, value string) AcceptOption {
	return func(o *acceptOptions) { o.header.Add(key, value) }
}

// Scope returns what is known of the connection.
func (h *Handshake) Scope() *Scope { return h.scope }

// Accept accepts the connection, so that Connect can greet the page or join a group before it returns. It fails where the
// client has gone, the handshake timeout has passed, or the options do not fit; Connect should then return the error.
func (h *Handshake) Accept(options ...AcceptOption) (*Socket, error) {
	o := acceptOptions{header: make(http.Header)}
	for _, set := range options {
		set(&o)
	}
	if err := h.checkAccept(o); err != nil {
		return nil, err
	}
	s, err := h.upgrade(o, h.consumer)
	if err != nil {
		return nil, err
	}
	h.router.counts.accepted.Add(1)
	slog.Debug("ws: socket accepted", "route", h.scope.route.pattern, "socket", s.id, "client", h.scope.addr)
	return s, nil
}

// checkAccept reports why the options do not fit.
func (h *Handshake) checkAccept(o acceptOptions) error {
	if o.subprotocol != "" && !slices.Contains(h.scope.subprotocols, o.subprotocol) {
		return fmt.Errorf("ws: subprotocol %q was not offered; the client offers %q", o.subprotocol, h.scope.subprotocols)
	}
	for _, key := range []string{"Connection", "Upgrade", "Sec-Websocket-Accept", "Sec-Websocket-Protocol", "Sec-Websocket-Extensions"} {
		if _, ok := o.header[key]; ok {
			return fmt.Errorf("ws: the header %s belongs to the handshake itself; a subprotocol is set by ws.Subprotocol", key)
		}
	}
	return nil
}

// upgrade answers the handshake with an accept, and starts the socket. A nil consumer is for a denial.
func (h *Handshake) upgrade(o acceptOptions, c consumer) (*Socket, error) {
	if err := h.begin(); err != nil {
		return nil, err
	}
	selected := h.offer
	if o.subprotocol != "" && h.offer != protocolV1 {
		selected = o.subprotocol
	}
	if selected != "" {
		o.header.Set("Sec-Websocket-Protocol", selected)
	}
	greets := c != nil && h.offer == protocolV1 // and so hello can take the answer along
	conn, answer, err := upgrade(h.w, h.r, o.header, &h.router.limits, greets)
	if err != nil {
		h.decide(over, nil)
		return nil, fmt.Errorf("ws: accept: %w", err)
	}
	s := h.newSocket(conn, c)
	if c != nil {
		s.router.layer.register(s) // before anything is written: a write that fails ends the socket, and the layer forgets it then
	}
	if greets {
		s.hello(o.subprotocol, answer)
	}
	if !h.router.add(s) {
		s.shut(restart())
	}
	h.decide(accepted, s)
	conn.onPing(s.answerPing)
	go s.read()
	return s, nil
}

// begin reserves the answering of the handshake for an accept.
func (h *Handshake) begin() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.state != undecided {
		if h.state == over && h.ctx.Err() != nil {
			return context.Cause(h.ctx)
		}
		return ErrHandshakeOver
	}
	h.state = accepting // from here on the context ends with the socket alone
	return nil
}

// decide ends the handshake. After it, nobody touches the ResponseWriter but ServeHTTP.
func (h *Handshake) decide(state handshakeState, s *Socket) {
	h.mu.Lock()
	h.state, h.socket = state, s
	h.mu.Unlock()
	close(h.answered)
}

// newSocket returns the socket of an accepted connection. Connect counts as a handler of it.
func (h *Handshake) newSocket(c *conn, by consumer) *Socket {
	s := &Socket{
		id:       h.router.layer.newID(),
		born:     h.router.births.Add(1),
		scope:    h.scope,
		router:   h.router,
		conn:     c,
		base:     h.base,
		ctx:      h.ctx,
		cancel:   h.cancel,
		consumer: by,
	}
	if h.offer == protocolV1 {
		s.form = formV1
	}
	if c.compressed {
		s.form += formRawCompressed
	}
	if h.scope.route.makeAsync != nil {
		s.gate = h.router.gate
	}
	s.out.limit = h.router.limits.OutboundBytes
	s.out.byKey = h.scope.route.options.policy == policyLatest
	s.parts.Store(2)
	s.in.enter()
	return s
}

// hello is the first frame under wsgen.1. The answer to the handshake goes with it, where it is not written yet.
func (s *Socket) hello(subprotocol string, answer []byte) {
	limits := &s.router.limits
	p := controlPiece(helloControl{
		Type: "hello", ID: s.id, Protocol: subprotocol,
		PingMS: limits.PingInterval.Milliseconds(), PongMS: limits.PongTimeout.Milliseconds(),
		Acks: s.router.acks,
	})
	if answer == nil {
		s.control(p)
		return
	}
	p.framed = p.appendTo(answer)
	if s.out.addControl(p) == started {
		s.flush() // it does not wait for the peer
	}
}

// newID returns an id that nobody can guess. Its first part names this process, for the layers that span several.
func (l *Layer) newID() string { return l.node + "." + rand.Text() }

// handshake is the handler behind the middlewares. The consumer decides on a goroutine of its own, so that this one ends
// with the upgrade, and net/http frees what it holds for the request.
func (r *Router) handshake(w http.ResponseWriter, req *http.Request) {
	m, ok := req.Context().Value(matchKey{}).(match)
	if !ok {
		refuseContext(w, req)
		return
	}
	addr := ClientAddr(req, r.limits.TrustedProxies)
	if status, reason := r.admit(addr); status != 0 {
		r.refuseConn(w, status, reason)
		return
	}
	h := r.newHandshake(w, req, m, addr)
	go h.run(m)
	h.await(w, req)
}

// refuseContext answers a request whose context a middleware replaced, instead of deriving from it.
func refuseContext(w http.ResponseWriter, req *http.Request) {
	slog.Error("ws: a middleware lost the values of the request's context", "path", clip(req.URL.Path))
	http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
}

// refuseConn answers a request for which there is no room.
func (r *Router) refuseConn(w http.ResponseWriter, status int, reason string) {
	r.counts.refused.add(1, "ws: handshakes refused; see MAX_CONNECTIONS and MAX_CONNECTIONS_PER_IP", "status", status, "reason", reason)
	http.Error(w, reason, status)
}

// await returns when the handshake has been answered. It watches the client and the time meanwhile.
func (h *Handshake) await(w http.ResponseWriter, req *http.Request) {
	timeout := time.NewTimer(h.router.limits.HandshakeTimeout)
	defer timeout.Stop()
	select {
	case <-h.answered:
	case <-req.Context().Done():
		h.expire(errClientGone)
	case <-timeout.C:
		h.expire(errTooLate)
	}
	<-h.answered
	if h.refusal != nil {
		http.Error(w, h.refusal.reason, h.refusal.status)
	}
}
