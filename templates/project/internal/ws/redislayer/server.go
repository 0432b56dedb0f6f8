package redislayer

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync/atomic"

	"wsgen/templates/project/internal/ws"

	"github.com/redis/rueidis"
)

// errOld is why a server cannot be used.
var errOld = errors.New("the server is too old: sharded pub/sub needs Redis 7.0 or newer")

// server is one server as far as its script goes: that of one partition in a cluster, else that of all.
type server struct {
	client rueidis.Client
	tag    string // of a partition that it has
	sha    atomic.Pointer[string]
	turn   chan struct{} // holds one token: whoever has it loads the script
}

func newServer(client rueidis.Client, tag string) *server {
	s := &server{client: client, tag: tag, turn: make(chan struct{}, 1)}
	s.turn <- struct{}{}
	return s
}

// name returns the script's name, "" where it is not known yet.
func (s *server) name() string {
	if sha := s.sha.Load(); sha != nil {
		return *sha
	}
	return ""
}

// load gives the script to the server. Old is the name of the one that the server does not know; where another is known by now,
// nothing happens.
//
// Asking which run of the server this is, and giving it the script that says so, goes over one connection: should the server end
// in between, the connection does too. So no server ever has the script of another run.
func (s *server) load(ctx context.Context, old string) error {
	select {
	case <-s.turn:
		defer func() { s.turn <- struct{}{} }()
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	if s.name() != old {
		return nil
	}
	conn, release := s.client.Dedicate()
	defer release()
	// In a cluster the key says which server this is about.
	if err := conn.Do(ctx, conn.B().Exists().Key(s.tag).Build()).Error(); err != nil {
		return err
	}
	info, err := conn.Do(ctx, conn.B().Info().Section("server", "replication").Build()).ToString()
	if err != nil {
		return err
	}
	if err := checkVersion(info); err != nil {
		return err
	}
	run := field(info, "run_id")
	if field(info, "role") == "master" && field(info, "connected_slaves") == "0" && losesNothing(ctx, conn) {
		run = "always"
	}
	sha, err := conn.Do(ctx, conn.B().ScriptLoad().Script(scriptText(run)).Build()).ToString()
	if err != nil {
		return err
	}
	s.sha.Store(&sha)
	return nil
}

// losesNothing reports whether the server keeps on disk all that it has answered. One that does not tell its configuration counts
// as one that does not.
func losesNothing(ctx context.Context, conn rueidis.DedicatedClient) bool {
	c, err := conn.Do(ctx, conn.B().ConfigGet().Parameter("appendonly", "appendfsync").Build()).AsStrMap()
	return err == nil && c["appendonly"] == "yes" && c["appendfsync"] == "always"
}

// checkVersion returns an error where the server is too old.
func checkVersion(info string) error {
	version := field(info, "redis_version")
	major, _, _ := strings.Cut(version, ".")
	if n, err := strconv.Atoi(major); err != nil || n < 7 {
		return fmt.Errorf("%w; this is %q", errOld, version)
	}
	return nil
}

// field returns a field of what INFO says.
func field(info, name string) string {
	for line := range strings.Lines(info) {
		if value, ok := strings.CutPrefix(line, name+":"); ok {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

// run runs an operation of the script on a topic. Where the server refuses it because of the lease, the error is [ws.ErrLease].
func (b *Backend) run(ctx context.Context, p *part, op, topic string, args ...string) (rueidis.RedisMessage, error) {
	keys := []string{p.streamKey(topic), p.logKey(topic), p.tag + ":leases"}
	return b.runOn(ctx, p, keys, append([]string{op, newEpoch(), topic}, args...))
}

// newEpoch returns the name of a stream's life, should the script need one.
func newEpoch() string { return strings.ToLower(rand.Text()[:16]) }

// runOn runs the script.
func (b *Backend) runOn(ctx context.Context, p *part, keys, args []string) (rueidis.RedisMessage, error) {
	for try := 0; ; try++ {
		sha := p.server.name()
		if sha == "" {
			if err := p.server.load(ctx, sha); err != nil {
				return rueidis.RedisMessage{}, err
			}
			continue
		}
		cmd := b.client.B().Evalsha().Sha1(sha).Numkeys(int64(len(keys))).Key(keys...).Arg(args...).Build()
		answer, err := b.command(ctx, cmd)
		var refused *rueidis.RedisError
		switch {
		case rueidis.IsRedisNil(err):
			return rueidis.RedisMessage{}, ws.ErrLease
		case errors.As(err, &refused) && refused.IsNoScript() && try < 3:
			// It did nothing: the server was started again, or another has taken its place.
			if err := p.server.load(ctx, sha); err != nil {
				return rueidis.RedisMessage{}, err
			}
			continue
		}
		return answer, err
	}
}
