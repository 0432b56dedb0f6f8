package redislayer

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/redis/rueidis"
)

// Config says which Redis to use, and for what.
type Config struct {
	// URL is redis://[[user]:password@]host[:port][/db], or rediss://… for TLS. Further nodes of a cluster are added as
	// ?addr=host:port&addr=…; where they are Sentinels, &master_set=<name> says so. A single node of a cluster is enough: the
	// others are found. unix:///path/to/socket is a local one.
	URL string `env:"REDIS_URL"`
	// Prefix is what the names of all keys and channels begin with. Services that share a Redis differ in it.
	Prefix string `env:"REDIS_PREFIX"`
}

// DefaultConfig returns the configuration for a service of this name: a Redis on this machine.
func DefaultConfig(service string) Config {
	return Config{URL: "redis://localhost:6379", Prefix: service}
}

// maxPrefix is the length of the longest prefix, in bytes.
const maxPrefix = 100

// Validate says which values cannot be used, each by the name of its environment variable. It does not repeat the URL, which may
// hold a password.
func (c Config) Validate() error {
	_, urlErr := c.options()
	var prefixErr error
	if c.Prefix == "" || len(c.Prefix) > maxPrefix || strings.IndexFunc(c.Prefix, notInPrefix) >= 0 {
		prefixErr = fmt.Errorf("REDIS_PREFIX=%q: want 1 to %d letters, digits, '.', '_', '-' and ':'", c.Prefix, maxPrefix)
	}
	return errors.Join(urlErr, prefixErr)
}

// notInPrefix reports whether a prefix may not have the character. Braces have a meaning in the names of keys.
func notInPrefix(r rune) bool {
	switch {
	case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', strings.ContainsRune("._-:", r):
		return false
	}
	return true
}

// errURL is why REDIS_URL cannot be used. What package url says would repeat it.
var errURL = errors.New("REDIS_URL: want redis://[[user]:password@]host[:port][/db], rediss:// for TLS, with other characters than letters and digits in a password written as in %2F")

// How connections are used.
const (
	dialTimeout = 3 * time.Second
	// pingEvery is how often a connection is asked for a sign of life, and pingTimeout how long that may take. Both together are
	// how long a half-open connection goes unseen.
	pingEvery   = 2 * time.Second
	pingTimeout = 4 * time.Second
	bufferBytes = 64 << 10 // of each connection, in each direction
	// queueScale says that a connection has 2^queueScale places for commands that wait for their answer. Who wants one beyond
	// that waits without looking at his context; so fewer are under way at once.
	queueScale = 10
	maxCalls   = 1000
)

// options returns what the client gets.
func (c Config) options() (rueidis.ClientOption, error) {
	u, err := url.Parse(c.URL)
	if err != nil || u.Scheme != "unix" && u.Hostname() == "" {
		return rueidis.ClientOption{}, errURL
	}
	o, err := rueidis.ParseURL(c.URL)
	if err != nil {
		return rueidis.ClientOption{}, errURL
	}
	if o.Dialer.Timeout == 0 {
		o.Dialer.Timeout = dialTimeout
	}
	o.Dialer.KeepAlive = pingEvery
	o.ConnWriteTimeout = pingTimeout
	o.ReadBufferEachConn, o.WriteBufferEachConn = bufferBytes, bufferBytes
	o.RingScaleEachConn, o.PipelineMultiplex = queueScale, -1 // one connection to a server, beside that which listens
	o.AlwaysPipelining = true                                 // so that the deadline of one call does not end the connection of all
	o.DisableCache = true
	o.DisableRetry = true // what may have been done is not done again
	return o, nil
}
