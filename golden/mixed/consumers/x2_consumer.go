package consumers

import (
	"context"

	"example.com/mixed/internal/ws"
)

// X2Consumer is the code behind the routes that wsgen.yaml leads to x2.
// Each socket has a value of its own, whose Receive calls overlap: guard fields that change.
type X2Consumer struct {
	deps   Deps
	params X2Params
}

var _ ws.AsyncConsumer = (*X2Consumer)(nil)

// NewX2Consumer returns the consumer of one socket.
func NewX2Consumer(deps Deps, params X2Params) *X2Consumer {
	return &X2Consumer{deps: deps, params: params}
}

// Connect decides about a socket before it is accepted. Return nil to accept it, ws.Deny to refuse it; h.Accept accepts it
// here, to greet it or to join a group.
func (c *X2Consumer) Connect(ctx context.Context, h *ws.Handshake) error {
	return nil
}

// Receive is called with each message on a goroutine of its own, started in order: blocking in it holds up nobody. Reply
// answers this message; r.Socket sends whatever else there is to say.
func (c *X2Consumer) Receive(ctx context.Context, r *ws.Request) error {
	return r.Reply(ctx, r.Message) // echo, until you write what the consumer is for
}

// Disconnect is called once for each accepted socket, when its handlers have returned.
func (c *X2Consumer) Disconnect(ctx context.Context, st ws.CloseStatus) {}
