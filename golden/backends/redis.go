package backends

import (
	"context"
	"testing"
)

// Redis is a redis-server that belongs to a test. It writes each change to its log of commands before long (appendfsync everysec),
// so that a kill loses nothing of what it has answered. It ends with the test.
type Redis struct {
	*server
	URL string // redis://127.0.0.1:<port>
}

// StartRedis starts a redis-server. Further arguments are its own, such as "--requirepass", "secret".
func StartRedis(t testing.TB, args ...string) *Redis {
	t.Helper()
	s := newServer(t, "redis-server")
	s.args = append([]string{
		"--bind", "127.0.0.1", "--port", s.port(), "--dir", s.dir, "--daemonize", "no",
		"--appendonly", "yes", "--appendfsync", "everysec", "--save", "", "--loglevel", "warning",
	}, args...)
	s.ready = func(ctx context.Context) error { return converse(ctx, s.addr, "PING\r\n", redisAnswer(args)) }
	s.Start()
	return &Redis{server: s, URL: "redis://" + s.addr}
}

// redisAnswer is what a server says to a ping when its log is loaded: one that has a password says that it wants it.
func redisAnswer(args []string) string {
	for _, a := range args {
		if a == "--requirepass" {
			return "-NOAUTH"
		}
	}
	return "+PONG"
}

// Empty starts the server again without all that it had kept, as one does whose disk is new.
func (r *Redis) Empty() {
	r.t.Helper()
	r.Kill()
	r.empty()
	r.Start()
}
