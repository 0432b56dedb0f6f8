package ws

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// noConsumer does nothing.
type noConsumer struct{}

func (noConsumer) Connect(context.Context, *Handshake) error       { return nil }
func (noConsumer) Receive(context.Context, *Socket, Message) error { return nil }
func (noConsumer) Disconnect(context.Context, CloseStatus)         {}
func newNoConsumer(Params) SyncConsumer                            { return noConsumer{} }

// TestSlowHandshakes: those that send their header an octet a second are cut off after 5 s, however many they are and wherever
// they stop, and take no place from a page that behaves.
func TestSlowHandshakes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const crowd = 100
		const request = "GET /ws HTTP/1.1\r\nHost: service.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" +
			"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
		limits := DefaultLimits()
		limits.MaxConnections = 1
		app := NewRouter(limits, nil, nil, Sync("/ws", newNoConsumer))
		s := startService(t, DefaultServerConfig(), app, http.NotFoundHandler())
		began := time.Now()
		var cut atomic.Int32
		var all sync.WaitGroup
		for i := range crowd {
			conn, err := s.l.dial()
			if err != nil {
				t.Fatal(err)
			}
			all.Go(func() {
				if _, err := io.WriteString(conn, request[:1+i%100]); err != nil { // the last octets come one by one
					t.Error(err)
				}
				all.Go(func() { drip(conn, request[1+i%100:]) })
				if _, err := io.Copy(io.Discard, conn); err != nil {
					t.Error(err)
				}
				if took := time.Since(began); took != 5*time.Second {
					t.Errorf("cut off after %v", took)
				}
				cut.Add(1)
			})
		}
		time.Sleep(time.Second)
		page, err := s.l.dial()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(page, request); err != nil {
			t.Fatal(err)
		}
		response, err := http.ReadResponse(bufio.NewReader(page), nil)
		if err != nil || response.StatusCode != http.StatusSwitchingProtocols || time.Since(began) != time.Second {
			t.Errorf("a page beside them: %v, %v after %v", response, err, time.Since(began))
		}
		all.Wait()
		_ = page.Close()
		synctest.Wait()
		if st := app.Stats(); cut.Load() != crowd || st.Accepted != 1 || st.Refused != 0 || st.Sockets != 0 {
			t.Errorf("%d cut off, stats %+v", cut.Load(), st)
		}
		s.stop()
		if err := <-s.result; err != nil {
			t.Error(err)
		}
	})
}

// drip writes an octet a second, until the connection ends.
func drip(conn net.Conn, data string) {
	for i := range len(data) {
		time.Sleep(time.Second)
		if _, err := conn.Write([]byte(data[i : i+1])); err != nil {
			return
		}
	}
}

// TestSlowAnswer: who does not take the answer to its handshake is given up after the handshake timeout, and gives its place back.
func TestSlowAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		app := NewRouter(DefaultLimits(), nil, nil, Sync("/ws", newNoConsumer))
		s := startService(t, DefaultServerConfig(), app, http.NotFoundHandler())
		conn, err := s.l.dial()
		if err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		if _, err := io.WriteString(conn, "GET /ws HTTP/1.1\r\nHost: service.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"+
			"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()                                // the handshake is under way
		if err := app.Quiet(t.Context()); err != nil { // and now it is over
			t.Error(err)
		}
		if took := time.Since(began); took != app.limits.HandshakeTimeout {
			t.Errorf("given up after %v", took)
		}
		app.mu.Lock()
		open := app.open
		app.mu.Unlock()
		if st := app.Stats(); open != 0 || st.Accepted != 0 || st.Denied != 1 {
			t.Errorf("%d places taken, stats %+v", open, st)
		}
		_ = conn.Close()
		s.stop()
		if err := <-s.result; err != nil {
			t.Error(err)
		}
	})
}
