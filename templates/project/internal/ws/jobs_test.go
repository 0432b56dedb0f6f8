package ws_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"wsgen/templates/project/internal/ws"
	"wsgen/templates/project/internal/ws/wstest"
)

// jobHistory is what the family job keeps in these tests.
var jobHistory = ws.History{Messages: 1000, Bytes: 1 << 20, TTL: 10 * time.Minute}

// newJobs returns a layer whose family job keeps history, and a service in which pages at /ws watch the job "1".
func newJobs(t testing.TB) (*ws.Layer, *ws.Router) {
	layer := ws.NewMemoryLayer()
	layer.Keep("job", jobHistory)
	app := ws.NewRouter(ws.DefaultLimits(), layer, nil, syncRoute(&funcs{connect: join("job:1")}))
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := errors.Join(app.Drain(ctx, 0), layer.Close()); err != nil {
			t.Error(err)
		}
	})
	return layer, app
}

// start starts a job that must not be running.
func start(t testing.TB, jobs *ws.Jobs, id string, fn func(context.Context, *ws.Job) (ws.Message, error)) {
	t.Helper()
	if started, err := jobs.Start(t.Context(), id, fn); err != nil || !started {
		t.Fatalf("started: %v, %v", started, err)
	}
}

// returns is a job that does nothing but return.
func returns(text string, err error) func(context.Context, *ws.Job) (ws.Message, error) {
	return func(context.Context, *ws.Job) (ws.Message, error) { return ws.Text(text), err }
}

// untilStopped is a job that runs until it is told to stop, and returns why.
func untilStopped(ctx context.Context, _ *ws.Job) (ws.Message, error) {
	<-ctx.Done()
	return ws.Message{}, context.Cause(ctx)
}

// status returns the state of a job and why, or the error instead.
func status(t testing.TB, jobs *ws.Jobs, id string) string {
	t.Helper()
	st, err := jobs.Status(t.Context(), id)
	if err != nil {
		return err.Error()
	}
	text := string(st.State)
	if st.Reason != "" {
		text += ": " + st.Reason
	}
	if st.Result != nil {
		text += fmt.Sprintf(", result %q", st.Result.Data)
	}
	if st.Checkpoint != nil {
		text += fmt.Sprintf(", checkpoint %q", st.Checkpoint.Data)
	}
	return text
}

// awaitStatus waits until a job has a status.
func awaitStatus(t testing.TB, jobs *ws.Jobs, id, want string) {
	t.Helper()
	eventually(t, want, func() bool { return status(t, jobs, id) == want })
}

// TestJobOutlivesItsPage: the page that started it goes, the job goes on, and another page sees all of it.
func TestJobOutlivesItsPage(t *testing.T) {
	step := make(chan struct{})
	work := func(ctx context.Context, j *ws.Job) (ws.Message, error) {
		for i := range 3 {
			<-step
			if err := j.Send(ctx, ws.Text(fmt.Sprint("step ", i))); err != nil {
				return ws.Message{}, err
			}
		}
		return ws.Text("all done"), ctx.Err()
	}
	layer, _ := newJobs(t)
	app := ws.NewRouter(ws.DefaultLimits(), layer, nil, syncRoute(&funcs{
		connect: join("job:1"),
		receive: func(ctx context.Context, _ *ws.Socket, _ ws.Message) error {
			_, err := layer.Jobs().Start(ctx, "1", work)
			return err
		},
	}))
	page := wstest.Connect(t, app, "/ws", wstest.V1())
	page.Send("start")
	step <- struct{}{}
	page.Expect("step 0")
	page.Close(1000)
	settle(t, app)
	step <- struct{}{}
	step <- struct{}{}
	awaitStatus(t, layer.Jobs(), "1", `done, result "all done"`)
	late := wstest.Connect(t, app, "/ws", wstest.V1())
	for i := range 3 {
		late.Expect(fmt.Sprint("step ", i))
	}
	if m := late.ExpectEnd(ws.JobDone); string(m.Data) != "all done" {
		t.Errorf("result %q", m.Data)
	}
}

