package consumers

import (
	"context"

	"example.com/cut/internal/ws"
)

// FeedConsumer follows the streams of its path, and obeys commands.
type FeedConsumer struct {
	deps   Deps
	params FeedParams
}

var _ ws.SyncConsumer = (*FeedConsumer)(nil)

// NewFeedConsumer returns the consumer of one socket.
func NewFeedConsumer(deps Deps, params FeedParams) *FeedConsumer {
	return &FeedConsumer{deps: deps, params: params}
}

// Connect joins the streams.
func (c *FeedConsumer) Connect(ctx context.Context, h *ws.Handshake) error {
	return join(ctx, h, c.params.Topics)
}

// Receive obeys a command.
func (c *FeedConsumer) Receive(ctx context.Context, s *ws.Socket, m ws.Message) error {
	return c.deps.obey(ctx, s, m)
}

// Disconnect does nothing.
func (c *FeedConsumer) Disconnect(ctx context.Context, st ws.CloseStatus) {}
