package ws

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// Socket is one accepted connection. All methods are safe for concurrent use, and may be called at any time: after the end
// of the socket, Send and Join return an error that is [ErrClosed], and Leave and Close have nothing left to do.
type Socket struct {
	id     string
	born   uint64 // rises from socket to socket
	scope  *Scope
	router *Router
	conn   *conn
	form   form

	base     context.Context // the values of the handshake, never cancelled
	ctx      context.Context // what handlers get: ends with the socket
	cancel   context.CancelCauseFunc
	consumer consumer
	gate     *gate // nil for sync consumers
	waiting  bool  // in line at the gate; guarded by gate.mu

	in  inbox
	out outbox

	bucket  *bucket                 // the reader's; nil until a message was measured
	visit   *visit                  // which client this is; nil until the reader has heard it
	streams atomic.Pointer[streams] // nil until it joins one, over wsgen.1

	groupsMu sync.Mutex // guards the next two
	groups   []*group   // few: a map would be larger, and no faster
	left     bool       // all groups, for good

	stalled atomic.Bool // the reader does not read, so that silence means nothing

	// The next four are the sweeper's; times run from Router.began.
	pingAt  time.Duration // when to ping
	judgeAt time.Duration // when to judge whether a sign of life came, where pinged is set
	due     time.Duration // the earlier of the two
	pinged  bool          // waiting for a sign of life

	parts atomic.Int32 // of the socket that are not over: connection, consumer
	slot  int          // in Router.sockets; guarded by Router.mu
}

// ID returns the socket's id, unique among all processes that share a layer's backend. It is no secret, and nobody can
// guess it.
func (s *Socket) ID() string { return s.id }

// Scope returns what was known of the connection before it was accepted.
func (s *Socket) Scope() *Scope { return s.scope }

// async reports whether the handlers of the socket overlap.
func (s *Socket) async() bool { return s.gate != nil }

// Send sends a message to the page. It has copied the message when it returns; the message leaves at once, also while a
// handler runs. Where the outbox is full the consumer's outbound policy decides, and only with block does Send wait, until
// there is room or ctx ends.
func (s *Socket) Send(ctx context.Context, m Message) error {
	if err := m.check(); err != nil {
		return err
	}
	p := messagePiece(m, s.form, string(kindMessage))
	return s.send(ctx, &p, s.scope.route.options.policy)
}

// Join makes the socket a member of a group, until it leaves or ends. Joining twice is joining once. Where the group keeps
// history, a page on the generated client is sent what it has missed.
func (s *Socket) Join(ctx context.Context, group string) error {
	return s.router.layer.join(ctx, s, group)
}

// Leave ends the membership; leaving a group that one is not in is no error.
func (s *Socket) Leave(ctx context.Context, group string) error {
	return s.router.layer.leave(ctx, s, group)
}

// Close closes the socket: what waits to be sent goes first, then the code and the reason. Messages that wait for a handler
// are thrown away. Closing a socket that has ended already does nothing.
//
// The code is 1000 to 1003, 1007 to 1014 or 3000 to 4999; any other returns an error. The reason is cut to 123 bytes.
func (s *Socket) Close(code int, reason string) error {
	if !sendableCode(code) {
		return errors.New("ws: a close frame carries 1000 to 1003, 1007 to 1014 or 3000 to 4999")
	}
	s.shut(ending{status: CloseStatus{Code: code, Reason: closeReason(reason)}, flush: true})
	return nil
}

// send adds a message to the outbox as the policy says.
func (s *Socket) send(ctx context.Context, p *piece, policy outboundPolicy) error {
	return s.put(ctx, p, policy, false)
}

// sendShared adds a message of the layer. It never waits: one slow page must not hold up a group. A message that must arrive
// is not dropped either: the socket closes instead.
func (s *Socket) sendShared(ctx context.Context, p *piece, mustArrive bool) error {
	policy := s.scope.route.options.policy
	if policy == policyBlock || policy == policyDrop && mustArrive {
		policy = policyDisconnect
	}
	return s.put(ctx, p, policy, true)
}

