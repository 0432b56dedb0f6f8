package ws

import (
	"strings"
	"testing"
)

// BenchmarkParseIncoming is what it takes to know what a page has sent, by the kind of frame. All but control frames should allocate
// nothing, or the id of a request alone.
func BenchmarkParseIncoming(b *testing.B) {
	payload := strings.Repeat("x", 100)
	for _, frame := range []struct{ kind, text string }{
		{"message", "m" + payload},
		{"request", "r17:" + payload},
		{"command", "n9007199254740991:" + payload},
		{"pong", "q"},
		{"resume", `c{"type":"resume","stream":1,"epoch":"0011223344556677","offset":15}`},
	} {
		b.Run(frame.kind, func(b *testing.B) {
			data := []byte(frame.text)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := parseIncoming(data); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkFraming is what it takes to write the frame of a message of 100 bytes, by what stands before it, and of a control frame.
func BenchmarkFraming(b *testing.B) {
	m := Message{Data: []byte(strings.Repeat("x", 100))}
	room := make([]byte, 0, 1024)
	for _, frame := range []struct {
		kind string
		make func() piece
	}{
		{"raw", func() piece { return messagePiece(m, formRaw, "") }},
		{"wsgen.1", func() piece { return messagePiece(m, formV1, "m") }},
		{"stream", func() piece { return messagePiece(m, formV1, streamPrefix(1, 1<<40)) }},
		{"control", func() piece { return *controlPiece(leftControl{Type: "left", Stream: 1}) }},
	} {
		b.Run(frame.kind, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				p := frame.make()
				if got := p.appendTo(room); len(got) == 0 {
					b.Fatal("an empty frame")
				}
			}
		})
	}
}
