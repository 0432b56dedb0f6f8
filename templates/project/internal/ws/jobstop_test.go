package ws_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"wsgen/templates/project/internal/ws"
	"wsgen/templates/project/internal/ws/wstest"
)

// TestCancelFromAPage: the job is told why its context ended, every page is told how it ended, and other jobs go on.
func TestCancelFromAPage(t *testing.T) {
	layer, _ := newJobs(t)
	jobs := layer.Jobs()
	app := ws.NewRouter(ws.DefaultLimits(), layer, nil, syncRoute(&funcs{
		connect: join("job:1"),
		receive: func(ctx context.Context, _ *ws.Socket, m ws.Message) error { return jobs.Cancel(ctx, string(m.Data)) },
	}))
	page, other := wstest.Connect(t, app, "/ws", wstest.V1()), wstest.Connect(t, app, "/ws", wstest.V1())
	for _, id := range []string{"1", "2"} {
		start(t, jobs, id, func(ctx context.Context, j *ws.Job) (ws.Message, error) {
			<-ctx.Done()
			if err := j.Send(ctx, ws.Text("x")); !errors.Is(err, ws.ErrJobCancelled) && !errors.Is(err, ws.ErrJobInterrupted) {
				t.Errorf("send after the request to stop: %v", err)
			}
			return ws.Message{}, errors.Join(j.Send(context.WithoutCancel(ctx), ws.Text("cleaning up "+j.ID())), context.Cause(ctx))
		})
	}
	page.Send("1")
	for _, p := range []*wstest.Sock{page, other} {
		p.Expect("cleaning up 1")
		p.ExpectEnd(ws.JobCancelled)
	}
	if got := status(t, jobs, "1"); got != "cancelled: cancelled on request" {
		t.Errorf("status %s", got)
	}
	if got := status(t, jobs, "2"); got != "running" {
		t.Errorf("the other job: %s", got)
	}
	other.Send("1") // once more
	other.Quiet()
	other.Send("nobody")
	other.ExpectClose(1011)
	if err := jobs.Cancel(t.Context(), "nobody"); !errors.Is(err, ws.ErrNoJob) {
		t.Errorf("cancel what there is not: %v", err)
	}
	if err := jobs.Forget(t.Context(), "2"); !errors.Is(err, ws.ErrJobRunning) {
		t.Errorf("forget a running job: %v", err)
	}
	if err := jobs.Cancel(t.Context(), "2"); err != nil {
		t.Error(err)
	}
}

// TestCancelIsARequest: what the function makes of it is its own affair.
func TestCancelIsARequest(t *testing.T) {
	for name, test := range map[string]struct {
		text string
		err  error
		want string
	}{
		"it finishes":        {"finished", nil, `done, result "finished"`},
		"it fails":           {"", errors.New("broken pipe"), "cancelled: cancelled on request"},
		"it gives a reason":  {"", ws.FailJob("two servers were updated"), "cancelled: two servers were updated"},
		"it has a bad value": {"\xff", nil, "cancelled: cancelled on request"},
	} {
		t.Run(name, func(t *testing.T) {
			layer, _ := newJobs(t)
			start(t, layer.Jobs(), "1", func(ctx context.Context, _ *ws.Job) (ws.Message, error) {
				<-ctx.Done()
				return ws.Text(test.text), test.err
			})
			if err := layer.Jobs().Cancel(t.Context(), "1"); err != nil {
				t.Fatal(err)
			}
			awaitStatus(t, layer.Jobs(), "1", test.want)
		})
	}
}

// drain drains a service with a deadline in so many seconds, and returns how long that took.
func drain(t testing.TB, app *ws.Router, seconds int) (time.Duration, error) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Duration(seconds)*time.Second)
	defer cancel()
	began := time.Now()
	err := app.Drain(ctx, 0)
	return time.Since(began), err
}

// watch connects a page that watches the job "1" through a service of its own, which is not drained with the first.
func watch(t testing.TB, layer *ws.Layer) *wstest.Sock {
	app := ws.NewRouter(ws.DefaultLimits(), layer, nil, syncRoute(&funcs{connect: join("job:1")}))
	return wstest.Connect(t, app, "/ws", wstest.V1())
}

