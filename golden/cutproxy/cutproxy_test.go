package cutproxy_test

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"wsgen/golden/cutproxy"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience bounds what a test waits for; it measures nothing.
const patience = time.Minute

// target listens for one test and hands over what it accepts.
func target(t *testing.T) (addr string, accepted <-chan *net.TCPConn) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	conns := make(chan *net.TCPConn)
	over := make(chan struct{})
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			select {
			case conns <- conn.(*net.TCPConn):
			case <-over:
				_ = conn.Close()
			}
		}
	}()
	t.Cleanup(func() { close(over); _ = listener.Close() })
	return listener.Addr().String(), conns
}

// connect opens a connection through the proxy and returns both of its ends.
func connect(t *testing.T, p *cutproxy.Proxy, accepted <-chan *net.TCPConn) (client, server *net.TCPConn) {
	t.Helper()
	conn, err := net.Dial("tcp", p.Addr())
	if err != nil {
		t.Fatal(err)
	}
	client = conn.(*net.TCPConn)
	select {
	case server = <-accepted:
	case <-time.After(patience):
		t.Fatal("the proxy does not connect")
	}
	for _, c := range []*net.TCPConn{client, server} {
		if err := c.SetDeadline(time.Now().Add(patience)); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = c.Close() })
	}
	return client, server
}

// send writes data, or fails the test.
func send(t *testing.T, conn net.Conn, data []byte) {
	t.Helper()
	if _, err := conn.Write(data); err != nil {
		t.Fatal(err)
	}
}

// random returns n bytes that differ from their neighbours.
func random(n int) []byte {
	data := make([]byte, n)
	r := rand.NewChaCha8([32]byte{1})
	_, _ = r.Read(data) // it never fails
	return data
}

func TestEverythingPasses(t *testing.T) {
	addr, accepted := target(t)
	client, server := connect(t, cutproxy.Start(t, addr, 1, nil), accepted)
	want := random(3 << 20)
	go func() {
		_, _ = client.Write(want) // the other end compares
		_ = client.CloseWrite()
	}()
	got, err := io.ReadAll(server)
	if err != nil || !bytes.Equal(got, want) {
		t.Fatalf("%d of %d bytes arrived as they were (%v)", len(got), len(want), err)
	}
	// One direction has ended, the other goes on.
	send(t, server, []byte("bye"))
	if err := server.Close(); err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(client); err != nil || string(got) != "bye" {
		t.Fatalf("got %q (%v), want bye", got, err)
	}
}

func TestCutAtAByte(t *testing.T) {
	for _, after := range []int64{0, 1, 4321, 70_000} {
		addr, accepted := target(t)
		p := cutproxy.Start(t, addr, 1, func(uint64, *rand.Rand) cutproxy.Fate {
			return cutproxy.Fate{Cut: cutproxy.Finish, After: after}
		})
		client, server := connect(t, p, accepted)
		want := random(100_000)
		send(t, client, want)
		got, err := io.ReadAll(server)
		if err != nil || !bytes.Equal(got, want[:after]) {
			t.Errorf("%d bytes arrived (%v), want the first %d", len(got), err, after)
		}
		if got, err := io.ReadAll(client); err != nil || len(got) != 0 {
			t.Errorf("the client reads %q (%v), want the end", got, err)
		}
		if s := p.Stats(); s.Finished != 1 || s.Cuts() != 1 || s.Connections != 1 || s.Bytes != after {
			t.Errorf("stats %+v", s)
		}
	}
}

func TestReset(t *testing.T) {
	addr, accepted := target(t)
	p := cutproxy.Start(t, addr, 1, nil)
	client, server := connect(t, p, accepted)
	if n := p.Cut(cutproxy.Reset); n != 1 {
		t.Fatalf("%d connections were cut, want 1", n)
	}
	for _, conn := range []*net.TCPConn{client, server} {
		if _, err := conn.Read(make([]byte, 1)); !errors.Is(err, syscall.ECONNRESET) {
			t.Errorf("got %v, want a reset", err)
		}
	}
	if n := p.Cut(cutproxy.Reset); n != 0 {
		t.Errorf("%d connections were cut again", n)
	}
}

