package wstest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"wsgen/templates/project/internal/ws"

	"github.com/gorilla/websocket"
)

// Sock is the page's end of a socket. Use it from the goroutine of the test.
type Sock struct {
	t    testing.TB
	app  *ws.Router
	conn *websocket.Conn
	pipe *pipeEnd
	v1   bool

	id       string // of the socket, over V1
	protocol string
	acks     bool // the service acknowledges messages
	requests int  // sent so far
	stopped  bool

	writeMu sync.Mutex // gorilla takes one writer at a time: the test, and the reader's answers to pings

	mu       sync.Mutex // guards the rest
	arrivals []arrival
	page     *page                // over V1
	streams  map[uint64]*followed // by number
	replies  map[string]reply
	hello    []byte       // the first control frame, over V1
	notice   *closeNotice // the control frame before the close, over V1
	closed   *closeNotice // the end
	changed  chan struct{}
	over     chan struct{} // closed when the reader has ended
}

// reply is the answer to a request.
type reply struct {
	data   []byte
	failed bool
}

// closeNotice is a close code and a reason.
type closeNotice struct {
	Code   int    `json:"code"`
	Reason string `json:"reason"`
}

func newSock(t testing.TB, app *ws.Router, conn *websocket.Conn, pipe *pipeEnd, o options) *Sock {
	if o.page == nil {
		o.page = newPage()
	}
	s := &Sock{
		t: t, app: app, conn: conn, pipe: pipe, v1: o.v1,
		protocol: conn.Subprotocol(),
		page:     o.page,
		streams:  make(map[uint64]*followed),
		replies:  make(map[string]reply),
		changed:  make(chan struct{}, 1),
		over:     make(chan struct{}),
	}
	conn.SetPingHandler(func(payload string) error { return s.control(websocket.PongMessage, []byte(payload)) })
	conn.SetCloseHandler(func(code int, _ string) error {
		return s.control(websocket.CloseMessage, websocket.FormatCloseMessage(code, ""))
	})
	if s.v1 {
		s.introduce()
	}
	go s.read()
	return s
}

// ID returns the id of the socket on the server, which the server tells over [V1] only.
func (s *Sock) ID() string { return s.id }

// Protocol returns the subprotocol that the consumer selected, or "".
func (s *Sock) Protocol() string { return s.protocol }

// Send sends a text message.
func (s *Sock) Send(text string) {
	s.sendMessage(websocket.TextMessage, []byte(text))
}

// SendJSON sends v as a text message in JSON.
func (s *Sock) SendJSON(v any) {
	s.t.Helper()
	data, err := json.Marshal(v)
	if err != nil {
		s.t.Fatalf("send: %v", err)
	}
	s.sendMessage(websocket.TextMessage, data)
}

// SendBinary sends a binary message.
func (s *Sock) SendBinary(data []byte) {
	s.sendMessage(websocket.BinaryMessage, bytes.Clone(data))
}

// Request sends a request to an async consumer, over [V1], and returns the text of its reply.
func (s *Sock) Request(text string) string {
	s.t.Helper()
	r := s.request(text)
	if r.failed {
		s.t.Fatalf("request %q failed: its handler returned without a reply", text)
	}
	return string(r.data)
}

// RequestFails sends a request, over [V1], and expects its handler to return without a reply.
func (s *Sock) RequestFails(text string) {
	s.t.Helper()
	if r := s.request(text); !r.failed {
		s.t.Fatalf("request %q was answered with %q, want none", text, r.data)
	}
}

// request sends a request and waits for what becomes of it.
func (s *Sock) request(text string) reply {
	s.t.Helper()
	if !s.v1 {
		s.t.Fatal("requests need the option wstest.V1()")
	}
	s.requests++
	id := strconv.Itoa(s.requests)
	s.send(websocket.TextMessage, "r"+id+":", []byte(text))
	var r reply
	s.await("a reply to "+strconv.Quote(text), func() (ok bool) {
		r, ok = s.replies[id]
		return ok
	})
	return r
}

// Receive returns the next message.
func (s *Sock) Receive() ws.Message {
	s.t.Helper()
	return s.nextMessage("a message")
}

// Expect expects the next message to be this text.
func (s *Sock) Expect(text string) {
	s.t.Helper()
	if m := s.nextMessage(strconv.Quote(text)); m.Binary || string(m.Data) != text {
		s.t.Fatalf("message %s, want %q", show(m), text)
	}
}

// ExpectBinary expects the next message to be binary, with this data.
func (s *Sock) ExpectBinary(data []byte) {
	s.t.Helper()
	if m := s.nextMessage(fmt.Sprintf("binary %x", data)); !m.Binary || !bytes.Equal(m.Data, data) {
		s.t.Fatalf("message %s, want binary %x", show(m), data)
	}
}

// ExpectJSON expects the next message to be a text that means the same in JSON as v does.
func (s *Sock) ExpectJSON(v any) {
	s.t.Helper()
	want, err := json.Marshal(v)
	if err != nil {
		s.t.Fatalf("expect: %v", err)
	}
	m := s.nextMessage(string(want))
	var got, wanted any
	if err := json.Unmarshal(want, &wanted); err != nil {
		s.t.Fatalf("expect: %v", err)
	}
	if err := json.Unmarshal(m.Data, &got); err != nil || m.Binary || !reflect.DeepEqual(got, wanted) {
		s.t.Fatalf("message %s, want %s", show(m), want)
	}
}

