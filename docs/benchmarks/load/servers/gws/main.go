// Command gws is a server on lxzan/gws, set up as its documentation does, with its broadcaster. The library leaves pings to the
// application: one goroutine pings all sockets.
package main

import (
	"log"
	"net/http"
	"sync"
	"time"

	"github.com/lxzan/gws"

	"load/servers/serve"
)

func main() {
	serve.Run(func(mux *http.ServeMux, s serve.Settings) error {
		for path, group := range map[string]bool{"/group": true, "/echo": false} {
			h := &handler{group: group, silence: s.Ping + s.Pong, sockets: map[*gws.Conn]bool{}}
			go h.ping(s.Ping)
			upgrader := gws.NewUpgrader(h, &gws.ServerOption{ReadMaxPayloadSize: serve.MaxMessage})
			mux.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) {
				socket, err := upgrader.Upgrade(w, r)
				if err != nil {
					log.Println(err)
					return
				}
				go socket.ReadLoop() // so that the request's goroutine and buffers can go
			})
		}
		return nil
	})
}

// A handler is told what happens on the sockets of one path.
type handler struct {
	gws.BuiltinEventHandler
	group   bool // what comes from one goes to all
	silence time.Duration

	mu      sync.RWMutex
	sockets map[*gws.Conn]bool
}

// OnOpen takes a socket in.
func (h *handler) OnOpen(socket *gws.Conn) {
	_ = socket.SetReadDeadline(time.Now().Add(h.silence))
	h.mu.Lock()
	defer h.mu.Unlock()
	h.sockets[socket] = true
}

// OnClose drops it.
func (h *handler) OnClose(socket *gws.Conn, _ error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.sockets, socket)
}

// OnPong notes that the peer lives.
func (h *handler) OnPong(socket *gws.Conn, _ []byte) {
	_ = socket.SetReadDeadline(time.Now().Add(h.silence))
}

// OnMessage sends a message to all, or back.
func (h *handler) OnMessage(socket *gws.Conn, message *gws.Message) {
	defer func() { _ = message.Close() }()
	if !h.group {
		_ = socket.WriteMessage(message.Opcode, message.Bytes())
		return
	}
	b := gws.NewBroadcaster(message.Opcode, message.Bytes())
	defer func() { _ = b.Close() }()
	h.mu.RLock()
	defer h.mu.RUnlock()
	for s := range h.sockets {
		_ = b.Broadcast(s)
	}
}

// ping pings all sockets again and again.
func (h *handler) ping(every time.Duration) {
	for range time.Tick(every) {
		h.mu.RLock()
		for s := range h.sockets {
			_ = s.WritePing(nil)
		}
		h.mu.RUnlock()
	}
}
