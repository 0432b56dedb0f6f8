package main

import (
	"bytes"
	"errors"
	"io"
	"net"
	"strconv"
	"syscall"
	"testing"
	"time"
)

// ends returns both ends of a connection through a new link.
func ends(t *testing.T) (k *link, page, server net.Conn, accept func() net.Conn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	if k, err = newLink(l.Addr().String()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := k.close(); err != nil {
			t.Error(err)
		}
	})
	accept = func() net.Conn {
		t.Helper()
		c, err := l.Accept()
		if err != nil {
			t.Fatal(err)
		}
		bound(t, c)
		return c
	}
	page = dial(t, k)
	server = accept()
	say(t, page, "?") // the link knows of the connection only once it carries
	hear(t, server, "?")
	return k, page, server, accept
}

func dial(t *testing.T, k *link) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", "127.0.0.1:"+strconv.Itoa(k.port()))
	if err != nil {
		t.Fatal(err)
	}
	bound(t, c)
	return c
}

// bound makes what hangs an error, and closes the connection with the test.
func bound(t *testing.T, c net.Conn) {
	t.Helper()
	if err := c.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
}

func say(t *testing.T, c net.Conn, s string) {
	t.Helper()
	if _, err := io.WriteString(c, s); err != nil {
		t.Fatal(err)
	}
}

func hear(t *testing.T, c net.Conn, want string) {
	t.Helper()
	got := make([]byte, len(want))
	if _, err := io.ReadFull(c, got); err != nil || string(got) != want {
		t.Fatalf("got %q, %v, want %q", got, err, want)
	}
}

// hearEnd wants the connection to end in this way, nil being orderly, and returns what was heard before.
func hearEnd(t *testing.T, c net.Conn, want error) string {
	t.Helper()
	got, err := io.ReadAll(c)
	if !errors.Is(err, want) {
		t.Fatalf("got %q, %v, want the end: %v", got, err, want)
	}
	return string(got)
}

// refused wants a new connection to be reset, be it before or after it is made.
func refused(t *testing.T, k *link) {
	t.Helper()
	c, err := net.Dial("tcp", "127.0.0.1:"+strconv.Itoa(k.port()))
	if err == nil {
		bound(t, c)
		_, err = io.ReadAll(c)
	}
	if !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("a new connection: %v, want a reset", err)
	}
}

func TestLinkCarriesBothWays(t *testing.T) {
	_, page, server, _ := ends(t)
	say(t, page, "hello")
	hear(t, server, "hello")
	say(t, server, "welcome")
	hear(t, page, "welcome")
	if err := page.Close(); err != nil {
		t.Fatal(err)
	}
	hearEnd(t, server, nil)
}

func TestLinkCutsInTheMiddle(t *testing.T) {
	for how, want := range map[harm]error{reset: syscall.ECONNRESET, finish: nil} {
		t.Run(string(how), func(t *testing.T) {
			k, page, server, accept := ends(t)
			k.cut(how, 3)
			say(t, server, "welcome")
			// A reset may overtake what was sent before it.
			if got := hearEnd(t, page, want); got != "wel" && (want == nil || got != "") {
				t.Errorf("the page got %q", got)
			}
			hearEnd(t, server, want)

			refused(t, k)
			k.restore()
			say(t, dial(t, k), "again")
			hear(t, accept(), "again")
		})
	}
}

func TestLinkCutsWithoutTraffic(t *testing.T) {
	k, page, server, _ := ends(t)
	k.cut(reset, 100)
	hearEnd(t, page, syscall.ECONNRESET)
	hearEnd(t, server, syscall.ECONNRESET)
}

func TestLinkVanishes(t *testing.T) {
	k, page, server, accept := ends(t)
	k.cut(vanish, 3)
	say(t, server, "welcome")
	hearEnd(t, page, syscall.ECONNRESET)
	k.restore()
	say(t, dial(t, k), "again")
	hear(t, accept(), "again")
	say(t, server, "are you there?") // it still believes so
	if err := server.SetReadDeadline(time.Now().Add(time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	var timeout net.Error
	if n, err := server.Read(make([]byte, 1)); !errors.As(err, &timeout) || !timeout.Timeout() {
		t.Errorf("the server heard %d bytes, %v", n, err)
	}
}

func TestLinkIsSilent(t *testing.T) {
	k, page, server, accept := ends(t)
	k.cut(silence, 3)
	say(t, server, "welcome")
	later := dial(t, k)
	say(t, later, "again")
	if err := page.SetReadDeadline(time.Now().Add(time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	var timeout net.Error
	if n, err := page.Read(make([]byte, 1)); !errors.As(err, &timeout) || !timeout.Timeout() {
		t.Fatalf("the page heard %d bytes, %v", n, err)
	}
	if err := page.SetReadDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	k.restore()
	hear(t, page, "welcome")
	hear(t, accept(), "again")
}

func TestLinkWithoutServer(t *testing.T) {
	addr, err := freeAddress()
	if err != nil {
		t.Fatal(err)
	}
	k, err := newLink(addr)
	if err != nil {
		t.Fatal(err)
	}
	refused(t, k)
	if err := k.close(); err != nil {
		t.Error(err)
	}
}

// TestLinkLosesNothing holds the links to being no cause of a loss themselves.
func TestLinkLosesNothing(t *testing.T) {
	_, page, server, _ := ends(t)
	want := bytes.Repeat([]byte("0123456789abcdef"), 1<<16)
	sent := make(chan error, 1)
	go func() {
		_, err := server.Write(want)
		sent <- errors.Join(err, server.Close())
	}()
	got, err := io.ReadAll(page)
	if err := errors.Join(err, <-sent); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%d bytes of %d came through", len(got), len(want))
	}
}
