package rollout

import (
	"context"
	"slices"
	"sync"

	"example.com/updater/internal/ws"
)

// State is where a server stands.
type State string

// The states of a server.
const (
	Waiting  State = "waiting"
	Updating State = "updating"
	Updated  State = "updated"
	Failed   State = "failed"  // at its last attempt
	Stopped  State = "stopped" // in the middle of it, because the job was
)

// Server is how far one server is. Pages get one with each change.
type Server struct {
	Name    string `json:"name"`
	State   State  `json:"state"`
	Percent int    `json:"percent"`        // of the update
	Note    string `json:"note,omitempty"` // what went wrong last
}

// board is how far every server is. What pages cannot be told all of, and what another run of the job goes on from, is the
// checkpoint: the whole board.
type board struct {
	job *ws.Job

	// mu guards the rest. It is held while a change is sent, so that a checkpoint holds what was sent before it, and no more.
	mu      sync.Mutex
	servers []Server
	err     error // the first that came of telling
}

// newBoard returns the board of a job that begins, and shows it: what an earlier run has updated stays so.
func newBoard(ctx context.Context, j *ws.Job, names []string) (*board, error) {
	var before []Server
	if saved, ok := j.Checkpoint(); ok {
		if err := saved.Decode(&before); err != nil {
			return nil, err
		}
	}
	b := &board{job: j}
	for _, name := range names {
		s := Server{Name: name, State: Waiting}
		if i := slices.IndexFunc(before, func(s Server) bool { return s.Name == name }); i >= 0 && before[i].State == Updated {
			s = before[i]
		}
		b.servers = append(b.servers, s)
	}
	for _, s := range b.servers {
		b.tell(ctx, s)
	}
	b.save(ctx)
	return b, b.err
}

// left returns the names of the servers that are not updated.
func (b *board) left() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	var names []string
	for _, s := range b.servers {
		if s.State != Updated {
			names = append(names, s.Name)
		}
	}
	return names
}

// show notes how far a server is, and tells every page. That the job was cancelled is no reason to hide where it stopped.
func (b *board) show(ctx context.Context, s Server) {
	ctx = context.WithoutCancel(ctx)
	b.mu.Lock()
	defer b.mu.Unlock()
	i := slices.IndexFunc(b.servers, func(old Server) bool { return old.Name == s.Name })
	turned := b.servers[i].State != s.State
	b.servers[i] = s
	b.tell(ctx, s)
	if turned {
		b.save(ctx)
	}
}

// tell sends how far a server is; b.mu is held. The key makes a percentage give way to a later one of the same server, in the
// history and where both wait for a slow page.
func (b *board) tell(ctx context.Context, s Server) {
	m := ws.JSON(s)
	m.Key = s.Name
	b.note(b.job.Send(ctx, m))
}

// save makes the board the job's checkpoint; b.mu is held.
func (b *board) save(ctx context.Context) { b.note(b.job.Save(ctx, ws.JSON(b.servers))) }

// note keeps the first error; b.mu is held. An update does not stop because nobody can be told of it.
func (b *board) note(err error) {
	if b.err == nil {
		b.err = err
	}
}

// result is the job's result: the board. What could not be told of it on the way is an error for the log.
func (b *board) result() (ws.Message, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return ws.JSON(b.servers), b.err
}
