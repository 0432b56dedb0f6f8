package ws

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"strings"
	"sync"
	"time"
)

// Jobs whose records outlive their process. Their leases lapse: while a job runs, its tenant renews its lease. Where the process dies,
// whichever other finds out first publishes the job's end.

const (
	// cancelTopic, followed by a job's id, is the topic by which another process asks the one that runs the job to cancel it.
	cancelTopic = "cancel:"
	// lookerPrefix is what an owner begins with that takes a lease only to publish the end of a job whose process died.
	lookerPrefix = "~"
	// lookerPause is how long somebody waits for a looker before he tries again.
	lookerPause = 20 * time.Millisecond
	// reapEvery is how often jobs whose process died are looked for.
	reapEvery = 10 * time.Second
)

// Appending the end of a job.
const (
	endTimeout  = 5 * time.Second
	endPause    = 50 * time.Millisecond // after the first attempt that failed; it doubles up to
	endPauseMax = 5 * time.Second
)

// tenant keeps the lease of a job of this process.
type tenant struct {
	remote           *remote
	id, topic, owner string
	over             chan struct{} // closed when the lease is given back

	mu    sync.Mutex // guards the rest; held while the lease is renewed
	ended bool       // the lease is being given back
	lost  bool       // it is not renewed any more, and the job was told to stop
}

// Lease implements [Log]: what it gives is renewed until it is given back.
func (r *remote) Lease(ctx context.Context, topic, owner string, d time.Duration) (Lease, error) {
	if err := r.take(ctx, topic, owner, d); err != nil {
		return Lease{}, err
	}
	t := &tenant{remote: r, id: strings.TrimPrefix(topic, groupTopic+jobGroup), topic: topic, owner: owner, over: make(chan struct{})}
	r.mu.Lock()
	r.tenants[topic] = t
	r.mu.Unlock()
	go t.renew()
	// Without this it would hear of a cancel only when it renews the lease. A Gap says that a request may have been missed.
	err := r.layer.listen(ctx, cancelTopic+t.id, func(e Envelope) {
		if !e.Gap {
			t.stop(ErrJobCancelled)
		}
	})
	return Lease{}, err
}

