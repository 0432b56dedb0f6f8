package natslayer_test

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"wsgen/golden/backends"
	"wsgen/templates/project/internal/ws"
	"wsgen/templates/project/internal/ws/natslayer"
)

// patience bounds what a test waits for; it measures nothing.
const patience = time.Minute

// listener keeps what is delivered to a process.
type listener struct {
	mu    sync.Mutex // guards the rest
	got   map[string][]ws.Envelope
	grown chan struct{}
}

// start opens and starts a backend that is closed with the test.
func start(t testing.TB, server *backends.NATS) (*natslayer.Backend, *listener) {
	t.Helper()
	b := open(t, server)
	l := &listener{got: make(map[string][]ws.Envelope), grown: make(chan struct{})}
	if err := b.Start(func(topic string, e ws.Envelope) {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.got[topic] = append(l.got[topic], e)
		close(l.grown)
		l.grown = make(chan struct{})
	}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	})
	return b, l
}

// await waits until something holds for what was delivered of a topic.
func (l *listener) await(t testing.TB, topic, what string, holds func(got []ws.Envelope) bool) []ws.Envelope {
	t.Helper()
	timeout := time.NewTimer(patience)
	defer timeout.Stop()
	for {
		l.mu.Lock()
		got, grown := l.got[topic], l.grown
		l.mu.Unlock()
		if holds(got) {
			return got
		}
		select {
		case <-grown:
		case <-timeout.C:
			t.Fatalf("%q got %d envelopes, but not %s", topic, len(got), what)
		}
	}
}

// gap reports whether a gap was told.
func gap(got []ws.Envelope) bool {
	for _, e := range got {
		if e.Gap {
			return true
		}
	}
	return false
}

// until waits until something holds.
func until(t testing.TB, what string, holds func() bool) {
	t.Helper()
	ticker := time.NewTicker(10 * time.Millisecond)
	defer ticker.Stop()
	for deadline := time.Now().Add(patience); !holds(); <-ticker.C {
		if time.Now().After(deadline) {
			t.Fatalf("in %v it did not come to this: %s", patience, what)
		}
	}
}

var keep = ws.History{Messages: 100, Bytes: 1 << 20, TTL: time.Hour}

// add appends a text.
func add(t testing.TB, b *natslayer.Backend, topic, text string) ws.Position {
	t.Helper()
	at, err := b.Append(t.Context(), topic, ws.Append{History: keep, Envelope: ws.Envelope{Data: []byte(text)}})
	if err != nil {
		t.Fatal(err)
	}
	return at
}

// read returns a page, and what its records say.
func read(t testing.TB, b *natslayer.Backend, topic string) (ws.Page, string) {
	t.Helper()
	page, err := b.Read(t.Context(), topic, keep, 0, 1000)
	if err != nil {
		t.Fatal(err)
	}
	var texts []string
	for _, e := range page.Records {
		texts = append(texts, string(e.Data))
	}
	return page, fmt.Sprint(texts)
}

// TestServerDies: while the server is away sends fail, and the layer says that it is not ready; afterwards all goes on, streams have
// lost nothing, and who listens is told that something may be missing.
func TestServerDies(t *testing.T) {
	server := backends.StartNATS(t)
	b, l := start(t, server)
	other, _ := start(t, server)
	topics := []string{"group:plain", "group:job:1"}
	for _, topic := range topics {
		if err := b.Subscribe(t.Context(), topic); err != nil {
			t.Fatal(err)
		}
	}
	at := add(t, b, "group:job:1", "one")
	if _, err := b.Lease(t.Context(), "group:job:1", "me", time.Hour); err != nil {
		t.Fatal(err)
	}
	server.Kill()
	until(t, "not ready", func() bool { return b.Ready() != nil })
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if err := b.Publish(ctx, "group:plain", ws.Envelope{}); err == nil {
		t.Error("published, but to whom?")
	}
	if _, err := b.Append(ctx, "group:job:1", ws.Append{History: keep}); err == nil {
		t.Error("appended, but where?")
	}
	late := make(chan error)
	go func() { late <- b.Publish(t.Context(), "group:plain", ws.Envelope{Data: []byte("late")}) }()
	server.Start()
	if err := <-late; err != nil {
		t.Errorf("a send that had time to wait: %v", err)
	}
	until(t, "ready", func() bool { return b.Ready() == nil && other.Ready() == nil })
	for _, topic := range topics {
		l.await(t, topic, "a gap", gap)
	}
	if err := other.Publish(t.Context(), "group:plain", ws.Envelope{Data: []byte("after")}); err != nil {
		t.Fatal(err)
	}
	l.await(t, "group:plain", "what came after", func(got []ws.Envelope) bool { return string(got[len(got)-1].Data) == "after" })
	two := add(t, other, "group:job:1", "two")
	if page, texts := read(t, b, "group:job:1"); texts != "[one two]" || page.Since != 0 || two.Epoch != at.Epoch || page.Owner != "me" {
		t.Errorf("kept %s: %+v", texts, page)
	}
	got := l.await(t, "group:job:1", "the second", func(got []ws.Envelope) bool { return string(got[len(got)-1].Data) == "two" })
	if last := got[len(got)-1]; last.Offset != two.Offset {
		t.Errorf("delivered %+v", last)
	}
}

