package main

import (
	"fmt"
	"net"
	"time"

	"github.com/gorilla/websocket"
)

// A page is a client of a service. One goroutine reads from it, and one writes.
type page struct {
	conn    *websocket.Conn
	dialect dialect
	number  int64 // of the last command, where the dialect numbers them: the writer's

	offset int64           // the last of its stream: the reader's, like all that follows
	last   int             // the number of the last message; -1: there was none
	delays []time.Duration // of what arrived while they were wanted
}

// open connects a page to a service, in a room, and returns once that has said what comes first.
func open(addr, room string, d dialect, source int) (*page, error) {
	path, offer := d.address(room)
	dialer := websocket.Dialer{
		// Each address of loopback is somebody of his own to a service that bounds how many connections one may have.
		NetDialContext:   (&net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, byte(2+source%8))}}).DialContext,
		HandshakeTimeout: patience,
	}
	if offer != "" {
		dialer.Subprotocols = []string{offer}
	}
	conn, response, err := dialer.Dial("ws://"+addr+path, nil)
	if response != nil {
		_ = response.Body.Close() // what is in it is in the error, or nowhere
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	p := &page{conn: conn, dialect: d, last: -1}
	err = conn.SetReadDeadline(time.Now().Add(patience))
	if err == nil {
		err = d.greet(p, room)
	}
	if err == nil {
		err = conn.SetReadDeadline(time.Time{})
	}
	if err != nil {
		p.drop()
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return p, nil
}

// write sends a text message.
func (p *page) write(message []byte) error {
	return p.conn.WriteMessage(websocket.TextMessage, message)
}

// listen gives what comes to take, until an error.
func (p *page) listen(take func(payload []byte) error) error {
	for {
		_, message, err := p.conn.ReadMessage()
		if err != nil {
			return err
		}
		if err := p.dialect.unwrap(p, message, take); err != nil {
			return err
		}
	}
}

// await takes messages until done says so.
func (p *page) await(done func(message []byte) (bool, error)) error {
	for {
		_, message, err := p.conn.ReadMessage()
		if err != nil {
			return err
		}
		if finished, err := done(message); finished || err != nil {
			return err
		}
	}
}

// drop ends the connection.
func (p *page) drop() {
	_ = p.conn.Close() // it is of no use any more, however it ends
}
