package consumers

import (
	"context"
	"errors"
	"net/http"

	"example.com/updater/internal/ws"
	"example.com/updater/rollout"
)

// VerUpdateConsumer shows the update to one version, starts it and cancels it.
// Each socket has a value of its own, which is called once at a time: its fields need no lock.
type VerUpdateConsumer struct {
	deps   Deps
	params VerUpdateParams
}

var _ ws.SyncConsumer = (*VerUpdateConsumer)(nil)

// NewVerUpdateConsumer returns the consumer of one socket.
func NewVerUpdateConsumer(deps Deps, params VerUpdateParams) *VerUpdateConsumer {
	return &VerUpdateConsumer{deps: deps, params: params}
}

// Connect tells the page which servers there are. By joining, the page gets what it has missed of the job, and all that comes.
func (c *VerUpdateConsumer) Connect(ctx context.Context, h *ws.Handshake) error {
	s, err := h.Accept()
	if err != nil {
		return err
	}
	if err := s.Send(ctx, ws.JSON(c.deps.Fleet.Names())); err != nil {
		return err
	}
	err = s.Join(ctx, "job:"+c.params.Job)
	if errors.Is(err, ws.ErrGroupName) {
		return ws.Deny(http.StatusBadRequest, "no version is named like this")
	}
	return err
}

// Receive takes the two commands of the page. It only starts the job, and returns: what the job has to say reaches every page
// through the group.
func (c *VerUpdateConsumer) Receive(ctx context.Context, s *ws.Socket, m ws.Message) error {
	jobs := c.deps.Layer.Jobs()
	switch command := string(m.Data); command {
	case "start":
		_, err := rollout.Start(ctx, jobs, c.deps.Fleet, c.params.Job)
		return err
	case "cancel":
		if err := jobs.Cancel(ctx, c.params.Job); !errors.Is(err, ws.ErrNoJob) {
			return err
		}
		return nil // another page was quicker
	default:
		return ws.Close(ws.CodePolicy, "a command is start or cancel")
	}
}

// Disconnect has nothing to do: the group is left already, and the job goes on.
func (c *VerUpdateConsumer) Disconnect(ctx context.Context, st ws.CloseStatus) {}