// put adds a message to the outbox as the policy says. Where it is shared with other sockets, the flusher writes it.
func (s *Socket) put(ctx context.Context, p *piece, policy outboundPolicy, shared bool) error {
	if err := ctx.Err(); err != nil && s.ctx.Err() == nil {
		return context.Cause(ctx)
	}
	for try := 0; ; try++ {
		verdict, replaced, room := s.out.addMessage(p, policy == policyBlock)
		if replaced {
			s.router.counts.replaced.Add(1)
		}
		switch verdict {
		case taken, started:
			s.router.counts.sent.Add(1) // before the page has it
			if verdict == started {
				s.startWriting(shared)
			}
			return nil
		case refused:
			return s.closedError()
		}
		if try == 0 {
			// On a busy machine a burst can fill the outbox before the writer had its first turn: that is not the page's fault.
			s.skipLine()
			runtime.Gosched()
			continue
		}
		if policy != policyBlock {
			return s.overflow(policy)
		}
		select {
		case <-room:
		case <-ctx.Done():
			if s.ctx.Err() != nil {
				return s.closedError()
			}
			return context.Cause(ctx)
		}
	}
}

// overflow deals with a message for which there is no room.
func (s *Socket) overflow(policy outboundPolicy) error {
	if policy == policyDrop {
		s.router.counts.dropped.add(1, "ws: messages dropped for slow sockets", "route", s.scope.route.pattern, "socket", s.id)
		return nil
	}
	s.router.counts.slow.add(1, "ws: sockets closed that were too slow; OUTBOUND_BYTES bounds what waits for one",
		"route", s.scope.route.pattern, "socket", s.id, "code", CodeSlow)
	s.shut(ending{status: CloseStatus{Code: CodeSlow, Reason: "too slow"}, keepInbox: true, hurry: true})
	return s.closedError()
}

// closedError says why the socket has ended. An ending that is under way on another goroutine may not have a cause yet.
func (s *Socket) closedError() error {
	if err := context.Cause(s.ctx); err != nil {
		return err
	}
	return ErrClosed
}

// control adds a frame of wsgen's own.
func (s *Socket) control(p *piece) {
	if s.out.addControl(p) == started {
		go s.write()
	}
}

// ending is how a socket comes to its end.
type ending struct {
	status    CloseStatus // what the consumer is told
	code      int         // what the peer is told, where that is another code
	keepInbox bool        // what was received already is still handled
	flush     bool        // what waits to be written goes out before the close frame
	hurry     bool        // the peer has no longer than lastWords for what is on its way
	reply     bool        // the peer has sent its close frame, and gets the same back
}

// lastWords is how long a peer that was too slow has for what is being written to it, and the close frame behind that: enough for one
// that merely lagged, and little for one that does not read, which costs memory as long.
const lastWords = 2 * time.Second

// shut ends the socket, if nothing has ended it before, and tells the peer.
func (s *Socket) shut(e ending) {
	if !s.end(e.status, e.keepInbox) {
		return
	}
	if e.code == 0 {
		e.code = e.status.Code
	}
	var last []*piece
	if s.form.v1() && !e.reply {
		last = append(last, controlPiece(closeControl{Type: "close", Code: e.code, Reason: e.status.Reason}))
	}
	last = append(last, &piece{opcode: opClose, payload: closePayload(e.code, e.status.Reason)})
	v, unsent := s.out.close(!e.flush, last...)
	s.unsent(unsent)
	if e.hurry {
		s.conn.hurry(time.Now().Add(min(lastWords, s.router.limits.WriteTimeout)))
	}
	if v == started {
		go s.write()
	}
}

// lose ends a socket whose connection is gone.
func (s *Socket) lose() {
	s.end(CloseStatus{Code: CodeAbnormal, Reason: "connection lost", Remote: true}, true)
	s.cut()
}

// cut closes the connection, whatever waits to be written.
func (s *Socket) cut() {
	s.unsent(s.out.fail())
	s.conn.close()
}

// end says that the socket has ended: handlers see their context cancelled, and the consumer's end begins. It reports
// whether it was the first to say so.
func (s *Socket) end(st CloseStatus, keepInbox bool) bool {
	first, discarded := s.in.end(keepInbox)
	if !first {
		return false
	}
	s.unhandled(discarded)
	s.cancel(st)
	go s.finish(st)
	return true
}

// unhandled counts what waited in the inbox and will not be handled.
func (s *Socket) unhandled(n int) {
	s.router.counts.unhandled.add(n, "ws: messages and events left unhandled at the end of their socket",
		"route", s.scope.route.pattern, "socket", s.id)
}

// unsent counts what waited in the outbox and will not be written.
func (s *Socket) unsent(n int) {
	s.router.counts.unsent.add(n, "ws: frames left unsent at the end of their socket, each of one or several messages",
		"route", s.scope.route.pattern, "socket", s.id)
}

// partOver takes note that the connection or the consumer has come to its end; after both, the socket is gone.
func (s *Socket) partOver() {
	if s.parts.Add(-1) == 0 {
		s.router.remove(s)
	}
}
