package ws

import (
	"context"
	"errors"
	"log/slog"
	"reflect"
	"runtime/debug"
	"sync/atomic"
	"time"
)

// consumer is what the two modes have in common.
type consumer interface {
	Connect(ctx context.Context, h *Handshake) error
	Disconnect(ctx context.Context, st CloseStatus)
	receive(ctx context.Context, s *Socket, t *task) error
	events() (EventHandler, bool)
	kind() reflect.Type
}

// syncMode runs a SyncConsumer.
type syncMode struct{ SyncConsumer }

func (c syncMode) receive(ctx context.Context, s *Socket, t *task) error {
	return c.Receive(ctx, s, t.message)
}

func (c syncMode) events() (EventHandler, bool) {
	h, ok := c.SyncConsumer.(EventHandler)
	return h, ok
}

func (c syncMode) kind() reflect.Type { return reflect.TypeOf(c.SyncConsumer) }

// asyncMode runs an AsyncConsumer.
type asyncMode struct{ AsyncConsumer }

func (c asyncMode) receive(ctx context.Context, s *Socket, t *task) error {
	r := &Request{Socket: s, Message: t.message, id: t.request}
	defer r.finish()
	return c.Receive(ctx, r)
}

func (c asyncMode) events() (EventHandler, bool) {
	h, ok := c.AsyncConsumer.(EventHandler)
	return h, ok
}

func (c asyncMode) kind() reflect.Type { return reflect.TypeOf(c.AsyncConsumer) }

// Request is a message to an async consumer, and the way to answer it. Its methods are safe for concurrent use.
type Request struct {
	Socket  *Socket
	Message Message

	id      string // "" for a plain message
	replied atomic.Bool
}

// ErrReplied is what a second Reply to one request returns, and one that comes after its handler has returned.
var ErrReplied = errors.New("ws: the request has been answered already, or its handler has returned")

// Reply answers. Where the page waits for an answer (request in the client) it gets this one, and there is one only; a
// handler that returns without it makes the page's promise fail. Otherwise Reply is Socket.Send. An answer is neither
// dropped nor replaced: where there is no room for it under the policies drop and latest, the socket closes with 4008.
func (r *Request) Reply(ctx context.Context, m Message) error {
	if r.id == "" {
		return r.Socket.Send(ctx, m)
	}
	if err := m.check(); err != nil {
		return err
	}
	if !r.replied.CompareAndSwap(false, true) {
		return ErrReplied
	}
	m.Key = ""
	policy := r.Socket.scope.route.options.policy
	if policy == policyDrop {
		policy = policyDisconnect
	}
	p := messagePiece(m, r.Socket.form, string(kindRequest)+r.id+":")
	return r.Socket.send(ctx, &p, policy)
}

// finish tells the page that its request will not be answered, if that is so.
func (r *Request) finish() {
	if r.id == "" || !r.replied.CompareAndSwap(false, true) {
		return
	}
	// It counts as a message: a page that asks without reading must not fill the memory. An error means that it is gone.
	_ = r.Socket.send(context.Background(), controlPiece(failedControl{Type: "failed", ID: r.id}), policyDisconnect)
}

// push gives a task to the handlers.
func (s *Socket) push(t task) verdict {
	v := s.in.push(t, s.router.limits.EventBytes)
	if v == started {
		s.startHandler()
	}
	return v
}

// startHandler starts a handler goroutine, if there is work and a place for it.
func (s *Socket) startHandler() {
	if !s.gate.acquire(s) {
		return // its turn comes
	}
	if s.in.claim() {
		s.router.crew.work(s)
		return
	}
	s.gate.release()
}

// work runs handlers, one after another, until nothing waits, on a goroutine of the crew. Where other sockets wait for its place, it
// gives the place up after each task.
func (s *Socket) work() {
	returned, again := false, true
	defer func() {
		if !returned { // the consumer ended the goroutine, as testing.T.FailNow does
			s.fail()
			s.in.leave()
		}
		s.gate.release()
		if again {
			s.startHandler()
		}
	}()
	var t task
	for first := true; ; first = false {
		ok, more, lone := s.in.next(&t, first)
		if !ok {
			returned, again = true, false
			return
		}
		if more {
			s.startHandler()
		}
		if lone {
			s.out.expectAnswer()
		}
		s.handle(&t)
		if s.gate.crowded() {
			s.in.leave()
			returned = true
			return
		}
	}
}

