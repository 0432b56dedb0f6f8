package redislayer_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/rueidis"

	"wsgen/golden/backends"
	"wsgen/templates/project/internal/ws"
	"wsgen/templates/project/internal/ws/redislayer"
)

// patience bounds what is waited for; it measures nothing.
const patience = time.Minute

// keep is a history that keeps all that a test appends.
func keep() ws.History { return ws.History{Messages: 1 << 20, Bytes: 1 << 30, TTL: time.Hour} }

// inbox is what was delivered to a backend, "gap" or the data, by topic.
type inbox struct {
	mu    sync.Mutex
	got   map[string][]string
	grown chan struct{}
}

// start starts a backend.
func start(t testing.TB, b *redislayer.Backend) *inbox {
	t.Helper()
	in := &inbox{got: make(map[string][]string), grown: make(chan struct{})}
	if err := b.Start(in.add); err != nil {
		t.Fatal(err)
	}
	return in
}

func (in *inbox) add(topic string, e ws.Envelope) {
	text := string(e.Data)
	if e.Gap {
		text = "gap"
	}
	in.mu.Lock()
	defer in.mu.Unlock()
	in.got[topic] = append(in.got[topic], text)
	close(in.grown)
	in.grown = make(chan struct{})
}

// of returns what a topic got as soon as it is enough.
func (in *inbox) of(t testing.TB, topic string, enough func([]string) bool) []string {
	t.Helper()
	timeout := time.NewTimer(patience)
	defer timeout.Stop()
	for {
		in.mu.Lock()
		got, grown := slices.Clone(in.got[topic]), in.grown
		in.mu.Unlock()
		if enough(got) {
			return got
		}
		select {
		case <-grown:
		case <-timeout.C:
			t.Fatalf("%s got %d: … %q", topic, len(got), got[max(0, len(got)-5):])
		}
	}
}

// awaitReady waits until a backend is ready, or is not.
func awaitReady(t testing.TB, b *redislayer.Backend, ready bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); (b.Ready() == nil) != ready; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("ready: %v, want %v", b.Ready(), ready)
		}
	}
}

func subscribe(t testing.TB, b *redislayer.Backend, topics ...string) {
	t.Helper()
	for _, topic := range topics {
		if err := b.Subscribe(t.Context(), topic); err != nil {
			t.Fatal(err)
		}
	}
}

// TestNothingIsLostUnseen: while the server is killed, comes back and stands still, a topic gets all that was published without
// an error, and a Gap stands where anything is missing; each of very many topics gets one Gap for each lost connection.
func TestNothingIsLostUnseen(t *testing.T) {
	t.Parallel()
	server := backends.StartRedis(t)
	hears, sends := open(t, server.URL), open(t, server.URL)
	in := start(t, hears)
	start(t, sends)
	var many []string
	for i := range 1200 {
		many = append(many, fmt.Sprint("group:", i))
	}
	subscribe(t, hears, append(many, "numbers")...)

	stop, stopped, taken := make(chan struct{}), make(chan struct{}), make(map[int]bool)
	go func() {
		defer close(stopped)
		for i := 1; ; i++ {
			ctx, cancel := context.WithTimeout(context.Background(), time.Second)
			err := sends.Publish(ctx, "numbers", ws.Envelope{Data: strconv.AppendInt(nil, int64(i), 10)})
			cancel()
			taken[i] = err == nil
			select {
			case <-stop:
				return
			default:
			}
		}
	}()
	atLeast := func(n int) func([]string) bool { return func(got []string) bool { return len(got) >= n } }
	seen := len(in.of(t, "numbers", atLeast(100)))
	for _, outage := range []func(){
		func() { server.Kill(); awaitReady(t, hears, false); server.Start() },
		server.Restart,
		func() { server.Pause(); awaitReady(t, hears, false); server.Resume() },
	} {
		outage()
		awaitReady(t, hears, true)
		seen = len(in.of(t, "numbers", atLeast(seen+100)))
	}
	close(stop)
	<-stopped
	if err := sends.Publish(t.Context(), "numbers", ws.Envelope{Data: []byte("0")}); err != nil {
		t.Fatal(err)
	}
	got := in.of(t, "numbers", func(got []string) bool { return slices.Contains(got, "0") })
	last, gap := 0, false
	for _, text := range got[:len(got)-1] {
		if text == "gap" {
			gap = true
			continue
		}
		n, err := strconv.Atoi(text)
		if err != nil || n <= last {
			t.Fatalf("%q after %d", text, last)
		}
		for missing := last + 1; missing < n; missing++ {
			if taken[missing] && !gap {
				t.Fatalf("%d was taken, and is missing without a gap", missing)
			}
		}
		last, gap = n, false
	}
	for _, topic := range many {
		if got := in.of(t, topic, atLeast(3)); fmt.Sprint(got) != "[gap gap gap]" {
			t.Fatalf("%s got %q", topic, got)
		}
	}
}

