package ws

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"strings"
	"sync/atomic"
)

// Job is one run of a job: what its function has to say, and what the run before left to it. Its methods are safe for
// concurrent use.
type Job struct {
	id      string
	topic   string
	history History
	log     Log
	owner   string // names this run, for the lease

	ctx    context.Context // what the function gets
	cancel context.CancelCauseFunc

	ready      chan struct{} // closed when the next two are set
	started    bool          // it runs
	checkpoint *Message      // what the run before saved last

	ended atomic.Bool   // its end has been, or is being published
	over  chan struct{} // closed when it is taken out of Jobs
}

// ID returns the job's id.
func (j *Job) ID() string { return j.id }

// Send sends a message, say progress, to the pages that watch the job: to the group job:<id>. It is kept before Send returns.
// After the job's end Send returns [ErrJobEnded]; and where ctx is the one that the job's function got, it ends with the
// request to stop, so use context.WithoutCancel for what has to be said after that.
func (j *Job) Send(ctx context.Context, m Message) error {
	return j.put(ctx, m, "send", j.log.Append)
}

// Save saves a checkpoint, which replaces the one before: the state of things after all that was sent so far. It is what a page
// gets whose history is not whole any more, and what the next run of the job gets if this one comes to an end without a result.
// Its errors are those of Send.
func (j *Job) Save(ctx context.Context, m Message) error {
	m.Key = ""
	return j.put(ctx, m, "save", j.log.Save)
}

// put gives a message to the log.
func (j *Job) put(ctx context.Context, m Message, verb string, to func(context.Context, string, Append) (Position, error)) error {
	if err := m.check(); err != nil {
		return err
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	e := Envelope{Data: m.Data, Binary: m.Binary, Key: m.Key}
	_, err := to(ctx, j.topic, Append{History: j.history, Envelope: e, Owner: j.owner})
	if errors.Is(err, ErrLease) && j.ended.Load() {
		err = ErrJobEnded // which gave the lease back
	}
	if err != nil {
		return fmt.Errorf("ws: %s for job %q: %w", verb, j.id, err)
	}
	return nil
}

// Checkpoint returns what the run before saved last, if there was one and it came to an end without a result.
func (j *Job) Checkpoint() (m Message, ok bool) {
	if j.checkpoint == nil {
		return Message{}, false
	}
	return Message{Data: bytes.Clone(j.checkpoint.Data), Binary: j.checkpoint.Binary}, true
}

// await waits until it is clear whether a job that another caller starts will run. Where it turned out that it is not to run,
// or could not, or is just ending, the answer is neither: look again.
func (j *Job) await(ctx context.Context) (running bool, err error) {
	select {
	case <-j.ready:
	case <-ctx.Done():
		return false, context.Cause(ctx)
	}
	if j.started && !j.ended.Load() {
		return true, nil
	}
	select {
	case <-j.over:
		return false, nil
	case <-ctx.Done():
		return false, context.Cause(ctx)
	}
}

// running reports whether the job has started.
func (j *Job) running() bool {
	select {
	case <-j.ready:
		return j.started
	default:
		return false
	}
}

// jobFailure is an error whose reason pages may see.
type jobFailure struct{ reason string }

func (e *jobFailure) Error() string { return e.reason }

// maxJobReason is the length of the longest reason that pages are told, in bytes.
const maxJobReason = 1024

// FailJob returns an error for the function of a job to return, alone or wrapped: the job has failed, and pages are told this
// reason, cut to 1024 bytes. What other errors say is for the log alone.
func FailJob(reason string) error {
	reason = strings.ToValidUTF8(reason, "?")
	if len(reason) > maxJobReason {
		reason = strings.ToValidUTF8(reason[:maxJobReason], "")
	}
	return &jobFailure{reason: reason}
}

// What pages are told where the function did not give a reason.
const (
	reasonFailed      = "the job failed"
	reasonInternal    = "internal error"
	reasonCancelled   = "cancelled on request"
	reasonInterrupted = "the service stopped before the job was done"
)

// jobEnd is what is sent in place of a result.
type jobEnd struct {
	Job    string   `json:"job"`
	State  JobState `json:"state"`
	Reason string   `json:"reason"`
}

// endRecord returns the record that ends a job without a result.
func endRecord(id string, state JobState, reason string) Envelope {
	data, err := json.Marshal(jobEnd{Job: id, State: state, Reason: reason})
	if err != nil {
		panic(err) // three strings always have a form in JSON
	}
	return Envelope{Data: data, End: state, Reason: reason}
}

// call calls the job's function, and returns the record that ends the job.
func (j *Job) call(fn JobFunc) (end Envelope) {
	returned := false
	defer func() {
		if returned {
			return
		}
		what := recover()
		if what == nil {
			what = "the goroutine was ended, as by testing.T.FailNow"
		}
		slog.Error("ws: panic in a job", "job", j.id, "panic", what, stackKey, string(debug.Stack()))
		end = endRecord(j.id, JobFailed, reasonInternal)
	}()
	result, err := fn(j.ctx, j)
	returned = true
	if err == nil {
		err = result.check()
	}
	if err != nil {
		return j.failed(err)
	}
	return Envelope{Data: result.Data, Binary: result.Binary, End: JobDone}
}

// failed returns the record that ends a job whose function returned an error.
func (j *Job) failed(err error) Envelope {
	state, reason := endOf(context.Cause(j.ctx))
	var told *jobFailure
	if errors.As(err, &told) {
		reason = told.reason
	}
	if state == JobFailed {
		slog.Error("ws: job failed", "job", j.id, "error", err)
	} else {
		slog.Info("ws: job ended early", "job", j.id, "state", string(state), "error", err)
	}
	return endRecord(j.id, state, reason)
}

// endOf returns how a job has ended that did not finish, by what it was told: the cause of its context's end, or nil.
func endOf(cause error) (state JobState, reason string) {
	switch {
	case cause == nil:
		return JobFailed, reasonFailed
	case errors.Is(cause, ErrJobCancelled):
		return JobCancelled, reasonCancelled
	default:
		return JobInterrupted, reasonInterrupted
	}
}

// publish appends the record that ends the job, unless another has done so, and gives the lease back with it.
func (j *Job) publish(ctx context.Context, end Envelope) {
	if !j.ended.CompareAndSwap(false, true) {
		return
	}
	if _, err := j.log.Append(ctx, j.topic, Append{History: j.history, Envelope: end, Owner: j.owner}); err != nil {
		slog.Error("ws: end of a job not published", "job", j.id, "state", string(end.End), "error", err)
		return
	}
	slog.Debug("ws: job ended", "job", j.id, "state", string(end.End))
}
