package consumers

import (
	"context"

	"example.com/bench/internal/ws"
)

// GroupSyncConsumer sends what comes from one page to all pages.
type GroupSyncConsumer struct {
	deps   Deps
	params GroupSyncParams
}

var _ ws.SyncConsumer = (*GroupSyncConsumer)(nil)

// NewGroupSyncConsumer returns the consumer of one socket.
func NewGroupSyncConsumer(deps Deps, params GroupSyncParams) *GroupSyncConsumer {
	return &GroupSyncConsumer{deps: deps, params: params}
}

// Connect lets everyone in.
func (c *GroupSyncConsumer) Connect(ctx context.Context, h *ws.Handshake) error {
	s, err := h.Accept()
	if err != nil {
		return err
	}
	return s.Join(ctx, "room:bench")
}

// Receive sends a message to all.
func (c *GroupSyncConsumer) Receive(ctx context.Context, s *ws.Socket, m ws.Message) error {
	return c.deps.Layer.Send(ctx, "room:bench", m)
}

// Disconnect has nothing to clean up.
func (c *GroupSyncConsumer) Disconnect(ctx context.Context, st ws.CloseStatus) {}
