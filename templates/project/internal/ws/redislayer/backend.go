// Package redislayer carries the groups of a service from process to process over Redis, and keeps its streams and the records of
// its jobs there. It needs Redis 7.0 or newer, or Valkey: messages go over sharded pub/sub.
//
// All that belongs to one topic is in one of 16 partitions, which the names of keys and channels say in braces. So a call touches
// one slot of a cluster, and one connection for each partition hears what is published; where there is no cluster, one hears all.
//
// What a stream has is as safe as the server makes it: turn on its append-only file (appendonly yes). With appendfsync everysec a
// server that crashes may lose the last second, so a stream goes on under a new epoch after each restart of the server, and
// pages are told. With appendfsync always, and no replicas, it goes on as if nothing had been.
package redislayer

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"hash/fnv"
	"log/slog"
	"strconv"
	"sync/atomic"
	"time"

	"wsgen/templates/project/internal/ws"
	"wsgen/templates/project/internal/ws/envelope"

	"github.com/redis/rueidis"
)

// partitions is how many there are. All processes agree on it.
const partitions = 16

// callTimeout bounds each call, where its context does not do so sooner.
const callTimeout = 5 * time.Second

// Opening.
const (
	openPatience = 10 * time.Second // for a server that starts at the same moment
	openPause    = 250 * time.Millisecond
)

// Backend is a [ws.Remote] and a [ws.Log] on Redis. It is safe for concurrent use.
type Backend struct {
	client  rueidis.Client
	config  Config
	db      int               // the channels of all databases of a server are the same
	cluster bool              // the server is a cluster
	parts   [partitions]*part // of what there is, by the hash of the topic
	links   []*link           // each once
	deliver func(string, ws.Envelope)
	calls   chan struct{} // holds one value for each command under way
	closing chan struct{} // closed by Close
	closed  atomic.Bool
}

// part is one partition.
type part struct {
	tag    string // "{prefix.7}", what the names of its keys and channels begin with
	link   *link
	server *server
}

// streamKey and logKey return the keys of a stream, see scriptBody.
func (p *part) streamKey(topic string) string { return p.tag + ":stream:" + topic }
func (p *part) logKey(topic string) string    { return p.tag + ":log:" + topic }

// Open connects to Redis. It waits up to ten seconds for a server that does not answer yet, unless ctx ends before.
func Open(ctx context.Context, c Config) (*Backend, error) {
	if err := c.Validate(); err != nil {
		return nil, fmt.Errorf("redis: %w", err)
	}
	o, err := c.options()
	if err != nil {
		return nil, fmt.Errorf("redis: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, openPatience)
	defer cancel()
	for first := true; ; first = false {
		b, err := open(ctx, c, o)
		var refused *rueidis.RedisError
		var distrusted *tls.CertificateVerificationError
		switch {
		case err == nil:
			return b, nil
		case errors.Is(err, errOld), errors.As(err, &distrusted), errors.As(err, &refused) && !refused.IsLoading():
			return nil, fmt.Errorf("redis: the server of REDIS_URL: %w", err)
		case first:
			slog.Warn("ws: no Redis at REDIS_URL yet", "patience", openPatience.String(), "error", err)
		}
		if wait(ctx.Done(), openPause) != nil {
			return nil, fmt.Errorf("redis: no server at REDIS_URL, is it running? %w", err)
		}
	}
}

// open tries to connect.
func open(ctx context.Context, c Config, o rueidis.ClientOption) (*Backend, error) {
	client, err := rueidis.NewClient(o)
	if err != nil {
		return nil, err
	}
	b := &Backend{
		client: client, config: c, db: o.SelectDB, cluster: client.Mode() == rueidis.ClientModeCluster,
		calls: make(chan struct{}, maxCalls), closing: make(chan struct{}),
	}
	var one *link
	var all *server
	for n := range b.parts {
		p := &part{tag: "{" + c.Prefix + "." + strconv.Itoa(n) + "}"}
		if one == nil || b.cluster {
			all = newServer(client, p.tag)
			one = newLink(b, all)
			b.links = append(b.links, one)
		}
		p.link, p.server = one, all
		b.parts[n] = p
	}
	if err := b.parts[0].server.load(ctx, ""); err != nil {
		client.Close()
		return nil, err
	}
	return b, nil
}

// Start implements [ws.Backend].
func (b *Backend) Start(deliver func(topic string, e ws.Envelope)) error {
	b.deliver = deliver
	for _, l := range b.links {
		l.start()
	}
	return nil
}

// Publish implements [ws.Backend].
func (b *Backend) Publish(ctx context.Context, topic string, e ws.Envelope) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	p := b.part(topic)
	message := envelope.Append([]byte{kindPlain}, e)
	_, err := b.command(ctx, b.client.B().Spublish().Channel(b.channel(p, topic)).Message(rueidis.BinaryString(message)).Build())
	return b.explain(ctx, "publish", err)
}

// Subscribe implements [ws.Backend].
func (b *Backend) Subscribe(ctx context.Context, topic string) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	return b.explain(ctx, "subscribe", b.part(topic).link.subscribe(ctx, topic))
}