// TestJobOutlivesItsRequest: it has the values of the request's context, but not its end.
func TestJobOutlivesItsRequest(t *testing.T) {
	layer, _ := newJobs(t)
	type key struct{}
	gone := make(chan struct{})
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx := context.WithValue(r.Context(), key{}, "kept")
		if _, err := layer.Jobs().Start(ctx, "1", func(ctx context.Context, _ *ws.Job) (ws.Message, error) {
			<-gone
			return ws.Text(fmt.Sprint(ctx.Value(key{}))), ctx.Err()
		}); err != nil {
			t.Error(err)
		}
		w.WriteHeader(http.StatusAccepted)
	})
	ctx, end := context.WithCancel(t.Context())
	answer := httptest.NewRecorder()
	handler.ServeHTTP(answer, httptest.NewRequestWithContext(ctx, http.MethodPost, "/jobs/1", nil))
	end()
	close(gone)
	awaitStatus(t, layer.Jobs(), "1", `done, result "kept"`)
}

// TestJobRunsOnce: of a thousand who start it at once, one does.
func TestJobRunsOnce(t *testing.T) {
	layer, _ := newJobs(t)
	release := make(chan struct{})
	var runs, starts atomic.Int32
	var wg sync.WaitGroup
	for range 1000 {
		wg.Go(func() {
			started, err := layer.Jobs().Start(t.Context(), "1", func(context.Context, *ws.Job) (ws.Message, error) {
				runs.Add(1)
				<-release
				return ws.Text("done"), nil
			})
			if err != nil {
				t.Error(err)
			}
			if started {
				starts.Add(1)
			}
		})
	}
	wg.Wait()
	close(release)
	awaitStatus(t, layer.Jobs(), "1", `done, result "done"`)
	if started, err := layer.Jobs().Start(t.Context(), "1", returns("again", nil)); started || err != nil {
		t.Errorf("a job that is done: started %v, %v", started, err)
	}
	if runs.Load() != 1 || starts.Load() != 1 {
		t.Errorf("%d runs, %d starts", runs.Load(), starts.Load())
	}
}

// TestJobResultIsKept for 24 hours, and is gone then: the job can run again.
func TestJobResultIsKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		layer, app := newJobs(t)
		start(t, layer.Jobs(), "1", func(ctx context.Context, j *ws.Job) (ws.Message, error) {
			if err := errors.Join(j.Send(ctx, ws.Text("progress")), j.Save(ctx, ws.Text("half"))); err != nil {
				t.Error(err)
			}
			return ws.Text("result"), nil
		})
		synctest.Wait()
		time.Sleep(ws.ResultTTL - 1)
		if got := status(t, layer.Jobs(), "1"); got != `done, result "result", checkpoint "half"` {
			t.Errorf("status %s", got)
		}
		page := wstest.Connect(t, app, "/ws", wstest.V1())
		if m := page.ExpectReset("trimmed"); m == nil || string(m.Data) != "half" {
			t.Errorf("reset with %v", m)
		}
		if m := page.ExpectEnd(ws.JobDone); string(m.Data) != "result" {
			t.Errorf("result %q", m.Data)
		}
		page.Close(1000)
		time.Sleep(time.Nanosecond)
		if got := status(t, layer.Jobs(), "1"); got != ws.ErrNoJob.Error() {
			t.Errorf("status %s", got)
		}
		start(t, layer.Jobs(), "1", func(_ context.Context, j *ws.Job) (ws.Message, error) {
			if _, ok := j.Checkpoint(); ok {
				t.Error("a checkpoint that was to be forgotten")
			}
			return ws.Message{}, nil
		})
		synctest.Wait()
	})
}

