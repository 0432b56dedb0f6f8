package ws_test

import (
	"bytes"
	"compress/flate"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"wsgen/templates/project/internal/ws"
)

// TestSizeLimitIsThePayloads: what wsgen.1 puts before a message does not count, so that a page may send as much in both forms; one
// octet more is refused, whatever the prefix.
func TestSizeLimitIsThePayloads(t *testing.T) {
	full := strings.Repeat("x", 64<<10)
	app := newCommandApp(t, asyncRoute(&funcs{}))
	clients := 0
	another := func() string { clients++; return clientFrame(fmt.Sprintf("%032x", clients)) }
	for _, prefix := range []string{"m", "r1:", "r0123456789abcdef0123456789abcdef:", "n1:", "n9007199254740991:"} {
		for name, cut := range map[string]func(string) string{
			"one frame":  func(data string) string { return frame(0x82, data) },
			"two frames": func(data string) string { return frame(0x02, data[:len(prefix)]) + frame(0x80, data[len(prefix):]) },
		} {
			page := dialRaw(t, app, "/ws", v1Offer)
			answer(page) // hello
			page.write(t, frame(0x81, another())+cut(prefix+full))
			want := prefix + full
			if prefix[0] == 'n' {
				want = "m" + full
			}
			_, line := answer(page)
			if strings.HasPrefix(line, `text "a`) { // the acknowledgement may be first
				_, line = answer(page)
			}
			if line != "binary "+brief(want) {
				t.Errorf("%q and 64 KiB in %s: %s", prefix, name, line)
			}

			over := dialRaw(t, app, "/ws", v1Offer)
			answer(over)
			over.write(t, frame(0x81, another())+cut(prefix+full+"x"))
			if _, line := answer(over); line != `text "c{\"type\":\"close\",\"code\":1009,\"reason\":\"message too big\"}"` {
				t.Errorf("%q and one octet more in %s: %s", prefix, name, line)
			}
			over.expectClose(t, 1009)
		}
	}
}

// TestInflatedSizeOfV1: the limit is the payload's after inflation as well, and a bomb is not inflated beyond it: 16 MiB in a small
// frame cost the service less than one.
func TestInflatedSizeOfV1(t *testing.T) {
	limits := ws.DefaultLimits()
	limits.Compression = true
	app, _ := newAppWith(t, limits, syncRoute(&funcs{}))
	deflate := func(size int) string {
		var b bytes.Buffer
		w, err := flate.NewWriter(&b, flate.BestSpeed)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = w.Write(append([]byte("m"), bytes.Repeat([]byte("x"), size)...)) // to a buffer
		_ = w.Flush()
		return strings.TrimSuffix(b.String(), "\x00\x00\xff\xff")
	}
	for size, code := range map[int]int{64 << 10: 0, 64<<10 + 1: 1009, 16 << 20: 1009} {
		page := dialRaw(t, app, "/ws", v1Offer+"Sec-WebSocket-Extensions: permessage-deflate\r\n")
		answer(page) // hello
		data := deflate(size)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		page.write(t, frame(0xc1, data))
		first, payload := page.next(t)
		if code == 0 {
			if first != 0xc1 {
				t.Errorf("%d bytes: frame %x %q, want a compressed text", size, first, payload)
			}
			continue
		}
		page.expectClose(t, code)
		runtime.ReadMemStats(&after)
		if n := after.TotalAlloc - before.TotalAlloc; n > 1<<20 {
			t.Errorf("%d bytes: %d were allocated to refuse them", size, n)
		}
	}
}

// TestSmallMessagesOnly: however short the messages have to be, a page can say who it is and where it stands in a stream.
func TestSmallMessagesOnly(t *testing.T) {
	limits := ws.DefaultLimits()
	limits.MaxMessage = 1
	app, layer := newAppWith(t, limits, syncRoute(&funcs{}))
	layer.Keep("job", ws.History{Messages: 10, Bytes: 1 << 10, TTL: time.Minute})
	page := dialRaw(t, app, "/ws", v1Offer)
	answer(page) // hello
	resume := `c{"type":"resume","stream":9007199254740991,"epoch":"` + strings.Repeat("e", 200) + `","offset":9007199254740991}`
	page.write(t, frame(0x81, clientFrame(client1))+frame(0x81, resume)+frame(0x81, "m1"))
	if _, line := answer(page); line != `text "m1"` {
		t.Errorf("came %s", line)
	}
	page.write(t, frame(0x81, "m12"))
	answer(page) // the close in JSON
	page.expectClose(t, 1009)
}
