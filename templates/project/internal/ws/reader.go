package ws

import (
	"errors"
	"time"
	"unicode/utf8"
)

// read is the reader goroutine: it lives as long as the connection, and closes it. It waits here, where its stack is shallow.
// A stack that has grown never gets as small again, so that after a wait that brought nothing but a sign of life a new goroutine
// goes on: an idle socket has the smallest stack there is.
func (s *Socket) read() {
	for {
		s.conn.await()
		quiet, err := s.receive()
		if err != nil {
			s.readEnded(err)
			return
		}
		if quiet && s.conn.waits() {
			go s.read()
			return
		}
	}
}

// readEnded ends the socket, whose connection cannot be read any more, and closes the connection.
func (s *Socket) readEnded(err error) {
	defer s.partOver()
	defer s.conn.close()
	s.conn.giveBack()
	var closed *peerClose
	var breach *protocolError
	switch {
	case errors.As(err, &closed):
		st := CloseStatus{Code: closed.code, Reason: closed.reason, Remote: true}
		s.shut(ending{status: st, keepInbox: true, reply: true})
	case errors.As(err, &breach):
		s.breach(CodeProtocolError, "protocol error")
		<-s.out.done()
		s.conn.discard()
	default:
		s.lose()
	}
	<-s.out.done()
}

// receive takes what has come off the connection. It reports whether that was nothing for the handlers, or why the connection
// has ended.
func (s *Socket) receive() (quiet bool, err error) {
	quiet = true
	for {
		switch opcode, payload := s.conn.control(); opcode {
		case opPing:
			s.answerPing(payload)
		case opPong: // that it came is known from heard
		default:
			message, err := s.receiveOne()
			if err != nil {
				return false, err
			}
			quiet = quiet && !message
		}
		if !s.conn.unread() {
			return quiet, nil
		}
	}
}

// receiveOne takes a message off the connection, and reports whether it was one for the handlers. After the end of the socket
// messages are thrown away: a connection that is closed with unread input would be reset, and the close frame lost.
func (s *Socket) receiveOne() (message bool, err error) {
	binary, b, err := s.conn.next(s.form.readLimit(s.router.limits.MaxMessage))
	switch {
	case errors.Is(err, errTooBig):
		s.breach(CodeTooBig, tooBig)
	case err != nil:
		return false, err
	case s.ctx.Err() != nil:
		b.free()
	case !binary && !utf8.Valid(b.data):
		b.free()
		s.breach(CodeInvalidText, "text is not UTF-8")
	default:
		message = s.accept(b, binary)
		s.throttle()
		s.awaitRoom()
	}
	return message, nil
}

// answerPing answers a ping of the peer.
func (s *Socket) answerPing(payload string) {
	if s.out.addPong(payload) == started {
		go s.write()
	}
}

// breach closes the socket over something that the peer did wrong. What it sent before is still handled.
func (s *Socket) breach(code int, reason string) {
	s.shut(ending{status: CloseStatus{Code: code, Reason: closeReason(reason)}, keepInbox: true, flush: true})
}

// tooBig is the reason of a close with 1009.
const tooBig = "message too big"

// accept gives a message that was read to the handlers, and reports whether it was one for them.
func (s *Socket) accept(b *buffer, binary bool) bool {
	t := task{buffer: b, message: Message{Data: b.data, Binary: binary}}
	if s.form.v1() {
		f, err := parseIncoming(b.data)
		if err == nil && f.kind != kindControl && len(f.payload) > s.router.limits.MaxMessage {
			b.free()
			s.breach(CodeTooBig, tooBig)
			return false
		}
		if err == nil {
			err = s.take(f)
		}
		if err != nil {
			b.free()
			s.breach(CodeProtocolError, err.Error())
			return false
		}
		if f.kind == kindPong || f.kind == kindControl {
			b.free()
			return false
		}
		t.message.Data, t.request, t.command = f.payload, f.id, f.number
	}
	s.router.counts.received.Add(1)
	s.push(t)
	return true
}

// errSyncRequest says that only async consumers answer requests.
var errSyncRequest = errors.New("requests need an async consumer")

// take does what a frame asks for before the handlers see it, or refuses it.
func (s *Socket) take(f incoming) error {
	switch f.kind {
	case kindRequest:
		if !s.async() {
			return errSyncRequest
		}
	case kindCommand:
		return s.takeCommand(f.number)
	case kindControl:
		switch f.control.Type {
		case "client":
			return s.identify(f.control.ID)
		case "resume":
			s.follow(f.control)
		}
	}
	return nil
}

// awaitRoom keeps the reader from reading while the inbox is full.
func (s *Socket) awaitRoom() {
	limits := &s.router.limits
	room := s.in.full(limits.InboxMessages, limits.InboxBytes)
	if room == nil {
		return
	}
	s.stalled.Store(true)
	defer s.resume()
	timeout := time.NewTimer(limits.InboxTimeout)
	defer timeout.Stop()
	for ; room != nil; room = s.in.full(limits.InboxMessages, limits.InboxBytes) {
		select {
		case <-room:
		case <-s.ctx.Done():
			return
		case <-timeout.C:
			s.router.counts.inboxTimeouts.add(1, "ws: sockets closed whose inbox stayed full; see INBOX_MESSAGES, INBOX_BYTES, INBOX_TIMEOUT",
				"route", s.scope.route.pattern, "socket", s.id, "code", CodeTryLater)
			s.shut(ending{status: CloseStatus{Code: CodeTryLater, Reason: "inbox full"}, keepInbox: true})
			return
		}
	}
}

// resume takes note that the reader reads again: until now it could not hear the peer.
func (s *Socket) resume() {
	s.conn.heard.Store(true)
	s.stalled.Store(false)
}

// bucket measures a socket's rate of messages (token bucket). The zero value is full.
type bucket struct {
	next time.Time // when the rate would have been kept exactly
}

// take takes one message out, and returns how long to wait for it. A rate of n lets n messages through at once.
func (b *bucket) take(now time.Time, rate int) time.Duration {
	if full := now.Add(-time.Second); b.next.Before(full) {
		b.next = full
	}
	b.next = b.next.Add(time.Second / time.Duration(rate))
	return b.next.Sub(now)
}

// throttle keeps the reader from reading while the socket is beyond its rate.
func (s *Socket) throttle() {
	if s.router.limits.MessageRate == 0 {
		return
	}
	if s.bucket == nil {
		s.bucket = new(bucket)
	}
	wait := s.bucket.take(time.Now(), s.router.limits.MessageRate)
	if wait <= 0 {
		return
	}
	s.router.counts.throttled.add(1, "ws: messages read late, their sockets send faster than MESSAGE_RATE",
		"route", s.scope.route.pattern, "socket", s.id)
	s.stalled.Store(true)
	defer s.resume()
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-s.ctx.Done():
	}
}
