package main

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// A club is a service for tests: what a page sends goes to all pages of its path, as spoil makes of it.
type club struct {
	spoil func(number int, message string) []string // what leaves for a page in the place of its message of this number

	mu    sync.Mutex
	pages map[string][]*websocket.Conn
}

// openClub starts one, and returns where it is, twice.
func openClub(t *testing.T, spoil func(number int, message string) []string) [2]string {
	t.Helper()
	c := &club{spoil: spoil, pages: map[string][]*websocket.Conn{}}
	server := httptest.NewServer(c)
	t.Cleanup(server.Close)
	addr := strings.TrimPrefix(server.URL, "http://")
	return [2]string{addr, addr}
}

func (c *club) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	conn, err := (&websocket.Upgrader{}).Upgrade(w, r, nil)
	if err != nil {
		return
	}
	defer conn.Close()
	c.mu.Lock()
	c.pages[r.URL.Path] = append(c.pages[r.URL.Path], conn)
	c.mu.Unlock()
	for number := 0; ; number++ {
		_, message, err := conn.ReadMessage()
		if err != nil {
			return
		}
		c.mu.Lock()
		for _, page := range c.pages[r.URL.Path] {
			for _, m := range c.spoil(number, string(message)) {
				_ = page.WriteMessage(websocket.TextMessage, []byte(m)) // one that has gone gets nothing
			}
		}
		c.mu.Unlock()
	}
}

// whole changes nothing.
func whole(_ int, message string) []string { return []string{message} }

// TestHallCounts sends as much as arrives, and finds each message at all pages, with its delay at both processes.
func TestHallCounts(t *testing.T) {
	h, err := enter(openClub(t, whole), shape{rooms: 3, members: 2, depth: 4}, plain{})
	if err != nil {
		t.Fatal(err)
	}
	defer h.drop()
	h.recording.Store(true)
	before := h.whole.Load()
	for _, r := range h.rooms {
		h.spawn(r.chat)
	}
	if err := h.arrive(before + 300); err != nil {
		t.Fatal(err)
	}
	h.drop()
	near, far := h.delays()
	for name, delays := range map[string][]time.Duration{"first": near, "second": far} {
		if len(delays) < 2*300 || delays[0] <= 0 || delays[0] > delays[len(delays)-1] {
			t.Errorf("%d delays at the %s process, from %v on; want those of 300 messages at 2 pages, in order", len(delays), name, delays[0])
		}
	}
	if err := h.failure(); err != nil {
		t.Error(err)
	}
}

// TestHallSpeaks sends at a rate, and returns when all has arrived, though the service takes longer over it than the sending does.
func TestHallSpeaks(t *testing.T) {
	h, err := enter(openClub(t, func(_ int, message string) []string {
		time.Sleep(5 * time.Millisecond)
		return []string{message}
	}), shape{rooms: 3, members: 1, depth: 1}, plain{})
	if err != nil {
		t.Fatal(err)
	}
	defer h.drop()
	before := h.whole.Load()
	begin := time.Now()
	if err := h.speak(500, 100*time.Millisecond); err != nil {
		t.Fatal(err)
	}
	if got := h.whole.Load() - before; got != 50 || time.Since(begin) < 98*time.Millisecond {
		t.Errorf("%d messages in %v, want 50 within 100 ms or more", got, time.Since(begin))
	}
}

// TestHallFallsBehind gives up where nothing arrives any more.
func TestHallFallsBehind(t *testing.T) {
	const settled = 10
	h, err := enter(openClub(t, func(number int, message string) []string {
		if number >= settled {
			return nil
		}
		return []string{message}
	}), shape{rooms: 1, members: 1, depth: 1}, plain{})
	if err != nil {
		t.Fatal(err)
	}
	defer h.drop()
	if err := h.speak(2000, patience); !errors.Is(err, errBehind) {
		t.Errorf("got %v, want %v", err, errBehind)
	}
}

// TestHallWantsAllOnceInOrder ends with an error where a service does not deliver every message once, whole and in order.
func TestHallWantsAllOnceInOrder(t *testing.T) {
	var held string
	for name, test := range map[string]struct {
		spoil func(number int, message string) []string
		err   string
	}{
		"lost":  {func(n int, m string) []string { return map[bool][]string{false: {m}}[n%20 == 19] }, "message 20 came after 18"},
		"twice": {func(n int, m string) []string { return append(map[bool][]string{true: {m}}[n == 9], m) }, "message 9 came after 9"},
		"short": {func(n int, m string) []string { return []string{m[:len(m)-n/5]} }, "a message of 127 bytes"},
		"other": {func(n int, m string) []string { return []string{"z" + m[1:]} }, "invalid syntax"},
		"turned": {func(n int, m string) []string {
			switch n {
			case 6:
				held = m
				return nil
			case 7:
				return []string{m, held}
			}
			return []string{m}
		}, "message 7 came after 5"},
	} {
		t.Run(name, func(t *testing.T) {
			h, err := enter(openClub(t, test.spoil), shape{rooms: 1, members: 1, depth: 4}, plain{})
			if err == nil {
				defer h.drop()
				h.spawn(h.rooms[0].chat)
				err = h.pass(patience)
			}
			if err == nil || !strings.Contains(err.Error(), test.err) {
				t.Errorf("got %v, want %q", err, test.err)
			}
		})
	}
}
