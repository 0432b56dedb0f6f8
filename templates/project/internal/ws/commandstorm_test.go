package ws_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"wsgen/templates/project/internal/ws"
)

// TestCommandsOverCuts: some clients send their commands over connections that break at random bytes, come back, and send again what
// was not acknowledged, until all is. Each command takes effect once, and in order where the consumer is sync.
func TestCommandsOverCuts(t *testing.T) {
	const clients, commands = 4, 500
	for mode, route := range map[string]func(*funcs, ...ws.RouteOption) ws.Route{"sync": syncRoute, "async": asyncRoute} {
		t.Run(mode, inBubble(func(t *testing.T) {
			var mu sync.Mutex
			effects := make(map[string][]string) // of each client
			app := newCommandApp(t, route(handler(func(ctx context.Context, s *ws.Socket, text string) error {
				if ctx.Err() != nil && text[len(text)-1] == '7' {
					return ctx.Err() // gives up in time, now and then
				}
				who, number, _ := strings.Cut(text, " ")
				mu.Lock()
				effects[who] = append(effects[who], number)
				mu.Unlock()
				if err := s.Send(ctx, ws.Text(text)); err != nil && !errors.Is(err, ws.ErrClosed) {
					return err
				}
				return nil
			}).funcs()))
			var all sync.WaitGroup
			for i := range clients {
				all.Go(func() { (&sender{id: i, random: rand.New(rand.NewPCG(uint64(i), 1))}).run(t, app, commands) })
			}
			all.Wait()
			settle(t, app)
			checkEffects(t, effects, clients, commands, mode == "sync")
			if n := app.Stats().Repeated; n == 0 {
				t.Error("no command came again: nothing was tested")
			}
		}))
	}
}

// inBubble has a test run on the clock of synctest.
func inBubble(test func(*testing.T)) func(*testing.T) {
	return func(t *testing.T) { synctest.Test(t, test) }
}

// checkEffects reports commands that took effect not once, or out of order.
func checkEffects(t *testing.T, effects map[string][]string, clients, commands int, ordered bool) {
	t.Helper()
	for i := range clients {
		seen, last := make(map[string]int), 0
		for _, number := range effects[fmt.Sprint(i)] {
			n, _ := strconv.Atoi(number)
			if ordered && n < last {
				t.Fatalf("client %d: %d took effect after %d", i, n, last)
			}
			seen[number], last = seen[number]+1, n
		}
		for n := 1; n <= commands; n++ {
			if times := seen[fmt.Sprint(n)]; times != 1 {
				t.Errorf("client %d: command %d took effect %d times", i, n, times)
			}
		}
	}
}

// sender is a client that keeps its commands until they are acknowledged.
type sender struct {
	id     int
	random *rand.Rand
	mu     sync.Mutex
	acked  int
}

// run sends until all is acknowledged.
func (c *sender) run(t *testing.T, app *ws.Router, commands int) {
	for cuts := 0; c.done() < commands; cuts++ {
		if cuts > 100*commands {
			t.Errorf("client %d: after %d cuts only %d are acknowledged", c.id, cuts, c.done())
			return
		}
		c.visit(t, app, commands)
	}
}

func (c *sender) done() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.acked
}

// visit connects, sends up to a random byte, reads up to a random frame, and cuts the connection.
func (c *sender) visit(t *testing.T, app *ws.Router, commands int) {
	page := shakeHands(t, pipeTo(t, app), "/ws", v1Offer)
	first := c.done() + 1
	var out strings.Builder
	out.WriteString(frame(0x81, clientFrame(fmt.Sprintf("%032x", c.id))))
	for n := first; n <= min(first+40, commands); n++ {
		out.WriteString(frame(0x81, fmt.Sprintf("n%d:%d %d", n, c.id, n)))
	}
	// On the clock of the bubble this is when nothing comes any more.
	if err := page.SetReadDeadline(time.Now().Add(time.Second)); err != nil {
		t.Error(err)
	}
	data := out.String()[:c.random.IntN(out.Len()+1)]
	frames := c.random.IntN(60)
	read := make(chan struct{})
	go func() {
		defer close(read)
		defer page.Close() // so that the writing ends
		for range frames {
			_, payload, err := page.tryNext()
			if err != nil {
				return
			}
			if number, ok := strings.CutPrefix(payload, "a"); ok {
				c.ack(t, number)
			}
		}
	}()
	_, _ = page.Write([]byte(data)) // it may be cut
	if c.random.IntN(2) == 0 {
		_ = page.Close()
	}
	<-read
}

// ack takes note of an acknowledgement.
func (c *sender) ack(t *testing.T, number string) {
	n, err := strconv.Atoi(number)
	c.mu.Lock()
	defer c.mu.Unlock()
	if err != nil || n < c.acked {
		t.Errorf("client %d: acknowledged up to %q after %d", c.id, number, c.acked)
		return
	}
	c.acked = n
}
