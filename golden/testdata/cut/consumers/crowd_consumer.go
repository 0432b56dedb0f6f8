package consumers

import (
	"context"

	"example.com/cut/internal/ws"
)

// CrowdConsumer follows the streams of its path, and obeys commands.
type CrowdConsumer struct {
	deps   Deps
	params CrowdParams
}

var _ ws.AsyncConsumer = (*CrowdConsumer)(nil)

// NewCrowdConsumer returns the consumer of one socket.
func NewCrowdConsumer(deps Deps, params CrowdParams) *CrowdConsumer {
	return &CrowdConsumer{deps: deps, params: params}
}

// Connect joins the streams.
func (c *CrowdConsumer) Connect(ctx context.Context, h *ws.Handshake) error {
	return join(ctx, h, c.params.Topics)
}

// Receive obeys a command.
func (c *CrowdConsumer) Receive(ctx context.Context, r *ws.Request) error {
	return c.deps.obey(ctx, r.Socket, r.Message)
}

// Disconnect does nothing.
func (c *CrowdConsumer) Disconnect(ctx context.Context, st ws.CloseStatus) {}
