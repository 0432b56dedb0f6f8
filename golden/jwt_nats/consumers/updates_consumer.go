package consumers

import (
	"context"

	"example.com/jwt_nats/internal/ws"
)

// UpdatesConsumer is the code behind the routes that wsgen.yaml leads to updates.
// Each socket has a value of its own, whose Receive calls overlap: guard fields that change.
type UpdatesConsumer struct {
	deps   Deps
	params UpdatesParams
}

var _ ws.AsyncConsumer = (*UpdatesConsumer)(nil)

// NewUpdatesConsumer returns the consumer of one socket.
func NewUpdatesConsumer(deps Deps, params UpdatesParams) *UpdatesConsumer {
	return &UpdatesConsumer{deps: deps, params: params}
}

// Connect decides about a socket before it is accepted. Return nil to accept it, ws.Deny to refuse it; h.Accept accepts it
// here, to greet it or to join a group.
func (c *UpdatesConsumer) Connect(ctx context.Context, h *ws.Handshake) error {
	return nil
}

// Receive is called with each message on a goroutine of its own, started in order: blocking in it holds up nobody. Reply
// answers this message; r.Socket sends whatever else there is to say.
func (c *UpdatesConsumer) Receive(ctx context.Context, r *ws.Request) error {
	return r.Reply(ctx, r.Message) // echo, until you write what the consumer is for
}

// Disconnect is called once for each accepted socket, when its handlers have returned.
func (c *UpdatesConsumer) Disconnect(ctx context.Context, st ws.CloseStatus) {}
