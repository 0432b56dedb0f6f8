package ws

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"
)

// die is a job that saves a checkpoint, and then loses its server for good, as by kill -9 of its process.
func die(link *leaseProcess) JobFunc {
	return func(ctx context.Context, j *Job) (Message, error) {
		err := j.Save(ctx, Text("half"))
		fail(&link.refuse, "")
		<-ctx.Done()
		return Message{}, err
	}
}

// TestJobOfADeadProcessIsPublished though nobody asks, by one of the others.
func TestJobOfADeadProcessIsPublished(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := newLeaseServer(t)
		a, link := server.process(t)
		b, _ := server.watcher(t)
		server.watcher(t)
		begin(t, a, die(link))
		time.Sleep(2*reapEvery + time.Second)
		for range 3 {
			if got := server.ends(t); got != "[interrupted]" {
				t.Fatalf("ends %s", got)
			}
			time.Sleep(reapEvery)
		}
		expect(t, b, JobInterrupted, "[1]")
		begin(t, b, finish)
		time.Sleep(2 * reapEvery)
		if got := server.ends(t); got != "[interrupted done]" {
			t.Errorf("ends %s", got)
		}
	})
}

// TestReaperAfterAFailure: it tries again, and ends with the layer.
func TestReaperAfterAFailure(t *testing.T) {
	for _, call := range []string{"lapsed", "lease", "read", "append"} {
		t.Run(call, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server := newLeaseServer(t)
				a, link := server.process(t)
				_, other := server.watcher(t)
				begin(t, a, die(link))
				fail(&other.refuse, call)
				time.Sleep(3 * reapEvery)
				if got := server.ends(t); got != "[]" {
					t.Fatalf("ends %s", got)
				}
				other.refuse.Store(nil)
				time.Sleep(reapEvery + time.Second)
				if got := server.ends(t); got != "[interrupted]" {
					t.Errorf("ends %s", got)
				}
			})
		})
	}
}

// TestCancelThatIsNotHeard: the process that runs the job learns of it when it renews its lease.
func TestCancelThatIsNotHeard(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := newLeaseServer(t)
		a, _ := server.process(t)
		b, other := server.process(t)
		begin(t, a, func(ctx context.Context, _ *Job) (Message, error) {
			<-ctx.Done()
			return Message{}, context.Cause(ctx)
		})
		fail(&other.refuse, "publish")
		if err := b.Jobs().Cancel(t.Context(), "1"); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		expect(t, b, JobRunning, "[]")
		time.Sleep(leaseTime / 2)
		expect(t, b, JobCancelled, "[]")
		// The next run is another matter.
		begin(t, b, func(context.Context, *Job) (Message, error) {
			time.Sleep(3 * leaseTime)
			return Text("result"), nil
		})
		time.Sleep(4 * leaseTime)
		expect(t, a, JobDone, "[]")
	})
}

// TestCancelOfADeadProcess: its job ends as cancelled, whoever publishes that, unless it has ended as interrupted before.
func TestCancelOfADeadProcess(t *testing.T) {
	look := func(state JobState, interrupted string) func(*testing.T, *Layer) {
		return func(t *testing.T, l *Layer) {
			if _, err := l.Jobs().Interrupted(t.Context()); err != nil {
				t.Error(err)
			}
			expect(t, l, state, interrupted)
		}
	}
	for name, test := range map[string]struct {
		wait         time.Duration // before the request
		before, then func(*testing.T, *Layer)
		ends         string
	}{
		"at the next look":          {0, nil, look(JobCancelled, "[]"), "[cancelled]"},
		"when it has lapsed":        {leaseTime, nil, look(JobCancelled, "[]"), "[cancelled]"},
		"when it is started again":  {0, nil, func(t *testing.T, l *Layer) { begin(t, l, finish) }, "[cancelled done]"},
		"but not once it has ended": {leaseTime, look(JobInterrupted, "[1]"), look(JobInterrupted, "[1]"), "[interrupted]"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server := newLeaseServer(t)
				a, link := server.process(t)
				b, _ := server.process(t)
				begin(t, a, die(link))
				time.Sleep(test.wait)
				if test.before != nil {
					test.before(t, b)
				}
				if err := b.Jobs().Cancel(t.Context(), "1"); err != nil {
					t.Fatal(err)
				}
				time.Sleep(leaseTime)
				test.then(t, b)
				synctest.Wait()
				if got := server.ends(t); got != test.ends {
					t.Errorf("ends %s, want %s", got, test.ends)
				}
			})
		})
	}
}

// TestStartDuringALook: a lease that somebody holds only to publish the end of the run before is no reason not to start.
func TestStartDuringALook(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := newLeaseServer(t)
		a, link := server.process(t)
		b, _ := server.process(t)
		begin(t, a, die(link))
		time.Sleep(leaseTime)
		const topic = "group:job:1"
		if _, err := server.processes[1].Lease(t.Context(), topic, lookerPrefix+"x", leaseTime); err != nil {
			t.Fatal(err)
		}
		expect(t, b, JobInterrupted, "[]")
		short, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if started, err := b.Jobs().Start(short, "1", finish); started || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("started: %v, %v", started, err)
		}
		time.AfterFunc(time.Second, func() {
			if err := server.Release(context.Background(), topic, lookerPrefix+"x"); err != nil {
				t.Error(err)
			}
		})
		if !begin(t, b, finish) {
			t.Error("not started")
		}
	})
}

// TestServerThatLostAll: a job goes on when the server was started again with nothing, and its end is published.
func TestServerThatLostAll(t *testing.T) {
	for name, when := range map[string]time.Duration{"just before the end": 0, "before the lease is renewed": leaseTime, "for long": time.Hour} {
		for _, sends := range []bool{true, false} {
			t.Run(fmt.Sprint(name, ", it sends: ", sends), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					server := newLeaseServer(t)
					a, _ := server.process(t)
					b, _ := server.process(t)
					begin(t, a, func(ctx context.Context, j *Job) (Message, error) {
						if err := j.Send(ctx, Text("before")); err != nil {
							return Message{}, err
						}
						server.empty()
						if sends {
							if err := errors.Join(j.Send(ctx, Text("after")), j.Save(ctx, Text("state"))); err != nil {
								return Message{}, err
							}
						}
						time.Sleep(when)
						return Text("result"), ctx.Err()
					})
					time.Sleep(2 * time.Hour)
					expect(t, b, JobDone, "[]")
					if got := server.ends(t); got != "[done]" {
						t.Errorf("ends %s", got)
					}
				})
			})
		}
	}
}
