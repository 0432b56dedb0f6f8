package main

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"strconv"
)

// A dialect is what a service wants to hear and says on top of WebSocket.
type dialect interface {
	// address returns the path for a room, and the subprotocol to offer.
	address(room string) (path, offer string)
	// greet says what comes first, and returns once the page is known to be in its room, if that can be known.
	greet(p *page, room string) error
	// publish wraps a payload that is to go to the room.
	publish(p *page, room string, payload []byte) []byte
	// unwrap gives each payload in a message to take.
	unwrap(p *page, message []byte, take func(payload []byte) error) error
}

// errPing is what a page says to a ping of the service's own: none is due in so little time, so nothing answers it.
var errPing = errors.New("a ping: the trial takes too long")

// plain is WebSocket and nothing else.
type plain struct{}

func (plain) address(room string) (path, offer string) { return "/room/" + room, "" }

func (plain) greet(*page, string) error { return nil }

func (plain) publish(_ *page, _ string, payload []byte) []byte { return payload }

func (plain) unwrap(_ *page, message []byte, take func([]byte) error) error { return take(message) }

// wsgen1 is the wire form of that name, see docs/protocol.md. What a page sends is numbered and acknowledged, as the emitted client
// does it where the service has streams.
type wsgen1 struct {
	stream bool // whether the room keeps a history
}

func (d wsgen1) address(room string) (path, offer string) {
	if d.stream {
		return "/stream/" + room, "wsgen.1"
	}
	return "/room/" + room, "wsgen.1"
}

func (d wsgen1) greet(p *page, room string) error {
	id := fnv.New128a()
	fmt.Fprint(id, room, p.conn.LocalAddr())
	if err := p.write([]byte(`c{"type":"client","id":"` + hex.EncodeToString(id.Sum(nil)) + `"}`)); err != nil {
		return err
	}
	want := "hello"
	if d.stream {
		want = "recovered"
	}
	return p.await(func(message []byte) (bool, error) {
		kind, err := d.control(p, message)
		return kind == want, err
	})
}

func (wsgen1) publish(p *page, _ string, payload []byte) []byte {
	p.number++
	return append(append(strconv.AppendInt([]byte("n"), p.number, 10), ':'), payload...)
}

func (d wsgen1) unwrap(p *page, message []byte, take func([]byte) error) error {
	switch kind := message[0]; {
	case kind == 'm' && !d.stream:
		return take(message[1:])
	case kind == 's' && d.stream:
		parts := bytes.SplitN(message, []byte(":"), 3)
		if len(parts) != 3 {
			return fmt.Errorf("not a message of a stream: %q", message)
		}
		if err := p.rise(parts[1], message); err != nil {
			return err
		}
		return take(parts[2])
	case kind == 'a': // the messages themselves are counted, not what is said of them
		return nil
	case kind == 'p':
		return errPing
	}
	return fmt.Errorf("unexpected: %q", message)
}

// control reads a control frame, answers it where that is due, and returns its type.
func (wsgen1) control(p *page, message []byte) (string, error) {
	var body struct {
		Type, Reason string
		Code, Stream int
	}
	if err := json.Unmarshal(message[1:], &body); err != nil {
		return "", fmt.Errorf("%q: %w", message, err)
	}
	switch body.Type {
	case "joined":
		return body.Type, p.write([]byte(`c{"type":"resume","stream":` + strconv.Itoa(body.Stream) + `}`))
	case "hello", "recovered":
		return body.Type, nil
	}
	return "", fmt.Errorf("unexpected: %s", message)
}

// centrifugal is the JSON protocol of centrifuge: commands and replies, several to a message, one to a line. Each publication is
// answered, as it is to centrifuge's own clients.
type centrifugal struct {
	stream bool // whether the channel keeps a history
}

func (centrifugal) address(string) (path, offer string) { return "/ws", "" }

// channel returns the name of the channel of a room.
func (d centrifugal) channel(room string) string {
	if d.stream {
		return "job:" + room
	}
	return "room:" + room
}

// The numbers of a page's first commands.
const (
	connectNumber   = 1
	subscribeNumber = 2
)

func (d centrifugal) greet(p *page, room string) error {
	p.number = subscribeNumber
	if err := call(p, connectNumber, `"connect":{}`); err != nil {
		return err
	}
	return call(p, subscribeNumber, `"subscribe":{"channel":"`+d.channel(room)+`"}`)
}

func (d centrifugal) publish(p *page, room string, payload []byte) []byte {
	p.number++
	return fmt.Appendf(nil, `{"id":%d,"publish":{"channel":"%s","data":"%s"}}`, p.number, d.channel(room), payload)
}

func (d centrifugal) unwrap(p *page, message []byte, take func([]byte) error) error {
	for line := range bytes.Lines(message) {
		_, data, published := bytes.Cut(line, []byte(`"data":"`))
		switch {
		case published:
			payload, _, _ := bytes.Cut(data, []byte(`"`))
			if err := d.follow(p, line); err != nil {
				return err
			}
			if err := take(payload); err != nil {
				return err
			}
		case string(bytes.TrimSpace(line)) == "{}":
			return errPing
		case bytes.Contains(line, []byte(`"error"`)), bytes.Contains(line, []byte(`"disconnect"`)), bytes.Contains(line, []byte(`"unsubscribe"`)):
			return fmt.Errorf("unexpected: %s", line)
		}
	}
	return nil
}

// follow wants the offsets of a stream to rise.
func (d centrifugal) follow(p *page, line []byte) error {
	if !d.stream {
		return nil
	}
	_, rest, _ := bytes.Cut(line, []byte(`"offset":`))
	end := bytes.IndexAny(rest, ",}")
	return p.rise(rest[:max(end, 0)], line)
}

// rise wants an offset, as it stands in a message, to be above the last one.
func (p *page) rise(digits, message []byte) error {
	offset, err := strconv.ParseInt(string(digits), 10, 64)
	if err != nil || offset <= p.offset {
		return fmt.Errorf("%.60q came after offset %d", message, p.offset)
	}
	p.offset = offset
	return nil
}

// call sends a command to centrifuge and waits for its reply.
func call(p *page, number int, command string) error {
	id := `{"id":` + strconv.Itoa(number) + `,`
	if err := p.write([]byte(id + command + "}")); err != nil {
		return err
	}
	return p.await(func(message []byte) (bool, error) {
		if bytes.Contains(message, []byte(`"error"`)) {
			return false, fmt.Errorf("%s: %s", command, message)
		}
		return bytes.Contains(message, []byte(id)), nil
	})
}
