package golden

import (
	"encoding/json"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"wsgen/golden/cutproxy"
	"wsgen/golden/wireclient"
)

// bar is how far a server is, as the pages of golden/updater are told.
type bar struct {
	Name, State string
}

// updateLab is a lab of the service that golden/updater is, over another layer.
type updateLab struct{ *lab }

// startUpdaterOn starts the service.
func startUpdaterOn(t *testing.T, layer sharedLayer) updateLab {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "updater")
	if code, out := wsgen("new", "project", "updater", "--example", "updates", "--layer", layer.name, "--dir", dir); code != 0 {
		t.Fatalf("wsgen new project exits %d:\n%s", code, out)
	}
	_, variable := layer.start(t)
	l := updateLab{emptyLab(t, dir, build(t, dir), append(calm, variable, "UPDATE_TIME=1s")...)}
	l.service = l.start()
	l.boot = l.starts
	l.proxy = cutproxy.Start(t, strings.TrimPrefix(l.service.url, "http://"), l.seed, nil)
	return l
}

// update asks for the update, which starts it, or has it go on, unless it runs or is done.
func (l updateLab) update() {
	l.Helper()
	if resp, body := l.service.request(l.T, http.MethodPut, "/updates/1.4.2", nil); resp.StatusCode != http.StatusAccepted {
		l.Fatalf("the update is answered with %s: %s", resp.Status, body)
	}
}

// watch adds a page.
func (l updateLab) watch(name string) *subscriber { return l.subscribe(name, "updates", "1.4.2") }

// bars returns what a page was told, from an event on.
func (s *subscriber) bars(from int) (bars []bar) {
	for _, e := range s.Events()[from:] {
		var b bar
		if e.Kind == wireclient.Message && e.Stream != "" && json.Unmarshal(e.Data, &b) == nil {
			bars = append(bars, b)
		}
	}
	return bars
}

// in returns the servers that came to a state, each once.
func in(bars []bar, state string) (names []string) {
	for _, b := range bars {
		if b.State == state && !slices.Contains(names, b.Name) {
			names = append(names, b.Name)
		}
	}
	return names
}

// ended returns a condition: after an event, the page was told that the update ended so.
func (s *subscriber) ended(from int, state string) func() bool {
	return func() bool {
		return slices.ContainsFunc(s.Events()[from:], func(e wireclient.Event) bool { return e.Kind == wireclient.End && e.State == state })
	}
}

// A service whose streams are on a server of their own is killed in the middle of an update, and started again: the pages lose
// nothing, learn that the update was interrupted, and see it go on from its checkpoint by itself.
func TestUpdaterOutlivesItsProcess(t *testing.T) {
	for _, layer := range sharedLayers() {
		if layer.name != "redis" && !*long {
			continue
		}
		t.Run(layer.name, func(t *testing.T) {
			t.Parallel() // it waits more than it works
			updaterOutlivesItsProcess(startUpdaterOn(t, layer))
		})
	}
}

func updaterOutlivesItsProcess(l updateLab) {
	page := l.watch("page")
	l.must(l.await(page, page.told(wireclient.Recovered, 1)))
	l.update()
	// What comes after a server is updated comes after that is in the checkpoint.
	l.must(l.await(page, func() bool {
		bars := page.bars(0)
		return len(bars) > 0 && len(in(bars[:len(bars)-1], "updated")) >= 2
	}))
	l.must(l.kill())
	l.must(l.await(page, page.told(wireclient.Closed, 1)))
	killed := len(page.Events())
	bars := page.bars(0)
	done := in(bars[:len(bars)-1], "updated")
	if len(done) == 12 {
		l.Fatal("the update was quicker: this test says nothing")
	}
	l.restart()
	l.must(l.await(page, page.ended(killed, "interrupted")))

	interrupted := slices.IndexFunc(page.Events(), func(e wireclient.Event) bool { return e.State == "interrupted" })
	l.must(l.await(page, page.ended(interrupted, "failed"))) // one of the servers has no space left
	again := page.bars(interrupted)
	for _, name := range in(again, "updating") {
		if slices.Contains(done, name) {
			l.Errorf("%s was updated before the service died, and is again", name)
		}
	}
	if updated := in(again, "updated"); len(updated) != 11 {
		l.Errorf("%d servers are updated after it went on, want 11: %q", len(updated), updated)
	}

	failed := len(page.Events())
	l.update()
	late := l.watch("late")
	for _, s := range []*subscriber{page, late} {
		from := 0
		if s == page {
			from = failed
		}
		l.must(l.await(s, s.ended(from, "done")))
		if n := s.count(wireclient.Breach) + s.Resets(); n > 0 {
			l.Errorf("%s was told %d times that it missed something, or saw a breach of the protocol: %+v", s.Name, n, s.Events())
		}
	}
	if updated := in(page.bars(interrupted), "updated"); len(updated) != 12 {
		l.Errorf("%d servers are updated in the end, want 12: %q", len(updated), updated)
	}
}
