package consumers

import (
	"context"

	"example.com/mixed/internal/ws"
)

// WordConsumer is the code behind the routes that wsgen.yaml leads to word.
// Each socket has a value of its own, whose Receive calls overlap: guard fields that change.
type WordConsumer struct {
	deps   Deps
	params WordParams
}

var _ ws.AsyncConsumer = (*WordConsumer)(nil)

// NewWordConsumer returns the consumer of one socket.
func NewWordConsumer(deps Deps, params WordParams) *WordConsumer {
	return &WordConsumer{deps: deps, params: params}
}

// Connect decides about a socket before it is accepted. Return nil to accept it, ws.Deny to refuse it; h.Accept accepts it
// here, to greet it or to join a group.
func (c *WordConsumer) Connect(ctx context.Context, h *ws.Handshake) error {
	return nil
}

// Receive is called with each message on a goroutine of its own, started in order: blocking in it holds up nobody. Reply
// answers this message; r.Socket sends whatever else there is to say.
func (c *WordConsumer) Receive(ctx context.Context, r *ws.Request) error {
	return r.Reply(ctx, r.Message) // echo, until you write what the consumer is for
}

// Disconnect is called once for each accepted socket, when its handlers have returned.
func (c *WordConsumer) Disconnect(ctx context.Context, st ws.CloseStatus) {}
