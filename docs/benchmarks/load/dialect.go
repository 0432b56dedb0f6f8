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
	// echo and publish wrap a payload that is to come back, or to go to the group.
	echo, publish func(payload []byte) []byte
	// unwrap gives each payload in a message to take, and answers what has to be answered.
	unwrap func(c *conn, message []byte, take func(payload []byte) error) error
}

// plain is WebSocket and nothing else.
func plain() dialect {
	same := func(payload []byte) []byte { return payload }
	return dialect{
		greet:   func(*conn, bool) error { return nil },
		echo:    same,
		publish: same,
		unwrap:  func(_ *conn, message []byte, take func([]byte) error) error { return take(message) },
	}
}

// wsgen1 is the wire form of that name, see docs/protocol.md.
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
		echo:    wrap,
		publish: wrap,
		unwrap: func(c *conn, message []byte, take func([]byte) error) error {
			switch message[0] {
			case 'm':
				return take(message[1:])
			case 's':
				parts := bytes.SplitN(message, []byte(":"), 3)
				return take(parts[2])
			case 'p':
				_, err := c.Write(frame(nil, opText, []byte("q")))
				return err
			case 'c':
				_, err := c.control(message)
				return err
			}
			return fmt.Errorf("unexpected: %q", message)
		},
	}
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
		echo:    command(`rpc":{`),
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
