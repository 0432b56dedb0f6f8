package wstest

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"wsgen/templates/project/internal/ws"

	"github.com/gorilla/websocket"
)

// page is what a page on wsgen.1 keeps from one connection to the next.
type page struct {
	id        string                 // names it to the service
	positions map[string]ws.Position // in streams, by the name of the group
	commands  uint64                 // sent so far
	unacked   []command              // in order
}

// command is a message that the service has not acknowledged.
type command struct {
	number uint64
	kind   int // of the WebSocket message
	data   []byte
}

// newPage returns a page that has just been loaded.
func newPage() *page {
	id := make([]byte, 16)
	_, _ = rand.Read(id) // it never fails
	return &page{id: hex.EncodeToString(id), positions: make(map[string]ws.Position)}
}

// Return connects as the page of an earlier socket that connects again, as the generated JavaScript client does by itself: over
// [V1], under the same client id, from where it stands in its streams, and with the messages sent again that the service has
// not acknowledged. The page is what it was when Return is called: where the earlier socket is still open, what that gets
// afterwards the page does not know.
func Return(earlier *Sock) Option {
	earlier.mu.Lock()
	defer earlier.mu.Unlock()
	back := page{
		id:        earlier.page.id,
		positions: maps.Clone(earlier.page.positions),
		commands:  earlier.page.commands,
		unacked:   slices.Clone(earlier.page.unacked),
	}
	return func(o *options) {
		V1()(o)
		o.page = &back
	}
}

// ExpectAcks waits until the service has acknowledged all that the page has sent, over [V1] and where the service keeps streams:
// the handlers of these messages have returned.
func (s *Sock) ExpectAcks() {
	s.t.Helper()
	if !s.acks {
		s.t.Fatal("only a service with streams acknowledges, and only with the option wstest.V1()")
	}
	s.await("acknowledgements", func() bool { return len(s.page.unacked) == 0 })
}

// sendMessage sends a message: as a command, which is kept until it is acknowledged, where the service acknowledges.
func (s *Sock) sendMessage(kind int, data []byte) {
	if !s.acks {
		s.send(kind, "m", data)
		return
	}
	s.mu.Lock()
	s.page.commands++
	c := command{number: s.page.commands, kind: kind, data: data}
	s.page.unacked = append(s.page.unacked, c)
	s.mu.Unlock()
	s.sendCommand(c)
}

func (s *Sock) sendCommand(c command) {
	s.send(c.kind, fmt.Sprintf("n%d:", c.number), c.data)
}

// introduce says who the page is.
func (s *Sock) introduce() {
	s.send(websocket.TextMessage, "c", fmt.Appendf(nil, `{"type":"client","id":%q}`, s.page.id))
}

// resend sends again what was not acknowledged on earlier connections.
func (s *Sock) resend() {
	if !s.acks {
		return
	}
	s.mu.Lock()
	again := slices.Clone(s.page.unacked)
	s.mu.Unlock()
	for _, c := range again {
		s.sendCommand(c)
	}
}

// takeAck takes an acknowledgement; s.mu is held.
func (s *Sock) takeAck(payload []byte) {
	number, err := strconv.ParseUint(string(payload), 10, 53)
	if err != nil || number == 0 || number > s.page.commands {
		s.t.Errorf("acknowledgement %q, but %d commands were sent", payload, s.page.commands)
		return
	}
	kept := s.page.unacked
	for len(kept) > 0 && kept[0].number <= number {
		kept = kept[1:]
	}
	s.page.unacked = kept
}
