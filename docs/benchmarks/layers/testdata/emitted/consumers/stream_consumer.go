package consumers

import (
	"context"

	"example.com/bench/internal/ws"
)

// StreamConsumer sends what comes from one page to all pages of the same name, over a group that keeps a history.
type StreamConsumer struct {
	deps   Deps
	params StreamParams
}

var _ ws.SyncConsumer = (*StreamConsumer)(nil)

// NewStreamConsumer returns the consumer of one socket.
func NewStreamConsumer(deps Deps, params StreamParams) *StreamConsumer {
	return &StreamConsumer{deps: deps, params: params}
}

// group is the name of the group that the page is in.
func (c *StreamConsumer) group() string { return "job:" + c.params.Name }

// Connect lets everyone in.
func (c *StreamConsumer) Connect(ctx context.Context, h *ws.Handshake) error {
	s, err := h.Accept()
	if err != nil {
		return err
	}
	return s.Join(ctx, c.group())
}

// Receive sends a message to all.
func (c *StreamConsumer) Receive(ctx context.Context, s *ws.Socket, m ws.Message) error {
	return c.deps.Layer.Send(ctx, c.group(), m)
}

// Disconnect has nothing to clean up.
func (c *StreamConsumer) Disconnect(ctx context.Context, st ws.CloseStatus) {}