// TestJobsThatFail: pages learn that, but only from FailJob why.
func TestJobsThatFail(t *testing.T) {
	secret := errors.New("password hunter2 refused")
	goexit := func(context.Context, *ws.Job) (ws.Message, error) { runtime.Goexit(); panic("unreachable") }
	for name, test := range map[string]struct {
		fn   func(context.Context, *ws.Job) (ws.Message, error)
		want string
		log  string
	}{
		"error":   {returns("", secret), "the job failed", "hunter2"},
		"reason":  {returns("", fmt.Errorf("hunter2: %w", ws.FailJob("server 7 is down"))), "server 7 is down", "hunter2"},
		"panic":   {func(context.Context, *ws.Job) (ws.Message, error) { panic(secret) }, "internal error", "jobs_test.go"},
		"nil":     {nil, "internal error", "nil pointer"},
		"Goexit":  {goexit, "internal error", "goroutine was ended"},
		"no JSON": {func(context.Context, *ws.Job) (ws.Message, error) { return ws.JSON(func() {}), nil }, "the job failed", "unsupported type"},
		"no text": {returns("\xff", nil), "the job failed", "UTF-8"},
		"long":    {returns("", ws.FailJob(strings.Repeat("ä", 600))), strings.Repeat("ä", 512), ""},
		"cut":     {returns("", ws.FailJob("x"+strings.Repeat("ä", 600))), "x" + strings.Repeat("ä", 511), ""},
		"odd":     {returns("", ws.FailJob("a\xffb")), "a?b", ""},
	} {
		t.Run(name, func(t *testing.T) {
			lines := captureLog(t)
			layer, app := newJobs(t)
			page := wstest.Connect(t, app, "/ws", wstest.V1())
			raw := wstest.Connect(t, app, "/ws")
			page.Quiet()
			start(t, layer.Jobs(), "1", test.fn)
			var end struct{ Job, State, Reason string }
			for who, m := range map[string]ws.Message{"wsgen.1": page.ExpectEnd(ws.JobFailed), "raw": raw.Receive()} {
				if err := m.Decode(&end); err != nil || end.Job != "1" || end.State != "failed" || end.Reason != test.want {
					t.Errorf("%s: %q, want the reason %q (%v)", who, m.Data, test.want, err)
				}
			}
			if got := status(t, layer.Jobs(), "1"); got != "failed: "+test.want {
				t.Errorf("status %s", got)
			}
			if !strings.Contains(lines.String(), test.log) {
				t.Errorf("the log does not say %q:\n%s", test.log, lines)
			}
			awaitOver(t, layer)
		})
	}
}

// awaitOver waits until no job runs.
func awaitOver(t testing.TB, layer *ws.Layer) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := ws.NewRouter(ws.DefaultLimits(), layer, nil).Drain(ctx, 0); err != nil {
		t.Fatal(err)
	}
}

// TestJobRunsAgain: after all ends but done, on the same stream, with its last checkpoint.
func TestJobRunsAgain(t *testing.T) {
	layer, app := newJobs(t)
	jobs := layer.Jobs()
	page := wstest.Connect(t, app, "/ws", wstest.V1())
	start(t, jobs, "1", func(ctx context.Context, j *ws.Job) (ws.Message, error) {
		if m, ok := j.Checkpoint(); ok {
			t.Errorf("a new job has the checkpoint %q", m.Data)
		}
		data := []byte("half")
		if err := errors.Join(j.Send(ctx, ws.Text("one")), j.Save(ctx, ws.Message{Data: data, Binary: true})); err != nil {
			t.Error(err)
		}
		data[0] = 'X' // it has been copied
		return ws.Message{}, ws.FailJob("no luck")
	})
	page.Expect("one")
	page.ExpectEnd(ws.JobFailed)
	epoch := page.Position("job:1").Epoch
	// The page's user may press the button at once.
	start(t, jobs, "1", func(ctx context.Context, j *ws.Job) (ws.Message, error) {
		m, ok := j.Checkpoint()
		if !ok || string(m.Data) != "half" || !m.Binary || j.ID() != "1" {
			t.Errorf("checkpoint %q of %q", m.Data, j.ID())
		}
		m.Data[0] = 'X' // it is a copy
		if again, _ := j.Checkpoint(); string(again.Data) != "half" {
			t.Error("the checkpoint is not a copy")
		}
		return ws.Text("luck"), nil
	})
	page.ExpectEnd(ws.JobDone)
	if p := page.Position("job:1"); p.Epoch != epoch {
		t.Error("another stream")
	}
	awaitOver(t, layer)
	if got := status(t, jobs, "1"); got != `done, result "luck", checkpoint "half"` {
		t.Errorf("status %s", got)
	}
	if err := jobs.Forget(t.Context(), "1"); err != nil {
		t.Fatal(err)
	}
	if got := status(t, jobs, "1"); got != ws.ErrNoJob.Error() {
		t.Errorf("status %s", got)
	}
	start(t, jobs, "1", returns("anew", nil))
	page.ExpectReset("restarted")
	page.ExpectEnd(ws.JobDone)
}

