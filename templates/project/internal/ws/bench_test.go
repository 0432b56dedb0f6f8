package ws_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"runtime"
	"strings"
	"testing"

	"wsgen/templates/project/internal/ws"
)

// The benchmarks run both ends in one process; the figures are for comparing one version with the next.

// BenchmarkEcho sends a message and waits for it to come back, over the loopback; with depth, several are under way at once.
func BenchmarkEcho(b *testing.B) {
	for _, depth := range []int{1, 16} {
		b.Run(fmt.Sprint("depth ", depth), func(b *testing.B) {
			app, _ := newApp(b, syncRoute(&funcs{}))
			page := dialRaw(b, app, "/ws", "")
			message := strings.Repeat(frame(0x81, strings.Repeat("x", 100)), depth)
			echo := make([]byte, depth*102)
			b.ReportAllocs()
			for i := 0; i < b.N; i += depth {
				page.write(b, message)
				if _, err := io.ReadFull(page.r, echo); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkBroadcast counts deliveries to 1,000 sockets.
func BenchmarkBroadcast(b *testing.B) {
	const sockets = 1000
	app, layer := newApp(b, syncRoute(&funcs{connect: join("g")}))
	addr := serve(b, app)
	for range sockets {
		conn, err := net.Dial("tcp", strings.TrimPrefix(addr, "ws://"))
		if err != nil {
			b.Fatal(err)
		}
		page := shakeHands(b, conn, "/ws", "")
		go func() { _, _ = io.Copy(io.Discard, page.r) }() // until the end of the benchmark
	}
	settle(b, app)
	m := ws.Text(strings.Repeat("x", 100))
	b.ReportAllocs()
	b.ResetTimer()
	for i := 0; i < b.N; i += sockets {
		if err := layer.Send(context.Background(), "g", m); err != nil {
			b.Fatal(err)
		}
		if i%(8*sockets) == 0 {
			settle(b, app)
		}
	}
	settle(b, app)
}

// BenchmarkIdle tells what an idle socket costs the process, the client's end of it included, which is a few bytes.
func BenchmarkIdle(b *testing.B) {
	const sockets = 2000
	app, _ := newApp(b, syncRoute(&funcs{connect: join("g")}))
	addr := strings.TrimPrefix(serve(b, app), "ws://")
	var before, after runtime.MemStats
	goroutines := runtime.NumGoroutine()
	runtime.GC()
	runtime.ReadMemStats(&before)
	for range sockets {
		conn, err := net.Dial("tcp", addr)
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { _ = conn.Close() })
		request := "GET /ws HTTP/1.1\r\nHost: service.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" +
			"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
		if _, err := io.WriteString(conn, request); err != nil {
			b.Fatal(err)
		}
		if _, err := io.ReadFull(conn, make([]byte, 129)); err != nil {
			b.Fatal(err)
		}
	}
	settle(b, app)
	runtime.GC()
	runtime.ReadMemStats(&after)
	for b.Loop() {
	}
	used := float64(after.HeapInuse+after.StackInuse) - float64(before.HeapInuse+before.StackInuse)
	b.ReportMetric(used/sockets/1024, "KiB/socket")
	b.ReportMetric(float64(runtime.NumGoroutine()-goroutines)/sockets, "goroutines/socket")
}
