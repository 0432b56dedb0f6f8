package ws_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"wsgen/templates/project/internal/ws"
)

// TestTwoWriters: what a group sends and what its members are sent alone is written by different goroutines, and comes in order, also
// to one that does not read before 16 MiB wait for it; the other does not wait for that one.
func TestTwoWriters(t *testing.T) {
	limits := ws.DefaultLimits()
	limits.OutboundBytes = 64 << 20
	accepted := make(chan *ws.Socket, 2)
	app, layer := newAppWith(t, limits, syncRoute(&funcs{
		connect: join("g"),
		receive: func(_ context.Context, s *ws.Socket, _ ws.Message) error { accepted <- s; return nil },
	}))
	pages := []*rawPage{dialRaw(t, app, "/ws", ""), dialRaw(t, app, "/ws", "")}
	var sockets []*ws.Socket
	for _, page := range pages {
		page.write(t, frame(0x81, "hello"))
		sockets = append(sockets, await(t, accepted, "the socket"))
	}
	random := rand.New(rand.NewPCG(4, 1))
	sizes := []int{0, 100, 900, 2_000, 9_000, 100_000}
	const most = 16 << 20
	sent, bytes := 0, 0
	for ; bytes < most; sent++ {
		text := fmt.Sprint(sent, " - ", strings.Repeat("x", sizes[random.IntN(len(sizes))]))
		bytes += len(text)
		if random.IntN(2) == 0 {
			if err := layer.Send(context.Background(), "g", ws.Text(text)); err != nil {
				t.Fatal(err)
			}
			continue
		}
		for _, s := range sockets {
			if err := s.Send(context.Background(), ws.Text(text)); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, page := range pages { // the first gets all of it while the second has read nothing
		for want := range sent {
			_, text := page.next(t)
			if got, _ := numberOf(t, text); got != want {
				t.Fatalf("message %d, want %d", got, want)
			}
		}
	}
}
