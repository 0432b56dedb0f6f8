package ws

import (
	"context"
	"errors"
	"fmt"
	"math"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// ends returns how the job "1" has ended, each time that it did.
func (s *leaseServer) ends(t *testing.T) string {
	t.Helper()
	page, err := s.Read(context.Background(), "group:job:1", History{Messages: 100, Bytes: 1 << 20, TTL: time.Hour}, 0, math.MaxInt)
	if err != nil {
		t.Fatal(err)
	}
	var ends []string
	for _, e := range page.Records {
		if e.End != "" {
			ends = append(ends, string(e.End))
		}
	}
	return fmt.Sprint(ends)
}

// expect compares what Status and Interrupted say of the job "1".
func expect(t *testing.T, l *Layer, state JobState, interrupted string) {
	t.Helper()
	st, err := l.Jobs().Status(t.Context(), "1")
	if err != nil || st.State != state {
		t.Errorf("status %+v, %v, want %s", st, err, state)
	}
	if ids, err := l.Jobs().Interrupted(t.Context()); fmt.Sprint(ids) != interrupted || err != nil {
		t.Errorf("interrupted: %v, %v, want %s", ids, err, interrupted)
	}
}

// begin starts the job "1", and reports whether it runs.
func begin(t *testing.T, l *Layer, fn func(context.Context, *Job) (Message, error)) bool {
	t.Helper()
	started, err := l.Jobs().Start(t.Context(), "1", fn)
	if err != nil {
		t.Fatal(err)
	}
	return started
}

// finish is a job that is done at once.
func finish(context.Context, *Job) (Message, error) { return Text("result"), nil }

// TestLeaseIsRenewed: a long job is running for all processes, however long, and whatever short failures there are.
func TestLeaseIsRenewed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := newLeaseServer(t)
		a, link := server.process(t)
		b, _ := server.process(t)
		began := time.Now()
		begin(t, a, func(ctx context.Context, _ *Job) (Message, error) {
			time.Sleep(5 * time.Minute)
			return Text("result"), ctx.Err()
		})
		for time.Since(began) < 4*time.Minute {
			fail(&link.refuse, "")
			time.Sleep(6 * time.Second)
			link.refuse.Store(nil)
			time.Sleep(leaseTime / 2)
			if begin(t, b, finish) {
				t.Fatal("started again")
			}
			expect(t, b, JobRunning, "[]")
		}
		time.Sleep(2 * time.Minute)
		expect(t, b, JobDone, "[]")
		if begin(t, b, finish) {
			t.Error("done again")
		}
		if got := server.ends(t); got != "[done]" {
			t.Errorf("ends %s", got)
		}
	})
}

// TestJobOfADeadProcess: ten seconds after its death the others know, publish it once, and can start it with its checkpoint.
func TestJobOfADeadProcess(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := newLeaseServer(t)
		a, link := server.process(t)
		b, _ := server.process(t)
		begin(t, a, func(ctx context.Context, j *Job) (Message, error) {
			err := j.Save(ctx, Text("half"))
			fail(&link.refuse, "") // as kill -9 does
			<-ctx.Done()
			return Message{}, err
		})
		time.Sleep(leaseTime - 1)
		if begin(t, b, finish) {
			t.Error("started too early")
		}
		expect(t, b, JobRunning, "[]")
		time.Sleep(time.Nanosecond)
		st, err := b.Jobs().Status(t.Context(), "1")
		if err != nil || st.State != JobInterrupted || st.Reason != reasonInterrupted || string(st.Checkpoint.Data) != "half" {
			t.Errorf("status %+v, %v", st, err)
		}
		if got := server.ends(t); got != "[]" {
			t.Errorf("ends %s", got)
		}
		for range 2 { // who died after asking asks again
			expect(t, b, JobInterrupted, "[1]")
			if got := server.ends(t); got != "[interrupted]" {
				t.Errorf("ends %s", got)
			}
		}
		if !begin(t, b, func(_ context.Context, j *Job) (Message, error) {
			if m, ok := j.Checkpoint(); !ok || string(m.Data) != "half" {
				t.Errorf("checkpoint %q", m.Data)
			}
			time.Sleep(time.Second)
			return Text("whole"), nil
		}) {
			t.Error("not started again")
		}
		expect(t, b, JobRunning, "[]")
		time.Sleep(time.Minute)
		expect(t, b, JobDone, "[]")
	})
}

