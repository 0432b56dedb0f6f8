package consumers_test

import (
	"strings"
	"testing"
	"time"

	"example.com/updater/consumers"
	"example.com/updater/fleet"
	"example.com/updater/internal/ws"
	"example.com/updater/internal/ws/wstest"
	"example.com/updater/rollout"
	"example.com/updater/routing"
	"example.com/updater/settings"
)

const path = "/ws/updates/1.4.2"

// newService returns the whole service, without a port, and its fleet.
func newService(t *testing.T, pace time.Duration) (*ws.Router, *fleet.Fleet) {
	t.Helper()
	layer := ws.NewMemoryLayer()
	t.Cleanup(func() {
		if err := layer.Close(); err != nil {
			t.Error(err)
		}
	})
	servers := fleet.New(pace)
	return routing.New(settings.Defaults(), layer, consumers.Deps{Layer: layer, Fleet: servers}), servers
}

// board is what a page shows: how far each server is.
type board map[string]rollout.Server

// open connects a page. It is told the names of the servers first.
func open(t *testing.T, app *ws.Router, servers *fleet.Fleet, options ...wstest.Option) *wstest.Sock {
	t.Helper()
	page := wstest.Connect(t, app, path, append(options, wstest.V1())...)
	page.ExpectJSON(servers.Names())
	return page
}

// watch draws what comes until so many servers are in one of the states, and returns that and which servers it saw at work. A
// page that is slower than the updates need not see each percentage of a server, but its last.
func watch(t *testing.T, page *wstest.Sock, want int, states ...rollout.State) (b, worked board) {
	t.Helper()
	b, worked = make(board), make(board)
	for b.count(states...) < want {
		var s rollout.Server
		if err := page.Receive().Decode(&s); err != nil {
			t.Fatal(err)
		}
		b[s.Name] = s
		if s.State == rollout.Updating {
			worked[s.Name] = s
		}
	}
	return b, worked
}

// count counts the servers in any of the states.
func (b board) count(states ...rollout.State) (n int) {
	for _, s := range b {
		for _, state := range states {
			if s.State == state {
				n++
			}
		}
	}
	return n
}

// One page starts the update, one that comes when it is over sees the same, and its "start" goes on with what is left.
func TestEveryPageSeesTheUpdate(t *testing.T) {
	app, servers := newService(t, 100*time.Millisecond)
	all := len(servers.Names())
	ann := open(t, app, servers)
	ann.Send("start")
	first, _ := watch(t, ann, all, rollout.Updated, rollout.Failed)
	ann.ExpectEnd(ws.JobFailed)
	if s := first["sgp-2"]; first.count(rollout.Failed) != 1 || s.State != rollout.Failed || s.Note == "" {
		t.Errorf("of the servers %v failed, want sgp-2 alone, and why", first)
	}

	bob := open(t, app, servers)
	if late, _ := watch(t, bob, all, rollout.Updated, rollout.Failed); late["sgp-2"] != first["sgp-2"] {
		t.Errorf("the late page sees %v, want %v", late["sgp-2"], first["sgp-2"])
	}
	bob.ExpectEnd(ws.JobFailed)

	bob.Send("start")
	for _, page := range []*wstest.Sock{ann, bob} {
		_, worked := watch(t, page, all, rollout.Updated)
		if delete(worked, "sgp-2"); len(worked) > 0 {
			t.Errorf("updated again: %v", worked)
		}
		var result []rollout.Server
		if err := page.ExpectEnd(ws.JobDone).Decode(&result); err != nil || len(result) != all {
			t.Errorf("the result has %d servers (%v), want %d", len(result), err, all)
		}
	}

	ann.Send("start") // of what is done
	ann.Quiet()
}

// The page goes away in the middle, comes back, and cancels the job that went on meanwhile.
func TestUpdateIsCancelledByAPageThatCameBack(t *testing.T) {
	app, servers := newService(t, time.Hour)
	ann := open(t, app, servers)
	ann.Send("start")
	watch(t, ann, 4, rollout.Updating)
	ann.Drop()

	ann = open(t, app, servers, wstest.Return(ann))
	ann.Quiet() // it has missed nothing
	ann.Send("cancel")
	watch(t, ann, 4, rollout.Stopped)
	ann.ExpectEnd(ws.JobCancelled)

	ann.Send("cancel") // once more, as from a second tab
	ann.Quiet()
}

func TestUnknownCommand(t *testing.T) {
	app, servers := newService(t, 0)
	page := open(t, app, servers)
	page.Send("reboot")
	page.ExpectClose(ws.CodePolicy)
}

// What no version can be named is refused for good, before anything is kept of it.
func TestImpossibleVersion(t *testing.T) {
	app, servers := newService(t, 0)
	page := wstest.Connect(t, app, "/ws/updates/"+strings.Repeat("x", 300), wstest.V1())
	page.ExpectJSON(servers.Names())
	page.ExpectClose(ws.CodePolicy)
}
