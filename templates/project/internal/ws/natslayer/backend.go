package natslayer

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"wsgen/templates/project/internal/ws"
)

// Backend is a connection to NATS, for [ws.NewLayer].
type Backend struct {
	config Config
	conn   *nats.Conn
	js     jetstream.JetStream
	flush  flusher
	inbox  inbox
	work   sync.WaitGroup // goroutines of the backend

	deliver func(topic string, e ws.Envelope)

	closing context.Context // ends with Close
	setOver context.CancelFunc
	over    sync.Once
	opened  chan struct{} // closed when the above is set
	ended   chan struct{} // closed when the connection is

	mu      sync.Mutex      // guards the rest
	live    chan struct{}   // closed while the server can be reached
	link    context.Context // ends when it cannot any more
	unlink  context.CancelFunc
	subs    map[string]*nats.Subscription // by topic
	topics  map[*nats.Subscription]string
	streams streams
	kept    map[string]*family
}

// How the connection is kept.
const (
	openTimeout   = 10 * time.Second // for Open, where its context gives no less
	dialTimeout   = 3 * time.Second
	reconnectWait = 250 * time.Millisecond // between two attempts, and up to as long again
	pingInterval  = 3 * time.Second        // after two that were not answered, the connection is lost
	drainTimeout  = 2 * time.Second
	// callTimeout bounds a call whose context gives it more time.
	callTimeout = 5 * time.Second
)

// Open connects to NATS. While no server can be reached it tries again, for ten seconds at most.
func Open(ctx context.Context, c Config) (*Backend, error) {
	if err := c.Validate(); err != nil {
		return nil, fmt.Errorf("natslayer: %w", err)
	}
	b := &Backend{
		config: c,
		opened: make(chan struct{}),
		ended:  make(chan struct{}),
		live:   make(chan struct{}),
		subs:   make(map[string]*nats.Subscription),
		topics: make(map[*nats.Subscription]string),
		kept:   make(map[string]*family),
	}
	b.streams.init()
	b.inbox.init()
	b.closing, b.setOver = context.WithCancel(context.Background())
	conn, err := b.connect(ctx)
	if err != nil {
		b.setOver()
		return nil, fmt.Errorf("natslayer: connect to %s, see NATS_URL and NATS_CREDENTIALS: %w", c.servers(), err)
	}
	b.conn, b.flush.conn, b.flush.bind = conn, conn, b.bind
	b.connected()
	close(b.opened)
	if !newEnough(conn.ConnectedServerVersion()) {
		b.shut()
		return nil, fmt.Errorf("natslayer: nats-server %s is too old: 2.11 or later is needed", conn.ConnectedServerVersion())
	}
	if err = b.askLeave(ctx); err == nil {
		b.js, err = jetstream.New(conn)
	}
	if err != nil {
		b.shut()
		return nil, fmt.Errorf("natslayer: %w", err)
	}
	return b, nil
}

// askLeave returns an error where the user may not use the layer's subjects: the server takes such a call without a word to who
// made it, and groups would stay silent.
func (b *Backend) askLeave(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	sub, err := b.conn.SubscribeSync(b.subject("open")) // no topic of a layer
	if err != nil {
		return err
	}
	defer sub.Unsubscribe() //nolint:errcheck // it fails only without a connection, with which the subscription ends
	if err := b.conn.Publish(sub.Subject, nil); err != nil {
		return err
	}
	if err := b.conn.FlushWithContext(ctx); err != nil {
		return err
	}
	if err := b.conn.LastError(); errors.Is(err, nats.ErrPermissionViolation) {
		return fmt.Errorf("the user of NATS_URL or NATS_CREDENTIALS needs leave to publish and subscribe to %s.> and _INBOX.>, "+
			"and for streams to publish to $JS.API.>: %w", b.config.Prefix, err)
	}
	return nil
}

// newEnough reports whether a server has what the layer needs.
func newEnough(version string) bool {
	var major, minor int
	if _, err := fmt.Sscanf(version, "%d.%d", &major, &minor); err != nil {
		return true // not a release; it will say so itself
	}
	return major > 2 || major == 2 && minor >= 11
}

// connect makes the connection.
func (b *Backend) connect(ctx context.Context) (*nats.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, openTimeout)
	defer cancel()
	ended := sync.OnceFunc(func() { close(b.ended) })
	options := []nats.Option{
		nats.Name(b.config.Prefix),
		nats.Timeout(dialTimeout),
		nats.MaxReconnects(-1),
		nats.ReconnectWait(reconnectWait),
		nats.ReconnectJitter(reconnectWait, reconnectWait),
		nats.ReconnectBufSize(-1),   // what cannot be sent now is an error, not sent later
		nats.IgnoreAuthErrorAbort(), // a server that is set up anew may refuse for a while
		nats.PingInterval(pingInterval),
		nats.MaxPingsOutstanding(2),
		nats.DrainTimeout(drainTimeout),
		nats.DisconnectErrHandler(b.disconnected),
		nats.ReconnectHandler(b.reconnected),
		nats.ErrorHandler(b.failed),
		nats.ClosedHandler(func(*nats.Conn) { ended() }),
	}
	if b.config.Credentials != "" {
		options = append(options, nats.UserCredentials(b.config.Credentials))
	}
	for first := true; ; first = false {
		conn, err := nats.Connect(b.config.URL, options...)
		if err == nil {
			return conn, nil
		}
		if errors.Is(err, nats.ErrAuthorization) || errors.Is(err, nats.ErrAuthExpired) {
			return nil, err
		}
		if first {
			slog.Warn("ws: no NATS at NATS_URL yet", "servers", b.config.servers(), "patience", openTimeout.String(), "error", err)
		}
		timer := time.NewTimer(reconnectWait)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return nil, err
		}
	}
}

