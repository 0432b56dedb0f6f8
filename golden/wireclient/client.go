// Package wireclient is a client of the subprotocol wsgen.1, written from docs/protocol.md alone and on a WebSocket library
// that the service does not use: what it and the service agree on, the page says.
//
// It is strict where a page is lenient. Whatever the service does that the protocol does not allow is told as a [Breach].
package wireclient

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	mrand "math/rand/v2"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/coder/websocket"
)

// Options says how a [Client] connects. URL, Origin and Events are needed.
type Options struct {
	URL    string      // of the route: "ws://127.0.0.1:8080/ws/feed/a"
	Origin string      // "http://127.0.0.1:8080"
	Events func(Event) // called by one goroutine at a time; while it runs nothing is read

	ID          string        // of the client, 32 hexadecimal digits; by default random
	DialTimeout time.Duration // for one attempt up to the service's hello; by default 20 s
	Backoff     time.Duration // the longest wait before another attempt, random below it; by default 20 ms

	// Before is called before each attempt, where it is set. An error ends the client.
	Before func(ctx context.Context) error
}

// Client is one client: what in a browser is one object of a page. Its methods are safe for concurrent use.
type Client struct {
	options Options
	http    *http.Client

	mu        sync.Mutex // guards the rest
	positions map[string]position
	commands  commands
	conn      *conn // the present connection, or nil
}

// position is where a client stands in a stream.
type position struct {
	epoch  string
	offset uint64
}

// CloseError is the end of a connection that the client must not come back from.
type CloseError struct {
	Code   int
	Reason string
}

func (e *CloseError) Error() string { return fmt.Sprintf("closed for good: %d %s", e.Code, e.Reason) }

// New returns a client that is not connected yet.
func New(o Options) *Client {
	if o.ID == "" {
		var id [16]byte
		_, _ = rand.Read(id[:]) // it never fails
		o.ID = hex.EncodeToString(id[:])
	}
	if o.DialTimeout == 0 {
		o.DialTimeout = 20 * time.Second
	}
	if o.Backoff == 0 {
		o.Backoff = 20 * time.Millisecond
	}
	return &Client{
		options:   o,
		http:      &http.Client{Transport: &http.Transport{DialContext: dial}},
		positions: make(map[string]position),
	}
}

// Run connects, again and again, until ctx ends or the service closes for good, which is a [*CloseError]. It is called once.
func (c *Client) Run(ctx context.Context) error {
	defer c.http.CloseIdleConnections()
	for ctx.Err() == nil {
		if c.options.Before != nil {
			if err := c.options.Before(ctx); err != nil {
				return err
			}
		}
		var final *CloseError
		err := c.connect(ctx)
		if errors.As(err, &final) {
			c.tell(Event{Kind: Closed, Code: final.Code, Reason: final.Reason})
			return err
		}
		c.tell(Event{Kind: Closed, Code: int(websocket.CloseStatus(err)), Reason: fmt.Sprint(err)})
		pause := time.NewTimer(time.Duration(mrand.Int64N(int64(c.options.Backoff))))
		select {
		case <-ctx.Done():
		case <-pause.C:
		}
		pause.Stop()
	}
	return context.Cause(ctx)
}

// connect makes one connection and returns why it ended.
func (c *Client) connect(ctx context.Context) error {
	dialing, cancel := context.WithTimeout(ctx, c.options.DialTimeout)
	defer cancel()
	ws, _, err := websocket.Dial(dialing, c.options.URL, &websocket.DialOptions{
		HTTPClient:   c.http,
		HTTPHeader:   http.Header{"Origin": {c.options.Origin}},
		Subprotocols: []string{"wsgen.1"},
	})
	if err != nil {
		return err
	}
	defer func() { _ = ws.CloseNow() }() // whatever is left of it
	ws.SetReadLimit(-1)
	if ws.Subprotocol() != "wsgen.1" {
		return fmt.Errorf("the service chose %q", ws.Subprotocol())
	}
	k := newConn(c, ws)
	c.use(k)
	defer c.use(nil)
	return k.run(ctx)
}

// dial connects to the service. The WebSocket library takes the end of a connection for the end of a message where it comes
// between two reads of the message, so that half a message would pass for a whole one: here it is another error.
func dial(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := new(net.Dialer).DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	return abrupt{conn}, nil
}

// abrupt is a connection that does not end in good order.
type abrupt struct{ net.Conn }

func (a abrupt) Read(p []byte) (int, error) {
	n, err := a.Conn.Read(p)
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

// use makes a connection the present one.
func (c *Client) use(k *conn) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.conn = k
	c.commands.anew()
}

// Send sends a command, and sends it again until it is acknowledged. Where the service does not acknowledge it is sent once.
func (c *Client) Send(data []byte, binary bool) {
	c.mu.Lock()
	k := c.conn
	c.commands.add(data, binary)
	c.mu.Unlock()
	if k != nil {
		k.wakeUp()
	}
}

// Unacknowledged returns how many commands wait for the service's word, or to be sent.
func (c *Client) Unacknowledged() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.commands.kept)
}

// Break lets the present connection go without a goodbye, if there is one. The client comes back.
func (c *Client) Break() {
	c.mu.Lock()
	k := c.conn
	c.mu.Unlock()
	if k != nil {
		_ = k.ws.CloseNow() // an error means that it has ended
	}
}

// tell hands an event over.
func (c *Client) tell(e Event) { c.options.Events(e) }

// breach tells that the service broke the protocol.
func (c *Client) breach(format string, args ...any) {
	c.tell(Event{Kind: Breach, Reason: fmt.Sprintf(format, args...)})
}

// position returns where the client stands in a stream, and whether it has been there at all.
func (c *Client) position(name string) (position, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	p, ok := c.positions[name]
	return p, ok
}

// move takes note of where the client stands in a stream.
func (c *Client) move(name string, p position) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.positions[name] = p
}
