package consumers

import (
	"context"

	"example.com/bench/internal/ws"
)

// RoomConsumer sends what comes from one page to all pages of the same name.
type RoomConsumer struct {
	deps   Deps
	params RoomParams
}

var _ ws.SyncConsumer = (*RoomConsumer)(nil)

// NewRoomConsumer returns the consumer of one socket.
func NewRoomConsumer(deps Deps, params RoomParams) *RoomConsumer {
	return &RoomConsumer{deps: deps, params: params}
}

// group is the name of the group that the page is in.
func (c *RoomConsumer) group() string { return "room:" + c.params.Name }

// Connect lets everyone in.
func (c *RoomConsumer) Connect(ctx context.Context, h *ws.Handshake) error {
	s, err := h.Accept()
	if err != nil {
		return err
	}
	return s.Join(ctx, c.group())
}

// Receive sends a message to all.
func (c *RoomConsumer) Receive(ctx context.Context, s *ws.Socket, m ws.Message) error {
	return c.deps.Layer.Send(ctx, c.group(), m)
}

// Disconnect has nothing to clean up.
func (c *RoomConsumer) Disconnect(ctx context.Context, st ws.CloseStatus) {}
