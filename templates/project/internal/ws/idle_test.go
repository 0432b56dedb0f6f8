//go:build unix

package ws_test

import (
	"regexp"
	"runtime"
	"testing"
)

// freshReader matches a goroutine of a trace that waits for its peer and was started by another reader.
var freshReader = regexp.MustCompile(`\(\*conn\)\.await\((?:.|\n)*\(\*Socket\)\.read\((?:.|\n)*created by [^ ]*\(\*Socket\)\.read in`)

// freshReaders counts them.
func freshReaders() int {
	trace := make([]byte, 1<<20)
	trace = trace[:runtime.Stack(trace, true)]
	n := 0
	for _, goroutine := range regexp.MustCompile(`\n\n`).Split(string(trace), -1) {
		if freshReader.MatchString(goroutine) {
			n++
		}
	}
	return n
}

// TestIdleReaderIsFresh: after a sign of life a new goroutine waits for the peer, whose stack has not grown, and it hears what
// comes then. A message is no such sign: the next one may be close behind it.
func TestIdleReaderIsFresh(t *testing.T) {
	for name, test := range map[string]struct {
		offer, sign string
		want        int
	}{
		"a pong":            {"", frame(0x8a, "hello"), 1},
		"a ping":            {"", frame(0x89, "hello"), 1},
		"a pong of wsgen.1": {"Sec-WebSocket-Protocol: wsgen.1\r\n", frame(0x81, "q"), 1},
		"a client's id":     {"Sec-WebSocket-Protocol: wsgen.1\r\n", frame(0x81, `c{"type":"client","id":"0123456789abcdef0123456789abcdef"}`), 1},
		"a message":         {"", frame(0x81, "x"), 0},
	} {
		t.Run(name, func(t *testing.T) {
			app, _ := newApp(t, syncRoute(&funcs{}))
			page := dialRaw(t, app, "/ws", test.offer)
			if test.offer != "" {
				page.next(t) // hello
			}
			page.write(t, test.sign)
			if name == "a ping" {
				page.next(t) // the pong
			}
			if test.want == 0 {
				page.next(t) // the echo
				if n := freshReaders(); n != 0 {
					t.Errorf("%d fresh readers", n)
				}
			}
			eventually(t, "the reader to wait", func() bool { return freshReaders() == test.want })
			message := "x"
			if test.offer != "" {
				message = "mx"
			}
			page.write(t, frame(0x81, message))
			if _, got := page.next(t); got != message {
				t.Errorf("got %q back", got)
			}
		})
	}
}
