package ws

import (
	"errors"
	"fmt"
	"time"
)

// Limits bounds what one socket, one client and the whole process may use. The environment variable of each field is in its
// tag. Start from [DefaultLimits].
type Limits struct {
	// MaxMessage is the size of the largest message that a page may send, in bytes and after inflation, not counting what
	// wsgen.1 puts before it; a larger one closes the socket with 1009.
	MaxMessage int `env:"MAX_MESSAGE_BYTES"`
	// InboxMessages and InboxBytes bound what waits for a socket's handlers. A full inbox stops the reading, so that TCP
	// holds the page back; after InboxTimeout the socket closes with 1013.
	InboxMessages int           `env:"INBOX_MESSAGES"`
	InboxBytes    int           `env:"INBOX_BYTES"`
	InboxTimeout  time.Duration `env:"INBOX_TIMEOUT"`
	// EventBytes bounds the events that wait for a socket's handlers; beyond it the socket closes with 4008.
	EventBytes int `env:"EVENT_BYTES"`
	// OutboundBytes bounds what waits to be written to a socket; the consumer's outbound policy says what happens beyond it.
	OutboundBytes int `env:"OUTBOUND_BYTES"`
	// HistoryBytes bounds what one stream keeps of its messages and their keys. The oldest go first; the newest always stays.
	HistoryBytes int `env:"HISTORY_BYTES"`
	// Concurrency is how many handlers of one async socket run at once, where the spec gives no number of its own.
	Concurrency int `env:"CONCURRENCY"`
	// MaxHandlers is how many handlers of async sockets run at once in the whole process; further ones wait their turn.
	MaxHandlers int `env:"MAX_HANDLERS"`
	// HandshakeTimeout bounds a consumer's Connect up to the accept, and the writing of the answer.
	HandshakeTimeout time.Duration `env:"HANDSHAKE_TIMEOUT"`
	// WriteTimeout bounds every single write to a connection.
	WriteTimeout time.Duration `env:"WRITE_TIMEOUT"`
	// CloseTimeout is how long the server waits for the peer's close frame after its own.
	CloseTimeout time.Duration `env:"CLOSE_TIMEOUT"`
	// PingInterval is the time between two pings; a peer that sends nothing within PongTimeout after one is given up.
	PingInterval time.Duration `env:"PING_INTERVAL"`
	PongTimeout  time.Duration `env:"PONG_TIMEOUT"`
	// MaxConnections and MaxPerIP bound the open sockets, in all and per client address; beyond them a handshake is answered
	// 503 and 429. 0 sets no bound.
	MaxConnections int `env:"MAX_CONNECTIONS"`
	MaxPerIP       int `env:"MAX_CONNECTIONS_PER_IP"`
	// MessageRate is how many messages a second a socket may send, with bursts of one second's worth; beyond it the server
	// reads more slowly, so that TCP holds the page back and nothing is lost. 0 sets no bound.
	MessageRate int `env:"MESSAGE_RATE"`
	// Compression offers permessage-deflate (RFC 7692) to clients that ask for it. It costs processor time and memory for
	// each message.
	Compression bool `env:"COMPRESSION"`
	// TrustedProxies are the networks whose X-Forwarded-For is believed, see [ClientAddr].
	TrustedProxies Proxies `env:"TRUSTED_PROXIES"`
}

// DefaultLimits returns what holds where nothing else is said.
func DefaultLimits() Limits {
	return Limits{
		MaxMessage:       64 << 10,
		InboxMessages:    32,
		InboxBytes:       256 << 10,
		InboxTimeout:     30 * time.Second,
		EventBytes:       1 << 20,
		OutboundBytes:    1 << 20,
		HistoryBytes:     4 << 20,
		Concurrency:      16,
		MaxHandlers:      10_000,
		HandshakeTimeout: 10 * time.Second,
		WriteTimeout:     10 * time.Second,
		CloseTimeout:     5 * time.Second,
		PingInterval:     25 * time.Second,
		PongTimeout:      8 * time.Second,
		MaxConnections:   65_536,
	}
}

// Validate says which values cannot be served with, each by the name of its environment variable.
func (l Limits) Validate() error {
	const gib, hour = 1 << 30, time.Hour
	return errors.Join(
		within("MAX_MESSAGE_BYTES", l.MaxMessage, 1, gib),
		within("INBOX_MESSAGES", l.InboxMessages, 1, 1_000_000),
		within("INBOX_BYTES", l.InboxBytes, 1, gib),
		within("INBOX_TIMEOUT", l.InboxTimeout, time.Millisecond, hour),
		within("EVENT_BYTES", l.EventBytes, 1, gib),
		within("OUTBOUND_BYTES", l.OutboundBytes, 1, gib),
		within("HISTORY_BYTES", l.HistoryBytes, 1, gib),
		within("CONCURRENCY", l.Concurrency, 1, 1_000_000),
		within("MAX_HANDLERS", l.MaxHandlers, 1, 100_000_000),
		within("HANDSHAKE_TIMEOUT", l.HandshakeTimeout, time.Millisecond, hour),
		within("WRITE_TIMEOUT", l.WriteTimeout, time.Millisecond, hour),
		within("CLOSE_TIMEOUT", l.CloseTimeout, time.Millisecond, hour),
		within("PING_INTERVAL", l.PingInterval, 10*time.Millisecond, hour),
		within("PONG_TIMEOUT", l.PongTimeout, 10*time.Millisecond, hour),
		within("MAX_CONNECTIONS", l.MaxConnections, 0, 100_000_000),
		within("MAX_CONNECTIONS_PER_IP", l.MaxPerIP, 0, 100_000_000),
		within("MESSAGE_RATE", l.MessageRate, 0, 1_000_000_000),
	)
}

// within reports a value out of its range by the name of its variable.
func within[T int | time.Duration](name string, value, least, most T) error {
	if value >= least && value <= most {
		return nil
	}
	return fmt.Errorf("%s=%v: want %v up to %v", name, value, least, most)
}