// Unsubscribe implements [ws.Backend].
func (b *Backend) Unsubscribe(ctx context.Context, topic string) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	p := b.part(topic)
	kept, err := p.link.unsubscribe(ctx, topic)
	if err == nil && kept {
		_, err = b.run(ctx, p, opLeave, topic, b.channel(p, topic))
	}
	return b.explain(ctx, "unsubscribe", err)
}

// Ready implements [ws.Remote].
func (b *Backend) Ready() error {
	for _, l := range b.links {
		if err := l.ready(); err != nil {
			return b.explain(context.Background(), "subscription", err)
		}
	}
	return nil
}

// Close implements [ws.Backend].
func (b *Backend) Close() error {
	if b.closed.Swap(true) {
		return nil
	}
	close(b.closing)
	for _, l := range b.links {
		l.tasks.Wait()
	}
	b.client.Close()
	return nil
}

// command sends a command, and returns the answer. Where ctx ends first, the command may have been done or not.
func (b *Backend) command(ctx context.Context, c rueidis.Completed) (rueidis.RedisMessage, error) {
	if ctx.Err() != nil {
		return rueidis.RedisMessage{}, context.Cause(ctx)
	}
	select {
	case b.calls <- struct{}{}:
	case <-ctx.Done():
		return rueidis.RedisMessage{}, context.Cause(ctx)
	}
	type answer struct {
		message rueidis.RedisMessage
		err     error
	}
	answered := make(chan answer, 1)
	go func() {
		defer func() { <-b.calls }() // only now its place in the queue is free
		if b.closed.Load() {
			answered <- answer{err: ws.ErrLayerClosed}
			return
		}
		message, err := b.client.Do(context.Background(), c).ToMessage()
		answered <- answer{message, err}
	}()
	select {
	case a := <-answered:
		return a.message, a.err
	case <-ctx.Done():
		return rueidis.RedisMessage{}, context.Cause(ctx)
	}
}

// part returns the partition of a topic.
func (b *Backend) part(topic string) *part {
	h := fnv.New32a()
	_, _ = h.Write([]byte(topic)) // never fails
	return b.parts[h.Sum32()%partitions]
}

// channel returns the channel of a topic.
func (b *Backend) channel(p *part, topic string) string {
	return p.tag + ":" + strconv.Itoa(b.db) + ":" + topic
}

// explain says what a call was for, and [ws.ErrLayerClosed] where that is why it failed.
func (b *Backend) explain(ctx context.Context, what string, err error) error {
	switch {
	case err == nil:
		return nil
	case b.closed.Load():
		return ws.ErrLayerClosed
	case errors.Is(err, ws.ErrLease):
		return err
	case errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil:
		err = fmt.Errorf("no answer: %w", err)
	}
	return fmt.Errorf("redis: %s: %w", what, err)
}

// wait waits, and returns an error where the channel is closed sooner.
func wait(end <-chan struct{}, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-end:
		return errEnded
	}
}

// errEnded is why a wait was ended.
var errEnded = errors.New("ended")
