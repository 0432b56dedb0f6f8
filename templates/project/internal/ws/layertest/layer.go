package layertest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"wsgen/templates/project/internal/ws"
	"wsgen/templates/project/internal/ws/wstest"
)

// layerTests are the tests of ws.Layer over the backend, with sockets in several processes.
func layerTests() map[string]func(*testing.T, Suite) {
	return map[string]func(*testing.T, Suite){
		"layer, groups":  testGroups,
		"layer, leaving": testLeavingInMidSend,
		"layer, stream":  testStream,
		"layer, jobs":    testJobs,
	}
}

// sharedTests are those that need two processes.
func sharedTests() map[string]func(*testing.T, Suite) {
	return map[string]func(*testing.T, Suite){
		"layer, one socket":           testOneSocket,
		"layer, jobs of another":      testJobsOfAnother,
		"layer, a process that ended": testProcessThatEnded,
		"values":                      testValues,
		"values, deleted":             testValueStaysDeleted,
	}
}

// service is a process of a service: a layer, and a router whose pages say what they want.
type service struct {
	layer *ws.Layer
	app   *ws.Router
}

// services starts n processes of a service. Where there can be one only, it stands for all.
func (s Suite) services(t *testing.T, n int, families ...string) []*service {
	t.Helper()
	all := make([]*service, n)
	for i := range all {
		if s.Alone && i > 0 {
			all[i] = all[0]
			continue
		}
		all[i] = s.service(t, families...)
	}
	return all
}

func (s Suite) service(t *testing.T, families ...string) *service {
	t.Helper()
	var layer *ws.Layer
	var err error
	switch b := s.Open(t).(type) {
	case ws.Remote:
		layer, err = ws.NewRemoteLayer(b)
	default:
		layer, err = ws.NewLayer(b)
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, family := range families {
		layer.Keep(family, keepMany)
	}
	route := ws.Sync("/ws", func(ws.Params) ws.SyncConsumer { return new(member) })
	p := &service{layer: layer, app: ws.NewRouter(ws.DefaultLimits(), layer, nil, route)}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := errors.Join(p.app.Drain(ctx, 0), layer.Close()); err != nil {
			t.Errorf("end of a service: %v", err)
		}
	})
	return p
}

// member is a consumer that joins and leaves groups as its page says, "join NAME" and "leave NAME", and answers when that is done,
// or "follow NAME", without an answer, which could come behind what is kept.
type member struct{}

func (member) Connect(_ context.Context, h *ws.Handshake) error {
	_, err := h.Accept()
	return err
}

func (member) Receive(ctx context.Context, s *ws.Socket, m ws.Message) (err error) {
	verb, name, _ := strings.Cut(string(m.Data), " ")
	switch verb {
	case "join":
		err = s.Join(ctx, name)
	case "leave":
		err = s.Leave(ctx, name)
	case "follow":
		return s.Join(ctx, name)
	}
	if err != nil {
		return err
	}
	return s.Send(ctx, ws.Text(verb+" is done"))
}

func (member) Event(ctx context.Context, s *ws.Socket, e ws.Event) error {
	return s.Send(ctx, ws.Text("event "+e.Type+" "+string(e.Data)))
}

func (member) Disconnect(context.Context, ws.CloseStatus) {}

// join connects a page that joins a group.
func (p *service) join(t *testing.T, group string) *wstest.Sock {
	t.Helper()
	sock := wstest.Connect(t, p.app, "/ws")
	sock.Send("join " + group)
	sock.Expect("join is done")
	return sock
}

// follow connects a page that follows a stream.
func (p *service) follow(t *testing.T, group string, o ...wstest.Option) *wstest.Sock {
	t.Helper()
	sock := wstest.Connect(t, p.app, "/ws", append(o, wstest.V1())...)
	sock.Send("follow " + group)
	return sock
}

func (p *service) send(t *testing.T, group, text string) {
	t.Helper()
	if err := p.layer.Send(t.Context(), group, ws.Text(text)); err != nil {
		t.Fatal(err)
	}
}

