package ws_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"

	"wsgen/templates/project/internal/ws"
)

// BenchmarkStream counts deliveries to 1,000 pages that follow a stream, live.
func BenchmarkStream(b *testing.B) {
	const sockets = 1000
	app, layer := streamApp(b, short(), follower())
	m := ws.Text(strings.Repeat("x", 100))
	if err := layer.Send(context.Background(), "job:1", m); err != nil {
		b.Fatal(err)
	}
	addr := strings.TrimPrefix(serve(b, app), "ws://")
	for range sockets {
		conn, err := net.Dial("tcp", addr)
		if err != nil {
			b.Fatal(err)
		}
		page := shakeHands(b, conn, toJob1, "Sec-WebSocket-Protocol: wsgen.1\r\n")
		for range 2 { // hello and joined: a resume before them would be ignored
			if _, _, err := page.tryNext(); err != nil {
				b.Fatal(err)
			}
		}
		page.write(b, frame(0x81, `c{"type":"resume","stream":1}`))
		go func() { _, _ = io.Copy(io.Discard, page.r) }() // until the end of the benchmark
	}
	eventually(b, "that all are live", func() bool { return app.Stats().Replayed == sockets })
	settle(b, app)
	b.ReportAllocs()
	b.ResetTimer()
	for i := 0; i < b.N; i += sockets {
		if err := layer.Send(context.Background(), "job:1", m); err != nil {
			b.Fatal(err)
		}
		if i%(8*sockets) == 0 {
			settle(b, app)
		}
	}
	settle(b, app)
}

// BenchmarkReplay counts messages of 100 bytes that a page gets because it had missed them, a hundred at a time.
func BenchmarkReplay(b *testing.B) {
	const missed = 100
	app, layer := streamApp(b, long(), syncRoute(command()))
	for range 1000 {
		publish(b, layer, "job:1", strings.Repeat("x", 100))
	}
	at, err := layer.Stream("job:1").Position(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	page := dialTCP(b, app, "/ws", "wsgen.1")
	page.read(b) // hello
	b.ReportAllocs()
	b.ResetTimer()
	for i := 1; i <= 1+b.N/missed; i++ {
		page.send(b, "mjoin job:1")
		page.read(b) // joined
		page.read(b) // done
		page.send(b, fmt.Sprintf(`c{"type":"resume","stream":%d,"epoch":%q,"offset":%d}`, i, at.Epoch, at.Offset-missed))
		for range 1 + missed {
			page.read(b)
		}
		page.send(b, "mleave job:1")
		page.read(b) // left
		page.read(b) // done
	}
}