// TestWithoutTheServer: every call fails within its time, and none waits for ever; what was subscribed to is not forgotten.
func TestWithoutTheServer(t *testing.T) {
	t.Parallel()
	server := backends.StartRedis(t)
	b := open(t, server.URL)
	in := start(t, b)
	subscribe(t, b, "a")
	for name, down := range map[string]func(){"killed": server.Kill, "standing still": server.Pause} {
		server.Start()
		server.Resume()
		awaitReady(t, b, true)
		down()
		for call, f := range map[string]func(context.Context) error{
			"publish":   func(ctx context.Context) error { return b.Publish(ctx, "a", ws.Envelope{}) },
			"subscribe": func(ctx context.Context) error { return b.Subscribe(ctx, "b") },
			"append":    func(ctx context.Context) error { _, err := b.Append(ctx, "a", ws.Append{History: keep()}); return err },
			"read":      func(ctx context.Context) error { _, err := b.Read(ctx, "a", keep(), 0, 1); return err },
			"lapsed":    func(ctx context.Context) error { _, err := b.Lapsed(ctx); return err },
		} {
			ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
			began := time.Now()
			err := f(ctx)
			if took := time.Since(began); err == nil || errors.Is(err, ws.ErrLayerClosed) || took > patience/2 {
				t.Errorf("%s, %s: %v after %v", name, call, err, took)
			}
			cancel()
		}
	}
	server.Start()
	server.Resume()
	awaitReady(t, b, true)
	if err := b.Publish(t.Context(), "a", ws.Envelope{Data: []byte("last")}); err != nil {
		t.Error(err)
	}
	in.of(t, "a", func(got []string) bool { return slices.Contains(got, "last") })
}

// TestEpochs: a server that was started again goes on with what it has kept, under another epoch where it may have lost records.
func TestEpochs(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		args    []string
		restart func(*backends.Redis)
		same    bool
		top     uint64
	}{
		"killed":              {nil, (*backends.Redis).Kill, false, 3},
		"stopped":             {nil, (*backends.Redis).Stop, false, 3},
		"killed, all on disk": {[]string{"--appendfsync", "always"}, (*backends.Redis).Kill, true, 3},
		"empty":               {[]string{"--appendfsync", "always"}, (*backends.Redis).Empty, false, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := backends.StartRedis(t, test.args...)
			b, other := open(t, server.URL), open(t, server.URL)
			const topic = "group:job:1"
			if _, err := b.Lease(t.Context(), topic, "me", time.Hour); err != nil {
				t.Fatal(err)
			}
			for _, text := range []string{"1", "2", "3"} {
				if _, err := b.Append(t.Context(), topic, ws.Append{History: keep(), Envelope: ws.Envelope{Data: []byte(text)}}); err != nil {
					t.Fatal(err)
				}
			}
			before, err := b.Read(t.Context(), topic, keep(), 0, 10)
			if err != nil {
				t.Fatal(err)
			}
			awaitWritten(t, server)
			test.restart(server)
			server.Start()
			at := appendWhenUp(t, other, topic) // which knows a server of before, too
			page, err := b.Read(t.Context(), topic, keep(), 0, 10)
			if err != nil || at.Epoch != page.Epoch || (page.Epoch == before.Epoch) != test.same || page.Top != test.top+1 || page.Since != 0 {
				t.Fatalf("%+v, %v; before %+v", page, err, before)
			}
			if len(page.Records) != int(test.top)+1 || page.Records[test.top].Epoch != page.Epoch {
				t.Errorf("records %+v", page.Records)
			}
			if want := map[bool]string{true: "me", false: ""}[test.top > 0]; page.Owner != want {
				t.Errorf("owner %q, want %q", page.Owner, want)
			}
		})
	}
}

// awaitWritten waits until a server has handed all to the system: with appendfsync everysec it keeps what is to be written for up to
// two seconds while the disk is busy with an older part, and a kill costs that.
func awaitWritten(t *testing.T, server *backends.Redis) {
	t.Helper()
	client := plain(t, server)
	for deadline := time.Now().Add(patience); ; time.Sleep(time.Millisecond) {
		info, err := client.Do(t.Context(), client.B().Info().Section("persistence").Build()).ToString()
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(info, "aof_buffer_length:0\r\n") {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("not written: %s", info)
		}
	}
}

// plain returns a client of the library's own for a server.
func plain(t *testing.T, server *backends.Redis) rueidis.Client {
	t.Helper()
	client, err := rueidis.NewClient(rueidis.ClientOption{InitAddress: []string{server.Addr()}, ForceSingleClient: true, DisableCache: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	return client
}

// appendWhenUp appends a record as soon as the server takes it.
func appendWhenUp(t *testing.T, b *redislayer.Backend, topic string) ws.Position {
	t.Helper()
	for deadline := time.Now().Add(patience); ; time.Sleep(time.Millisecond) {
		at, err := b.Append(t.Context(), topic, ws.Append{History: keep(), Envelope: ws.Envelope{Data: []byte("4")}})
		if err == nil {
			return at
		}
		if time.Now().After(deadline) {
			t.Fatal(err)
		}
	}
}
