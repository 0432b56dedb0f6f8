package publish

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"example.com/cut/internal/ws"
)

// start starts a job that publishes count messages and returns a result, and answers whether it did.
func (p *Publisher) start(w http.ResponseWriter, r *http.Request) {
	count, save := number(r, "count"), number(r, "save")
	pause, err := time.ParseDuration(r.FormValue("pause"))
	if err != nil {
		answer(w, false, err)
		return
	}
	started, err := p.layer.Jobs().Start(r.Context(), r.FormValue("id"), func(ctx context.Context, j *ws.Job) (ws.Message, error) {
		run := jobRun{publisher: p, job: j, stream: "job:" + j.ID()}
		if at, err := p.layer.Stream(run.stream).Position(ctx); err == nil { // else the first line is missing
			run.epoch = at.Epoch
		}
		for n := 1; n <= count; n++ {
			if err := run.send(ctx, n); err != nil {
				return ws.Message{}, err
			}
			if save > 0 && n%save == 0 && run.newest == n {
				if err := j.Save(ctx, p.state(n)); stops(ctx, err) {
					return ws.Message{}, err
				}
			}
			select {
			case <-time.After(pause):
			case <-ctx.Done():
				return ws.Message{}, context.Cause(ctx)
			}
		}
		return ws.Text(fmt.Sprintf("result %d %d", p.journal.Boot(), run.newest)), nil
	})
	answer(w, started, err)
}

// jobRun is one run of a job.
type jobRun struct {
	publisher *Publisher
	job       *ws.Job
	stream    string
	newest    int    // the number of the newest message that was taken
	epoch     string // at the one before
}

// send sends the nth message, and notes what became of it.
func (r *jobRun) send(ctx context.Context, n int) error {
	p := r.publisher
	if err := r.job.Send(ctx, p.message(n)); err != nil {
		if unsure := p.journal.Unsure(r.stream, n); unsure != nil || stops(ctx, err) {
			return errors.Join(err, unsure)
		}
		return nil
	}
	r.newest = n
	// Nobody else sends to it, so this is where the message stands: but not where the layer's server was restarted between.
	at, err := p.layer.Stream(r.stream).Position(ctx)
	if err != nil || at.Epoch != r.epoch {
		r.epoch = at.Epoch
		return nil
	}
	return p.journal.Published(r.stream, at.Epoch, at.Offset, n)
}

// stops reports whether an error is no reason to try again: another one is that the layer has lost its server for now.
func stops(ctx context.Context, err error) bool {
	return err != nil && (ctx.Err() != nil || errors.Is(err, ws.ErrLease) || errors.Is(err, ws.ErrJobEnded))
}
