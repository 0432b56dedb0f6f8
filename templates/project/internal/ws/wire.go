package ws

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"unicode/utf8"
)

// The subprotocol wsgen.1: the first byte of a frame says what it is, and the rest is the payload, untouched. It is written
// down in docs/protocol.md of wsgen.
const (
	kindMessage = 'm' // both ways
	kindRequest = 'r' // r<id>:<payload>, a request and its reply
	kindPing    = 'p' // to the client
	kindPong    = 'q' // to the server
	kindControl = 'c' // both ways: a JSON object with a "type"
	kindStream  = 's' // to the client: s<stream>:<offset>:<payload>
	kindCommand = 'n' // to the server: n<number>:<payload>, a message that is acknowledged
	kindAck     = 'a' // to the client: a<number>
)

// form is how a socket's messages are framed. A group's message is prepared once for each form.
type form uint8

const (
	formRaw form = iota // what a consumer sends is what arrives
	formV1              // wsgen.1
	formRawCompressed
	formV1Compressed
	formCount
)

// v1 reports whether the form is wsgen.1.
func (f form) v1() bool { return f == formV1 || f == formV1Compressed }

// compressed reports whether the form's longer messages are compressed.
func (f form) compressed() bool { return f == formRawCompressed || f == formV1Compressed }

// maxRequestID is the length of the longest id that a client may give a request.
const maxRequestID = 32

// maxPrefix is the most that stands before the payload of a client's message: the head of a request with the longest id.
const maxPrefix = len("r:") + maxRequestID

// leastRead leaves room for the control frames of a client where a message has to be short.
const leastRead = 512

// readLimit is how long a frame of the form may be whose payload may have as much as the limit.
func (f form) readLimit(limit int) int {
	if !f.v1() {
		return limit
	}
	return max(limit+maxPrefix, leastRead)
}

// errWire is a breach of wsgen.1; it closes the socket with 1002.
var errWire = errors.New("breach of wsgen.1")

// incoming is one frame of wsgen.1 from a client. Its payload is a part of the frame that was read.
type incoming struct {
	kind    byte
	id      string // of a request
	number  uint64 // of a command, from 1
	control control
	payload []byte
}

// control is a control frame of a client. What its type does not have is the zero value.
type control struct {
	Type   string `json:"type"`
	ID     string `json:"id"`     // of "client"
	Stream uint64 `json:"stream"` // of "resume": the number given when the socket joined
	Epoch  string `json:"epoch"`  // of "resume": where the client stands; "" for one that has seen nothing
	Offset uint64 `json:"offset"`
}

// parseIncoming reads a frame from a client.
func parseIncoming(data []byte) (f incoming, err error) {
	if len(data) == 0 {
		return f, fmt.Errorf("%w: empty frame", errWire)
	}
	f.kind, f.payload = data[0], data[1:]
	switch f.kind {
	case kindMessage:
	case kindRequest:
		err = f.cutID()
	case kindCommand:
		number, payload, ok := parseNumber(f.payload)
		if !ok {
			return f, fmt.Errorf("%w: command without a number", errWire)
		}
		f.number, f.payload = number, payload
	case kindPong:
		if len(f.payload) > 0 {
			err = fmt.Errorf("%w: pong with a payload", errWire)
		}
	case kindControl:
		f.control, err = parseControl(f.payload)
	default:
		err = fmt.Errorf("%w: frame of unknown kind %q", errWire, rune(f.kind))
	}
	return f, err
}

// cutID takes the id of a request off the payload.
func (f *incoming) cutID() error {
	head := f.payload[:min(len(f.payload), maxRequestID+1)]
	colon := bytes.IndexByte(head, ':')
	if colon < 0 || !everyByte(string(head[:colon]), isSlugByte) {
		return fmt.Errorf("%w: request without an id", errWire)
	}
	f.id, f.payload = string(head[:colon]), f.payload[colon+1:]
	return nil
}

// maxCommand is the highest number of a command, the highest that is exact in JavaScript.
const maxCommand = 1<<53 - 1

// parseNumber splits "<number>:<payload>". A number is decimal, from 1, without leading zeros.
func parseNumber(data []byte) (number uint64, payload []byte, ok bool) {
	head := data[:min(len(data), len("9007199254740991")+1)]
	colon := bytes.IndexByte(head, ':')
	if colon <= 0 || head[0] == '0' || !everyByte(string(head[:colon]), isDigit) {
		return 0, nil, false
	}
	number, err := strconv.ParseUint(string(head[:colon]), 10, 64)
	return number, data[colon+1:], err == nil && number <= maxCommand
}

// isDigit reports whether the byte is a digit in ASCII.
func isDigit(b byte) bool { return '0' <= b && b <= '9' }

// What the generated client puts around its id. Every connection begins with it, and so it is worth not being parsed as JSON.
const clientHead, clientTail = `{"type":"client","id":"`, `"}`

// parseControl reads a control frame of a client. A type that is not known is of a later version and has no meaning here.
func parseControl(payload []byte) (control, error) {
	if n := len(clientHead); len(payload) == n+32+len(clientTail) && string(payload[:n]) == clientHead {
		if id := string(payload[n : n+32]); isClientID(id) && string(payload[n+32:]) == clientTail {
			return control{Type: "client", ID: id}, nil
		}
	}
	return parseJSONControl(payload)
}

