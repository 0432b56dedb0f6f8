package ws

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"sync"
)

// Opcodes and flags of RFC 6455, section 5.2, and RFC 7692, section 6.
const (
	opText   = 1
	opBinary = 2
	opClose  = 8
	opPing   = 9
	opPong   = 10

	flagFinal      = 0x80
	flagCompressed = 0x40

	maxControl = 125 // bytes in a control frame
)

// piece is one frame on its way to a socket: either framed already, or in its parts.
type piece struct {
	framed  []byte // shared between sockets, never written to
	opcode  byte
	prefix  string // what wsgen.1 puts before the payload
	payload []byte
	key     string
}

// size returns the length of the frame.
func (p *piece) size() int {
	if p.framed != nil {
		return len(p.framed)
	}
	n := len(p.prefix) + len(p.payload)
	switch {
	case n <= maxControl:
		return 2 + n
	case n <= 0xffff:
		return 4 + n
	}
	return 10 + n
}

// bytes returns the frame, which is not to be written to.
func (p *piece) bytes() []byte {
	if p.framed != nil {
		return p.framed
	}
	return p.appendTo(make([]byte, 0, p.size()))
}

// appendTo appends the frame to b.
func (p *piece) appendTo(b []byte) []byte {
	if p.framed != nil {
		return append(b, p.framed...)
	}
	b = appendHeader(b, flagFinal|p.opcode, len(p.prefix)+len(p.payload))
	b = append(b, p.prefix...)
	return append(b, p.payload...)
}

// appendHeader appends the header of a frame without a mask, as servers send them.
func appendHeader(b []byte, first byte, n int) []byte {
	switch {
	case n <= maxControl:
		return append(b, first, byte(n))
	case n <= 0xffff:
		return binary.BigEndian.AppendUint16(append(b, first, 126), uint16(n))
	}
	return binary.BigEndian.AppendUint64(append(b, first, 127), uint64(n))
}

// closePayload returns the payload of a close frame; the reason must have been cut by closeReason.
func closePayload(code int, reason string) []byte {
	if code == CodeNoStatus {
		return nil
	}
	return append(binary.BigEndian.AppendUint16(nil, uint16(code)), reason...)
}

// worthCompressing is the length from which a message is compressed: below it the frame hardly shrinks.
const worthCompressing = 256

// compress turns the piece into a compressed frame, if it is worth it. There is no context takeover (gorilla negotiates none),
// so that one frame serves every socket.
func (p *piece) compress() {
	if len(p.payload) < worthCompressing {
		return
	}
	d := deflaters.Get().(*deflater)
	defer deflaters.Put(d)
	d.out.Reset()
	d.w.Reset(&d.out)
	// Writing to a bytes.Buffer cannot fail, and so neither can the flate.Writer on it.
	_, _ = d.w.Write([]byte(p.prefix))
	_, _ = d.w.Write(p.payload)
	_ = d.w.Flush()
	// RFC 7692, section 7.2.1: the empty block that a flush ends with is left out.
	body := bytes.TrimSuffix(d.out.Bytes(), []byte{0, 0, 0xff, 0xff})
	frame := appendHeader(make([]byte, 0, 10+len(body)), flagFinal|flagCompressed|p.opcode, len(body))
	p.framed = append(frame, body...)
}

// deflater is a flate.Writer and what it writes to; a flate.Writer takes long to make.
type deflater struct {
	w   *flate.Writer
	out bytes.Buffer
}

// deflaters holds free ones.
var deflaters = sync.Pool{New: func() any {
	w, err := flate.NewWriter(nil, flate.BestSpeed)
	if err != nil {
		panic(err) // the level is a constant, and legal
	}
	return &deflater{w: w}
}}