// TestDrainWaitsForJobs, also for one that a handler starts meanwhile.
func TestDrainWaitsForJobs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		layer, _ := newJobs(t)
		jobs := layer.Jobs()
		wait := func(ctx context.Context, _ *ws.Job) (ws.Message, error) {
			time.Sleep(5 * time.Second)
			return ws.Text("result"), ctx.Err()
		}
		startLate := func(ctx context.Context, _ *ws.Socket, _ ws.Message) error {
			<-ctx.Done()
			time.Sleep(time.Second)
			_, err := jobs.Start(ctx, "late", wait)
			if err == nil {
				t.Error("a job was started with a context that has ended")
			}
			_, err = jobs.Start(context.WithoutCancel(ctx), "late", wait)
			return err
		}
		app := ws.NewRouter(ws.DefaultLimits(), layer, nil, syncRoute(&funcs{receive: startLate}))
		start(t, jobs, "1", wait)
		page := wstest.Connect(t, app, "/ws")
		page.Send("start")
		synctest.Wait()
		if took, err := drain(t, app, 20); took != 6*time.Second || err != nil {
			t.Errorf("drained after %v, %v", took, err)
		}
		for _, id := range []string{"1", "late"} {
			if got := status(t, jobs, id); got != `done, result "result"` {
				t.Errorf("job %s: %s", id, got)
			}
		}
	})
}

// TestDrainStopsJobs: two seconds before its deadline, and no new one is started then. The next service finds them.
func TestDrainStopsJobs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		layer, app := newJobs(t)
		jobs := layer.Jobs()
		watcher := watch(t, layer)
		began := time.Now()
		start(t, jobs, "1", func(ctx context.Context, j *ws.Job) (ws.Message, error) {
			<-ctx.Done()
			if err := context.Cause(ctx); !errors.Is(err, ws.ErrJobInterrupted) || time.Since(began) != 18*time.Second {
				t.Errorf("after %v: %v", time.Since(began), err)
			}
			if _, err := jobs.Start(t.Context(), "2", returns("", nil)); !errors.Is(err, ws.ErrJobInterrupted) {
				t.Errorf("start of another job: %v", err)
			}
			return ws.Message{}, errors.Join(j.Save(context.WithoutCancel(ctx), ws.Text("half")), ctx.Err())
		})
		if took, err := drain(t, app, 20); took != 18*time.Second || err != nil {
			t.Errorf("drained after %v, %v", took, err)
		}
		watcher.ExpectEnd(ws.JobInterrupted)
		if got := status(t, jobs, "1"); got != `interrupted: the service stopped before the job was done, checkpoint "half"` {
			t.Errorf("status %s", got)
		}
		if ids, err := jobs.Interrupted(t.Context()); fmt.Sprint(ids, err) != "[1] <nil>" {
			t.Errorf("interrupted: %v, %v", ids, err)
		}
		start(t, jobs, "1", func(_ context.Context, j *ws.Job) (ws.Message, error) {
			if m, ok := j.Checkpoint(); !ok || string(m.Data) != "half" {
				t.Errorf("checkpoint %q", m.Data)
			}
			return ws.Text("whole"), nil
		})
		watcher.ExpectEnd(ws.JobDone)
		synctest.Wait()
		if ids, err := jobs.Interrupted(t.Context()); len(ids) != 0 || err != nil {
			t.Errorf("interrupted: %v, %v", ids, err)
		}
	})
}

// TestDrainLeavesJobsBehind that do not stop: pages are told, and what the function says later is too late.
func TestDrainLeavesJobsBehind(t *testing.T) {
	for name, test := range map[string]struct {
		cancel bool
		want   string
	}{
		"interrupted": {false, "interrupted: the service stopped before the job was done"},
		"cancelled":   {true, "cancelled: cancelled on request"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				layer, app := newJobs(t)
				jobs := layer.Jobs()
				watcher := watch(t, layer)
				wstest.Connect(t, app, "/ws")
				release, late := make(chan struct{}), make(chan error, 1)
				start(t, jobs, "1", func(ctx context.Context, j *ws.Job) (ws.Message, error) {
					<-release
					late <- j.Send(context.WithoutCancel(ctx), ws.Text("too late"))
					return ws.Text("too late"), nil
				})
				if test.cancel {
					if err := jobs.Cancel(t.Context(), "1"); err != nil {
						t.Error(err)
					}
				}
				took, err := drain(t, app, 20)
				left := errors.Is(err, context.DeadlineExceeded) && strings.Contains(err.Error(), "1 jobs left behind")
				if took != 20*time.Second || !left {
					t.Errorf("drained after %v, %v", took, err)
				}
				if got := status(t, jobs, "1"); got != test.want {
					t.Errorf("status %s", got)
				}
				watcher.ExpectEnd(ws.JobState(name))
				close(release)
				if err := <-late; !errors.Is(err, ws.ErrJobEnded) {
					t.Errorf("send: %v", err)
				}
				synctest.Wait()
				watcher.Quiet()
			})
		})
	}
}

