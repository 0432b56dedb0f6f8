// Package rollout brings every server of the fleet to a version. It does so as a job: it goes on when the page that started it
// is gone, and every page that watches sees how far it is.
package rollout

import (
	"context"
	"fmt"
	"sync"

	"example.com/updater/fleet"
	"example.com/updater/internal/ws"
)

const (
	atOnce   = 4 // servers that are updated at the same time
	attempts = 3 // at one server
)

// Start starts the update to a version, whose name is the id of the job: while it runs, and once it is done, started is false
// and nothing else happens, whoever asks again. One that failed or was cancelled goes on with the servers that are left.
func Start(ctx context.Context, jobs *ws.Jobs, f *fleet.Fleet, version string) (started bool, err error) {
	return jobs.Start(ctx, version, func(ctx context.Context, j *ws.Job) (ws.Message, error) {
		return run(ctx, j, f)
	})
}

// run is the job. Its result is how far every server is: all of them are updated then.
func run(ctx context.Context, j *ws.Job, f *fleet.Fleet) (ws.Message, error) {
	b, err := newBoard(ctx, j, f.Names())
	if err != nil {
		return ws.Message{}, err
	}
	slots := make(chan struct{}, atOnce)
	var running sync.WaitGroup
	for _, name := range b.left() {
		slots <- struct{}{}
		running.Add(1)
		go func() {
			defer running.Done()
			defer func() { <-slots }()
			update(ctx, b, f, name, j.ID())
		}()
	}
	running.Wait()

	switch left := b.left(); {
	case len(left) == 0:
		return b.result()
	case ctx.Err() != nil: // cancelled, or the service stops
		return ws.Message{}, context.Cause(ctx)
	default:
		return ws.Message{}, ws.FailJob(fmt.Sprintf("%d of %d servers could not be updated", len(left), len(f.Names())))
	}
}

// update brings one server to the version, unless ctx has ended before its turn came.
func update(ctx context.Context, b *board, f *fleet.Fleet, name, version string) {
	s := Server{Name: name}
	for attempt := 1; ctx.Err() == nil && s.State != Updated && s.State != Failed; attempt++ {
		s.State, s.Percent = Updating, 0
		b.show(ctx, s)
		err := f.Update(ctx, name, version, func(percent int) {
			s.Percent = percent
			b.show(ctx, s)
		})
		switch {
		case err == nil:
			s.State, s.Note = Updated, ""
		case ctx.Err() != nil:
			s.State = Stopped
		case attempt == attempts:
			s.State, s.Note = Failed, err.Error()
		default:
			s.Note = fmt.Sprintf("attempt %d failed: %v", attempt, err)
		}
		b.show(ctx, s)
	}
}
