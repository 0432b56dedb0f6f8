package consumers

import (
	"context"

	"example.com/cut/internal/ws"
)

// PhoneConsumer is the consumer of slow pages: of each key only the newest message counts.
type PhoneConsumer struct {
	deps   Deps
	params PhoneParams
}

var _ ws.SyncConsumer = (*PhoneConsumer)(nil)

// NewPhoneConsumer returns the consumer of one socket.
func NewPhoneConsumer(deps Deps, params PhoneParams) *PhoneConsumer {
	return &PhoneConsumer{deps: deps, params: params}
}

// Connect joins the streams.
func (c *PhoneConsumer) Connect(ctx context.Context, h *ws.Handshake) error {
	return join(ctx, h, c.params.Topics)
}

// Receive obeys a command.
func (c *PhoneConsumer) Receive(ctx context.Context, s *ws.Socket, m ws.Message) error {
	return c.deps.obey(ctx, s, m)
}

// Disconnect does nothing.
func (c *PhoneConsumer) Disconnect(ctx context.Context, st ws.CloseStatus) {}
