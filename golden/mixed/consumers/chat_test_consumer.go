package consumers

import (
	"context"

	"example.com/mixed/internal/ws"
)

// ChatTestConsumer is the code behind the routes that wsgen.yaml leads to chat_test.
// Each socket has a value of its own, which is called once at a time: its fields need no lock.
type ChatTestConsumer struct {
	deps   Deps
	params ChatTestParams
}

var _ ws.SyncConsumer = (*ChatTestConsumer)(nil)

// NewChatTestConsumer returns the consumer of one socket.
func NewChatTestConsumer(deps Deps, params ChatTestParams) *ChatTestConsumer {
	return &ChatTestConsumer{deps: deps, params: params}
}

// Connect decides about a socket before it is accepted. Return nil to accept it, ws.Deny to refuse it; h.Accept accepts it
// here, to greet it or to join a group.
func (c *ChatTestConsumer) Connect(ctx context.Context, h *ws.Handshake) error {
	return nil
}

// Receive is called with each message, in order. What it sends leaves at once, while it still runs.
func (c *ChatTestConsumer) Receive(ctx context.Context, s *ws.Socket, m ws.Message) error {
	return s.Send(ctx, m) // echo, until you write what the consumer is for
}

// Disconnect is called once for each accepted socket, when its handlers have returned.
func (c *ChatTestConsumer) Disconnect(ctx context.Context, st ws.CloseStatus) {}
