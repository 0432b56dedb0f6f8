package consumers

import (
	"context"

	"example.com/updater/internal/ws"
)

// VerUpdateConsumer is the code behind the routes that wsgen.yaml leads to ver_update.
// Each socket has a value of its own, which is called once at a time: its fields need no lock.
type VerUpdateConsumer struct {
	deps   Deps
	params VerUpdateParams
}

var _ ws.SyncConsumer = (*VerUpdateConsumer)(nil)

// NewVerUpdateConsumer returns the consumer of one socket.
func NewVerUpdateConsumer(deps Deps, params VerUpdateParams) *VerUpdateConsumer {
	return &VerUpdateConsumer{deps: deps, params: params}
}

// Connect decides about a socket before it is accepted. Return nil to accept it, ws.Deny to refuse it; h.Accept accepts it
// here, to greet it or to join a group.
func (c *VerUpdateConsumer) Connect(ctx context.Context, h *ws.Handshake) error {
	return nil
}

// Receive is called with each message, in order. What it sends leaves at once, while it still runs.
func (c *VerUpdateConsumer) Receive(ctx context.Context, s *ws.Socket, m ws.Message) error {
	return s.Send(ctx, m) // echo, until you write what the consumer is for
}

// Disconnect is called once for each accepted socket, when its handlers have returned.
func (c *VerUpdateConsumer) Disconnect(ctx context.Context, st ws.CloseStatus) {}