// parseJSONControl reads any control frame.
func parseJSONControl(payload []byte) (control, error) {
	var c control
	// Only the members of a known type are known, too.
	var of struct {
		Type string `json:"type"`
	}
	switch err := json.Unmarshal(payload, &of); {
	case err != nil:
		return c, fmt.Errorf("%w: control frame is not JSON", errWire)
	case of.Type == "":
		return c, fmt.Errorf("%w: control frame without a type", errWire)
	case of.Type != "client" && of.Type != "resume":
		return control{Type: of.Type}, nil
	}
	if err := json.Unmarshal(payload, &c); err != nil {
		return c, fmt.Errorf("%w: control frame %q with a member of the wrong type", errWire, of.Type)
	}
	if c.Type == "client" && !isClientID(c.ID) {
		return c, fmt.Errorf("%w: the id of a client is 32 hexadecimal digits", errWire)
	}
	return c, nil
}

// isClientID reports whether the id is 128 bits in lower-case hexadecimal digits.
func isClientID(id string) bool {
	return len(id) == 32 && everyByte(id, func(b byte) bool { return '0' <= b && b <= '9' || 'a' <= b && b <= 'f' })
}

// Control frames to a client.
type (
	helloControl struct {
		Type     string `json:"type"` // "hello"
		ID       string `json:"id"`   // of the socket
		Protocol string `json:"protocol"`
		PingMS   int64  `json:"ping_ms"`
		PongMS   int64  `json:"pong_ms"`
		Acks     bool   `json:"acks"` // the service keeps streams, and takes numbered commands
	}
	closeControl struct {
		Type   string `json:"type"` // "close"
		Code   int    `json:"code"`
		Reason string `json:"reason"`
	}
	failedControl struct {
		Type string `json:"type"` // "failed"
		ID   string `json:"id"`   // of the request
	}
	joinedControl struct {
		Type   string `json:"type"`   // "joined"
		Stream uint64 `json:"stream"` // the number that stands for the stream from now on
		Name   string `json:"name"`
		Epoch  string `json:"epoch"`
		Top    uint64 `json:"top"` // the newest offset
	}
	recoveredControl struct {
		Type      string `json:"type"` // "recovered"
		Stream    uint64 `json:"stream"`
		Recovered bool   `json:"recovered"`
		Reason    string `json:"reason"` // why not
		Epoch     string `json:"epoch"`
		Offset    uint64 `json:"offset"`   // what is kept behind it follows
		Snapshot  bool   `json:"snapshot"` // the next frame of the stream is one
	}
	endedControl struct {
		Type   string   `json:"type"` // "ended"
		Stream uint64   `json:"stream"`
		Offset uint64   `json:"offset"` // of the frame that follows
		State  JobState `json:"state"`
		Reason string   `json:"reason"`
	}
	leftControl struct {
		Type   string `json:"type"` // "left"
		Stream uint64 `json:"stream"`
	}
)

// streamPrefix returns what stands before the payload of a stream's message.
func streamPrefix(stream, offset uint64) string {
	b := make([]byte, 0, len("s1:9007199254740991:"))
	b = append(b, kindStream)
	b = append(strconv.AppendUint(b, stream, 10), ':')
	return string(append(strconv.AppendUint(b, offset, 10), ':'))
}

// ackPiece returns the frame that acknowledges all commands up to a number.
func ackPiece(number uint64) *piece {
	return &piece{opcode: opText, prefix: string(kindAck) + strconv.FormatUint(number, 10)}
}

// controlPiece returns the frame of a control value.
func controlPiece(v any) *piece {
	payload, err := json.Marshal(v)
	if err != nil {
		panic(err) // the types above always have a form in JSON
	}
	return &piece{opcode: opText, prefix: string(kindControl), payload: payload}
}

// messagePiece returns the frame of a message, not framed yet.
func messagePiece(m Message, f form, prefix string) piece {
	p := piece{opcode: opText, payload: m.Data, key: socketKey(m.Key)}
	if m.Binary {
		p.opcode = opBinary
	}
	if f.v1() {
		p.prefix = prefix
	}
	if f.compressed() {
		p.compress()
	}
	return p
}

// streamPiece returns the frame of a stream's message over wsgen.1. The end of a stream has two, which nothing parts.
func streamPiece(e Envelope, f form, number uint64) *piece {
	p := messagePiece(Message{Data: e.Data, Binary: e.Binary}, f, streamPrefix(number, e.Offset))
	if e.End == "" {
		return &p
	}
	ended := controlPiece(endedControl{Type: "ended", Stream: number, Offset: e.Offset, State: e.End, Reason: e.Reason})
	both := ended.appendTo(make([]byte, 0, ended.size()+p.size()))
	return &piece{framed: p.appendTo(both)}
}

// maxReason is how many bytes a close frame has room for behind its code.
const maxReason = maxControl - 2

// closeReason makes a text fit for a close frame: UTF-8, cut between two characters.
func closeReason(reason string) string {
	if len(reason) > maxReason {
		end := maxReason
		for end > 0 && !utf8.RuneStart(reason[end]) {
			end--
		}
		reason = reason[:end]
	}
	if utf8.ValidString(reason) {
		return reason
	}
	return closeReason(string(bytes.ToValidUTF8([]byte(reason), []byte("?"))))
}
