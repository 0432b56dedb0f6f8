package ws_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"wsgen/templates/project/internal/ws"
)

// holdings is what a process has taken.
type holdings struct {
	goroutines, descriptors int
	memory                  uint64 // of the heap and of stacks, in bytes
}

// held returns what the process holds once all garbage is gone. Descriptors are counted where /proc tells them.
func held(t *testing.T) holdings {
	t.Helper()
	var h holdings
	runtime.GC()
	runtime.GC() // pools are emptied by the second one
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	h.memory = m.HeapAlloc + m.StackInuse
	h.goroutines = runtime.NumGoroutine()
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil && runtime.GOOS == "linux" {
		t.Fatal(err)
	}
	h.descriptors = len(entries)
	return h
}

// departures are the ways in which pages go.
var departures = map[string]func(net.Conn){
	"a close frame": func(conn net.Conn) {
		_, _ = io.WriteString(conn, closeFrame(1001, ""))
		_, _ = io.Copy(io.Discard, conn) // until the server has answered and closed
		_ = conn.Close()
	},
	"FIN": func(conn net.Conn) { _ = conn.Close() },
	"a reset": func(conn net.Conn) {
		_ = conn.(*net.TCPConn).SetLinger(0) // a connection that is closed already is as good
		_ = conn.Close()
	},
	"half a frame": func(conn net.Conn) {
		_, _ = io.WriteString(conn, frame(0x81, "hello")[:9])
		_ = conn.Close()
	},
	"unread messages": func(conn net.Conn) {
		_, _ = io.WriteString(conn, strings.Repeat(frame(0x81, strings.Repeat("x", 2000)), 5))
		_ = conn.Close()
	},
}

// TestTenThousandSockets: they come in waves, join a group of all and one of their own, and go in one way or another. After each wave
// the goroutines, the descriptors, the memory and the places of the address are what they were.
func TestTenThousandSockets(t *testing.T) {
	const (
		wave  = 1700
		slack = 4 << 20 // bytes: the runtime never gives back what it notes of the goroutines that ran at once
	)
	limits := ws.DefaultLimits()
	limits.MaxPerIP = wave
	app, layer := newAppWith(t, limits, ws.Async("/ws/{n:int}", func(p ws.Params) ws.AsyncConsumer {
		return asyncFuncs{&funcs{connect: join("all", "own:"+p.String("n"))}}
	}, ws.Concurrency(1)))
	address := strings.TrimPrefix(serve(t, app), "ws://")
	each := func(do func(i int)) { // a few at once, so that few goroutines run at once
		const workers = 8
		var wg sync.WaitGroup
		for worker := range workers {
			wg.Go(func() {
				for i := worker; i < wave; i += workers {
					do(i)
				}
			})
		}
		wg.Wait()
	}
	conns := make([]net.Conn, wave)
	come := func() {
		each(func(i int) { conns[i] = comeIn(t, address, fmt.Sprintf("/ws/%d", i)) })
	}
	wait := func(want holdings, what string) {
		t.Helper()
		awaitSockets(t, app, 0)
		settle(t, app)
		var now holdings
		// The server's goroutines and its ends of connections end a moment after the socket has gone.
		eventually(t, "the end of the goroutines", func() bool { return runtime.NumGoroutine() <= want.goroutines })
		for deadline := time.Now().Add(patience); ; runtime.Gosched() {
			if now = held(t); now.goroutines <= want.goroutines && now.descriptors <= want.descriptors && now.memory <= want.memory+slack {
				return
			}
			if time.Now().After(deadline) {
				t.Fatalf("after %s: %+v, before: %+v", what, now, want)
			}
		}
	}
	come() // what the first sockets make for good, such as maps that have grown, is no leak
	each(func(i int) { departures["unread messages"](conns[i]) })
	awaitSockets(t, app, 0)
	var before holdings
	eventually(t, "the end of the server's goroutines", func() bool { return runtime.NumGoroutine() < 20 })
	eventually(t, "the end of the server's connections", func() bool {
		before = held(t)
		return before.descriptors < 50
	})
	for name, leave := range departures {
		come()
		settle(t, app)
		if n := app.Stats().Sockets; n != wave {
			t.Fatalf("%d sockets", n)
		}
		if now := held(t); now.goroutines < wave || before.descriptors > 0 && now.descriptors < before.descriptors+wave {
			t.Fatalf("nothing is measured: %+v with %d sockets", now, wave)
		}
		if err := layer.Send(context.Background(), "all", ws.Text("to all")); err != nil {
			t.Fatal(err)
		}
		each(func(i int) { leave(conns[i]) })
		wait(before, name)
	}
	if st := app.Stats(); st.Accepted != uint64(wave*(1+len(departures))) || st.Panics != 0 {
		t.Errorf("stats %+v", st)
	}
}

// comeIn does a handshake, and returns the connection when the answer has come.
func comeIn(t *testing.T, address, path string) net.Conn {
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Error(err)
		return nil
	}
	request := strings.Replace(handshakeLines, "/ws", path, 1)
	if _, err := io.WriteString(conn, request); err != nil {
		t.Error(err)
	}
	if _, err := io.ReadFull(conn, make([]byte, 129)); err != nil { // the answer
		t.Error(err)
	}
	return conn
}
