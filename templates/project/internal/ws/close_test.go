package ws_test

import (
	"context"
	"strings"
	"testing"

	"wsgen/templates/project/internal/ws"
	"wsgen/templates/project/internal/ws/wstest"
)

// TestBreaches: whatever a page does wrong, it is told with which code the socket ends, what it sent before is still
// handled, its connection ends without a reset although it goes on sending, and other sockets are not concerned.
func TestBreaches(t *testing.T) {
	long := strings.Repeat("x", 64<<10+1)
	for _, test := range []struct {
		name string
		send string
		want int
	}{
		{"too big", frame(0x81, long), 1009},
		{"too big in fragments", frame(0x01, long[:40_000]) + frame(0x00, long[:20_000]) + frame(0x80, long[:10_000]), 1009},
		{"a frame announced as huge", "\x82\xff\x7f\xff\xff\xff\xff\xff\xff\xff\x00\x00\x00\x00" + long, 1009},
		{"text that is no UTF-8", frame(0x81, "a\xffb"), 1007},
		{"text that is cut within a character", frame(0x81, "\xe2\x82"), 1007},
		{"text that is no UTF-8 across fragments", frame(0x01, "\xe2") + frame(0x80, "\x82x"), 1007},
		{"an overlong form", frame(0x81, "\xc0\xaf"), 1007},
		{"a surrogate", frame(0x81, "\xed\xa0\x80"), 1007},
		{"no mask", "\x81\x01x", 1002},
		{"a reserved bit", frame(0xa1, "x"), 1002},
		{"compression that was not negotiated", frame(0xc1, "x"), 1002},
		{"an unknown opcode", frame(0x83, "x"), 1002},
		{"an unknown control opcode", frame(0x8b, "x"), 1002},
		{"a control frame that is too long", frame(0x89, strings.Repeat("x", 126)), 1002},
		{"a control frame in fragments", frame(0x09, "x"), 1002},
		{"a continuation of nothing", frame(0x80, "x"), 1002},
		{"a message within a message", frame(0x01, "x") + frame(0x81, "y"), 1002},
		{"a length with its highest bit", "\x82\xff\xff\xff\xff\xff\xff\xff\xff\xff\x00\x00\x00\x00", 1002},
		{"a close code that may not be sent", closeFrame(1006, ""), 1002},
		{"a close frame of one byte", frame(0x88, "x"), 1005},
		{"a close reason that is no UTF-8", closeFrame(1000, "\xff"), 1002},
	} {
		t.Run(test.name, func(t *testing.T) {
			var log journal
			gone := make(chan ws.CloseStatus, 2)
			app, _ := newApp(t, syncRoute(&funcs{
				receive:    func(_ context.Context, _ *ws.Socket, m ws.Message) error { log.add(string(m.Data)); return nil },
				disconnect: func(_ context.Context, st ws.CloseStatus) { gone <- st },
			}))
			page := dialRaw(t, app, "/ws", "")
			page.write(t, frame(0x81, "before")+test.send+frame(0x81, "after")+frame(0x81, long))
			if test.want == 1005 {
				if first, payload := page.next(t); first != 0x88 || payload != "" {
					t.Fatalf("frame %x %q", first, payload)
				}
			} else {
				if reason := page.expectClose(t, test.want); test.want == 1002 && reason != "protocol error" {
					t.Errorf("reason %q: not of the one writer of the connection", reason)
				}
				page.write(t, frame(0x81, "much later")+closeFrame(1000, ""))
			}
			if st := await(t, gone, "Disconnect"); st.Code != test.want || st.Remote != (test.want == 1005) {
				t.Errorf("Disconnect got %+v", st)
			}
			if test.want == 1007 || test.want == 1009 && !strings.Contains(test.name, "huge") {
				page.expectEOF(t) // at once; after a breach of the framing the server waits for the page to close
			}
			_ = page.Close()
			if got := log.all(); len(got) != 1 || got[0] != "before" {
				t.Errorf("handled %.40q", got)
			}
			awaitSockets(t, app, 0)
		})
	}
}

