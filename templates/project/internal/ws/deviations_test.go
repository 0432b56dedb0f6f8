package ws_test

import (
	"context"
	"testing"

	"wsgen/templates/project/internal/ws"
)

// Where gorilla/websocket, which does the reading, takes another view than the standard. These tests hold what happens today, as
// docs/protocol.md of wsgen tells it under "Deviations". One that fails with another version of gorilla says that a deviation is
// gone: expect what the standard says from then on, and take it off that page.

// TestDeviationReservedBitsUnderCompression: RFC 7692, section 6.1, allows the bit of a compressed message on the first frame of a
// message alone. Where compression was negotiated, it is ignored on all other frames.
func TestDeviationReservedBitsUnderCompression(t *testing.T) {
	for name, test := range map[string]struct{ send, want string }{
		"ping":         {masked(0xc9, "x"), `pong "x"`},
		"pong":         {masked(0xca, "x") + masked(0x81, "y"), `text "y"`},
		"close":        {masked(0xc8, "\x03\xe8"), "close 1000"},
		"continuation": {masked(0x01, "x") + masked(0xc0, "y"), `text "xy"`},
	} {
		t.Run(name, func(t *testing.T) {
			limits := ws.DefaultLimits()
			limits.Compression = true
			app, _ := newAppWith(t, limits, syncRoute(&funcs{}))
			page := dialRaw(t, app, "/ws", "Sec-WebSocket-Extensions: permessage-deflate\r\n")
			page.write(t, test.send)
			if _, line := answer(page); line != test.want {
				t.Errorf("came %s, want %s; where this is a close with 1002, the deviation is gone", line, test.want)
			}
		})
	}
}

// TestDeviationCloseOfOneOctet: RFC 6455, section 5.5.1, has a close frame begin with a code of two octets, if it holds anything. One
// octet is taken for nothing: the answer is an empty close frame, and the consumer is told that there was no code.
func TestDeviationCloseOfOneOctet(t *testing.T) {
	gone := make(chan ws.CloseStatus, 1)
	app := mustApp(t, syncRoute(&funcs{disconnect: func(_ context.Context, st ws.CloseStatus) { gone <- st }}))
	page := dialRaw(t, app, "/ws", "")
	page.write(t, masked(0x88, "\x03"))
	if _, line := answer(page); line != "close" {
		t.Errorf("came %s, want an empty close; where this is a close with 1002, the deviation is gone", line)
	}
	page.expectEOF(t)
	if st := await(t, gone, "Disconnect"); st != (ws.CloseStatus{Code: ws.CodeNoStatus, Remote: true}) {
		t.Errorf("Disconnect got %+v", st)
	}
}

// TestDeviationCode1014: 1014, bad gateway, is in the registry of close codes that RFC 6455, section 11.7, began. The service may send
// it; from a client it is answered as a code that does not exist.
func TestDeviationCode1014(t *testing.T) {
	app := mustApp(t, syncRoute(&funcs{receive: func(context.Context, *ws.Socket, ws.Message) error { return ws.Close(1014, "upstream") }}))
	page := dialRaw(t, app, "/ws", "")
	page.write(t, masked(0x81, "x"))
	if reason := page.expectClose(t, 1014); reason != "upstream" {
		t.Errorf("reason %q", reason)
	}
	page = dialRaw(t, app, "/ws", "")
	page.write(t, maskedClose(1014, ""))
	if _, line := answer(page); line != "close 1002 protocol error" {
		t.Errorf("came %s, want a close with 1002; where this is a close with 1014, the deviation is gone", line)
	}
}
