// Package layertest says what every backend of a layer has to do, as tests: those in package ws run it over memory, those of each
// backend over a real server. It is not emitted.
//
// A process, here, is one backend: two of them at one server are what two processes of a service are to each other.
package layertest

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"math"
	"strings"
	"sync"
	"testing"
	"time"

	"wsgen/templates/project/internal/ws"
)

// Suite is a kind of backend that is to be tested.
type Suite struct {
	// Open returns the backend of one more process at one server, which has not been started.
	Open func(t testing.TB) ws.Backend
	// Alone says that there is one process only: the backend keeps all in itself, and its leases do not lapse.
	Alone bool
}

// Run runs all tests. The server may hold what earlier ones left.
func Run(t *testing.T, s Suite) {
	lists := []map[string]func(*testing.T, Suite){backendTests(), logTests(), leaseTests(), layerTests()}
	if !s.Alone {
		lists = append(lists, lapseTests(), sharedTests())
	}
	for _, tests := range lists {
		for name, test := range tests {
			t.Run(name, func(t *testing.T) {
				t.Parallel() // most of them wait for time to pass, or for the server
				test(t, s)
			})
		}
	}
}

// patience bounds what a test waits for; it measures nothing.
const patience = time.Minute

// process is a started backend, and what was delivered to it.
type process struct {
	backend ws.Backend
	log     ws.Log

	mu    sync.Mutex // guards the rest
	got   map[string][]ws.Envelope
	grown chan struct{} // closed when something is delivered
}

// processes starts n processes at the server. Where there can be one only, it stands for all of them. They are closed with the
// test.
func (s Suite) processes(t testing.TB, n int) []*process {
	t.Helper()
	all := make([]*process, n)
	for i := range all {
		if s.Alone && i > 0 {
			all[i] = all[0]
			continue
		}
		all[i] = s.process(t)
	}
	return all
}

// process starts one process.
func (s Suite) process(t testing.TB) *process {
	t.Helper()
	b := s.Open(t)
	log, ok := b.(ws.Log)
	if !ok {
		t.Fatalf("%T is no ws.Log", b)
	}
	p := &process{backend: b, log: log, got: make(map[string][]ws.Envelope), grown: make(chan struct{})}
	if err := b.Start(p.deliver); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := b.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return p
}

func (p *process) deliver(topic string, e ws.Envelope) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.got[topic] = append(p.got[topic], e)
	close(p.grown)
	p.grown = make(chan struct{})
}

// delivered waits until n envelopes of a topic were delivered, and returns them all.
func (p *process) delivered(t testing.TB, topic string, n int) []ws.Envelope {
	t.Helper()
	timeout := time.NewTimer(patience)
	defer timeout.Stop()
	for {
		p.mu.Lock()
		got, grown := p.got[topic], p.grown
		p.mu.Unlock()
		if len(got) >= n {
			return got
		}
		select {
		case <-grown:
		case <-timeout.C:
			t.Fatalf("%d envelopes of %q were delivered, want %d", len(got), topic, n)
		}
	}
}

// newFamily returns the name of a family that no other test has.
func newFamily() string { return "f" + strings.ToLower(rand.Text()[:10]) }

// newTopic returns a topic of a family that no other test has.
func newTopic() string { return "group:" + newFamily() + ":a" }

func (p *process) subscribe(t testing.TB, topics ...string) {
	t.Helper()
	for _, topic := range topics {
		if err := p.backend.Subscribe(t.Context(), topic); err != nil {
			t.Fatalf("subscribe to %q: %v", topic, err)
		}
	}
}

func (p *process) publish(t testing.TB, topic string, e ws.Envelope) {
	t.Helper()
	if err := p.backend.Publish(t.Context(), topic, e); err != nil {
		t.Fatalf("publish to %q: %v", topic, err)
	}
}

// publishText publishes a text.
func (p *process) publishText(t testing.TB, topic, text string) {
	t.Helper()
	p.publish(t, topic, ws.Envelope{Data: []byte(text)})
}

// append appends a text.
func (p *process) append(t testing.TB, topic string, h ws.History, key, text string) ws.Position {
	t.Helper()
	return p.appendAll(t, topic, ws.Append{History: h, Envelope: ws.Envelope{Key: key, Data: []byte(text)}})
}

func (p *process) appendAll(t testing.TB, topic string, a ws.Append) ws.Position {
	t.Helper()
	at, err := p.log.Append(t.Context(), topic, a)
	if err != nil {
		t.Fatalf("append to %q: %v", topic, err)
	}
	return at
}

// page reads one page.
func (p *process) page(t testing.TB, topic string, h ws.History, after uint64, limit int) ws.Page {
	t.Helper()
	page, err := p.log.Read(t.Context(), topic, h, after, limit)
	if err != nil {
		t.Fatalf("read %q: %v", topic, err)
	}
	return page
}

// read reads all behind an offset, page by page; what it returns besides is of the last page.
func (p *process) read(t testing.TB, topic string, h ws.History, after uint64) ws.Page {
	t.Helper()
	var all []ws.Envelope
	for {
		page := p.page(t, topic, h, after, math.MaxInt)
		all = append(all, page.Records...)
		if n := len(page.Records); n > 0 {
			after = page.Records[n-1].Offset
		}
		if len(page.Records) == 0 || after >= page.Top {
			page.Records = all
			return page
		}
	}
}

// texts is what envelopes say.
func texts(all []ws.Envelope) string {
	said := make([]string, len(all))
	for i, e := range all {
		said[i] = string(e.Data)
	}
	return fmt.Sprint(said)
}

// same reports whether two envelopes are one; no data is the same as empty data.
func same(a, b ws.Envelope) bool {
	equal := bytes.Equal(a.Data, b.Data)
	a.Data, b.Data = nil, nil
	return equal && fmt.Sprint(a) == fmt.Sprint(b)
}

// until waits until something is so that time brings about.
func until(t testing.TB, what string, so func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	for !so() {
		select {
		case <-ticker.C:
		case <-ctx.Done():
			t.Fatalf("in %v it did not come to this: %s", patience, what)
		}
	}
}
