package consumers

import (
	"context"

	"example.com/mixed/internal/ws"
)

// NewsConsumer is the code behind the routes that wsgen.yaml leads to news.
// Each socket has a value of its own, which is called once at a time: its fields need no lock.
type NewsConsumer struct {
	deps   Deps
	params NewsParams
}

var _ ws.SyncConsumer = (*NewsConsumer)(nil)

// NewNewsConsumer returns the consumer of one socket.
func NewNewsConsumer(deps Deps, params NewsParams) *NewsConsumer {
	return &NewsConsumer{deps: deps, params: params}
}

// Connect decides about a socket before it is accepted. Return nil to accept it, ws.Deny to refuse it; h.Accept accepts it
// here, to greet it or to join a group.
func (c *NewsConsumer) Connect(ctx context.Context, h *ws.Handshake) error {
	return nil
}

// Receive is called with each message, in order. What it sends leaves at once, while it still runs.
func (c *NewsConsumer) Receive(ctx context.Context, s *ws.Socket, m ws.Message) error {
	return s.Send(ctx, m) // echo, until you write what the consumer is for
}

// Disconnect is called once for each accepted socket, when its handlers have returned.
func (c *NewsConsumer) Disconnect(ctx context.Context, st ws.CloseStatus) {}
