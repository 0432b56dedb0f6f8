package consumers

import (
	"context"

	"example.com/bench/internal/ws"
)

// GroupAsyncConsumer sends what comes from one page to all pages.
type GroupAsyncConsumer struct {
	deps   Deps
	params GroupAsyncParams
}

var _ ws.AsyncConsumer = (*GroupAsyncConsumer)(nil)

// NewGroupAsyncConsumer returns the consumer of one socket.
func NewGroupAsyncConsumer(deps Deps, params GroupAsyncParams) *GroupAsyncConsumer {
	return &GroupAsyncConsumer{deps: deps, params: params}
}

// Connect lets everyone in.
func (c *GroupAsyncConsumer) Connect(ctx context.Context, h *ws.Handshake) error {
	s, err := h.Accept()
	if err != nil {
		return err
	}
	return s.Join(ctx, "room:bench")
}

// Receive sends a message to all.
func (c *GroupAsyncConsumer) Receive(ctx context.Context, r *ws.Request) error {
	return c.deps.Layer.Send(ctx, "room:bench", r.Message)
}

// Disconnect has nothing to clean up.
func (c *GroupAsyncConsumer) Disconnect(ctx context.Context, st ws.CloseStatus) {}
