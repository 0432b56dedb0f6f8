package rollout

import (
	"context"
	"log/slog"
	"time"

	"example.com/updater/fleet"
	"example.com/updater/internal/ws"
)

// resumeEvery is how often Resume looks: as long as it takes until a process counts as dead.
const resumeEvery = 10 * time.Second

// Resume starts the updates again that were interrupted when their process stopped or died, whichever it was, until ctx ends. They
// go on with the servers that are left. A layer in memory knows of none: there they die with their process.
func Resume(ctx context.Context, jobs *ws.Jobs, f *fleet.Fleet) {
	for {
		versions, err := jobs.Interrupted(ctx)
		for _, version := range versions {
			if _, startErr := Start(ctx, jobs, f, version); startErr != nil {
				err = startErr // which of them does not matter: all will be tried again
			}
		}
		if err != nil && ctx.Err() == nil {
			slog.Warn("interrupted updates not all started again; the next attempt is in ten seconds", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(resumeEvery):
		}
	}
}
