package ws

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/gorilla/websocket"
)

// This is the only file that knows gorilla/websocket. Gorilla does the handshake and the reading: frames, fragments, masks,
// inflation. What is written goes past it (see outbox and flusher): the frames of many messages are written at once, and a
// group's message is framed once for all its sockets.

// conn is an upgraded connection. Its read side belongs to the reader goroutine, its write side to whoever writes at the time:
// the socket's writer goroutine, a Send or the flusher, never two of them.
type conn struct {
	ws         *websocket.Conn
	net        net.Conn
	direct     syscall.RawConn // of net, where that is TCP, for batch.try and await
	compressed bool            // permessage-deflate was negotiated

	heard atomic.Bool // something came since this was last cleared; anything is a sign of life

	deadlines sync.Mutex // held while one is set
	writeBy   time.Time  // no write goes on beyond it, if it is set; guarded by deadlines

	// The rest is the reader's.
	lost     bool               // a read of the connection itself failed
	within   bool               // what comes is the rest of a message that was too big
	glancing bool               // the tap is to read what is there, without waiting
	fd       uintptr            // of the connection, while glancing
	look     func(uintptr) bool // the method glance, made a value once
	lender   *bufio.Reader      // whose buffer reader has; nil where it has none, and must not be read
	reader   bufio.Reader       // gorilla's
	tap      tap                // between gorilla and the connection
}

// errTooBig says that a message was longer than allowed. The connection can still be read.
var errTooBig = errors.New("ws: message is too big")

// errLost says that the connection ended without a close frame.
var errLost = errors.New("ws: connection lost")

// peerClose says that the peer's close frame has come.
type peerClose struct {
	code   int // CodeNoStatus where it carried none
	reason string
}

func (e *peerClose) Error() string { return CloseStatus{Code: e.code, Reason: e.reason}.Error() }

// protocolError is a breach of RFC 6455 after which the connection cannot be read any more.
type protocolError struct{ err error }

func (e *protocolError) Error() string { return e.err.Error() }

// checkUpgrade says why a request is no WebSocket handshake, as a status and a sentence; status 0 means that it is one.
func checkUpgrade(r *http.Request) (status int, reason string) {
	switch {
	case r.Method != http.MethodGet || !r.ProtoAtLeast(1, 1) || !websocket.IsWebSocketUpgrade(r):
		return http.StatusUpgradeRequired, "this is a WebSocket: connect with new WebSocket(...) or another client"
	case r.Header.Get("Sec-Websocket-Version") != "13":
		return http.StatusUpgradeRequired, "WebSocket version 13 is wanted"
	case !isKey(r.Header.Get("Sec-Websocket-Key")):
		return http.StatusBadRequest, "the header Sec-WebSocket-Key is not 16 bytes in base64"
	}
	return 0, ""
}

// isKey reports whether the text can be the key of a handshake (RFC 6455, section 4.1).
func isKey(text string) bool {
	key, err := base64.StdEncoding.DecodeString(text)
	return err == nil && len(key) == 16
}

// upgrade answers the handshake. Where it fails, it has answered with an error or closed the connection. With hold, it may return the
// answer, for the caller to write together with the first frame.
func upgrade(w http.ResponseWriter, r *http.Request, header http.Header, limits *Limits, hold bool) (*conn, []byte, error) {
	u := websocket.Upgrader{
		HandshakeTimeout:  limits.HandshakeTimeout,
		EnableCompression: limits.Compression,
		WriteBufferPool:   noWrites{},                               // gorilla writes nothing but the answer
		CheckOrigin:       func(*http.Request) bool { return true }, // OriginValidator has
	}
	c, a := new(conn), answer{hold: hold}
	c.tap.answer = &a
	c.look = c.glance
	ws, err := u.Upgrade(hijacker{ResponseWriter: w, conn: c}, r, header)
	switch {
	case err != nil && c.net == nil:
		return nil, nil, fmt.Errorf("%w: a middleware that wraps the http.ResponseWriter needs a method Unwrap", err)
	case err != nil: // the connection was there, and failed
		return nil, nil, fmt.Errorf("%w: %w", errClientGone, err)
	}
	c.ws, c.tap.answer = ws, nil
	_ = c.clearDeadline() // that of the handshake; an error means that the connection is closed
	// The outbox answers a close frame, in its turn after what waits there.
	ws.SetCloseHandler(func(int, string) error { return nil })
	return c, a.held, nil
}

// onPing sets what the reader calls for the peer's pings that it leaves to gorilla, see control. That a pong came is known from heard.
func (c *conn) onPing(answer func(payload string)) {
	c.ws.SetPingHandler(func(payload string) error { answer(payload); return nil })
}

// next waits for the next message and reads up to limit bytes of it into a pooled buffer, which the caller frees. Errors
// other than errTooBig are final.
func (c *conn) next(limit int) (binary bool, b *buffer, err error) {
	c.borrow()
	kind, r, err := c.ws.NextReader()
	c.within = false
	if err != nil {
		return false, nil, c.explain(err)
	}
	b = newBuffer()
	if err := b.readFrom(r, limit); err != nil {
		b.free()
		c.within = true
		return false, nil, c.explain(err)
	}
	return kind == websocket.BinaryMessage, b, nil
}

// explain sorts gorilla's errors.
func (c *conn) explain(err error) error {
	var closed *websocket.CloseError
	switch {
	case errors.Is(err, errTooBig):
		return err
	case c.lost:
		return errLost
	case errors.As(err, &closed) && closed.Code != websocket.CloseAbnormalClosure:
		return &peerClose{code: closed.Code, reason: closed.Text}
	}
	return &protocolError{err}
}

