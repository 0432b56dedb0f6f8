package ws_test

import (
	"bytes"
	"compress/flate"
	"fmt"
	"io"
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

// marker is what a flushed piece of compressed data ends with, and a compressed message does not (RFC 7692, section 7.2.1).
const marker = "\x00\x00\xff\xff"

// deflate compresses data; what it returns can be joined.
func deflate(t testing.TB, data string) string {
	t.Helper()
	var b bytes.Buffer
	w, err := flate.NewWriter(&b, flate.BestSpeed)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = io.WriteString(w, data) // to a buffer
	_ = w.Flush()
	return b.String()
}

// unmarked makes a message of what deflate returned.
func unmarked(deflated string) string { return strings.TrimSuffix(deflated, marker) }

// bomb returns a small frame's worth of data that inflates to so many MiB, behind a prefix.
func bomb(t testing.TB, prefix string, mebibytes int) string {
	t.Helper()
	data := unmarked(deflate(t, prefix) + strings.Repeat(deflate(t, strings.Repeat("x", 1<<20)), mebibytes))
	if len(data) > 64<<10 {
		t.Fatalf("the bomb has %d bytes, which is beyond the limit already", len(data))
	}
	return data
}

// TestInflatedSizeOfV1: the limit is the payload's after inflation as well, and a bomb is not inflated beyond it: 16 MiB in a small
// frame cost the service less than one.
func TestInflatedSizeOfV1(t *testing.T) {
	limits := ws.DefaultLimits()
	limits.Compression = true
	app, _ := newAppWith(t, limits, syncRoute(&funcs{}))
	text := func(n int) string { return unmarked(deflate(t, "m"+strings.Repeat("x", n))) }
	for name, test := range map[string]struct {
		data string
		code int
	}{
		"as much as may be": {text(64 << 10), 0},
		"one byte more":     {text(64<<10 + 1), 1009},
		"a bomb":            {bomb(t, "m", 16), 1009},
	} {
		page := dialRaw(t, app, "/ws", v1Offer+"Sec-WebSocket-Extensions: permessage-deflate\r\n")
		answer(page) // hello
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		page.write(t, frame(0xc1, test.data))
		first, payload := page.next(t)
		if test.code == 0 {
			if first != 0xc1 {
				t.Errorf("%s: frame %x %q, want a compressed text", name, first, payload)
			}
			continue
		}
		page.expectClose(t, test.code)
		runtime.ReadMemStats(&after)
		if n := after.TotalAlloc - before.TotalAlloc; n > 1<<20 {
			t.Errorf("%s: %d bytes were allocated to refuse it", name, n)
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

// TestTooBigHidesNoPong: what is left of a message that was too big is no frame, whatever it looks like. The close frame behind it is
// seen, and so the service does not wait for one.
func TestTooBigHidesNoPong(t *testing.T) {
	limits := ws.DefaultLimits()
	limits.MaxMessage = 8
	limits.CloseTimeout = time.Hour // beyond the patience of the page
	app, _ := newAppWith(t, limits, syncRoute(&funcs{}))
	page := dialRaw(t, app, "/ws", "")
	pong := frame(0x8a, "")
	page.write(t, frame(0x82, "123456789"+pong)+pong+closeFrame(1009, "")) // the service reads one octet more than fits
	page.expectClose(t, 1009)
	page.expectEOF(t)
}