// Quiet waits until the service is at rest: all that pages have sent is read, no handler runs on any socket of the app, and
// all that was sent to pages has arrived, what they had missed of streams included. Then it fails the test if something came
// to this page that was not expected.
func (s *Sock) Quiet() {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := s.app.Quiet(ctx); err != nil {
		s.t.Fatalf("quiet: after %v still at work: %v", patience, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.arrivals) > 0 {
		s.t.Fatalf("quiet: %d came, the first is %v", len(s.arrivals), s.arrivals[0])
	}
}

// Close closes the socket from the page's side, and returns when the server has closed it too and Disconnect has returned.
func (s *Sock) Close(code int) {
	s.t.Helper()
	if err := s.control(websocket.CloseMessage, websocket.FormatCloseMessage(code, "")); err != nil {
		s.t.Fatalf("close: %v", err)
	}
	s.await("the end of the socket", func() bool { return s.closed != nil })
	s.settle()
}

// ExpectClose expects the server to close the socket with this code, after all messages that were expected, and returns when
// Disconnect has returned. It returns the reason.
func (s *Sock) ExpectClose(code int) (reason string) {
	s.t.Helper()
	s.await("close with "+strconv.Itoa(code), func() bool { return s.closed != nil || len(s.arrivals) > 0 })
	s.checkClose(code)
	s.settle()
	return s.closed.Reason
}

// checkClose checks how the socket ended.
func (s *Sock) checkClose(code int) {
	s.t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case len(s.arrivals) > 0:
		s.t.Fatalf("%v, want close with %d", s.arrivals[0], code)
	case s.closed.Code != code:
		s.t.Fatalf("closed with %d %q, want %d", s.closed.Code, s.closed.Reason, code)
	case s.v1 && (s.notice == nil || *s.notice != *s.closed):
		s.t.Fatalf("closed with %+v, but the control frame before it is %+v", *s.closed, s.notice)
	}
}

// Drop cuts the connection, as a network does: without a close frame. It returns when Disconnect has returned.
func (s *Sock) Drop() {
	s.t.Helper()
	_ = s.pipe.Close()
	<-s.over
	s.settle()
}

// nextMessage returns the next arrival, which is to be a message.
func (s *Sock) nextMessage(what string) ws.Message {
	s.t.Helper()
	a := s.next(what)
	if a.reset != "" || a.end != "" {
		s.t.Fatalf("%v, want %s", a, what)
	}
	return a.message
}

// next returns the next arrival.
func (s *Sock) next(what string) (a arrival) {
	s.t.Helper()
	s.await(what, func() bool { return len(s.arrivals) > 0 || s.closed != nil })
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.arrivals) == 0 {
		s.t.Fatalf("closed with %d %q, want %s", s.closed.Code, s.closed.Reason, what)
	}
	a, s.arrivals = s.arrivals[0], s.arrivals[1:]
	return a
}

// await waits until ok, which is called with s.mu held. The end of the socket ends the wait for everything.
func (s *Sock) await(what string, ok func() bool) {
	s.t.Helper()
	timeout := time.NewTimer(patience)
	defer timeout.Stop()
	for {
		s.mu.Lock()
		done, closed := ok(), s.closed
		s.mu.Unlock()
		if done {
			return
		}
		if closed != nil {
			s.t.Fatalf("closed with %d %q, want %s", closed.Code, closed.Reason, what)
		}
		select {
		case <-s.changed:
		case <-timeout.C:
			s.t.Fatalf("nothing for %v, want %s", patience, what)
		}
	}
}

// settle waits until Disconnect has returned.
func (s *Sock) settle() {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := s.app.Quiet(ctx); err != nil {
		s.t.Fatalf("after the end of a socket: after %v still at work: %v", patience, err)
	}
}

// stop is the end of the test.
func (s *Sock) stop() {
	s.t.Helper()
	if s.stopped {
		return
	}
	s.stopped = true
	_ = s.conn.Close() // of a connection in memory
	<-s.over
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := s.app.Quiet(ctx); err != nil {
		s.t.Errorf("at the end of the test: after %v still at work: %v", patience, err)
	}
}

// send sends a message, with the prefix where the wire has one. What is sent after the end is lost, as in a browser; the next
// expectation says how the socket ended.
func (s *Sock) send(kind int, prefix string, data []byte) {
	if s.v1 {
		data = append([]byte(prefix), data...)
	}
	s.writeMu.Lock()
	defer s.writeMu.Unlock()
	_ = s.conn.WriteMessage(kind, data)
}

// control sends a control frame of the WebSocket protocol. One that follows a close frame is left out.
func (s *Sock) control(kind int, data []byte) error {
	s.writeMu.Lock()
	defer s.writeMu.Unlock()
	err := s.conn.WriteControl(kind, data, time.Now().Add(patience))
	if errors.Is(err, websocket.ErrCloseSent) {
		return nil
	}
	return err
}

// show shows a message.
func show(m ws.Message) string {
	if m.Binary {
		return fmt.Sprintf("binary %x", m.Data)
	}
	return strconv.Quote(strings.ToValidUTF8(string(m.Data), "\uFFFD"))
}
