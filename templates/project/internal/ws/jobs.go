package ws

import (
	"bytes"
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

// Jobs starts work that outlives the socket or the request that asked for it, see [Layer.Jobs]. A job publishes to the group
// job:<id>, whose family keeps history: any page that joins it gets all that is kept, then what comes, and last the job's end,
// with its result or the reason why there is none. The result is kept for [ResultTTL].
//
// The group is the job's own: what others send to it is kept as well, but where that comes after the end, it takes the place of
// the result, and the job may run again.
//
// Where the layer is in memory a job dies with the process, and pages that come back are told that the service restarted.
//
// All methods are safe for concurrent use. They return [ErrJobID] for an id that no job can have, and [ErrNoHistory] where the
// family job keeps no history.
type Jobs struct {
	layer *Layer

	closed    context.Context // ends with the layer
	setClosed context.CancelFunc

	mu       sync.Mutex      // guards the rest
	jobs     map[string]*Job // of this process that are starting or not over, by id
	stopping int             // drains in whose last seconds no job may start
	idle     chan struct{}   // made by who waits; closed when there is no job
}

// JobFunc is what a job does. Its context ends when it is to stop, see [Jobs.Start]. What it returns is the job's result.
type JobFunc = func(ctx context.Context, j *Job) (Message, error)

// JobStatus is how a job is.
type JobStatus struct {
	State      JobState
	Reason     string   // why it ended, unless it is done
	Result     *Message // where it is done
	Checkpoint *Message // what it saved last, or nil
}

// Errors of jobs, for errors.Is. The last two are causes too: context.Cause tells the function of a job why it is to stop.
var (
	ErrJobID          = fmt.Errorf("ws: the id of a job is 1 to %d bytes of printable UTF-8", maxJobID)
	ErrNoJob          = errors.New("ws: there is no such job, or its end is forgotten")
	ErrJobRunning     = errors.New("ws: the job is running")
	ErrJobEnded       = errors.New("ws: the job has ended")
	ErrJobCancelled   = errors.New("ws: the job was cancelled")
	ErrJobInterrupted = errors.New("ws: the service is stopping; the job can be started again after it")
)

const (
	// jobGroup, followed by a job's id, is the group that the job publishes to.
	jobGroup = "job:"
	// maxJobID is the length of the longest id of a job, in bytes.
	maxJobID = maxGroupName - len(jobGroup)
	// leaseTime is how long another process takes a job for running that it has heard nothing of.
	leaseTime = 10 * time.Second
)

// newJobs returns the jobs of a layer.
func newJobs(l *Layer) *Jobs {
	j := &Jobs{layer: l, jobs: make(map[string]*Job)}
	j.closed, j.setClosed = context.WithCancel(context.Background())
	return j
}

// Jobs returns the layer's jobs. They need the family job to keep history: `streams: {job: {}}` in wsgen.yaml.
func (l *Layer) Jobs() *Jobs { return l.jobs }

// Start runs fn as the job of this id, and returns when it has begun. Where the job is running already, in this process or in
// another, or is done and its result is kept, nothing happens, and started is false. A job that failed, was cancelled or was
// interrupted runs again, on the same stream, and gets its last checkpoint.
//
// The context that fn gets has the values of ctx, but does not end with it: it ends when the job is cancelled
// ([ErrJobCancelled]), when the service stops ([ErrJobInterrupted]: two seconds before the end of a drain, or when the layer is
// closed), and when fn has returned. The error of fn ends the job as failed, or, after such a request to stop, as cancelled or
// interrupted. A job that finishes all the same is done. A panic is logged, and ends the job as failed.
func (j *Jobs) Start(ctx context.Context, id string, fn JobFunc) (started bool, err error) {
	history, err := j.history(id)
	if err != nil {
		return false, err
	}
	for {
		if ctx.Err() != nil {
			return false, context.Cause(ctx)
		}
		job, mine, err := j.reserve(ctx, id, history)
		if err != nil {
			return false, fmt.Errorf("ws: start job %q: %w", id, err)
		}
		if mine {
			return j.begin(ctx, job, fn)
		}
		running, err := job.await(ctx)
		if running || err != nil {
			return false, err
		}
	}
}

// history returns the history of a job's stream.
func (j *Jobs) history(id string) (History, error) {
	if id == "" || checkGroup(jobGroup+id) != nil {
		return History{}, fmt.Errorf("%w: not %q", ErrJobID, clip(id))
	}
	return j.layer.historyOf(jobGroup + id)
}

// reserve returns the job of this id that is running or starting; where there is none, a new one, which is the caller's to begin.
func (j *Jobs) reserve(ctx context.Context, id string, h History) (job *Job, mine bool, err error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	switch {
	case j.closed.Err() != nil:
		return nil, false, ErrLayerClosed
	case j.stopping > 0:
		return nil, false, ErrJobInterrupted
	case j.jobs[id] != nil:
		return j.jobs[id], false, nil
	}
	j.jobs[id] = j.newJob(ctx, id, h)
	return j.jobs[id], true, nil
}

// newJob returns a run of a job that nobody knows yet.
func (j *Jobs) newJob(ctx context.Context, id string, h History) *Job {
	job := &Job{
		id:      id,
		topic:   groupTopic + jobGroup + id,
		history: h,
		log:     j.layer.log,
		owner:   j.layer.node + "." + strings.ToLower(rand.Text()[:10]),
		ready:   make(chan struct{}),
		over:    make(chan struct{}),
	}
	job.ctx, job.cancel = context.WithCancelCause(context.WithoutCancel(ctx))
	return job
}

// begin finds out whether the job is to run, and runs it.
func (j *Jobs) begin(ctx context.Context, job *Job, fn JobFunc) (started bool, err error) {
	defer close(job.ready)
	job.started, err = j.acquire(ctx, job)
	if !job.started {
		j.remove(job)
		if err != nil {
			return false, fmt.Errorf("ws: start job %q: %w", job.id, err)
		}
		return false, nil
	}
	slog.Debug("ws: job started", "job", job.id, "checkpoint", job.checkpoint != nil)
	go j.run(job, fn)
	return true, nil
}

// acquire takes the lease of a job, and reports whether the job is to run.
func (j *Jobs) acquire(ctx context.Context, job *Job) (ok bool, err error) {
	_, err = job.log.Lease(ctx, job.topic, job.owner, leaseTime)
	if errors.Is(err, ErrLease) {
		return false, nil // it runs
	}
	if err == nil {
		ok, err = j.prepare(ctx, job)
	}
	if !ok {
		j.release(job) // also where the log failed: it may have given it
	}
	return ok, err
}

// prepare makes a job ready whose lease is taken, and reports whether it is to run: not where it is done.
func (j *Jobs) prepare(ctx context.Context, job *Job) (ok bool, err error) {
	page, err := j.read(ctx, job.topic, job.history)
	if err != nil || page.End != nil && page.End.End == JobDone {
		return false, err
	}
	job.checkpoint = message(page.Snapshot)
	return true, nil
}

// release gives back a lease that was taken for nothing, or may have been.
func (j *Jobs) release(job *Job) {
	ctx, cancel := context.WithTimeout(context.Background(), forgetTimeout)
	defer cancel()
	if err := job.log.Release(ctx, job.topic, job.owner); err != nil {
		slog.Warn("ws: lease of a job not given back", "job", job.id, "error", err)
	}
}

// run runs the job until its end is published.
func (j *Jobs) run(job *Job, fn JobFunc) {
	end := endRecord(job.id, JobFailed, reasonInternal)
	defer func() { // also where fn ended the goroutine
		job.publish(j.closed, end)
		j.remove(job)
	}()
	end = job.call(fn)
}

// remove takes out a job that is over, or that nobody waits for any longer.
func (j *Jobs) remove(job *Job) {
	job.cancel(nil)
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.jobs[job.id] != job {
		return // abandoned before
	}
	delete(j.jobs, job.id)
	close(job.over)
	j.settle()
}

// Cancel asks a job to stop, in whichever process it runs, and does not wait until it has: its end is published like any other.
// Cancelling a job that has ended does nothing. Where no such job is known, Cancel returns [ErrNoJob]. The request is kept with the
// job's stream: a process that has no connection to the backend's server just then sees it when it renews its lease, and the job
// of one that has died ends as cancelled.
func (j *Jobs) Cancel(ctx context.Context, id string) error {
	history, err := j.history(id)
	if err != nil {
		return err
	}
	if j.cancelHere(id) {
		return nil
	}
	page, err := j.read(ctx, groupTopic+jobGroup+id, history)
	switch {
	case err != nil:
	case stateOf(page) == "":
		return ErrNoJob
	case page.Owner != "" || page.End == nil:
		err = j.layer.log.Cancel(ctx, groupTopic+jobGroup+id)
	}
	if err != nil {
		return fmt.Errorf("ws: cancel job %q: %w", id, err)
	}
	return nil
}

// cancelHere asks a job of this process to stop, and reports whether there is one.
func (j *Jobs) cancelHere(id string) bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	job := j.jobs[id]
	if job == nil {
		return false
	}
	job.cancel(ErrJobCancelled)
	return true
}

