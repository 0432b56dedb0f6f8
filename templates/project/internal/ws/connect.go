package ws

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/netip"
)

// newHandshake gathers what is known of a connection.
func (r *Router) newHandshake(w http.ResponseWriter, req *http.Request, m match, addr netip.Addr) *Handshake {
	h := &Handshake{router: r, w: w, r: req, answered: make(chan struct{})}
	h.scope = &Scope{
		route: m.route, params: m.params, path: req.URL.Path, query: req.URL.RawQuery, host: req.Host,
		header: packHeader(req.Header), addr: addr,
	}
	h.offer, h.scope.subprotocols = splitOffers(req.Header)
	h.base = lasting(req.Context())
	h.ctx, h.cancel = context.WithCancelCause(h.base)
	return h
}

// expire refuses a handshake that is still undecided, and ends its context; nobody waits for its Connect.
func (h *Handshake) expire(cause error) {
	h.refuse(&denyError{status: http.StatusServiceUnavailable, reason: "the handshake took too long"}, cause)
}

// refuse answers with an HTTP status, unless there is an answer already, and ends the context.
func (h *Handshake) refuse(refusal *denyError, cause error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.state != undecided {
		return
	}
	h.cancel(cause)
	h.state = over
	h.refusal = refusal
	close(h.answered)
}

// run makes the consumer, lets it decide, and does what it asks for.
func (h *Handshake) run(m match) {
	h.conclude(h.connect(m.route))
}

// conclude does what the result of Connect asks for.
func (h *Handshake) conclude(err error) {
	s, open := h.outcome()
	if open {
		s, err = h.settle(err)
	}
	if s == nil {
		h.fail(err)
		return
	}
	h.w, h.r = nil, nil // the consumer may keep the Handshake
	if s.consumer != nil {
		s.connected(err)
	}
}

// outcome returns the socket, if there is one, and reports whether nothing has been decided. An Accept that is under way on
// another goroutine is waited for.
func (h *Handshake) outcome() (s *Socket, open bool) {
	h.mu.Lock()
	state := h.state
	h.mu.Unlock()
	if state == undecided {
		return nil, true
	}
	<-h.answered
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.socket, false
}

// connect makes the consumer and calls its Connect; a panic in either becomes an error.
func (h *Handshake) connect(route *Route) (err error) {
	returned := false
	defer func() {
		if returned {
			return
		}
		err = errPanic
		if v := recover(); v != nil {
			h.router.panicked(h.scope, v)
			return
		}
		// The consumer ended the goroutine, as testing.T.FailNow does: run does not go on.
		h.conclude(err)
	}()
	if err = route.options.admit(h); err == nil {
		if route.makeAsync != nil {
			h.consumer = asyncMode{route.makeAsync(h.scope.params)}
		} else {
			h.consumer = syncMode{route.makeSync(h.scope.params)}
		}
		err = h.consumer.Connect(h.ctx, h)
	}
	returned = true
	return err
}

// settle does what the result of Connect asks for, where Connect has not accepted itself. It returns the socket, if there
// is one then, and what is left to do with it.
func (h *Handshake) settle(err error) (*Socket, error) {
	var closing *closeError
	switch {
	case err == nil, errors.As(err, &closing):
		s, acceptErr := h.Accept()
		if acceptErr != nil {
			return nil, acceptErr
		}
		return s, err
	case h.offer == protocolV1 && h.ctx.Err() == nil:
		return h.acceptAndClose(err)
	}
	return nil, err
}

// acceptAndClose refuses a client on wsgen.1, or tells it that Connect failed: a browser hides a status from its page.
func (h *Handshake) acceptAndClose(err error) (*Socket, error) {
	s, acceptErr := h.upgrade(acceptOptions{header: make(http.Header)}, nil)
	if acceptErr != nil {
		return nil, acceptErr
	}
	h.denied(err)
	s.in.leave()
	s.result(err)
	return s, nil
}

// fail answers a handshake that came to nothing.
func (h *Handshake) fail(err error) {
	h.denied(err)
	refusal := &denyError{status: http.StatusInternalServerError, reason: "internal error"}
	var deny *denyError
	switch {
	case errors.As(err, &deny):
		refusal = deny
	case err == nil: // the upgrade failed, and Connect took no notice
	case errors.Is(err, errClientGone), errors.Is(err, errPanic):
	case errors.Is(err, errTooLate), h.ctx.Err() != nil && errors.Is(context.Cause(h.ctx), errTooLate):
		refusal = &denyError{status: http.StatusServiceUnavailable, reason: "the handshake took too long"}
		slog.Warn("ws: handshake took longer than HANDSHAKE_TIMEOUT", "route", h.scope.route.pattern)
	case h.ctx.Err() != nil:
	default:
		slog.Error("ws: connect failed", "route", h.scope.route.pattern, "error", err)
	}
	h.router.dismiss(h.scope.addr) // first: who reads the answer may come back at once
	h.refuse(refusal, nil)
	h.cancel(nil)
}

// denied counts a handshake that came to nothing. What is wrong with the service has a line of its own.
func (h *Handshake) denied(err error) {
	h.router.counts.denied.Add(1)
	slog.Debug("ws: handshake denied", "route", h.scope.route.pattern, "client", h.scope.addr, "error", err)
}

// connected takes note that Connect has returned, which has the socket accepted: handlers may start now, unless it failed.
func (s *Socket) connected(err error) {
	if c, ok := s.conn.net.(testConn); ok {
		defer c.Connected()
	}
	if err != nil {
		s.unhandled(s.in.abandon())
		s.result(err)
		s.in.leave()
		return
	}
	most := 1
	if s.async() {
		most = s.router.limits.Concurrency
		if n := s.scope.route.options.concurrency; n > 0 {
			most = n
		}
	}
	s.in.open(most)
	s.in.leave()
	s.startHandler()
}
