package consumers

import (
	"context"
	"strconv"
	"strings"

	"example.com/rules/internal/ws"
)

// RulesConsumer does what a page tells it.
type RulesConsumer struct {
	deps Deps
}

var _ ws.AsyncConsumer = (*RulesConsumer)(nil)

// NewRulesConsumer returns the consumer of one socket.
func NewRulesConsumer(deps Deps, _ RulesParams) *RulesConsumer {
	return &RulesConsumer{deps: deps}
}

// Connect joins the stream.
func (c *RulesConsumer) Connect(ctx context.Context, h *ws.Handshake) error {
	s, err := h.Accept()
	if err != nil {
		return err
	}
	return s.Join(ctx, "story")
}

// Receive closes with "close CODE", publishes the text of "publish TEXT", and echoes everything else.
func (c *RulesConsumer) Receive(ctx context.Context, r *ws.Request) error {
	verb, rest, _ := strings.Cut(string(r.Message.Data), " ")
	switch verb {
	case "close":
		code, err := strconv.Atoi(rest)
		if err != nil {
			return err
		}
		return ws.Close(code, "as told")
	case "publish":
		return c.deps.Layer.Send(ctx, "story", ws.Text(rest))
	default:
		return r.Socket.Send(ctx, r.Message)
	}
}

// Disconnect does nothing.
func (c *RulesConsumer) Disconnect(ctx context.Context, st ws.CloseStatus) {}
