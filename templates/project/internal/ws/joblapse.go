package ws

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"
)

// What becomes of a job whose process died: its lease lapses, and whichever process finds that first publishes the job's end.

const (
	// lookerPrefix is what an owner begins with that takes a lease only to publish the end of a job whose process died.
	lookerPrefix = "~"
	// lookerPause is how long somebody waits for a looker before he tries again.
	lookerPause = 20 * time.Millisecond
	// reapEvery is how often jobs whose process died are looked for.
	reapEvery = 10 * time.Second
)

// Interrupted lists the jobs that were interrupted, by the end of the service in good order or by its death, and were neither
// started again since nor forgotten. Ask for them when the service starts, and start them again. Of those whose process died it
// publishes that, so that pages which watch learn it. Where the error is not nil, the list may not be complete.
//
// It takes a process for dead that was not heard of for ten seconds, so ask again after that time: a service that starts at once in
// place of one that died is too early. A layer in memory knows the jobs of this process alone.
func (j *Jobs) Interrupted(ctx context.Context) ([]string, error) {
	if _, err := j.layer.historyOf(jobGroup); err != nil {
		return nil, err
	}
	topics, err := j.layer.log.Lapsed(ctx)
	if err != nil {
		return nil, fmt.Errorf("ws: list interrupted jobs: %w", err)
	}
	var ids []string
	var errs []error
	for _, topic := range topics {
		id, ok := strings.CutPrefix(topic, groupTopic+jobGroup)
		if !ok || id == "" {
			continue
		}
		interrupted, err := j.interrupted(ctx, id)
		switch {
		case err != nil:
			errs = append(errs, fmt.Errorf("ws: publish that job %q was interrupted: %w", id, err))
		case interrupted:
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids, errors.Join(errs...)
}

// interrupted reports whether the job of a stream without an owner was interrupted, and publishes it if nobody has.
func (j *Jobs) interrupted(ctx context.Context, id string) (bool, error) {
	history, err := j.history(id)
	if err != nil {
		return false, err
	}
	job := j.newJob(ctx, id, history)
	defer job.cancel(nil)
	job.owner = lookerPrefix + job.owner
	page, err := j.read(ctx, job.topic, history)
	switch {
	case err != nil:
		return false, err
	case !page.Lapsed || published(page, JobDone):
		return false, nil // it was started again, or what lapsed was the lease of one who looked
	case published(page, JobInterrupted):
		return true, nil
	}
	lease, err := job.log.Lease(ctx, job.topic, job.owner, leaseTime)
	if errors.Is(err, ErrLease) {
		return false, nil // it was started again, or another process publishes it
	}
	if err != nil {
		return false, err
	}
	return j.publishLapsed(ctx, job, lease.Cancelled)
}

// publishLapsed publishes the end of a job whose process died, unless somebody has done so before its lease was taken for that,
// and gives the lease back. It reports whether the job was interrupted.
func (j *Jobs) publishLapsed(ctx context.Context, job *Job, cancelled bool) (interrupted bool, err error) {
	page, err := j.read(ctx, job.topic, job.history)
	if err != nil || published(page, JobDone) || published(page, JobInterrupted) && !cancelled {
		j.release(job)
		return err == nil && !published(page, JobDone), err
	}
	if err := job.appendEnd(ctx, lapsedEnd(job.id, cancelled)); err != nil {
		j.release(job)
		return false, err
	}
	return !cancelled, nil
}

// lapsedEnd returns the record that ends a job whose process died.
func lapsedEnd(id string, cancelled bool) Envelope {
	if cancelled {
		return endRecord(id, JobCancelled, reasonCancelled)
	}
	return endRecord(id, JobInterrupted, reasonInterrupted)
}

// lease takes the lease of a job that is to run. It returns [ErrLease] where the job runs already.
func (j *Jobs) lease(ctx context.Context, job *Job) error {
	for {
		lease, err := job.log.Lease(ctx, job.topic, job.owner, leaseTime)
		switch {
		case err == nil && lease.Cancelled:
			// That was for the run before, whose process died. The end of that run gives the lease back.
			if err := job.appendEnd(ctx, lapsedEnd(job.id, true)); err != nil {
				return err
			}
			continue
		case !errors.Is(err, ErrLease):
			job.lapses = lease.Lapses
			return err
		}
		page, err := j.read(ctx, job.topic, job.history)
		if err != nil {
			return err
		}
		if page.Owner != "" && !strings.HasPrefix(page.Owner, lookerPrefix) {
			return ErrLease
		}
		if err := sleep(ctx, lookerPause); err != nil {
			return err
		}
	}
}

// sleep waits, and returns why ctx ended where that is sooner.
func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// reap publishes, every now and then, the end of jobs whose process died: pages that watch them would not learn it otherwise. It
// returns when the layer is closed.
func (j *Jobs) reap() {
	defer close(j.reaped)
	for sleep(j.closing, reapEvery) == nil {
		if j.layer.history(jobGroup) == nil {
			continue
		}
		ctx, cancel := context.WithTimeout(j.closing, reapEvery)
		if _, err := j.Interrupted(ctx); err != nil && j.closing.Err() == nil {
			slog.Warn("ws: jobs whose process died not all found; the next attempt is in ten seconds", "error", err)
		}
		cancel()
	}
}