// testGroups: messages and events reach the members in all processes, those who have left no longer.
func testGroups(t *testing.T, s Suite) {
	all := s.services(t, 2)
	group := newFamily() + ":a room, {1} *"
	one, two, other := all[0].join(t, group), all[1].join(t, group), all[1].join(t, group+"2")
	for i, p := range all {
		p.send(t, group, fmt.Sprint("message ", i))
		if err := p.layer.Notify(t.Context(), group, ws.Event{Type: "note", Data: fmt.Append(nil, i)}); err != nil {
			t.Fatal(err)
		}
		for _, sock := range []*wstest.Sock{one, two} {
			sock.Expect(fmt.Sprint("message ", i))
			sock.Expect(fmt.Sprint("event note ", i))
		}
	}
	two.Send("leave " + group)
	two.Expect("leave is done")
	all[0].send(t, group, "two has left")
	one.Expect("two has left")
	two.Send("join " + group)
	two.Expect("join is done")
	all[0].send(t, group, "two is back")
	two.Expect("two is back")
	all[0].send(t, group+"2", "for another group")
	other.Expect("for another group")
	for _, sock := range []*wstest.Sock{two, other} {
		sock.Quiet()
	}
}

// testLeavingInMidSend: members come and go while messages are sent; who stays gets each once, in order.
func testLeavingInMidSend(t *testing.T, s Suite) {
	const messages = 300
	all := s.services(t, 2)
	group := newFamily()
	stays := []*wstest.Sock{all[0].join(t, group), all[1].join(t, group)}
	over := make(chan struct{})
	var wg sync.WaitGroup
	for _, p := range all {
		wg.Go(func() {
			for {
				select {
				case <-over:
					return
				default:
				}
				sock := p.join(t, group+"2") // another group: its answers come undisturbed
				sock.Send("join " + group)
				sock.Send("leave " + group)
				sock.Drop()
			}
		})
	}
	wg.Go(func() {
		defer close(over)
		for i := range messages {
			all[i%2].send(t, group, fmt.Sprint(i)) // one after the other
			for _, sock := range stays {
				sock.Expect(fmt.Sprint(i))
			}
		}
	})
	wg.Wait()
}

// testStream: a page follows a stream from one process to another, and has everything once.
func testStream(t *testing.T, s Suite) {
	family := newFamily()
	all := s.services(t, 2, family)
	group := family + ":1"
	all[1].send(t, group, "before")
	page := all[0].follow(t, group)
	page.Expect("before")
	for round := range 4 {
		here, there := all[round%2], all[1-round%2]
		there.send(t, group, fmt.Sprint("live ", round))
		page.Expect(fmt.Sprint("live ", round))
		back := wstest.Return(page)
		page.Drop()
		here.send(t, group, fmt.Sprint("missed ", round))
		page = there.follow(t, group, back)
		page.Expect(fmt.Sprint("missed ", round))
		page.Quiet()
	}
	if at := page.Position(group); at.Epoch == "" {
		t.Errorf("the page is at %+v", at)
	}
}

// testJobs: a job starts once, whoever starts it, and its result is there for everybody.
func testJobs(t *testing.T, s Suite) {
	all := s.services(t, 2, "job")
	id := newFamily()
	page := all[1].follow(t, "job:"+id)
	goOn := make(chan struct{})
	work := func(ctx context.Context, j *ws.Job) (ws.Message, error) {
		if err := j.Send(ctx, ws.Text("progress")); err != nil {
			return ws.Message{}, err
		}
		if err := j.Save(ctx, ws.Text("half")); err != nil {
			return ws.Message{}, err
		}
		<-goOn
		return ws.Text("result"), nil
	}
	for i := range 4 {
		started, err := all[i%2].layer.Jobs().Start(t.Context(), id, work)
		if err != nil || started != (i == 0) {
			t.Fatalf("start %d: %v %v", i, started, err)
		}
	}
	page.Expect("progress")
	for i, p := range all {
		if st, err := p.layer.Jobs().Status(t.Context(), id); err != nil || st.State != ws.JobRunning {
			t.Errorf("process %d: %+v %v", i, st, err)
		}
		if err := p.layer.Jobs().Forget(t.Context(), id); !errors.Is(err, ws.ErrJobRunning) {
			t.Errorf("process %d: %v", i, err)
		}
	}
	close(goOn)
	page.ExpectEnd(ws.JobDone)
	for i, p := range all {
		if started, err := p.layer.Jobs().Start(t.Context(), id, work); err != nil || started {
			t.Errorf("process %d: started again: %v %v", i, started, err)
		}
		st, err := p.layer.Jobs().Status(t.Context(), id)
		if err != nil || st.State != ws.JobDone || st.Result == nil || string(st.Result.Data) != "result" || st.Checkpoint == nil {
			t.Errorf("process %d: %+v %v", i, st, err)
		}
	}
	late := all[0].follow(t, "job:"+id)
	late.Expect("progress")
	if m := late.ExpectEnd(ws.JobDone); string(m.Data) != "result" {
		t.Errorf("result %s", m.Data)
	}
}