// TestJobThatIsCutOff: a process that cannot reach the server stops its job before another may start it, and does not disturb
// that one later.
func TestJobThatIsCutOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := newLeaseServer(t)
		a, link := server.process(t)
		b, _ := server.process(t)
		stopped := make(chan time.Duration, 1)
		began := time.Now()
		begin(t, a, func(ctx context.Context, j *Job) (Message, error) {
			<-ctx.Done()
			if err := context.Cause(ctx); !errors.Is(err, ErrJobInterrupted) {
				t.Errorf("stopped by %v", err)
			}
			stopped <- time.Since(began)
			return Message{}, ctx.Err()
		})
		fail(&link.refuse, "")
		if after := <-stopped; after >= leaseTime {
			t.Errorf("stopped after %v", after)
		}
		time.Sleep(leaseTime)
		release := make(chan struct{})
		if !begin(t, b, func(context.Context, *Job) (Message, error) { <-release; return Text("result"), nil }) {
			t.Fatal("not started again")
		}
		link.refuse.Store(nil)
		time.Sleep(time.Minute)
		expect(t, a, JobRunning, "[]")
		close(release)
		synctest.Wait()
		if got := server.ends(t); got != "[done]" {
			t.Errorf("ends %s", got)
		}
	})
}

// TestEndIsPublishedOnce: whether the attempts before had an effect or not, and even where the lease lapses meanwhile.
func TestEndIsPublishedOnce(t *testing.T) {
	refused := func(p *leaseProcess) *atomic.Pointer[func(string) error] { return &p.refuse }
	lost := func(p *leaseProcess) *atomic.Pointer[func(string) error] { return &p.lose }
	for name, test := range map[string]struct {
		at   func(p *leaseProcess) *atomic.Pointer[func(string) error]
		call string
		down time.Duration
	}{
		"refused":             {refused, "append", 8 * time.Second},
		"refused for long":    {refused, "", time.Hour},
		"no answer":           {lost, "append", 8 * time.Second},
		"no answer, for long": {lost, "", time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server := newLeaseServer(t)
				a, link := server.process(t)
				b, _ := server.process(t)
				begin(t, a, func(context.Context, *Job) (Message, error) {
					fail(test.at(link), test.call)
					return Text("result"), nil
				})
				time.Sleep(test.down)
				test.at(link).Store(nil)
				time.Sleep(time.Minute)
				expect(t, b, JobDone, "[]")
				if got := server.ends(t); got != "[done]" {
					t.Errorf("ends %s", got)
				}
			})
		})
	}
}

// TestJobOfAProcessThatStops: the next process finds it at once, without waiting for its lease, for a day.
func TestJobOfAProcessThatStops(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := newLeaseServer(t)
		a, _ := server.process(t)
		begin(t, a, func(ctx context.Context, _ *Job) (Message, error) { <-ctx.Done(); return Message{}, ctx.Err() })
		if err := a.Close(); err != nil {
			t.Fatal(err)
		}
		b, _ := server.process(t)
		expect(t, b, JobInterrupted, "[1]")
		if got := server.ends(t); got != "[interrupted]" {
			t.Errorf("ends %s", got)
		}
		time.Sleep(ResultTTL - time.Nanosecond)
		expect(t, b, JobInterrupted, "[1]")
		time.Sleep(time.Nanosecond)
		if ids, err := b.Jobs().Interrupted(t.Context()); len(ids) > 0 || err != nil {
			t.Errorf("interrupted: %v, %v", ids, err)
		}
		if _, err := b.Jobs().Status(t.Context(), "1"); !errors.Is(err, ErrNoJob) {
			t.Errorf("status: %v", err)
		}
	})
}

