package ws

import (
	"encoding/json"
	"errors"
	"fmt"
	"unicode/utf8"
)

// Message is one message from or to a page. The Data of a received message is valid until Receive returns: copy what you
// keep. What is sent is copied before the call returns.
type Message struct {
	Data   []byte
	Binary bool // a binary frame; otherwise Data is UTF-8 text
	// Key is never on the wire: where only the newest counts (outbound policy latest), a later message of the same key
	// replaces one that still waits. A message with an empty key is never replaced.
	Key string

	err error // why JSON could not make it
}

// Event is a notice to the Event methods of the sockets in a group, see [Layer.Notify]. Its Data is valid until Event
// returns, and shared with other sockets: do not write to it.
type Event struct {
	Type string
	Data []byte
}

// Text returns a text message.
func Text(s string) Message { return Message{Data: []byte(s)} }

// JSON returns a text message that holds v as JSON. Where v cannot be encoded, sending the message fails with that error.
func JSON(v any) Message {
	data, err := json.Marshal(v)
	if err != nil {
		return Message{err: fmt.Errorf("ws: encode message: %w", err)}
	}
	return Message{Data: data}
}

// Decode reads the message's data as JSON into v.
func (m Message) Decode(v any) error {
	if err := json.Unmarshal(m.Data, v); err != nil {
		return fmt.Errorf("ws: decode message: %w", err)
	}
	return nil
}

// errNotUTF8 says what to do about it, since the bytes come from the application.
var errNotUTF8 = errors.New("ws: a text message must be UTF-8: set Binary to send other bytes")

// check reports why the message cannot be sent. A browser fails the whole connection over a text that is not UTF-8.
func (m Message) check() error {
	if m.err != nil {
		return m.err
	}
	if !m.Binary && !utf8.Valid(m.Data) {
		return errNotUTF8
	}
	return nil
}
