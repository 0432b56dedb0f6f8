package wireclient

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
)

// The first bytes of the frames that a service sends.
const (
	kindMessage = 'm'
	kindReply   = 'r'
	kindPing    = 'p'
	kindControl = 'c'
	kindStream  = 's'
	kindAck     = 'a'
)

// highest is the greatest number that the protocol writes.
const highest = 1<<53 - 1

// frame is one frame of the service, read.
type frame struct {
	kind    byte
	id      string // of a reply
	stream  uint64
	offset  uint64
	number  uint64 // of an acknowledgement
	control control
	payload []byte
}

// control is a control frame of the service. What its type does not have is the zero value.
type control struct {
	Type      string `json:"type"`
	ID        string `json:"id"`
	Protocol  string `json:"protocol"`
	PingMS    int64  `json:"ping_ms"`
	PongMS    int64  `json:"pong_ms"`
	Acks      bool   `json:"acks"`
	Code      int    `json:"code"`
	Stream    uint64 `json:"stream"`
	Name      string `json:"name"`
	Group     string `json:"group"`
	Epoch     string `json:"epoch"`
	Top       uint64 `json:"top"`
	Offset    uint64 `json:"offset"`
	Recovered bool   `json:"recovered"`
	Snapshot  bool   `json:"snapshot"`
	State     string `json:"state"`
	Reason    string `json:"reason"`
}

// errFrame is a frame that the protocol does not allow.
var errFrame = errors.New("malformed frame")

// parse reads a frame. The payload is a part of data.
func parse(data []byte) (frame, error) {
	if len(data) == 0 {
		return frame{}, fmt.Errorf("%w: it is empty", errFrame)
	}
	f := frame{kind: data[0], payload: data[1:]}
	var err error
	switch f.kind {
	case kindMessage:
	case kindReply:
		id, rest, ok := bytes.Cut(f.payload, []byte(":"))
		if !ok {
			err = fmt.Errorf("%w: reply without an id", errFrame)
		}
		f.id, f.payload = string(id), rest
	case kindPing:
		if len(f.payload) > 0 {
			err = fmt.Errorf("%w: ping with a payload", errFrame)
		}
	case kindControl:
		f.control, err = parseControl(f.payload)
	case kindStream:
		if f.stream, f.payload, err = number(f.payload, 1, true); err == nil {
			f.offset, f.payload, err = number(f.payload, 0, true)
		}
	case kindAck:
		f.number, f.payload, err = number(f.payload, 1, false)
	default:
		err = fmt.Errorf("%w: unknown kind %q", errFrame, f.kind)
	}
	return f, err
}

// parseControl reads a control frame.
func parseControl(payload []byte) (control, error) {
	var c control
	if err := json.Unmarshal(payload, &c); err != nil {
		return c, fmt.Errorf("%w: control frame %q: %w", errFrame, payload, err)
	}
	if c.Type == "" {
		return c, fmt.Errorf("%w: control frame without a type", errFrame)
	}
	return c, nil
}

// number splits a decimal number off, which ends with a colon or with the frame.
func number(data []byte, least uint64, colon bool) (n uint64, rest []byte, err error) {
	head := data
	if colon {
		var ok bool
		if head, rest, ok = bytes.Cut(data, []byte(":")); !ok {
			return 0, nil, fmt.Errorf("%w: %q lacks a colon", errFrame, data)
		}
	}
	n, err = strconv.ParseUint(string(head), 10, 64)
	if err != nil || n < least || n > highest || strconv.FormatUint(n, 10) != string(head) {
		return 0, nil, fmt.Errorf("%w: %q is no number from %d", errFrame, head, least)
	}
	return n, rest, nil
}