// TestDrainLeavesAllBehind: a socket whose Disconnect hangs, and a job.
func TestDrainLeavesAllBehind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		layer, _ := newJobs(t)
		app := ws.NewRouter(ws.DefaultLimits(), layer, nil, syncRoute(&funcs{
			disconnect: func(context.Context, ws.CloseStatus) { <-release }}))
		wstest.Connect(t, app, "/ws")
		start(t, layer.Jobs(), "1", func(context.Context, *ws.Job) (ws.Message, error) { <-release; return ws.Message{}, nil })
		took, err := drain(t, app, 20)
		for _, want := range []string{"1 sockets left behind", "1 jobs left behind"} {
			if err == nil || took != 21*time.Second || !strings.Contains(err.Error(), want) {
				t.Errorf("drained after %v, %v, want %s", took, err, want)
			}
		}
		close(release)
	})
}

// TestDrainInNoTime: a deadline that is near, or none but its end, leaves jobs some of the time that there is.
func TestDrainInNoTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		layer, app := newJobs(t)
		start(t, layer.Jobs(), "1", untilStopped)
		if took, err := drain(t, app, 1); took != time.Second/2 || err != nil {
			t.Errorf("a deadline in one second: drained after %v, %v", took, err)
		}
		start(t, layer.Jobs(), "2", untilStopped)
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Hour, cancel)
		began := time.Now()
		if err := app.Drain(ctx, 0); time.Since(began) != time.Hour || !errors.Is(err, context.Canceled) && err != nil {
			t.Errorf("no deadline: drained after %v, %v", time.Since(began), err)
		}
		synctest.Wait()
		if got := status(t, layer.Jobs(), "2"); !strings.HasPrefix(got, "interrupted: ") {
			t.Errorf("status %s", got)
		}
	})
}

// TestCloseOfALayerWithJobs: they are told to stop, and have two seconds.
func TestCloseOfALayerWithJobs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		layer := ws.NewMemoryLayer()
		layer.Keep("job", jobHistory)
		app := ws.NewRouter(ws.DefaultLimits(), layer, nil, syncRoute(&funcs{connect: join("job:slow")}))
		page := wstest.Connect(t, app, "/ws", wstest.V1())
		release, stopped := make(chan struct{}), make(chan error, 1)
		start(t, layer.Jobs(), "quick", func(ctx context.Context, j *ws.Job) (ws.Message, error) {
			<-ctx.Done()
			stopped <- j.Send(context.WithoutCancel(ctx), ws.Text("it is still kept"))
			return ws.Message{}, nil
		})
		start(t, layer.Jobs(), "slow", func(context.Context, *ws.Job) (ws.Message, error) { <-release; return ws.Message{}, nil })
		began := time.Now()
		if err := layer.Close(); err != nil || time.Since(began) != 2*time.Second {
			t.Errorf("closed after %v: %v", time.Since(began), err)
		}
		if err := <-stopped; err != nil {
			t.Errorf("send while closing: %v", err)
		}
		page.ExpectEnd(ws.JobInterrupted)
		began = time.Now()
		if err := layer.Close(); err != nil || time.Since(began) != 0 {
			t.Errorf("closed again after %v: %v", time.Since(began), err)
		}
		jobs := layer.Jobs()
		_, started := jobs.Start(t.Context(), "1", returns("", nil))
		_, asked := jobs.Status(t.Context(), "1")
		_, listed := jobs.Interrupted(t.Context())
		for i, err := range []error{started, asked, listed, jobs.Cancel(t.Context(), "1"), jobs.Forget(t.Context(), "1")} {
			if !errors.Is(err, ws.ErrLayerClosed) {
				t.Errorf("%d: %v", i, err)
			}
		}
		close(release)
		page.Close(1000)
	})
}
