package wireclient

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/coder/websocket"
)

// conn is one connection of a client.
type conn struct {
	client *Client
	ws     *websocket.Conn

	wake chan struct{} // the writer has something to do

	mu   sync.Mutex // guards the rest
	out  []outgoing // goes before commands
	open bool       // hello has come
	acks bool

	// The reader's own.
	streams  map[uint64]*stream
	top      uint64 // the highest number of a stream so far
	farewell *CloseError
}

// outgoing is a frame to the service.
type outgoing struct {
	data   []byte
	binary bool
}

// stream is a stream that the socket is in.
type stream struct {
	name     string
	verdict  bool     // recovered has come
	snapshot *control // the next message is the snapshot that this announced
	ended    *control // the next message is the end that this announced
}

// newConn returns a connection whose first frame waits to be written.
func newConn(c *Client, ws *websocket.Conn) *conn {
	k := &conn{client: c, ws: ws, wake: make(chan struct{}, 1), streams: make(map[uint64]*stream)}
	k.send(map[string]any{"type": "client", "id": c.options.ID})
	return k
}

// run reads until the connection ends, and returns why.
func (k *conn) run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	var writer sync.WaitGroup
	writer.Go(func() { k.write(ctx) })
	defer writer.Wait()
	defer cancel()
	alive := k.client.options.DialTimeout
	watch := time.AfterFunc(alive, func() { _ = k.ws.CloseNow() }) // the reader gets the error
	defer watch.Stop()
	for {
		typ, data, err := k.ws.Read(ctx)
		if err != nil {
			return k.over(err)
		}
		watch.Reset(alive)
		f, err := parse(data)
		if err != nil {
			k.client.breach("%v", err)
			continue
		}
		if f.kind == kindControl && f.control.Type == "hello" {
			alive = time.Duration(f.control.PingMS+f.control.PongMS) * time.Millisecond
			watch.Reset(alive)
		}
		k.take(f, typ == websocket.MessageBinary)
	}
}

// over returns what a connection's end means: a [*CloseError] where the client must not come back.
func (k *conn) over(err error) error {
	if k.farewell != nil {
		if code := k.farewell.Code; code == 1000 || final(code) {
			return k.farewell
		}
	}
	if code := int(websocket.CloseStatus(err)); final(code) {
		return &CloseError{Code: code, Reason: err.Error()}
	}
	return err
}

// final reports whether a code says that the client must not come back.
func final(code int) bool {
	return code == 1002 || code == 1003 || code >= 1007 && code <= 1010 || code >= 4500 && code < 5000
}

// take does what a frame asks for.
func (k *conn) take(f frame, binary bool) {
	switch f.kind {
	case kindMessage:
		k.client.tell(Event{Kind: Message, Data: f.payload, Binary: binary})
	case kindPing:
		k.post(outgoing{data: []byte("q")})
	case kindStream:
		k.takeStream(f, binary)
	case kindAck:
		k.client.mu.Lock()
		ok := k.client.commands.acknowledge(f.number)
		k.client.mu.Unlock()
		if !ok {
			k.client.breach("a%d, which was not sent, or is less than an earlier one", f.number)
		}
	case kindControl:
		k.takeControl(f.control)
	}
}

// takeControl does what a control frame asks for. A type that is not known is of a later version.
func (k *conn) takeControl(c control) {
	switch c.Type {
	case "hello":
		k.mu.Lock()
		twice := k.open
		k.open, k.acks = true, c.Acks
		k.mu.Unlock()
		if twice {
			k.client.breach("hello again")
		}
		k.client.tell(Event{Kind: Opened, ID: c.ID})
		k.wakeUp()
	case "close":
		k.farewell = &CloseError{Code: c.Code, Reason: c.Reason}
	case "missed":
		k.client.tell(Event{Kind: Missed, Group: c.Group})
	case "joined":
		k.joined(c)
	case "recovered", "ended", "left":
		s := k.streams[c.Stream]
		if s == nil {
			k.client.breach("%s of stream %d, which the socket is not in", c.Type, c.Stream)
			return
		}
		k.takeStreamControl(s, c)
	}
}

// joined enters a stream and answers with where the client stands.
func (k *conn) joined(c control) {
	if c.Stream <= k.top {
		k.client.breach("joined stream %d after %d", c.Stream, k.top)
	}
	for n, s := range k.streams {
		if s.name == c.Name {
			k.client.breach("joined %s again, as %d and %d", c.Name, n, c.Stream)
		}
	}
	k.top = max(k.top, c.Stream)
	k.streams[c.Stream] = &stream{name: c.Name}
	k.client.tell(Event{Kind: Joined, Stream: c.Name, Epoch: c.Epoch, Offset: c.Top})
	resume := map[string]any{"type": "resume", "stream": c.Stream}
	if p, ok := k.client.position(c.Name); ok {
		resume["epoch"], resume["offset"] = p.epoch, p.offset
	}
	k.send(resume)
}

