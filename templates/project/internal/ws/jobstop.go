package ws

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"
)

// jobGrace is how long before the end of a drain its jobs are told to stop: their time to save a checkpoint and return.
const jobGrace = 2 * time.Second

// drain has the jobs told to stop in time for the end of ctx, and no new one started then, until the drain is over.
func (j *Jobs) drain(ctx context.Context) (over func()) {
	stop, cancel := context.WithCancel(ctx)
	if deadline, ok := ctx.Deadline(); ok {
		cancel()
		stop, cancel = context.WithDeadline(ctx, deadline.Add(-min(jobGrace, time.Until(deadline)/2)))
	}
	unheard := context.AfterFunc(stop, j.interrupt)
	return func() {
		if !unheard() {
			j.mu.Lock()
			defer j.mu.Unlock()
			j.stopping--
		}
		cancel()
	}
}

// interrupt tells the jobs to stop, and has no new one started.
func (j *Jobs) interrupt() {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.stopping++
	for _, job := range j.jobs {
		job.cancel(ErrJobInterrupted)
	}
}

// none returns a channel that is closed when there is no job.
func (j *Jobs) none() <-chan struct{} {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.idle == nil {
		j.idle = make(chan struct{})
	}
	idle := j.idle
	j.settle()
	return idle
}

// settle tells those who wait that there is no job, if that is so; j.mu is held.
func (j *Jobs) settle() {
	if len(j.jobs) == 0 && j.idle != nil {
		close(j.idle)
		j.idle = nil
	}
}

// abandon says of all jobs that do not stop how they have ended, since nobody waits for them any longer, and returns how many
// there were.
func (j *Jobs) abandon(ctx context.Context) (left int) {
	j.mu.Lock()
	var jobs []*Job
	for _, job := range j.jobs {
		if job.running() {
			jobs = append(jobs, job)
		}
	}
	j.mu.Unlock()
	var wg sync.WaitGroup
	for _, job := range jobs {
		wg.Add(1)
		go func() {
			defer wg.Done()
			slog.Warn("ws: job left behind; its function should return when its context ends", "job", job.id)
			job.cancel(ErrJobInterrupted) // unless it was told before
			state, reason := endOf(context.Cause(job.ctx))
			job.publish(ctx, endRecord(job.id, state, reason))
			j.remove(job)
		}()
	}
	wg.Wait()
	return len(jobs)
}

// errJobsLeft says how many jobs did not stop in time.
func errJobsLeft(n int, cause error) error {
	if n == 0 {
		return nil
	}
	return fmt.Errorf("ws: drain: %d jobs left behind whose functions did not return: %w", n, cause)
}

// close ends the jobs with the layer.
func (j *Jobs) close() {
	defer j.setClosed()
	j.interrupt()
	timer := time.NewTimer(jobGrace)
	defer timer.Stop()
	select {
	case <-j.none():
		return
	case <-timer.C:
	}
	ctx, cancel := context.WithTimeout(context.Background(), farewell)
	defer cancel()
	j.abandon(ctx)
}

// Interrupted lists the jobs that were interrupted, by the end of the service in good order or by its death, and were neither
// started again since nor forgotten. Ask for them when the service starts, and start them again. Where the error is not nil, the
// list may not be complete.
//
// A process is taken for dead that was not heard of for ten seconds, so ask again after that time: a service that starts at once in
// place of one that died is too early. A layer in memory knows the jobs of this process alone.
func (j *Jobs) Interrupted(ctx context.Context) (ids []string, err error) {
	if _, err := j.layer.historyOf(jobGroup); err != nil {
		return nil, err
	}
	topics, err := j.layer.log.Lapsed(ctx)
	for _, topic := range topics {
		if id, ok := strings.CutPrefix(topic, groupTopic+jobGroup); ok && id != "" {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	if err != nil {
		return ids, fmt.Errorf("ws: list interrupted jobs: %w", err)
	}
	return ids, nil
}