func TestBreachesOfV1(t *testing.T) {
	app, _ := newApp(t, asyncRoute(&funcs{}))
	for payload, reason := range map[string]string{
		"":        "breach of wsgen.1: empty frame",
		"hello":   `breach of wsgen.1: frame of unknown kind 'h'`,
		"n1:x":    `breach of wsgen.1: command 1, but the service has no streams`,
		"\u00e9":  `breach of wsgen.1: frame of unknown kind 'Ã'`,
		"c{":      "breach of wsgen.1: control frame is not JSON",
		"r:x":     "breach of wsgen.1: request without an id",
		"q early": "breach of wsgen.1: pong with a payload",
	} {
		page := dialTCP(t, app, "/ws", "wsgen.1")
		page.read(t) // hello
		page.send(t, payload)
		if got := page.read(t); !strings.HasPrefix(got, `c{"type":"close","code":1002,`) {
			t.Errorf("%q: %q before the close frame", payload, got)
		}
		_, _, err := page.conn.Read(page.ctx)
		if codeOf(err) != 1002 || !strings.Contains(err.Error(), strings.ReplaceAll(reason, `"`, `\"`)) {
			t.Errorf("%q: %v, want %q", payload, err, reason)
		}
	}
}

// TestInflatedSize: a small frame that inflates to a large message costs no more than the limit, and is refused.
func TestInflatedSize(t *testing.T) {
	limits := ws.DefaultLimits()
	limits.Compression = true
	app, _ := newAppWith(t, limits, syncRoute(&funcs{}))
	const offer = "Sec-WebSocket-Extensions: permessage-deflate\r\n"
	page := dialRaw(t, app, "/ws", offer)
	page.write(t, frame(0xc1, unmarked(deflate(t, strings.Repeat("x", 64<<10)))))
	if first, _ := page.next(t); first != 0xc1 {
		t.Errorf("first byte %x, want a compressed text", first)
	}
	page.write(t, frame(0xc1, bomb(t, "", 40)))
	page.expectClose(t, 1009)
	page.write(t, closeFrame(1009, ""))
	page.expectEOF(t)

	broken := dialRaw(t, app, "/ws", offer)
	broken.write(t, frame(0xc1, "\xff\xff\xff"))
	broken.expectClose(t, 1002)
}

// TestCompressionIsOffUnlessAsked: a client that offers it does not get it.
func TestCompressionIsOffUnlessAsked(t *testing.T) {
	page := dialRaw(t, mustApp(t, syncRoute(&funcs{})), "/ws", "Sec-WebSocket-Extensions: permessage-deflate\r\n")
	long := strings.Repeat("x", 1000)
	page.write(t, frame(0x81, long))
	if first, payload := page.next(t); first != 0x81 || payload != long {
		t.Errorf("frame %x of %d bytes", first, len(payload))
	}
}

// TestClosedByThePage: the close frame comes back with the same code, the server closes the connection, and what was sent
// before is handled.
func TestClosedByThePage(t *testing.T) {
	for code, want := range map[uint16]ws.CloseStatus{
		1000: {Code: 1000, Reason: "done", Remote: true},
		1001: {Code: 1001, Reason: "done", Remote: true},
		3000: {Code: 3000, Reason: "done", Remote: true},
		4999: {Code: 4999, Reason: "done", Remote: true},
	} {
		var log journal
		gone := make(chan ws.CloseStatus, 2)
		app, _ := newApp(t, syncRoute(&funcs{
			receive:    func(_ context.Context, _ *ws.Socket, m ws.Message) error { log.add(string(m.Data)); return nil },
			disconnect: func(_ context.Context, st ws.CloseStatus) { log.add("disconnect"); gone <- st },
		}))
		page := dialRaw(t, app, "/ws", "")
		page.write(t, frame(0x81, "one")+frame(0x81, "two")+closeFrame(code, "done"))
		if reason := page.expectClose(t, int(code)); reason != "done" {
			t.Errorf("reason %q", reason)
		}
		page.expectEOF(t)
		if st := await(t, gone, "Disconnect"); st != want {
			t.Errorf("Disconnect got %+v, want %+v", st, want)
		}
		if got := strings.Join(log.all(), " "); got != "one two disconnect" {
			t.Errorf("happened: %s", got)
		}
	}
}