// write puts what is left of the batch on the connection, in one system call where that is TCP. A long frame goes in parts, so
// that the timeout ends a peer that takes nothing, and not one that is merely slow.
func (c *conn) write(b *batch, timeout time.Duration) error {
	if b.try(c.direct) {
		return nil
	}
	if len(b.frames) == 1 {
		return c.writeParts(b.frames[0].data[b.sent:], timeout)
	}
	if err := c.setWriteDeadline(time.Now().Add(timeout)); err != nil {
		return err
	}
	if _, err := b.rest().WriteTo(c.net); err != nil {
		return err
	}
	return c.clearDeadline()
}

// writeParts writes one frame, or what was gathered of several.
func (c *conn) writeParts(data []byte, timeout time.Duration) error {
	for len(data) > 0 {
		if err := c.setWriteDeadline(time.Now().Add(timeout)); err != nil {
			return err
		}
		n, err := c.net.Write(data[:min(len(data), maxBatch)])
		if err != nil {
			return err
		}
		data = data[n:]
	}
	return c.clearDeadline()
}

// clearDeadline lets batch.try go on, which sets none.
func (c *conn) clearDeadline() error {
	if c.direct == nil {
		return nil
	}
	return c.setWriteDeadline(time.Time{})
}

// setWriteDeadline lets no write wait beyond the deadline, if it is set, nor beyond the one of hurry.
func (c *conn) setWriteDeadline(deadline time.Time) error {
	c.deadlines.Lock()
	defer c.deadlines.Unlock()
	if !c.writeBy.IsZero() && (deadline.IsZero() || c.writeBy.Before(deadline)) {
		deadline = c.writeBy
	}
	return c.net.SetWriteDeadline(deadline)
}

// hurry lets no write go on beyond the deadline, the one that is under way included. It does not wait for that one.
func (c *conn) hurry(deadline time.Time) {
	c.deadlines.Lock()
	defer c.deadlines.Unlock()
	c.writeBy = deadline
	// An error means that the connection is closed, which is as good.
	_ = c.net.SetWriteDeadline(deadline)
}

// stopReading lets no read wait beyond the deadline.
func (c *conn) stopReading(deadline time.Time) {
	// An error means that the connection is closed, which is as good.
	_ = c.net.SetReadDeadline(deadline)
}

// discard reads what still comes, frame or not, until the peer closes the connection or the deadline set by stopReading. A
// connection that is closed with unread input is reset, and the close frame that is under way is lost with it.
func (c *conn) discard() {
	_, _ = io.Copy(io.Discard, c.net) // ends with an error always
}

// close closes the connection.
func (c *conn) close() {
	_ = c.net.Close() // nothing is under way any more, so that nothing can be lost
}

// hijacker hands gorilla the connection with conn in between.
type hijacker struct {
	http.ResponseWriter
	conn *conn
}

// Hijack implements http.Hijacker. It finds the server's own through the writers of middlewares that have an Unwrap method.
func (h hijacker) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	c, rw, err := http.NewResponseController(h.ResponseWriter).Hijack()
	if err != nil {
		return nil, nil, err
	}
	h.conn.net, h.conn.tap.Conn, h.conn.tap.conn = c, c, h.conn
	if tcp, ok := c.(*net.TCPConn); ok {
		h.conn.direct, _ = tcp.SyscallConn() // fails for no connection that there is
	}
	if rw.Reader.Buffered() > 0 {
		return c, rw, nil // a client that does not wait for the answer: gorilla refuses it
	}
	h.conn.borrow()
	return &h.conn.tap, bufio.NewReadWriter(&h.conn.reader, rw.Writer), nil // gorilla keeps the reader: it is large enough
}

// tap stands between gorilla and the connection.
type tap struct {
	net.Conn
	conn   *conn
	answer *answer // nil once the handshake is over
}

// answer is what gorilla writes: the answer to the handshake.
type answer struct {
	written bool
	hold    bool   // it need not be written at once
	held    []byte // what was not
}

// Read takes note of what is heard, and that the connection failed, which gorilla's errors do not tell from a breach of the
// protocol.
func (t *tap) Read(p []byte) (int, error) {
	n, err := t.read(p)
	if err == errNothing {
		return 0, err
	}
	if !t.conn.heard.Load() { // looking first leaves the memory to other readers, as a rule
		t.conn.heard.Store(true)
	}
	if err != nil {
		t.conn.lost = true
	}
	return n, err
}

// read reads from the connection; while its conn is glancing, without waiting.
func (t *tap) read(p []byte) (int, error) {
	if t.conn.glancing {
		return readNow(t.conn.fd, p)
	}
	return t.Conn.Read(p)
}

// Write lets the answer to the handshake pass and nothing else: the close frame that gorilla writes on a breach of the
// protocol would break into a frame of the writer goroutine, which sends one itself.
func (t *tap) Write(p []byte) (int, error) {
	if t.answer == nil || t.answer.written {
		return len(p), nil
	}
	t.answer.written = true
	t.conn.compressed = bytes.Contains(p, []byte("\r\nSec-WebSocket-Extensions: permessage-deflate"))
	if t.answer.hold && t.conn.direct != nil {
		t.answer.held = bytes.Clone(p)
		return len(p), nil
	}
	return t.Conn.Write(p)
}

// SetWriteDeadline leaves the deadline to the writer goroutine once the handshake has been answered: with the close frame that
// Write holds back, gorilla sets one of a second, which would cut short what is being written.
func (t *tap) SetWriteDeadline(deadline time.Time) error {
	if t.answer == nil || t.answer.written {
		return nil
	}
	return t.Conn.SetWriteDeadline(deadline)
}

// noWrites is a websocket.BufferPool for connections that gorilla does not write to.
type noWrites struct{}

func (noWrites) Get() any { return nil }

func (noWrites) Put(any) {}