// take takes a lease. It returns [ErrLease] where a job runs, but waits for lookers.
func (r *remote) take(ctx context.Context, topic, owner string, d time.Duration) error {
	for {
		lease, err := r.Remote.Lease(ctx, topic, owner, d)
		switch {
		case err == nil && lease.Cancelled:
			// That was for the run before, whose process died. The end of that run gives the lease back.
			if err := r.appendLapsed(ctx, topic, owner, true); err != nil {
				return err
			}
			continue
		case !errors.Is(err, ErrLease):
			return err
		}
		page, err := r.look(ctx, topic)
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

// renew renews the lease until it is given back. Where another process has it, or may have it by now, the job is told to stop.
func (t *tenant) renew() {
	ticker := time.NewTicker(leaseTime / 3)
	defer ticker.Stop()
	for held := time.Now(); ; {
		select {
		case <-t.over:
			return
		case <-ticker.C:
		}
		began := time.Now()
		err := t.renewOnce(held)
		switch {
		case err == nil:
			held = began
		case errors.Is(err, ErrLease), time.Since(held) > leaseTime*7/10:
			slog.Error("ws: job stopped, because another process may run it by now", "job", t.id, "error", err)
			t.mu.Lock()
			t.lost = true
			t.mu.Unlock()
			t.stop(fmt.Errorf("%w: lease lost: %w", ErrJobInterrupted, err))
			return
		default:
			slog.Warn("ws: lease of a job not renewed", "job", t.id, "error", err)
		}
	}
}

// renewOnce renews the lease, which was held at some time, but not while the job's end gives it back, and learns whether the job is
// cancelled.
func (t *tenant) renewOnce(held time.Time) error {
	ctx, cancel := context.WithTimeout(context.Background(), leaseTime/4)
	defer cancel()
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.ended {
		return nil
	}
	if time.Since(held) > leaseTime { // this process stood still
		return t.regain(ctx)
	}
	lease, err := t.remote.Remote.Lease(ctx, t.topic, t.owner, leaseTime)
	if lease.Cancelled {
		t.stop(ErrJobCancelled)
	}
	return err
}

// stop tells the job to stop.
func (t *tenant) stop(cause error) {
	jobs := t.remote.layer.jobs
	jobs.mu.Lock()
	defer jobs.mu.Unlock()
	if job := jobs.jobs[t.id]; job != nil && job.owner == t.owner {
		job.cancel(cause)
	}
}

// tenant returns who keeps the lease of an owner, or nil.
func (r *remote) tenant(topic, owner string) *tenant {
	r.mu.Lock()
	defer r.mu.Unlock()
	if t := r.tenants[topic]; t != nil && t.owner == owner {
		return t
	}
	return nil
}

// settle has the lease not renewed any more. What it returns is to be called when it is given back.
func (t *tenant) settle() (moveOut func()) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.ended = true
	return func() {
		r := t.remote
		r.mu.Lock()
		delete(r.tenants, t.topic)
		r.mu.Unlock()
		close(t.over)
		ctx, cancel := context.WithTimeout(context.Background(), forgetTimeout)
		defer cancel()
		if err := r.layer.unlisten(ctx, cancelTopic+t.id); err != nil {
			slog.Warn("ws: job ended, but its subscription remains", "job", t.id, "error", err)
		}
	}
}

// Release implements [Log].
func (r *remote) Release(ctx context.Context, topic, owner string) error {
	if t := r.tenant(topic, owner); t != nil {
		defer t.settle()()
	}
	return r.Remote.Release(ctx, topic, owner)
}

// Append implements [Log]. The end of a job is appended as soon as the server can be reached, until ctx ends: nobody would ever learn
// how the job ended.
func (r *remote) Append(ctx context.Context, topic string, a Append) (Position, error) {
	t := r.tenant(topic, a.Owner)
	if t == nil || a.Envelope.End == "" {
		return t.put(ctx, topic, a, r.Remote.Append)
	}
	defer t.settle()()
	at, err := r.try(ctx, topic, a)
	for pause := endPause; err != nil; pause = min(2*pause, endPauseMax) {
		if errors.Is(err, ErrLayerClosed) || ctx.Err() != nil {
			return at, err
		}
		slog.Warn("ws: end of a job not published yet", "job", t.id, "state", string(a.Envelope.End), "error", err)
		_ = sleep(ctx, pause) // what follows says whether ctx has ended
		var done bool
		done, err = t.again(ctx, errors.Is(err, ErrLease))
		if done {
			return at, err
		}
		if err == nil {
			at, err = r.try(ctx, topic, a)
		}
	}
	return at, nil
}

// try appends the end of a job once.
func (r *remote) try(ctx context.Context, topic string, a Append) (Position, error) {
	ctx, cancel := context.WithTimeout(ctx, endTimeout)
	defer cancel()
	return r.Remote.Append(ctx, topic, a)
}

// again makes sure of the lease before another attempt to append the end. There is none to be made where an attempt that seemed to
// fail was successful, or where another process has the job, or has ended it. Refused says that the last attempt had no effect
// for want of the lease: where the stream does not end either, the server has lost it with all that it had.
func (t *tenant) again(ctx context.Context, refused bool) (done bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, endTimeout)
	defer cancel()
	page, err := t.remote.look(ctx, t.topic)
	if err != nil {
		return false, err
	}
	lost := page.Top == 0 || refused && page.End == nil
	if page.Owner == "" && !page.Lapsed && !lost {
		return true, nil
	}
	_, err = t.remote.Remote.Lease(ctx, t.topic, t.owner, leaseTime)
	return errors.Is(err, ErrLease), err
}

// Save implements [Log].
func (r *remote) Save(ctx context.Context, topic string, a Append) (Position, error) {
	return r.tenant(topic, a.Owner).put(ctx, topic, a, r.Remote.Save)
}