// TestCancelInAnotherProcess: any process can, whether or not it runs the job.
func TestCancelInAnotherProcess(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := newLeaseServer(t)
		a, link := server.process(t)
		b, other := server.process(t)
		begin(t, a, func(ctx context.Context, _ *Job) (Message, error) {
			<-ctx.Done()
			return Message{}, context.Cause(ctx)
		})
		fail(&other.refuse, "cancel")
		if err := b.Jobs().Cancel(t.Context(), "1"); !errors.Is(err, errDown) {
			t.Errorf("cancel without the server: %v", err)
		}
		other.refuse.Store(nil)
		if err := b.Jobs().Cancel(t.Context(), "1"); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		expect(t, b, JobCancelled, "[]")
		if link.listens("cancel:1") {
			t.Error("still listening")
		}
	})
}

// TestGapCancelsNobody: after a lost connection the backend may have missed a request to stop; there may as well have been none.
func TestGapCancelsNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := newLeaseServer(t)
		a, link := server.process(t)
		begin(t, a, func(ctx context.Context, _ *Job) (Message, error) {
			time.Sleep(time.Second)
			return Text("result"), context.Cause(ctx)
		})
		if !link.listens("cancel:1") {
			t.Error("not listening")
		}
		link.deliver("cancel:1", Envelope{Gap: true})
		time.Sleep(time.Minute)
		expect(t, a, JobDone, "[]")
	})
}

// TestJobIsStartedByOneProcess of several that try at once.
func TestJobIsStartedByOneProcess(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := newLeaseServer(t)
		var started atomic.Int32
		release := make(chan struct{})
		var wg sync.WaitGroup
		for range 10 {
			l, _ := server.process(t)
			for range 10 {
				wg.Go(func() {
					if begin(t, l, func(context.Context, *Job) (Message, error) { <-release; return Message{}, nil }) {
						started.Add(1)
					}
				})
			}
		}
		wg.Wait()
		close(release)
		synctest.Wait()
		if got := server.ends(t); started.Load() != 1 || got != "[done]" {
			t.Errorf("started %d times, ends %s", started.Load(), got)
		}
	})
}

// TestStartThatFails leaves nothing behind: the job can be started, by whichever process.
func TestStartThatFails(t *testing.T) {
	for _, call := range []string{"lease", "read", "subscribe", "lease, but it took effect"} {
		t.Run(call, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server := newLeaseServer(t)
				a, link := server.process(t)
				b, _ := server.process(t)
				if call == "lease, but it took effect" {
					fail(&link.lose, "lease")
				} else {
					fail(&link.refuse, call)
				}
				if started, err := a.Jobs().Start(t.Context(), "1", finish); started || !errors.Is(err, errDown) {
					t.Errorf("started: %v, %v", started, err)
				}
				link.refuse.Store(nil)
				link.lose.Store(nil)
				if ids, err := b.Jobs().Interrupted(t.Context()); len(ids) > 0 || err != nil {
					t.Errorf("interrupted: %v, %v", ids, err)
				}
				if !begin(t, b, finish) {
					t.Error("not started")
				}
				synctest.Wait()
				expect(t, a, JobDone, "[]")
			})
		})
	}
}

// TestInterruptedWithoutTheServer: what cannot be found out is an error, and nothing is lost.
func TestInterruptedWithoutTheServer(t *testing.T) {
	for _, call := range []string{"lapsed", "lease", "read", "append"} {
		t.Run(call, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server := newLeaseServer(t)
				a, link := server.process(t)
				b, other := server.process(t)
				begin(t, a, func(ctx context.Context, _ *Job) (Message, error) {
					fail(&link.refuse, "")
					<-ctx.Done()
					return Message{}, nil
				})
				time.Sleep(leaseTime)
				fail(&other.refuse, call)
				if ids, err := b.Jobs().Interrupted(t.Context()); len(ids) > 0 || !errors.Is(err, errDown) {
					t.Errorf("interrupted: %v, %v", ids, err)
				}
				other.refuse.Store(nil)
				expect(t, b, JobInterrupted, "[1]")
			})
		})
	}
}
