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
// the goroutines, the descriptors and the places of the address are what they were. So is the memory, or it grows no more when the
// same wave comes again: the runtime never gives back what it notes of the goroutines that happened to run at once.
func TestTenThousandSockets(t *testing.T) {
	const slack = 2 << 20 // bytes
	c := newCrowd(t)
	before := c.first()
	waves := 1
	for name, leave := range departures {
		for try := 1; ; try++ {
			waves++
			after := c.wave(before, name, leave)
			if after.memory <= before.memory+slack {
				break
			}
			if try == 3 {
				t.Fatalf("after %s, three times: %+v, before: %+v", name, after, before)
			}
			before.memory = after.memory
		}
	}
	if st := c.app.Stats(); st.Accepted != uint64(len(c.conns)*waves) || st.Panics != 0 {
		t.Errorf("stats %+v", st)
	}
}

// crowd is many sockets of one address, as many as it may have.
type crowd struct {
	*testing.T
	app     *ws.Router
	layer   *ws.Layer
	address string
	conns   []net.Conn
}

func newCrowd(t *testing.T) *crowd {
	c := &crowd{T: t, conns: make([]net.Conn, 1700)}
	limits := ws.DefaultLimits()
	limits.MaxPerIP = len(c.conns)
	c.app, c.layer = newAppWith(t, limits, ws.Async("/ws/{n:int}", func(p ws.Params) ws.AsyncConsumer {
		return asyncFuncs{&funcs{connect: join("all", "own:"+p.String("n"))}}
	}, ws.Concurrency(1)))
	c.address = strings.TrimPrefix(serve(t, c.app), "ws://")
	return c
}

// each does something with each connection, with a few at once, so that few goroutines run at once.
func (c *crowd) each(do func(i int)) {
	const workers = 8
	var wg sync.WaitGroup
	for worker := range workers {
		wg.Go(func() {
			for i := worker; i < len(c.conns); i += workers {
				do(i)
			}
		})
	}
	wg.Wait()
}

func (c *crowd) come() {
	c.each(func(i int) { c.conns[i] = comeIn(c.T, c.address, fmt.Sprintf("/ws/%d", i)) })
}

// first makes what the first sockets make for good, such as maps that have grown, and returns what is held after them.
func (c *crowd) first() (now holdings) {
	c.come()
	c.each(func(i int) { departures["unread messages"](c.conns[i]) })
	return c.gone(holdings{goroutines: 20, descriptors: 50})
}

// wave has all sockets come and go, and returns what is held after them.
func (c *crowd) wave(before holdings, name string, leave func(net.Conn)) (after holdings) {
	c.Helper()
	c.come()
	settle(c.T, c.app)
	if n := c.app.Stats().Sockets; n != len(c.conns) {
		c.Fatalf("%d sockets before %s", n, name)
	}
	if now := held(c.T); now.goroutines < len(c.conns) || before.descriptors > 0 && now.descriptors < before.descriptors+len(c.conns) {
		c.Fatalf("nothing is measured: %+v with %d sockets", now, len(c.conns))
	}
	if err := c.layer.Send(context.Background(), "all", ws.Text("to all")); err != nil {
		c.Fatal(err)
	}
	c.each(func(i int) { leave(c.conns[i]) })
	return c.gone(before)
}

// gone waits for the end of all sockets. The server's goroutines and its ends of connections end a moment after them.
func (c *crowd) gone(want holdings) (now holdings) {
	c.Helper()
	awaitSockets(c.T, c.app, 0)
	settle(c.T, c.app)
	eventually(c.T, "the end of the goroutines", func() bool { return runtime.NumGoroutine() <= want.goroutines })
	eventually(c.T, "the end of the connections", func() bool {
		now = held(c.T)
		return now.goroutines <= want.goroutines && now.descriptors <= want.descriptors
	})
	return now
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