// put appends or saves. Where nobody holds the lease any more, it is taken again: the server has lost it with all that it had, or this
// process stood still for too long. The tenant may be nil.
func (t *tenant) put(ctx context.Context, topic string, a Append, to func(context.Context, string, Append) (Position, error)) (Position, error) {
	at, err := to(ctx, topic, a)
	if t == nil || !errors.Is(err, ErrLease) {
		return at, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.ended || t.lost {
		return at, err
	}
	if err := t.regain(ctx); err != nil {
		return at, err
	}
	return to(ctx, topic, a)
}

// regain takes the lease again that was lost. Where the job has ended meanwhile, by another process or by a cancel, the error is
// ErrLease: a second run must not follow the result of the first. One that was only found to be interrupted goes on.
func (t *tenant) regain(ctx context.Context) error {
	done, err := t.again(ctx, true)
	if done && err == nil {
		err = ErrLease
	}
	return err
}

// Cancel implements [Log].
func (r *remote) Cancel(ctx context.Context, topic string) error {
	if err := r.Remote.Cancel(ctx, topic); err != nil {
		return err
	}
	id := strings.TrimPrefix(topic, groupTopic+jobGroup)
	if err := r.Publish(ctx, cancelTopic+id, Envelope{Event: "cancel"}); err != nil {
		slog.Debug("ws: job not told at once that it is cancelled", "job", id, "error", err) // but with its next renewal
	}
	return nil
}

// Lapsed implements [Log]. Of the jobs whose process died it publishes that, if nobody has.
func (r *remote) Lapsed(ctx context.Context) ([]string, error) {
	topics, err := r.Remote.Lapsed(ctx)
	errs := []error{err}
	var interrupted []string
	for _, topic := range topics {
		id, ok := strings.CutPrefix(topic, groupTopic+jobGroup)
		if !ok || r.layer.history(jobGroup) == nil {
			continue
		}
		is, err := r.interrupted(ctx, topic)
		if err != nil {
			errs = append(errs, fmt.Errorf("publish that job %q was interrupted: %w", id, err))
		}
		if is {
			interrupted = append(interrupted, topic)
		}
	}
	return interrupted, errors.Join(errs...)
}

// interrupted reports whether the job of a stream without an owner was interrupted, and publishes it if nobody has.
func (r *remote) interrupted(ctx context.Context, topic string) (bool, error) {
	page, err := r.look(ctx, topic)
	switch {
	case err != nil:
		return false, err
	case !page.Lapsed || ends(page, JobDone):
		return false, nil // it was started again, or what lapsed was the lease of one who looked
	case ends(page, JobInterrupted):
		return true, nil
	}
	looker := lookerPrefix + r.layer.node + "." + strings.ToLower(rand.Text()[:10])
	lease, err := r.Remote.Lease(ctx, topic, looker, leaseTime)
	if errors.Is(err, ErrLease) {
		return false, nil // it was started again, or another process publishes it
	}
	if err == nil {
		page, err = r.look(ctx, topic)
	}
	known := ends(page, JobDone) || ends(page, JobInterrupted) && !lease.Cancelled
	if err == nil && !known {
		err = r.appendLapsed(ctx, topic, looker, lease.Cancelled)
	}
	if err != nil || known {
		if err := r.Remote.Release(context.WithoutCancel(ctx), topic, looker); err != nil {
			slog.Warn("ws: lease of a job not given back", "topic", topic, "error", err)
		}
	}
	return err == nil && !ends(page, JobDone) && !lease.Cancelled, err
}

// ends reports whether a stream ends with this state.
func ends(p Page, state JobState) bool { return p.End != nil && p.End.End == state }

// appendLapsed appends the end of a job whose process died.
func (r *remote) appendLapsed(ctx context.Context, topic, owner string, cancelled bool) error {
	state, reason := JobInterrupted, reasonInterrupted
	if cancelled {
		state, reason = JobCancelled, reasonCancelled
	}
	end := endRecord(strings.TrimPrefix(topic, groupTopic+jobGroup), state, reason)
	_, err := r.Remote.Append(ctx, topic, Append{History: *r.layer.history(jobGroup), Envelope: end, Owner: owner})
	return err
}

// look reads the state of a job's stream.
func (r *remote) look(ctx context.Context, topic string) (Page, error) {
	return r.Remote.Read(ctx, topic, *r.layer.history(jobGroup), math.MaxUint64, lookOnly)
}

// reap publishes, every now and then, the end of jobs whose process died: pages that watch them would not learn it otherwise. It
// returns when the layer is closed.
func (r *remote) reap() {
	defer close(r.reaped)
	for sleep(r.closing, reapEvery) == nil {
		if r.layer.history(jobGroup) == nil {
			continue
		}
		ctx, cancel := context.WithTimeout(r.closing, reapEvery)
		if _, err := r.Lapsed(ctx); err != nil && r.closing.Err() == nil {
			slog.Warn("ws: jobs whose process died not all found; the next attempt is in ten seconds", "error", err)
		}
		cancel()
	}
}