// TestClosedByTheService: what was sent before goes first, then the control frame under wsgen.1, then the code.
func TestClosedByTheService(t *testing.T) {
	modes(t, func(t *testing.T, route func(*funcs, ...ws.RouteOption) ws.Route, opts ...wstest.Option) {
		gone := make(chan ws.CloseStatus, 2)
		end := func(ctx context.Context, s *ws.Socket) error {
			for _, text := range []string{"one", "two"} {
				if err := s.Send(ctx, ws.Text(text)); err != nil {
					return err
				}
			}
			if err := s.Close(999, ""); err == nil {
				t.Error("closed with 999")
			}
			if err := s.Close(4503, "members "+strings.Repeat("€", 100)); err != nil {
				return err
			}
			if err := s.Send(context.Background(), ws.Text("three")); err == nil {
				t.Error("sent after Close")
			}
			return s.Close(4000, "again")
		}
		app, _ := newApp(t, route(&funcs{
			receive:    func(ctx context.Context, s *ws.Socket, _ ws.Message) error { return end(ctx, s) },
			request:    func(ctx context.Context, r *ws.Request) error { return end(ctx, r.Socket) },
			disconnect: func(_ context.Context, st ws.CloseStatus) { gone <- st },
		}))
		sock := wstest.Connect(t, app, "/ws", opts...)
		sock.Send("end")
		sock.Expect("one")
		sock.Expect("two")
		reason := sock.ExpectClose(4503)
		if want := "members " + strings.Repeat("€", 38); reason != want {
			t.Errorf("reason %q, want %q", reason, want)
		}
		if st := await(t, gone, "Disconnect"); st != (ws.CloseStatus{Code: 4503, Reason: reason}) {
			t.Errorf("Disconnect got %+v", st)
		}
		if len(gone) > 0 {
			t.Error("Disconnect ran twice")
		}
	})
}

// TestPings: the server answers the newest ping with its payload, and a flood of them costs a page that does not read nothing.
func TestPings(t *testing.T) {
	app, _ := newApp(t, syncRoute(&funcs{}))
	page := dialRaw(t, app, "/ws", "")
	page.write(t, frame(0x89, "are you there"))
	if first, payload := page.next(t); first != 0x8a || payload != "are you there" {
		t.Errorf("frame %x %q", first, payload)
	}
	page.write(t, strings.Repeat(frame(0x89, "flood"), 10_000)+frame(0x8a, "unasked")+frame(0x81, "text"))
	pongs, text := 0, ""
	for text == "" || pongs == 0 {
		if first, payload := page.next(t); first == 0x81 {
			text = payload
		} else {
			pongs++
		}
	}
	if text != "text" || pongs > 10_000 {
		t.Errorf("text %q, %d pongs", text, pongs)
	}
}

// FuzzAfterHandshake: arbitrary bytes end a socket or not, but nothing else.
func FuzzAfterHandshake(f *testing.F) {
	f.Add([]byte(frame(0x81, "hello")), false)
	f.Add([]byte(frame(0x81, "mhello")+closeFrame(1000, "bye")), true)
	f.Add([]byte(frame(0x81, "r1:x")), true)
	f.Add([]byte("\x81\x01x"), false)
	f.Add([]byte(frame(0xc1, "\xff\xff")), false)
	f.Add([]byte(frame(0x01, "m")+frame(0x89, "ping")+frame(0x80, "rest")), true)
	limits := ws.DefaultLimits()
	limits.Compression, limits.MaxMessage = true, 1<<10
	app, _ := newAppWith(f, limits, asyncRoute(&funcs{}))
	f.Fuzz(func(t *testing.T, data []byte, v1 bool) {
		conn := pipeTo(t, app)
		extra := "Sec-WebSocket-Extensions: permessage-deflate\r\n"
		if v1 {
			extra += "Sec-WebSocket-Protocol: wsgen.1\r\n"
		}
		page := shakeHands(t, conn, "/ws", extra)
		read := make(chan struct{})
		go func() {
			defer close(read)
			for {
				if _, _, err := page.tryNext(); err != nil {
					return
				}
			}
		}()
		_, _ = page.Write(data) // it may be closed already
		_ = page.Close()
		<-read
		awaitSockets(t, app, 0)
		if n := app.Stats().Panics; n != 0 {
			t.Fatalf("%d panics", n)
		}
	})
}
