package ws_test

import (
	"encoding/binary"
	"fmt"
	"strings"
	"testing"
	"time"

	"wsgen/templates/project/internal/ws"
)

// client1 and client2 are ids of clients.
const (
	client1 = "00112233445566778899aabbccddeeff"
	client2 = "ffeeddccbbaa99887766554433221100"
)

// commander is a page on wsgen.1 that numbers its commands by hand, for tests within a bubble of synctest.
type commander struct {
	*rawPage
	came chan string // the payloads of frames but pings; a close frame as "close CODE REASON"; closed at the end of the connection
	last string      // what lose found to have come last
}

// newCommandApp is newApp with a layer that keeps history, so that commands are acknowledged.
func newCommandApp(t testing.TB, routes ...ws.Route) *ws.Router {
	app, _ := streamApp(t, ws.History{Messages: 10, Bytes: 1 << 10, TTL: time.Minute}, routes...)
	return app
}

// connect connects a page that has not said who it is, and takes the hello.
func connect(t testing.TB, app *ws.Router, path string) *commander {
	t.Helper()
	p := &commander{rawPage: shakeHands(t, pipeTo(t, app), path, v1Offer), came: make(chan string, 10_000)}
	go func() {
		defer close(p.came)
		for {
			first, payload, err := p.tryNext()
			switch {
			case err != nil:
				return
			case first == 0x88:
				p.came <- fmt.Sprintf("close %d %s", binary.BigEndian.Uint16([]byte(payload)), payload[2:])
			case payload == "p":
				_, _ = p.Write([]byte(frame(0x81, "q"))) // the connection may be over
			default:
				p.came <- payload
			}
		}
	}()
	if hello := <-p.came; !strings.Contains(hello, `"acks":true`) {
		t.Fatalf("came %s, want a hello with acks", hello)
	}
	return p
}

// connectAs connects a page that says who it is.
func connectAs(t testing.TB, app *ws.Router, id string) *commander {
	t.Helper()
	p := connect(t, app, "/ws")
	p.text(t, clientFrame(id))
	return p
}

// clientFrame is what a client says first.
func clientFrame(id string) string { return `c{"type":"client","id":"` + id + `"}` }

// text sends text frames, together.
func (p *commander) text(t testing.TB, texts ...string) {
	t.Helper()
	var all string
	for _, text := range texts {
		all += frame(0x81, text)
	}
	p.write(t, all)
}

// expect expects the next frames to have these payloads.
func (p *commander) expect(t testing.TB, want ...string) {
	t.Helper()
	for _, w := range want {
		if got := await(t, p.came, w); got != w {
			t.Fatalf("came %q, want %q", got, w)
		}
	}
}

// expectClosed expects the service to close the connection, and returns the reason and what came before.
func (p *commander) expectClosed(t testing.TB, code int) (reason string, before []string) {
	t.Helper()
	notice, end := fmt.Sprintf(`c{"type":"close","code":%d,`, code), fmt.Sprintf("close %d ", code)
	for {
		got := await(t, p.came, notice)
		switch {
		case strings.HasPrefix(got, notice):
			got = await(t, p.came, end)
			if reason, ok := strings.CutPrefix(got, end); ok {
				_ = p.Close()
				return reason, before
			}
			fallthrough
		case strings.HasPrefix(got, "close "), got == "": // "": the connection is over
			t.Fatalf("came %q after %q, want %q and %q", got, before, notice, end)
		}
		before = append(before, got)
	}
}

// lose cuts the connection.
func (p *commander) lose(t testing.TB) {
	t.Helper()
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	for p.last = range p.came { // until the page's own reader has seen it
	}
}

// expectNone expects nothing to have come; the service is at rest.
func (p *commander) expectNone(t testing.TB) {
	t.Helper()
	if len(p.came) > 0 {
		t.Fatalf("came %q, want nothing", <-p.came)
	}
}