// Status returns how a job is, in whichever process it runs or ran. Where no such job is known, it returns [ErrNoJob].
func (j *Jobs) Status(ctx context.Context, id string) (JobStatus, error) {
	history, err := j.history(id)
	if err != nil {
		return JobStatus{}, err
	}
	page, err := j.read(ctx, groupTopic+jobGroup+id, history)
	if err != nil {
		return JobStatus{}, fmt.Errorf("ws: status of job %q: %w", id, err)
	}
	st := JobStatus{State: stateOf(page), Checkpoint: message(page.Snapshot)}
	switch {
	case st.State == "":
		return JobStatus{}, ErrNoJob
	case st.State == JobDone:
		st.Result = message(page.End)
	case st.State != JobRunning && page.End != nil:
		st.Reason = page.End.Reason
	case st.State == JobInterrupted:
		st.Reason = reasonInterrupted
	}
	return st, nil
}

// stateOf returns the state of a job by its stream, or "" where there is no job.
func stateOf(p Page) JobState {
	switch {
	case p.Owner != "":
		return JobRunning
	case p.End != nil && p.End.End == JobDone:
		return JobDone // and will not run again: what lapsed was the lease of one who looked
	case p.Lapsed:
		return JobInterrupted
	case p.End != nil:
		return p.End.End
	}
	return ""
}

// Forget drops all that is kept of a job that is not running: its messages, its checkpoint and its result. It can be started
// anew then, as if it had never been. A running one returns [ErrJobRunning].
func (j *Jobs) Forget(ctx context.Context, id string) error {
	if _, err := j.history(id); err != nil {
		return err
	}
	err := j.layer.log.Forget(ctx, groupTopic+jobGroup+id)
	if errors.Is(err, ErrLease) {
		err = ErrJobRunning
	}
	if err != nil {
		return fmt.Errorf("ws: forget job %q: %w", id, err)
	}
	return nil
}

// read reads a stream's page without records.
func (j *Jobs) read(ctx context.Context, topic string, h History) (Page, error) {
	if ctx.Err() != nil {
		return Page{}, context.Cause(ctx)
	}
	return j.layer.log.Read(ctx, topic, h, math.MaxUint64, lookOnly)
}

// message returns a copy of what an envelope carries, or nil for none.
func message(e *Envelope) *Message {
	if e == nil {
		return nil
	}
	return &Message{Data: bytes.Clone(e.Data), Binary: e.Binary}
}