// Of a silent connection neither end learns anything, not even that the other one has gone.
func TestSilence(t *testing.T) {
	addr, accepted := target(t)
	p := cutproxy.Start(t, addr, 1, nil)
	client, server := connect(t, p, accepted)
	p.Cut(cutproxy.Silence)
	send(t, client, []byte("is anybody there?"))
	var over atomic.Bool
	told := make(chan error, 1)
	go func() {
		n, err := server.Read(make([]byte, 1))
		if n > 0 || !over.Load() {
			err = errors.New("it learned something")
		}
		told <- err
	}()
	if err := client.Close(); err != nil {
		t.Fatal(err)
	}
	// Others are served meanwhile.
	other, peer := connect(t, p, accepted)
	for range 100 {
		send(t, other, []byte("x"))
		if _, err := io.ReadFull(peer, make([]byte, 1)); err != nil {
			t.Fatal(err)
		}
	}
	over.Store(true)
	p.Close()
	if err := <-told; !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("the server's end: %v, want a reset by the proxy's end", err)
	}
}

func TestPauseKeepsTheBytes(t *testing.T) {
	addr, accepted := target(t)
	p := cutproxy.Start(t, addr, 1, nil)
	client, server := connect(t, p, accepted)
	p.Pause()
	send(t, client, []byte("hello"))
	late, err := net.Dial("tcp", p.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer late.Close()
	select {
	case <-accepted:
		t.Error("a connection came through a cable that is out")
	default:
	}
	if n := p.Stats().Bytes; n != 0 {
		t.Errorf("%d bytes came through a cable that is out", n)
	}
	p.Resume()
	got := make([]byte, 5)
	if _, err := io.ReadFull(server, got); err != nil || string(got) != "hello" {
		t.Errorf("got %q (%v), want hello", got, err)
	}
	_ = (<-accepted).Close() // the late one is there now
}

func TestRetarget(t *testing.T) {
	p := cutproxy.Start(t, "127.0.0.1:1", 1, nil)
	if refused, err := net.Dial("tcp", p.Addr()); err == nil { // else it was reset already
		defer refused.Close()
		if _, err := refused.Read(make([]byte, 1)); err == nil {
			t.Error("a target that is not there answers")
		}
	}
	addr, accepted := target(t)
	p.Retarget(addr)
	client, server := connect(t, p, accepted)
	send(t, client, []byte("x"))
	if _, err := io.ReadFull(server, make([]byte, 1)); err != nil {
		t.Error(err)
	}
	if s := p.Stats(); s.Refused != 1 || s.Connections != 2 {
		t.Errorf("stats %+v", s)
	}
}

// A slow connection holds its writer back, and is fast once the proxy is calm.
func TestRateAndCalm(t *testing.T) {
	addr, accepted := target(t)
	p := cutproxy.Start(t, addr, 1, func(uint64, *rand.Rand) cutproxy.Fate {
		return cutproxy.Fate{Cut: cutproxy.Reset, After: 4 << 20, Rate: 100 << 10}
	})
	client, server := connect(t, p, accepted)
	want := random(16 << 20) // at that rate minutes long
	go func() {
		_, _ = client.Write(want) // the other end compares
		_ = client.CloseWrite()
	}()
	got := make([]byte, 1<<10)
	if _, err := io.ReadFull(server, got); err != nil {
		t.Fatal(err)
	}
	p.Calm()
	rest, err := io.ReadAll(server)
	if err != nil || !bytes.Equal(append(got, rest...), want) {
		t.Errorf("%d bytes arrived (%v), want all %d", len(got)+len(rest), err, len(want))
	}
}

func TestStormFollowsFromItsSeed(t *testing.T) {
	plan := cutproxy.Storm(10_000)
	kinds := make(map[cutproxy.How]int)
	for n := range uint64(200) {
		fate := plan(n, rand.New(rand.NewPCG(7, n)))
		if again := plan(n, rand.New(rand.NewPCG(7, n))); again != fate {
			t.Fatalf("connection %d: %+v, then %+v", n, fate, again)
		}
		if fate.After < 0 || fate.After >= 10_000 {
			t.Errorf("connection %d is cut behind %d bytes", n, fate.After)
		}
		kinds[fate.Cut]++
	}
	for _, how := range []cutproxy.How{cutproxy.Finish, cutproxy.Reset, cutproxy.Silence} {
		if kinds[how] == 0 {
			t.Errorf("no connection of 200 is cut by %v", how)
		}
	}
	if kinds[cutproxy.Never] > 0 {
		t.Errorf("%d connections are not cut", kinds[cutproxy.Never])
	}
}
