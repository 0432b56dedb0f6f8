// Command gorilla is the hub that most people write on gorilla/websocket, after the chat example of the library: one goroutine that
// knows all clients, and for each client a channel of 256 messages, a goroutine that reads and one that writes and pings. It
// writes each message as one of its own, where the example joins those that wait with line breaks.
package main

import (
	"log"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"

	"load/servers/serve"
)

// writeWait bounds a write to a client.
const writeWait = 10 * time.Second

func main() {
	serve.Run(func(mux *http.ServeMux, s serve.Settings) error {
		h := &hub{slow: s.Slow, broadcast: make(chan []byte), register: make(chan *client), unregister: make(chan *client), clients: map[*client]bool{}}
		go h.run()
		mux.HandleFunc("/group", func(w http.ResponseWriter, r *http.Request) { open(h, s, w, r) })
		mux.HandleFunc("/echo", func(w http.ResponseWriter, r *http.Request) { open(nil, s, w, r) })
		return nil
	})
}

// A hub sends each message to all its clients.
type hub struct {
	slow                 *atomic.Int64 // counts the clients whose channel was full
	broadcast            chan []byte
	register, unregister chan *client
	clients              map[*client]bool
}

// run owns the clients.
func (h *hub) run() {
	for {
		select {
		case c := <-h.register:
			h.clients[c] = true
		case c := <-h.unregister:
			h.remove(c)
		case message := <-h.broadcast:
			for c := range h.clients {
				select {
				case c.send <- message:
				default:
					h.slow.Add(1)
					h.remove(c)
				}
			}
		}
	}
}

// remove drops a client and lets its writer end.
func (h *hub) remove(c *client) {
	if h.clients[c] {
		delete(h.clients, c)
		close(c.send)
	}
}

// A client is one connection; without a hub it gets back what it sends.
type client struct {
	hub  *hub
	conn *websocket.Conn
	send chan []byte
}

// open takes a connection in.
func open(h *hub, s serve.Settings, w http.ResponseWriter, r *http.Request) {
	upgrader := websocket.Upgrader{ReadBufferSize: 1024, WriteBufferSize: 1024}
	conn, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		log.Println(err)
		return
	}
	c := &client{hub: h, conn: conn, send: make(chan []byte, 256)}
	if h != nil {
		h.register <- c
	}
	go c.write(s.Ping)
	go c.read(s.Ping + s.Pong)
}

// read takes what the client sends until it is gone or silent.
func (c *client) read(silence time.Duration) {
	defer func() {
		if c.hub != nil {
			c.hub.unregister <- c
		} else {
			close(c.send)
		}
		_ = c.conn.Close()
	}()
	c.conn.SetReadLimit(serve.MaxMessage)
	_ = c.conn.SetReadDeadline(time.Now().Add(silence))
	c.conn.SetPongHandler(func(string) error { return c.conn.SetReadDeadline(time.Now().Add(silence)) })
	for {
		_, message, err := c.conn.ReadMessage()
		if err != nil {
			return
		}
		if c.hub != nil {
			c.hub.broadcast <- message
		} else {
			c.send <- message
		}
	}
}

// write writes what is for the client, and pings it.
func (c *client) write(every time.Duration) {
	ticker := time.NewTicker(every)
	defer func() {
		ticker.Stop()
		_ = c.conn.Close()
	}()
	for {
		select {
		case message, ok := <-c.send:
			_ = c.conn.SetWriteDeadline(time.Now().Add(writeWait))
			if !ok {
				_ = c.conn.WriteMessage(websocket.CloseMessage, nil)
				return
			}
			if err := c.conn.WriteMessage(websocket.TextMessage, message); err != nil {
				return
			}
		case <-ticker.C:
			_ = c.conn.SetWriteDeadline(time.Now().Add(writeWait))
			if err := c.conn.WriteMessage(websocket.PingMessage, nil); err != nil {
				return
			}
		}
	}
}
