package consumers

import (
	"context"

	"example.com/bench/internal/ws"
)

// FeedConsumer lets a page watch the one job of this comparison.
type FeedConsumer struct {
	deps   Deps
	params FeedParams
}

var _ ws.SyncConsumer = (*FeedConsumer)(nil)

// NewFeedConsumer returns the consumer of one socket.
func NewFeedConsumer(deps Deps, params FeedParams) *FeedConsumer {
	return &FeedConsumer{deps: deps, params: params}
}

// Connect lets everyone watch.
func (c *FeedConsumer) Connect(ctx context.Context, h *ws.Handshake) error {
	s, err := h.Accept()
	if err != nil {
		return err
	}
	return s.Join(ctx, "job:bench")
}

// Receive ignores what a page says: it only watches.
func (c *FeedConsumer) Receive(ctx context.Context, s *ws.Socket, m ws.Message) error {
	return nil
}

// Disconnect has nothing to clean up.
func (c *FeedConsumer) Disconnect(ctx context.Context, st ws.CloseStatus) {}