// Start implements [ws.Backend].
func (b *Backend) Start(deliver func(topic string, e ws.Envelope)) error {
	b.deliver = deliver
	b.work.Add(3)
	go b.take()
	go b.dispatch()
	go b.sweep()
	return nil
}

// Close implements [ws.Backend]. It leaves the streams as they are.
func (b *Backend) Close() error {
	b.over.Do(b.shut)
	return nil
}

// shut ends the connection, when what was published has left.
func (b *Backend) shut() {
	b.setOver()
	if err := b.conn.Drain(); err != nil {
		b.conn.Close()
	}
	timer := time.NewTimer(2 * drainTimeout)
	defer timer.Stop()
	select {
	case <-b.ended:
	case <-timer.C:
		b.conn.Close()
		<-b.ended
	}
	b.work.Wait()
}

// Ready implements [ws.Remote].
func (b *Backend) Ready() error {
	if b.closing.Err() != nil {
		return ws.ErrLayerClosed
	}
	if status := b.conn.Status(); status != nats.CONNECTED {
		return fmt.Errorf("no connection to NATS (%s)", status)
	}
	if !b.inbox.confirmed(b.flush.connection()) {
		return errors.New("NATS has not taken all subscriptions again")
	}
	return nil
}

// connected has calls go on.
func (b *Backend) connected() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.link, b.unlink = context.WithCancel(b.closing)
	close(b.live)
}

// disconnected ends the calls that wait for an answer, which will not come, and has others wait.
func (b *Backend) disconnected(_ *nats.Conn, err error) {
	<-b.opened
	b.mu.Lock()
	defer b.mu.Unlock()
	b.unlink()
	b.live = make(chan struct{})
	if b.closing.Err() == nil {
		slog.Warn("ws: connection to NATS lost", "error", err)
	}
}

// reconnected has calls go on, and tells who listens that something may be missing. The client has sent all subscriptions again.
func (b *Backend) reconnected(*nats.Conn) {
	<-b.opened
	b.streams.connection.Add(1)
	b.mu.Lock()
	for _, f := range b.kept {
		f.doubt() // the server may have lost it
	}
	b.mu.Unlock()
	b.connected()
	slog.Info("ws: connection to NATS made again")
	go b.catchUpAll()
}

// catchUpAll tells who listens that something may be missing, when the server has taken all subscriptions. Where the connection is
// lost before, another call of it will.
func (b *Backend) catchUpAll() {
	link, cancel := b.bind(b.closing)
	defer cancel()
	for link.Err() == nil {
		connection := b.flush.connection()
		if b.flush.taken(link, connection) == nil {
			b.inbox.confirm(connection)
			return
		}
	}
}

// failed hears of what goes wrong on no call's behalf.
func (b *Backend) failed(_ *nats.Conn, sub *nats.Subscription, err error) {
	if sub != nil && errors.Is(err, nats.ErrSlowConsumer) {
		b.inbox.missed(sub)
		return
	}
	if b.closing.Err() == nil {
		slog.Error("ws: error of the connection to NATS", "error", err)
	}
}

// begin prepares a call: it bounds its time, and waits until the server can be reached.
func (b *Backend) begin(ctx context.Context) (context.Context, context.CancelFunc, error) {
	if b.closing.Err() != nil {
		return nil, nil, ws.ErrLayerClosed
	}
	if ctx.Err() != nil {
		return nil, nil, context.Cause(ctx)
	}
	ctx, timeout := context.WithTimeoutCause(ctx, callTimeout, errTimeout)
	b.mu.Lock()
	live := b.live
	b.mu.Unlock()
	select {
	case <-live:
		ctx, cancel := b.bind(ctx)
		return ctx, func() { cancel(); timeout() }, nil
	case <-b.closing.Done():
		timeout()
		return nil, nil, ws.ErrLayerClosed
	case <-ctx.Done():
		defer timeout()
		return nil, nil, fmt.Errorf("natslayer: no connection to NATS: %w", context.Cause(ctx))
	}
}

// bind returns a context that ends with the connection as well.
func (b *Backend) bind(ctx context.Context) (context.Context, context.CancelFunc) {
	b.mu.Lock()
	link := b.link
	b.mu.Unlock()
	ctx, cancel := context.WithCancelCause(ctx)
	stop := context.AfterFunc(link, func() { cancel(errConnection) })
	return ctx, func() { stop(); cancel(nil) }
}

// errTimeout is why a call ends that no context of its caller's has ended.
var errTimeout = errors.New("no answer from NATS in 5 s")

// fault returns the error of a call, in the place of what the client returned.
func (b *Backend) fault(ctx context.Context, doing string, err error) error {
	switch {
	case err == nil:
		return nil
	case b.closing.Err() != nil:
		return ws.ErrLayerClosed
	case ctx.Err() != nil && !errors.Is(err, context.Cause(ctx)):
		err = fmt.Errorf("%w, and before: %w", context.Cause(ctx), err)
	case errors.Is(err, jetstream.ErrJetStreamNotEnabled), errors.Is(err, jetstream.ErrJetStreamNotEnabledForAccount):
		err = fmt.Errorf("streams need JetStream, so start nats-server with --jetstream: %w", err)
	case errors.Is(err, nats.ErrMaxPayload):
		err = fmt.Errorf("the message is larger than the server takes, %d bytes; max_payload in its configuration says how much: %w",
			b.conn.MaxPayload(), err)
	}
	return fmt.Errorf("natslayer: %s: %w", doing, err)
}
