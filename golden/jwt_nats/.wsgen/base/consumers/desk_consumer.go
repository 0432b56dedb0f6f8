package consumers

import (
	"context"

	"example.com/jwt_nats/internal/ws"
)

// DeskConsumer is the code behind the routes that wsgen.yaml leads to desk.
// Each socket has a value of its own, which is called once at a time: its fields need no lock.
type DeskConsumer struct {
	deps   Deps
	params DeskParams
}

var _ ws.SyncConsumer = (*DeskConsumer)(nil)

// NewDeskConsumer returns the consumer of one socket.
func NewDeskConsumer(deps Deps, params DeskParams) *DeskConsumer {
	return &DeskConsumer{deps: deps, params: params}
}

// Connect decides about a socket before it is accepted. Return nil to accept it, ws.Deny to refuse it; h.Accept accepts it
// here, to greet it or to join a group.
func (c *DeskConsumer) Connect(ctx context.Context, h *ws.Handshake) error {
	return nil
}

// Receive is called with each message, in order. What it sends leaves at once, while it still runs.
func (c *DeskConsumer) Receive(ctx context.Context, s *ws.Socket, m ws.Message) error {
	return s.Send(ctx, m) // echo, until you write what the consumer is for
}

// Disconnect is called once for each accepted socket, when its handlers have returned.
func (c *DeskConsumer) Disconnect(ctx context.Context, st ws.CloseStatus) {}
