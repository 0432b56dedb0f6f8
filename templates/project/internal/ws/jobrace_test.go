package ws

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// hold has the next call of this name wait, before or after it took effect, until release is called.
func hold(at *atomic.Pointer[func(string) error], call string) (release func()) {
	released := make(chan struct{})
	f := func(c string) error {
		if c == call {
			<-released
		}
		return nil
	}
	at.Store(&f)
	return func() { at.Store(nil); close(released) }
}

// TestStartAsSoonAsItEnded: who has seen the end may start the job again at once, while its last run still waits for the log's
// answer; and that run takes nothing back.
func TestStartAsSoonAsItEnded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := newLeaseServer(t)
		a, link := server.process(t)
		b, _ := server.process(t)
		var release func()
		begin(t, a, func(context.Context, *Job) (Message, error) {
			release = hold(&link.lose, "append")
			return Message{}, FailJob("no luck")
		})
		synctest.Wait()
		time.Sleep(leaseTime / 2) // the lease would have been renewed
		expect(t, b, JobFailed, "[]")
		again := make(chan bool)
		go func() { again <- begin(t, a, finish) }()
		synctest.Wait()
		release()
		if !<-again {
			t.Error("not started again")
		}
		synctest.Wait()
		expect(t, b, JobDone, "[]")
		if got := server.ends(t); got != "[failed done]" {
			t.Errorf("ends %s", got)
		}
	})
}

// TestStartGivesUp when its caller does, whatever it waits for.
func TestStartGivesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := newLeaseServer(t)
		a, link := server.process(t)
		release := hold(&link.refuse, "lease")
		first := make(chan bool)
		go func() {
			first <- begin(t, a, func(context.Context, *Job) (Message, error) {
				release = hold(&link.lose, "append")
				return Message{}, nil
			})
		}()
		for range 2 { // while it starts, and while it ends
			synctest.Wait()
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			if started, err := a.Jobs().Start(ctx, "1", finish); started || !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("started: %v, %v", started, err)
			}
			cancel()
			release()
			synctest.Wait()
			select {
			case started := <-first:
				if !started {
					t.Error("the first did not start it")
				}
			default:
			}
		}
		expect(t, a, JobDone, "[]")
	})
}

// TestResultOfWhoLooked: somebody asks for the start of a job that is done, and dies with its lease. It is done all the same.
func TestResultOfWhoLooked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := newLeaseServer(t)
		a, _ := server.process(t)
		b, link := server.process(t)
		begin(t, a, finish)
		synctest.Wait()
		fail(&link.refuse, "release")
		if begin(t, b, finish) {
			t.Error("started again")
		}
		time.Sleep(leaseTime)
		link.refuse.Store(nil)
		for range 2 {
			expect(t, a, JobDone, "[]")
		}
		if got := server.ends(t); got != "[done]" {
			t.Errorf("ends %s", got)
		}
	})
}

// TestDrainWhileAJobStarts: one that comes late is told to stop before it begins, and pages learn it.
func TestDrainWhileAJobStarts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := newLeaseServer(t)
		a, link := server.process(t)
		b, _ := server.process(t)
		release := hold(&link.refuse, "lease")
		started := make(chan bool)
		go func() {
			started <- begin(t, a, func(ctx context.Context, _ *Job) (Message, error) { return Message{}, ctx.Err() })
		}()
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := NewRouter(DefaultLimits(), a, nil).Drain(ctx, 0); err != nil {
			t.Errorf("drain: %v", err)
		}
		release()
		if !<-started {
			t.Error("not started")
		}
		synctest.Wait()
		expect(t, b, JobInterrupted, "[1]")
		if got := server.ends(t); got != "[interrupted]" {
			t.Errorf("ends %s", got)
		}
	})
}