// takeStreamControl takes what a control frame says of a stream that the socket is in.
func (k *conn) takeStreamControl(s *stream, c control) {
	if s.ended != nil || s.snapshot != nil && c.Type == "ended" {
		k.client.breach("%s of %s between an announcement and its message", c.Type, s.name)
	}
	switch c.Type {
	case "recovered":
		k.recovered(s, c)
	case "ended":
		if !slices.Contains([]string{"done", "failed", "cancelled", "interrupted"}, c.State) || (c.State == "done") != (c.Reason == "") {
			k.client.breach("%s ended %q because of %q", s.name, c.State, c.Reason)
		}
		s.ended = &c
	case "left":
		delete(k.streams, c.Stream)
		k.client.tell(Event{Kind: Left, Stream: s.name})
	}
}

// recovered takes the verdict on what the client has missed.
func (k *conn) recovered(s *stream, c control) {
	before, known := k.client.position(s.name)
	switch {
	case c.Recovered && s.verdict:
		k.client.breach("%s is said to be whole again", s.name)
	case c.Recovered && (c.Reason != "" || c.Snapshot):
		k.client.breach("%s is whole, with the reason %q, a snapshot: %v", s.name, c.Reason, c.Snapshot)
	case c.Recovered && known && before != (position{c.Epoch, c.Offset}):
		k.client.breach("%s is whole, but the position %v becomes {%s %d}", s.name, before, c.Epoch, c.Offset)
	case !c.Recovered && !slices.Contains([]string{"trimmed", "restarted", "ahead"}, c.Reason):
		k.client.breach("%s is not whole because of %q", s.name, c.Reason)
	}
	s.verdict, s.snapshot = true, nil
	if !c.Recovered && c.Snapshot {
		s.snapshot = &c // the client stays where it is until it has come
		return
	}
	k.client.move(s.name, position{c.Epoch, c.Offset})
	e := Event{Kind: Recovered, Stream: s.name, Epoch: c.Epoch, Offset: c.Offset, Reason: c.Reason}
	if !c.Recovered {
		e.Kind = Reset
	}
	k.client.tell(e)
}

// takeStream takes a message of a stream.
func (k *conn) takeStream(f frame, binary bool) {
	s := k.streams[f.stream]
	if s == nil || !s.verdict {
		k.client.breach("a message of stream %d, which the socket is not in, or has no verdict about", f.stream)
		return
	}
	at, _ := k.client.position(s.name)
	e := Event{Kind: Message, Stream: s.name, Epoch: at.epoch, Offset: f.offset, Binary: binary, Data: f.payload}
	switch snapshot, ended := s.snapshot, s.ended; {
	case snapshot != nil:
		s.snapshot = nil
		if f.offset != snapshot.Offset {
			k.client.breach("the snapshot of %s has the offset %d, not %d", s.name, f.offset, snapshot.Offset)
		}
		k.client.move(s.name, position{snapshot.Epoch, snapshot.Offset})
		e.Kind, e.Epoch, e.Reason, e.Data = Reset, snapshot.Epoch, snapshot.Reason, append([]byte{}, f.payload...)
		k.client.tell(e)
		return
	case ended != nil:
		s.ended = nil
		if f.offset != ended.Offset {
			k.client.breach("the end of %s has the offset %d, not %d", s.name, f.offset, ended.Offset)
		}
		e.Kind, e.State, e.Reason = End, ended.State, ended.Reason
	}
	if f.offset <= at.offset {
		k.client.breach("%s: offset %d after %d", s.name, f.offset, at.offset)
		return
	}
	k.client.move(s.name, position{at.epoch, f.offset})
	k.client.tell(e)
}

// send sends a control frame.
func (k *conn) send(v any) {
	text, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("wireclient: %v", err)) // it is of strings and numbers
	}
	k.post(outgoing{data: append([]byte("c"), text...)})
}

// post has a frame sent before any command.
func (k *conn) post(o outgoing) {
	k.mu.Lock()
	k.out = append(k.out, o)
	k.mu.Unlock()
	k.wakeUp()
}

// wakeUp tells the writer that there is something to do.
func (k *conn) wakeUp() {
	select {
	case k.wake <- struct{}{}:
	default: // it knows
	}
}

// write sends what there is to send, until ctx ends or a write fails, which the reader hears of, too.
func (k *conn) write(ctx context.Context) {
	for {
		o, ok := k.next()
		if ok {
			typ := websocket.MessageText
			if o.binary {
				typ = websocket.MessageBinary
			}
			if k.ws.Write(ctx, typ, o.data) != nil {
				_ = k.ws.CloseNow() // so that the reader ends
				return
			}
			continue
		}
		select {
		case <-k.wake:
		case <-ctx.Done():
			return
		}
	}
}

// next returns the frame to send next, if there is one.
func (k *conn) next() (outgoing, bool) {
	k.mu.Lock()
	if len(k.out) > 0 {
		o := k.out[0]
		k.out = k.out[1:]
		k.mu.Unlock()
		return o, true
	}
	open, acks := k.open, k.acks
	k.mu.Unlock()
	if !open {
		return outgoing{}, false
	}
	k.client.mu.Lock()
	defer k.client.mu.Unlock()
	return k.client.commands.next(acks)
}
