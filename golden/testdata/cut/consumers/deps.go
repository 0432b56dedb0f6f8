package consumers

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"example.com/cut/internal/ws"
	"example.com/cut/journal"
)

// Deps is what every consumer is given.
type Deps struct {
	Layer   *ws.Layer
	Journal *journal.Journal
}

// join accepts a socket and joins the groups of its path.
func join(ctx context.Context, h *ws.Handshake, topics string) error {
	s, err := h.Accept()
	if err != nil {
		return err
	}
	for topic := range strings.SplitSeq(topics, ",") {
		if err := s.Join(ctx, topic); err != nil {
			return err
		}
	}
	return nil
}

// obey carries out the command "do CLIENT K" or "again CLIENT K TOPIC": its effect is a line in the journal. The second one
// also leaves a group and joins it again.
func (d Deps) obey(ctx context.Context, s *ws.Socket, m ws.Message) error {
	var do, client, topic string
	var k int
	if _, err := fmt.Sscan(string(m.Data)+" -", &do, &client, &k, &topic); err != nil {
		return fmt.Errorf("command %q: %w", m.Data, err)
	}
	// One in three takes its time, and gives up where its socket ends meanwhile. Then it is not done, and comes again.
	if k%3 == 0 {
		select {
		case <-time.After(3 * time.Millisecond):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	if err := d.Journal.Effect(client, k); err != nil {
		return err
	}
	if do == "again" {
		// The effect stands, whatever becomes of the socket.
		if err := s.Leave(ctx, topic); err != nil {
			slog.Debug("leave", "error", err)
		} else if err := s.Join(ctx, topic); err != nil {
			return ws.Close(ws.CodeTryLater, "not in the group any more")
		}
	}
	return nil
}
