// Package envelope turns a [ws.Envelope] into bytes and back, for the backends that carry it over a server.
//
// The form, in this order: one byte, the version, now 1; one byte of flags; what the flags say is there; and the data, up to the
// end. A text is its length in bytes, as an unsigned varint of encoding/binary, and the bytes. The position is the epoch, a
// text, and the offset, a varint.
//
// Processes of two versions of a service share a server while one replaces the other. A version that they do not know is an
// error, so that nothing is taken for what it is not; whoever changes the form raises it.
package envelope

import (
	"encoding/binary"
	"errors"
	"fmt"

	"wsgen/templates/project/internal/ws"
)

// version is the first byte of what this package writes.
const version = 1

// What the flags say of an envelope: the lowest bit first, and the texts stand in the same order.
const (
	flagBinary = 1 << iota
	flagGap
	flagEvent
	flagKey
	flagTo
	flagPosition
	flagEnd
	flagReason
)

// ErrForm is why bytes are no envelope, for errors.Is.
var ErrForm = errors.New("envelope: the bytes are not an envelope of this version")

// Append appends the form of e to dst, and returns the longer slice.
func Append(dst []byte, e ws.Envelope) []byte {
	dst = append(dst, version, flags(e))
	for _, text := range [...]string{e.Event, e.Key, e.To} {
		if text != "" {
			dst = appendText(dst, text)
		}
	}
	if e.Epoch != "" || e.Offset > 0 {
		dst = appendText(dst, e.Epoch)
		dst = binary.AppendUvarint(dst, e.Offset)
	}
	for _, text := range [...]string{string(e.End), e.Reason} {
		if text != "" {
			dst = appendText(dst, text)
		}
	}
	return append(dst, e.Data...)
}

// flags returns the flags of an envelope.
func flags(e ws.Envelope) (f byte) {
	for bit, set := range [...]bool{
		e.Binary, e.Gap, e.Event != "", e.Key != "", e.To != "", e.Epoch != "" || e.Offset > 0, e.End != "", e.Reason != "",
	} {
		if set {
			f |= 1 << bit
		}
	}
	return f
}

// Parse returns the envelope whose form b is. Its Data is the rest of b, not a copy. An error is [ErrForm], and says what is
// wrong.
func Parse(b []byte) (ws.Envelope, error) {
	if len(b) < 2 || b[0] != version {
		return ws.Envelope{}, fmt.Errorf("%w: it begins with %x", ErrForm, b[:min(len(b), 2)])
	}
	p := parser{flags: b[1], rest: b[2:]}
	e := ws.Envelope{Binary: p.has(flagBinary), Gap: p.has(flagGap)}
	e.Event = p.text(flagEvent)
	e.Key = p.text(flagKey)
	e.To = p.text(flagTo)
	e.Epoch = p.text(flagPosition)
	e.Offset = p.number(flagPosition)
	e.End = ws.JobState(p.text(flagEnd))
	e.Reason = p.text(flagReason)
	if p.short {
		return ws.Envelope{}, fmt.Errorf("%w: it ends too early, after %d bytes", ErrForm, len(b))
	}
	e.Data = p.rest
	return e, nil
}

// parser takes the parts of an envelope from the front of rest.
type parser struct {
	flags byte
	rest  []byte
	short bool // something was missing; all further parts are empty
}

func (p *parser) has(flag byte) bool { return p.flags&flag != 0 }

// number takes a varint, if the flag is set.
func (p *parser) number(flag byte) uint64 {
	if !p.has(flag) || p.short {
		return 0
	}
	n, size := binary.Uvarint(p.rest)
	if size <= 0 {
		p.short = true
		return 0
	}
	p.rest = p.rest[size:]
	return n
}

// text takes a text, if the flag is set.
func (p *parser) text(flag byte) string {
	n := p.number(flag)
	if n > uint64(len(p.rest)) {
		p.short = true
	}
	if p.short {
		return ""
	}
	text := string(p.rest[:n])
	p.rest = p.rest[n:]
	return text
}

// appendText appends a text and its length.
func appendText(dst []byte, text string) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(text)))
	return append(dst, text...)
}
