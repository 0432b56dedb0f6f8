package wstest

import (
	"bytes"
	"encoding/json"
	"errors"

	"wsgen/templates/project/internal/ws"

	"github.com/gorilla/websocket"
)

// read takes frames off the connection until it ends.
func (s *Sock) read() {
	defer close(s.over)
	for {
		kind, data, err := s.conn.ReadMessage()
		if err != nil {
			s.end(err)
			return
		}
		s.take(ws.Message{Data: data, Binary: kind == websocket.BinaryMessage})
	}
}

// end notes how the socket ended. The server closes the connection, as RFC 6455, section 7.1.1, has it; so the page waits
// for that before it closes its own end.
func (s *Sock) end(err error) {
	notice := &closeNotice{Code: websocket.CloseAbnormalClosure, Reason: err.Error()}
	var closed *websocket.CloseError
	if errors.As(err, &closed) {
		notice = &closeNotice{Code: closed.Code, Reason: closed.Text}
		s.pipe.drain()
	}
	_ = s.pipe.Close()
	s.mu.Lock()
	s.closed = notice
	s.mu.Unlock()
	s.signal()
}

// drain reads to the end of the connection.
func (p *pipeEnd) drain() {
	var b [512]byte
	for {
		if _, err := p.Read(b[:]); err != nil {
			return
		}
	}
}

// signal wakes the test.
func (s *Sock) signal() {
	select {
	case s.changed <- struct{}{}:
	default: // it has been woken already
	}
}

// take sorts a frame.
func (s *Sock) take(m ws.Message) {
	defer s.signal()
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.v1 {
		s.arrivals = append(s.arrivals, arrival{message: m})
		return
	}
	if len(m.Data) == 0 {
		s.t.Error("empty frame over wsgen.1")
		return
	}
	kind, payload := m.Data[0], m.Data[1:]
	switch kind {
	case 'm':
		s.arrivals = append(s.arrivals, arrival{message: ws.Message{Data: payload, Binary: m.Binary}})
	case 's':
		s.takeStream(ws.Message{Data: payload, Binary: m.Binary})
	case 'a':
		s.takeAck(payload)
	case 'r':
		id, data, _ := bytes.Cut(payload, []byte(":"))
		s.replies[string(id)] = reply{data: data}
	case 'p':
		s.send(websocket.TextMessage, "q", nil)
	case 'c':
		s.takeControl(payload)
	default:
		s.t.Errorf("frame of unknown kind %q over wsgen.1", kind)
	}
}

// takeControl sorts a control frame; s.mu is held.
func (s *Sock) takeControl(payload []byte) {
	var c struct {
		Type string `json:"type"`
		ID   string `json:"id"`
	}
	if !s.decode(payload, &c) {
		return
	}
	switch c.Type {
	case "hello":
		s.hello = payload
	case "close":
		s.notice = new(closeNotice)
		s.decode(payload, s.notice)
	case "failed":
		s.replies[c.ID] = reply{failed: true}
	case "joined", "recovered", "ended", "left":
		var about streamControl
		if s.decode(payload, &about) {
			s.takeAboutStream(c.Type, about)
		}
	}
}

// decode reads a control frame, and reports whether it can be read.
func (s *Sock) decode(payload []byte, into any) bool {
	err := json.Unmarshal(payload, into)
	if err != nil {
		s.t.Errorf("control frame %q: %v", payload, err)
	}
	return err == nil
}

// greet waits for the server's first frame, and sends again what was not acknowledged on earlier connections.
func (s *Sock) greet() {
	s.t.Helper()
	s.await("hello", func() bool { return s.hello != nil })
	var hello struct {
		ID       string `json:"id"`
		Protocol string `json:"protocol"`
		Acks     bool   `json:"acks"`
	}
	if err := json.Unmarshal(s.hello, &hello); err != nil {
		s.t.Fatalf("hello: %v", err)
	}
	s.id, s.protocol, s.acks = hello.ID, hello.Protocol, hello.Acks
	s.resend()
}
