package session_test

import (
	"context"
	"errors"
	"sync"
	"time"

	"wsgen/templates/project/internal/ws"
)

// server is what several processes share: it carries envelopes between them, and keeps values. It can be out of order.
type server struct {
	mu      sync.Mutex // guards the rest
	members []*member
	values  map[string]string
	broken  error
	deaf    bool // what is published is lost
}

var errDown = errors.New("the server is down")

// member is the backend of one process.
type member struct {
	*server
	deliver func(topic string, e ws.Envelope)
	topics  map[string]bool // guarded by server.mu
}

func (s *server) join() *member {
	m := &member{server: s, topics: make(map[string]bool)}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.members = append(s.members, m)
	return m
}

// set puts the server out of order, or in order again.
func (s *server) set(broken error, deaf bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.broken, s.deaf = broken, deaf
}

func (m *member) Start(deliver func(string, ws.Envelope)) error {
	m.deliver = deliver
	return nil
}

func (m *member) Publish(_ context.Context, topic string, e ws.Envelope) error {
	m.mu.Lock()
	var to []*member
	for _, other := range m.members {
		if other.topics[topic] && !m.deaf {
			to = append(to, other)
		}
	}
	err := m.broken
	m.mu.Unlock()
	for _, other := range to {
		if err == nil {
			other.deliver(topic, e)
		}
	}
	return err
}

func (m *member) Subscribe(_ context.Context, topic string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.broken == nil {
		m.topics[topic] = true
	}
	return m.broken
}

func (m *member) Unsubscribe(_ context.Context, topic string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.topics, topic)
	return nil
}

func (m *member) Close() error { return nil }

// gap says that the connection to the server was lost, and is there again.
func (m *member) gap() {
	m.mu.Lock()
	topics := make([]string, 0, len(m.topics))
	for topic := range m.topics {
		topics = append(topics, topic)
	}
	m.mu.Unlock()
	for _, topic := range topics {
		m.deliver(topic, ws.Envelope{Gap: true})
	}
}

func (m *member) GetValue(_ context.Context, key string) ([]byte, bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	v, ok := m.values[key]
	return []byte(v), ok, m.broken
}

func (m *member) SetValue(_ context.Context, key string, value []byte, _ time.Time, replace bool) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.values == nil {
		m.values = make(map[string]string)
	}
	if _, ok := m.values[key]; m.broken == nil && (ok || !replace) {
		m.values[key] = string(value)
	}
	return m.broken
}

func (m *member) DeleteValue(_ context.Context, key string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.broken == nil {
		delete(m.values, key)
	}
	return m.broken
}