// testOneSocket: a message and an event find a socket by its id, in whichever process it is.
func testOneSocket(t *testing.T, s Suite) {
	all := s.services(t, 2)
	sock, other := wstest.Connect(t, all[1].app, "/ws", wstest.V1()), wstest.Connect(t, all[1].app, "/ws")
	sock.Send("hello")
	sock.Expect("hello is done")
	id := sock.ID()
	for i, p := range all {
		if err := p.layer.SendTo(t.Context(), id, ws.Message{Data: fmt.Append(nil, i), Binary: true}); err != nil {
			t.Fatal(err)
		}
		sock.ExpectBinary(fmt.Append(nil, i))
		if err := p.layer.NotifyTo(t.Context(), id, ws.Event{Type: "note", Data: fmt.Append(nil, i)}); err != nil {
			t.Fatal(err)
		}
		sock.Expect(fmt.Sprint("event note ", i))
	}
	other.Quiet()
	sock.Close(1000)
	if err := all[1].layer.SendTo(t.Context(), id, ws.Text("x")); !errors.Is(err, ws.ErrNoSocket) {
		t.Errorf("to a socket of this process that has ended: %v", err)
	}
	if err := all[0].layer.SendTo(t.Context(), id, ws.Text("x")); err != nil {
		t.Errorf("to a socket of another process that has ended: %v", err)
	}
}

// testJobsOfAnother: a job is cancelled from another process than its own, and goes on where its own has ended.
func testJobsOfAnother(t *testing.T, s Suite) {
	all := s.services(t, 3, "job")
	id := newFamily()
	saved := make(chan error, 2)
	waits := func(ctx context.Context, j *ws.Job) (ws.Message, error) {
		saved <- j.Save(ctx, ws.Text("half"))
		<-ctx.Done()
		return ws.Message{}, context.Cause(ctx)
	}
	page := all[1].follow(t, "job:"+id)
	for i, end := range []ws.JobState{ws.JobCancelled, ws.JobInterrupted} {
		if started, err := all[0].layer.Jobs().Start(t.Context(), id, waits); err != nil || !started {
			t.Fatalf("start %d: %v %v", i, started, err)
		}
		if err := <-saved; err != nil {
			t.Fatalf("save %d: %v", i, err)
		}
		if i == 0 {
			if err := all[1].layer.Jobs().Cancel(t.Context(), id); err != nil {
				t.Fatal(err)
			}
		} else if err := all[0].layer.Close(); err != nil {
			t.Fatal(err)
		}
		page.ExpectEnd(end)
	}
	ids, err := all[1].layer.Jobs().Interrupted(t.Context())
	if err != nil || !strings.Contains(fmt.Sprint(ids), id) {
		t.Errorf("interrupted: %v %v", ids, err)
	}
	started, err := all[2].layer.Jobs().Start(t.Context(), id, func(_ context.Context, j *ws.Job) (ws.Message, error) {
		checkpoint, _ := j.Checkpoint()
		return ws.Text("went on from " + string(checkpoint.Data)), nil
	})
	if err != nil || !started {
		t.Fatalf("start again: %v %v", started, err)
	}
	if m := page.ExpectEnd(ws.JobDone); string(m.Data) != "went on from half" {
		t.Errorf("result %s", m.Data)
	}
}

// testProcessThatEnded: the members of a process that has ended are no longer there, and nobody else notices.
func testProcessThatEnded(t *testing.T, s Suite) {
	all := s.services(t, 2)
	group := newFamily()
	ended, stays := all[0].join(t, group), all[1].join(t, group)
	all[0].send(t, group, "both")
	ended.Expect("both")
	stays.Expect("both")
	if err := all[0].layer.Close(); err != nil {
		t.Fatal(err)
	}
	all[1].send(t, group, "one")
	stays.Expect("one")
	ended.Quiet()
	if err := all[1].layer.SendTo(t.Context(), ended.ID(), ws.Text("x")); err != nil && !errors.Is(err, ws.ErrNoSocket) {
		t.Errorf("to a socket of a process that has ended: %v", err)
	}
	if err := all[0].layer.Send(t.Context(), group, ws.Text("x")); !errors.Is(err, ws.ErrLayerClosed) {
		t.Errorf("from a process that has ended: %v", err)
	}
}
