package consumers

import (
	"context"

	"example.com/session_redis/internal/ws"
)

// UpdatesConsumer is the code behind the routes that wsgen.yaml leads to updates.
// Each socket has a value of its own, which is called once at a time: its fields need no lock.
type UpdatesConsumer struct {
	deps   Deps
	params UpdatesParams
}

var _ ws.SyncConsumer = (*UpdatesConsumer)(nil)

// NewUpdatesConsumer returns the consumer of one socket.
func NewUpdatesConsumer(deps Deps, params UpdatesParams) *UpdatesConsumer {
	return &UpdatesConsumer{deps: deps, params: params}
}

// Connect decides about a socket before it is accepted. Return nil to accept it, ws.Deny to refuse it; h.Accept accepts it
// here, to greet it or to join a group.
func (c *UpdatesConsumer) Connect(ctx context.Context, h *ws.Handshake) error {
	return nil
}

// Receive is called with each message, in order. What it sends leaves at once, while it still runs.
func (c *UpdatesConsumer) Receive(ctx context.Context, s *ws.Socket, m ws.Message) error {
	return s.Send(ctx, m) // echo, until you write what the consumer is for
}

// Disconnect is called once for each accepted socket, when its handlers have returned.
func (c *UpdatesConsumer) Disconnect(ctx context.Context, st ws.CloseStatus) {}
