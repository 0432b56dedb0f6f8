// Command coder is a server on coder/websocket, after the chat example of the library: for each connection a channel and a goroutine
// that writes from it. The channel holds 256 messages, as in the other hubs; a subscriber whose channel is full is closed.
package main

import (
	"context"
	"log"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/coder/websocket"

	"load/servers/serve"
)

func main() {
	serve.Run(func(mux *http.ServeMux, s serve.Settings) error {
		h := &hub{slow: s.Slow, subscribers: map[*subscriber]bool{}}
		mux.HandleFunc("/group", func(w http.ResponseWriter, r *http.Request) { open(h, s, w, r) })
		mux.HandleFunc("/echo", func(w http.ResponseWriter, r *http.Request) { open(nil, s, w, r) })
		return nil
	})
}

// A hub sends each message to all its subscribers.
type hub struct {
	slow        *atomic.Int64 // counts the messages that a subscriber had no room for
	mu          sync.Mutex
	subscribers map[*subscriber]bool
}

// publish sends to all, without waiting for anyone.
func (h *hub) publish(message []byte) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for s := range h.subscribers {
		select {
		case s.messages <- message:
		default:
			h.slow.Add(1)
			go s.conn.Close(websocket.StatusPolicyViolation, "too slow")
		}
	}
}

// A subscriber is one connection.
type subscriber struct {
	conn     *websocket.Conn
	messages chan []byte
}

// open serves a connection to its end; without a hub it gets back what it sends.
func open(h *hub, settings serve.Settings, w http.ResponseWriter, r *http.Request) {
	conn, err := websocket.Accept(w, r, nil)
	if err != nil {
		log.Println(err)
		return
	}
	defer func() { _ = conn.CloseNow() }()
	conn.SetReadLimit(serve.MaxMessage)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	s := &subscriber{conn: conn, messages: make(chan []byte, 256)}
	if h != nil {
		h.mu.Lock()
		h.subscribers[s] = true
		h.mu.Unlock()
		defer func() {
			h.mu.Lock()
			defer h.mu.Unlock()
			delete(h.subscribers, s)
		}()
	}
	go func() {
		defer cancel()
		s.write(ctx, settings)
	}()
	for {
		_, message, err := conn.Read(ctx)
		switch {
		case err != nil:
			return
		case h != nil:
			h.publish(message)
		default:
			s.messages <- message
		}
	}
}

// write writes what is for the subscriber, and pings it.
func (s *subscriber) write(ctx context.Context, settings serve.Settings) {
	ticker := time.NewTicker(settings.Ping)
	defer ticker.Stop()
	for {
		var err error
		select {
		case message := <-s.messages:
			err = within(ctx, 10*time.Second, func(ctx context.Context) error { return s.conn.Write(ctx, websocket.MessageText, message) })
		case <-ticker.C:
			err = within(ctx, settings.Pong, s.conn.Ping)
		case <-ctx.Done():
			return
		}
		if err != nil {
			return
		}
	}
}

// within does something that has to be done within a time.
func within(ctx context.Context, d time.Duration, do func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	return do(ctx)
}