// TestServerIsEmptied: streams begin anew, with another epoch, also where another process has used them first.
func TestServerIsEmptied(t *testing.T) {
	server := backends.StartNATS(t)
	b, l := start(t, server)
	other, _ := start(t, server)
	if err := b.Subscribe(t.Context(), "group:job:1"); err != nil {
		t.Fatal(err)
	}
	add(t, b, "group:other:1", "one")
	was := add(t, b, "group:job:1", "one")
	add(t, b, "group:job:2", "one")
	if _, err := b.Lease(t.Context(), "group:job:1", "me", time.Hour); err != nil {
		t.Fatal(err)
	}
	server.Empty()
	until(t, "ready", func() bool { return b.Ready() == nil && other.Ready() == nil })
	l.await(t, "group:job:1", "a gap", gap)
	for range 3 { // so that its sequences come to where they were
		add(t, other, "group:job:2", "new")
	}
	is := add(t, b, "group:job:1", "new")
	if page, texts := read(t, other, "group:job:1"); texts != "[new]" || is.Epoch == was.Epoch || page.Epoch != is.Epoch || page.Owner != "" {
		t.Errorf("kept %s: %+v", texts, page)
	}
	if _, texts := read(t, b, "group:job:2"); texts != "[new new new]" {
		t.Errorf("kept %s", texts)
	}
	first := add(t, other, "group:other:1", "new") // at the offset of one that is gone
	second := add(t, b, "group:other:1", "newer")
	if _, texts := read(t, b, "group:other:1"); texts != "[new newer]" || first.Epoch != second.Epoch {
		t.Errorf("kept %s, at %+v and %+v", texts, first, second)
	}
}

// TestServerLosesItsTail: where the server comes back with less than it had taken, as after a power cut, a process that knows more
// has the stream begin anew: else its offsets would be given to other records.
func TestServerLosesItsTail(t *testing.T) {
	server := backends.StartNATS(t)
	b, _ := start(t, server)
	add(t, b, "group:job:1", "one")
	server.Stop()
	copied := t.TempDir()
	copyDir(t, server.Dir(), copied)
	server.Start()
	was := add(t, b, "group:job:1", "two")
	server.Kill()
	if err := os.RemoveAll(filepath.Join(server.Dir(), "jetstream")); err != nil {
		t.Fatal(err)
	}
	copyDir(t, copied, server.Dir())
	server.Start()
	is := add(t, b, "group:job:1", "another two")
	if page, texts := read(t, b, "group:job:1"); is.Epoch == was.Epoch || page.Epoch != is.Epoch || texts != "[another two]" {
		t.Errorf("at %+v, where %+v was another record; kept %s", is, was, texts)
	}
}

// copyDir copies the files of a folder.
func copyDir(t *testing.T, from, to string) {
	t.Helper()
	err := filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		if d.IsDir() {
			return os.MkdirAll(filepath.Join(to, name), 0o700)
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(to, name), data, 0o600)
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestServerStandsStill: no call waits for it longer than five seconds, and nothing is sent twice.
func TestServerStandsStill(t *testing.T) {
	server := backends.StartNATS(t)
	b, l := start(t, server)
	if err := b.Subscribe(t.Context(), "group:plain"); err != nil {
		t.Fatal(err)
	}
	server.Pause()
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	errs := make(chan error)
	go func() { errs <- b.Publish(ctx, "group:plain", ws.Envelope{Data: []byte("0")}) }()
	go func() { errs <- b.Subscribe(ctx, "group:other") }()
	go func() { _, err := b.Read(ctx, "group:job:1", keep, 0, 1); errs <- err }()
	for range 3 {
		if err := <-errs; err == nil {
			t.Error("done, by a server that stands still")
		}
	}
	server.Resume()
	if err := b.Publish(t.Context(), "group:plain", ws.Envelope{Data: []byte("1")}); err != nil {
		t.Fatal(err)
	}
	got := l.await(t, "group:plain", "the second", func(got []ws.Envelope) bool {
		return len(got) > 0 && string(got[len(got)-1].Data) == "1"
	})
	seen := make(map[string]int)
	for _, e := range got {
		seen[string(e.Data)]++
	}
	if seen["0"] > 1 || seen["1"] != 1 {
		t.Errorf("delivered %v", seen)
	}
}

// TestTooManyMessages: what arrives faster than it is handed on is let go of beyond a bound, and that is told, after all that was
// not.
func TestTooManyMessages(t *testing.T) {
	server := backends.StartNATS(t)
	b := open(t, server)
	held, release := make(chan struct{}), make(chan struct{})
	var once sync.Once
	var count, gaps, last atomic.Int32
	if err := b.Start(func(_ string, e ws.Envelope) {
		once.Do(func() { close(held); <-release })
		count.Add(1)
		if e.Gap {
			gaps.Add(1)
		}
		if string(e.Data) == "last" {
			last.Add(1)
		}
	}); err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	other, _ := start(t, server)
	if err := b.Subscribe(t.Context(), "group:plain"); err != nil {
		t.Fatal(err)
	}
	const messages = 100
	data := make([]byte, 1_000_000)
	for i := range messages {
		if err := other.Publish(t.Context(), "group:plain", ws.Envelope{Data: data}); err != nil {
			t.Fatal(err)
		}
		if i == 0 {
			<-held
		}
	}
	until(t, "all that fits has arrived", func() bool { return b.Waiting() >= 32<<20 })
	close(release)
	until(t, "it is handed on", func() bool { return b.Waiting() == 0 })
	if err := other.Publish(t.Context(), "group:plain", ws.Envelope{Data: []byte("last")}); err != nil {
		t.Fatal(err)
	}
	until(t, "the last message and a gap were told", func() bool { return last.Load() == 1 && gaps.Load() > 0 })
	if n := count.Load(); n >= messages {
		t.Errorf("%d deliveries of %d: nothing was let go of", n, messages)
	}
}
