package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
)

// A dialect is what a server wants to hear and says on top of WebSocket.
type dialect struct {
	offer string // the subprotocol
	// greet says what comes first on a connection; where group, it returns once the connection is known to be a member, if that can be known.
	greet func(c *conn, group bool) error
	// publish wraps a payload that is to go to the group.
	publish func(payload []byte) []byte
	// echo wraps one that is to come back. The number says which of its connection it is, from 1.
	echo func(payload []byte, number int) []byte
	// numbered says that the number is in what echo returns, and that the server acknowledges it.
	numbered bool
	// unwrap gives each payload in a message to take, and answers what has to be answered.
	unwrap func(c *conn, message []byte, take func(payload []byte) error) error
}

// plain is WebSocket and nothing else.
func plain() dialect {
	same := func(payload []byte) []byte { return payload }
	return dialect{
		greet:   func(*conn, bool) error { return nil },
		echo:    unnumbered(same),
		publish: same,
		unwrap:  func(_ *conn, message []byte, take func([]byte) error) error { return take(message) },
	}
}

// unnumbered makes an echo of what wraps all messages in the same way.
func unnumbered(wrap func([]byte) []byte) func([]byte, int) []byte {
	return func(payload []byte, _ int) []byte { return wrap(payload) }
}

// wsgen1 is the wire form of that name, see docs/protocol.md. A group there is a stream or none.
func wsgen1(stream bool) dialect {
	wrap := func(payload []byte) []byte { return append([]byte("m"), payload...) }
	return dialect{
		offer: "wsgen.1",
		greet: func(c *conn, _ bool) error {
			first := []byte(`c{"type":"client","id":"` + fmt.Sprintf("%032x", c.LocalAddr().String())[:32] + `"}`)
			if _, err := c.Write(frame(nil, opText, first)); err != nil {
				return err
			}
			want := "hello"
			if stream {
				want = "recovered"
			}
			return await(c, func(message []byte) (bool, error) {
				kind, err := c.control(message)
				return kind == want, err
			})
		},
		echo:    unnumbered(wrap),
		publish: wrap,
		unwrap: func(c *conn, message []byte, take func([]byte) error) error {
			switch kind := message[0]; {
			case kind == 'm' && !stream:
				return take(message[1:])
			case kind == 's' && stream:
				payload, err := c.fromStream(message)
				if err != nil {
					return err
				}
				return take(payload)
			case kind == 'a':
				return c.acknowledge(message)
			case kind == 'p':
				_, err := c.Write(frame(nil, opText, []byte("q")))
				return err
			case kind == 'c':
				_, err := c.control(message)
				return err
			}
			return fmt.Errorf("unexpected: %q", message)
		},
	}
}

// commands is wsgen.1 as a page speaks it to a service with streams: what it sends is numbered, and acknowledged.
func commands() dialect {
	d := wsgen1(false)
	d.numbered = true
	d.echo = func(payload []byte, number int) []byte {
		return append(append(strconv.AppendInt([]byte("n"), int64(number), 10), ':'), payload...)
	}
	return d
}

// fromStream returns the payload of a stream's message, and wants offsets to rise.
func (c *conn) fromStream(message []byte) ([]byte, error) {
	parts := bytes.SplitN(message, []byte(":"), 3)
	offset, err := strconv.Atoi(string(parts[1]))
	if err != nil || offset <= c.offset {
		return nil, fmt.Errorf("%.30q came after offset %d", message, c.offset)
	}
	c.offset = offset
	return parts[2], nil
}

// acknowledge notes up to which command the server has handled all.
func (c *conn) acknowledge(message []byte) error {
	number, err := strconv.Atoi(string(message[1:]))
	if err != nil || number <= c.acked || number > c.commands {
		return fmt.Errorf("%q came after %d of %d commands were acknowledged", message, c.acked, c.commands)
	}
	c.acked = number
	return nil
}

// control reads a control frame, answers it where that is due, and returns its type.
func (c *conn) control(message []byte) (string, error) {
	var body struct {
		Type, Reason string
		Code, Stream int
	}
	if err := json.Unmarshal(message[1:], &body); err != nil {
		return "", fmt.Errorf("%q: %w", message, err)
	}
	switch body.Type {
	case "close":
		return "", fmt.Errorf("closed by the server: %d %s", body.Code, body.Reason)
	case "joined":
		_, err := c.Write(frame(nil, opText, []byte(`c{"type":"resume","stream":`+strconv.Itoa(body.Stream)+`}`)))
		return body.Type, err
	}
	return body.Type, nil
}

// centrifugal is the JSON protocol of centrifuge: commands and replies, several to a message, one to a line.
func centrifugal() dialect {
	command := func(kind string) func([]byte) []byte {
		return func(payload []byte) []byte {
			return []byte(`{"id":9,"` + kind + `"data":"` + string(payload) + `"}}`)
		}
	}
	return dialect{
		greet: func(c *conn, group bool) error {
			if err := call(c, 1, `{"id":1,"connect":{}}`); err != nil || !group {
				return err
			}
			return call(c, 2, `{"id":2,"subscribe":{"channel":"room"}}`)
		},
		echo:    unnumbered(command(`rpc":{`)),
		publish: command(`publish":{"channel":"room",`),
		unwrap: func(c *conn, message []byte, take func([]byte) error) error {
			for line := range bytes.Lines(message) {
				if _, data, ok := bytes.Cut(line, []byte(`"data":"`)); ok {
					payload, _, _ := bytes.Cut(data, []byte(`"`))
					if err := take(payload); err != nil {
						return err
					}
				} else if string(bytes.TrimSpace(line)) == "{}" { // a ping
					if _, err := c.Write(frame(nil, opText, []byte("{}"))); err != nil {
						return err
					}
				} else if bytes.Contains(line, []byte(`"error"`)) || bytes.Contains(line, []byte(`"disconnect"`)) {
					return fmt.Errorf("unexpected: %s", line)
				}
			}
			return nil
		},
	}
}

// call sends a command to centrifuge and waits for its reply.
func call(c *conn, id int, command string) error {
	if _, err := c.Write(frame(nil, opText, []byte(command))); err != nil {
		return err
	}
	want := `{"id":` + strconv.Itoa(id) + `,`
	return await(c, func(message []byte) (bool, error) {
		if bytes.Contains(message, []byte(`"error"`)) {
			return false, fmt.Errorf("%s: %s", command, message)
		}
		return bytes.Contains(message, []byte(want)), nil
	})
}

// await takes messages until done says so.
func await(c *conn, done func(message []byte) (bool, error)) error {
	for {
		message, err := c.message(true)
		if err != nil {
			return err
		}
		if finished, err := done(message); finished || err != nil {
			return err
		}
	}
}