// handle runs the handler of one task.
func (s *Socket) handle(t *task) {
	var err error
	if t.command != 0 {
		err = s.handleCommand(t)
	} else {
		err = s.call(t)
	}
	t.buffer.free()
	s.result(err)
}

// call calls the consumer; a panic becomes an error.
func (s *Socket) call(t *task) (err error) {
	defer s.rescue(&err)
	if t.event == nil {
		return s.consumer.receive(s.ctx, s, t)
	}
	h, ok := s.consumer.events()
	if !ok {
		s.router.counts.noEventMethod.add(1, "ws: events to a consumer without a method Event",
			"route", s.scope.route.pattern, "type", clip(t.event.Type))
		return nil
	}
	return h.Event(s.ctx, s, *t.event)
}

// errPanic says that a consumer panicked; the log has the rest.
var errPanic = errors.New("ws: panic in a consumer")

// rescue, deferred, turns a panic of the consumer into errPanic.
func (s *Socket) rescue(err *error) {
	if v := recover(); v != nil {
		s.router.panicked(s.scope, v)
		*err = errPanic
	}
}

// panicked logs a panic with its stack.
func (r *Router) panicked(scope *Scope, v any) {
	r.counts.panics.Add(1)
	slog.Error("ws: panic in a consumer", "route", scope.route.pattern, "panic", v, stackKey, string(debug.Stack()))
}

// result does what the error of a handler asks for.
func (s *Socket) result(err error) {
	if err == nil {
		return
	}
	if code, reason, ok := asked(err); ok {
		s.shut(ending{status: CloseStatus{Code: code, Reason: reason}, flush: true})
		return
	}
	if s.gaveUp(err) {
		return
	}
	if !errors.Is(err, errPanic) {
		slog.Error("ws: handler failed", "route", s.scope.route.pattern, "socket", s.id, "error", err)
	}
	s.fail()
}

// fail closes the socket because its consumer failed. The page is not told how: that is for the log.
func (s *Socket) fail() {
	s.shut(ending{status: CloseStatus{Code: CodeInternalError, Reason: "internal error"}, flush: true})
}

// asked returns the close code that an error made by Close or Deny asks for.
func asked(err error) (code int, reason string, ok bool) {
	var c *closeError
	if errors.As(err, &c) {
		if !sendableCode(c.code) {
			return CodeInternalError, closeReason(c.reason), true
		}
		return c.code, closeReason(c.reason), true
	}
	var d *denyError
	if errors.As(err, &d) {
		return denyCode(d.status), closeReason(d.reason), true
	}
	return 0, "", false
}

// patience is the time after which it is logged, again and again, that a socket waits for its handlers to return.
const patience = 10 * time.Second

// finish ends the consumer: it leaves the groups, waits for the handlers, and calls Disconnect.
func (s *Socket) finish(st CloseStatus) {
	defer s.partOver()
	defer s.in.over()
	if s.consumer == nil { // a denial
		return
	}
	slog.Debug("ws: socket closed", "route", s.scope.route.pattern, "socket", s.id,
		"code", st.Code, "reason", st.Reason, "remote", st.Remote)
	s.router.layer.forget(s)
	s.awaitHandlers()
	ctx, cancel := context.WithCancel(s.base)
	defer cancel()
	stop := context.AfterFunc(s.router.stopped, cancel)
	defer stop()
	defer func() {
		if v := recover(); v != nil {
			s.router.panicked(s.scope, v)
		}
	}()
	s.consumer.Disconnect(ctx, st)
}

// awaitHandlers waits until no handler runs, however long; only the end of a drain ends the wait.
func (s *Socket) awaitHandlers() {
	handled := s.in.handled()
	if handled == nil {
		return
	}
	began := time.Now()
	for late := time.NewTicker(patience); ; {
		select {
		case <-handled:
			late.Stop()
			return
		case <-late.C:
			slog.Warn("ws: handlers still run after the end of their socket; they should return when ctx ends",
				"route", s.scope.route.pattern, "socket", s.id, "since", time.Since(began).Round(time.Second).String())
		case <-s.router.abandoned.Done():
			late.Stop()
			s.unhandled(s.in.abandon())
			return
		}
	}
}
