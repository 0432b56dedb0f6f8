package ws_test

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"strings"
	"sync"
	"testing"

	"wsgen/templates/project/internal/ws"

	"github.com/coder/websocket"
)

// TestForeignClient: coder/websocket talks to both modes, with each kind of compression that it knows.
func TestForeignClient(t *testing.T) {
	random := make([]byte, 30_000)
	_, _ = rand.Read(random)
	messages := []string{"", "hello", strings.Repeat("to and fro ", 5000), hex.EncodeToString(random), "grüße, 世界"}
	compressions := map[string]websocket.CompressionMode{
		"none": websocket.CompressionDisabled, "with takeover": websocket.CompressionContextTakeover, "without": websocket.CompressionNoContextTakeover,
	}
	for _, served := range []bool{false, true} {
		for name, mode := range compressions {
			t.Run(fmt.Sprintf("served %v/asked %s", served, name), func(t *testing.T) {
				limits := ws.DefaultLimits()
				limits.Compression = served
				app, layer := newAppWith(t, limits, asyncRoute(&funcs{connect: join("g")}, ws.Concurrency(1)))
				page := dialWith(t, app, "/ws", &websocket.DialOptions{CompressionMode: mode})
				for _, text := range messages {
					page.send(t, text)
					if got := page.read(t); got != text {
						t.Fatalf("%d bytes came back of %d", len(got), len(text))
					}
				}
				for _, text := range messages {
					if err := layer.Send(t.Context(), "g", ws.Text(text)); err != nil {
						t.Fatal(err)
					}
				}
				for _, text := range messages {
					if got := page.read(t); got != text {
						t.Fatalf("%d bytes came of %d", len(got), len(text))
					}
				}
				if err := page.conn.Close(websocket.StatusNormalClosure, "bye"); err != nil {
					t.Errorf("close: %v", err)
				}
			})
		}
	}
}

// TestManyForeignClients: a room of real connections, each of which sends and sees everything, in one order.
func TestManyForeignClients(t *testing.T) {
	const clients, each = 10, 30
	var layer *ws.Layer
	app, l := newApp(t, syncRoute(&funcs{
		connect: join("room"),
		receive: func(ctx context.Context, _ *ws.Socket, m ws.Message) error { return layer.Send(ctx, "room", m) },
	}))
	layer = l
	var pages []*page
	for range clients {
		pages = append(pages, dialTCP(t, app, "/ws"))
	}
	settle(t, app) // all have joined
	saw := make([]string, clients)
	var wg sync.WaitGroup
	for i, p := range pages {
		wg.Go(func() {
			for range clients * each {
				_, data, err := p.conn.Read(p.ctx)
				if err != nil {
					t.Error(err)
					return
				}
				saw[i] += string(data) + "\n"
			}
		})
		wg.Go(func() {
			for j := range each {
				if err := p.conn.Write(p.ctx, websocket.MessageText, fmt.Appendf(nil, "%d/%d", i, j)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	for i := range saw {
		if saw[i] != saw[0] {
			t.Fatalf("page %d saw another order than page 0", i)
		}
	}
	if n := strings.Count(saw[0], "\n"); n != clients*each {
		t.Errorf("%d messages", n)
	}
}