// TestJobAfterItsEnd: it has nothing to say any more.
func TestJobAfterItsEnd(t *testing.T) {
	layer, app := newJobs(t)
	page := wstest.Connect(t, app, "/ws", wstest.V1())
	var kept *ws.Job
	start(t, layer.Jobs(), "1", func(_ context.Context, j *ws.Job) (ws.Message, error) { kept = j; return ws.Message{}, nil })
	page.ExpectEnd(ws.JobDone)
	if err := kept.Send(t.Context(), ws.Text("x")); !errors.Is(err, ws.ErrJobEnded) {
		t.Errorf("send: %v", err)
	}
	if err := kept.Save(t.Context(), ws.Text("x")); !errors.Is(err, ws.ErrJobEnded) {
		t.Errorf("save: %v", err)
	}
	page.Quiet()
}

// TestJobMessages: what a socket would not send, a job does not either.
func TestJobMessages(t *testing.T) {
	layer, _ := newJobs(t)
	start(t, layer.Jobs(), "1", func(ctx context.Context, j *ws.Job) (ws.Message, error) {
		ended, end := context.WithCancelCause(ctx)
		end(errors.New("no time"))
		for want, err := range map[string]error{
			"UTF-8":   j.Send(ctx, ws.Text("\xff")),
			"encode":  j.Save(ctx, ws.JSON(func() {})),
			"no time": j.Send(ended, ws.Text("x")),
		} {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %v", want, err)
			}
		}
		return ws.Message{}, nil
	})
	awaitOver(t, layer)
}

func TestJobIDs(t *testing.T) {
	layer, _ := newJobs(t)
	jobs := layer.Jobs()
	for _, id := range []string{"", strings.Repeat("x", 300), strings.Repeat("x", 197), "a\nb", "a\x00", "\xff", "a\u2028b"} {
		_, started := jobs.Start(t.Context(), id, returns("", nil))
		_, asked := jobs.Status(t.Context(), id)
		cancelled, forgotten := jobs.Cancel(t.Context(), id), jobs.Forget(t.Context(), id)
		for what, err := range map[string]error{"start": started, "status": asked, "cancel": cancelled, "forget": forgotten} {
			if !errors.Is(err, ws.ErrJobID) || !strings.Contains(err.Error(), "1 to 196 bytes") || len(err.Error()) > 300 {
				t.Errorf("%s of %.20q: %v", what, id, err)
			}
		}
	}
	for _, id := range []string{"1:2:3", "grüße, 世界", "../..", strings.Repeat("x", 196)} {
		start(t, jobs, id, returns("fine", nil))
		awaitStatus(t, jobs, id, `done, result "fine"`)
	}
}

// TestJobsWithoutStreams: the error names what to write into the spec.
func TestJobsWithoutStreams(t *testing.T) {
	layer := ws.NewMemoryLayer()
	layer.Keep("other", jobHistory)
	jobs := layer.Jobs()
	_, started := jobs.Start(t.Context(), "1", returns("", nil))
	_, asked := jobs.Status(t.Context(), "1")
	_, listed := jobs.Interrupted(t.Context())
	for i, err := range []error{started, asked, listed, jobs.Cancel(t.Context(), "1"), jobs.Forget(t.Context(), "1")} {
		if !errors.Is(err, ws.ErrNoHistory) || !strings.Contains(err.Error(), "streams: {job: {}}") {
			t.Errorf("%d: %v", i, err)
		}
	}
	if err := layer.Close(); err != nil {
		t.Error(err)
	}
}
