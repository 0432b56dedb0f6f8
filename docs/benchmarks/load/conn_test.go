package main

import (
	"bytes"
	"fmt"
	"net"
	"strings"
	"testing"
)

// fromServer returns a frame as a server sends it: without a mask.
func fromServer(op byte, payload string) []byte {
	masked := frame(nil, op, []byte(payload))
	head := masked[:len(masked)-len(payload)-len(mask)]
	head[1] &^= 0x80
	return append(head, payload...)
}

// pair returns a client, and the other end of its connection.
func pair(t *testing.T) (*conn, net.Conn) {
	t.Helper()
	client, server := net.Pipe()
	t.Cleanup(func() {
		_ = client.Close()
		_ = server.Close()
	})
	return &conn{Conn: client, buf: make([]byte, 8)}, server
}

// serve writes bytes to a client, so many at a time.
func serve(t *testing.T, to net.Conn, text []byte, step int) {
	t.Helper()
	go func() {
		for len(text) > 0 {
			n := min(step, len(text))
			if _, err := to.Write(text[:n]); err != nil {
				return
			}
			text = text[n:]
		}
	}()
}

// TestMessagesComeWhole reads frames of every kind of length, cut in every way.
func TestMessagesComeWhole(t *testing.T) {
	want := []string{"", "a", strings.Repeat("b", 125), strings.Repeat("c", 126), strings.Repeat("d", 70_000), "e"}
	var text []byte
	for _, m := range want {
		text = append(text, fromServer(opText, m)...)
	}
	for _, step := range []int{1, 2, 3, 130, 65_536, len(text)} {
		t.Run(fmt.Sprint(step), func(t *testing.T) {
			c, server := pair(t)
			serve(t, server, text, step)
			for i := 0; i < len(want); {
				err := c.receive(func(message []byte) error {
					if string(message) != want[i] {
						return fmt.Errorf("message %d has %d bytes, want %d", i, len(message), len(want[i]))
					}
					i++
					return nil
				})
				if err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

// TestReserveKeepsWhatWasRead makes more room between two messages that were read at once.
func TestReserveKeepsWhatWasRead(t *testing.T) {
	c, server := pair(t)
	c.reserve(64)
	text := append(fromServer(opText, "one"), fromServer(opText, "two")...)
	serve(t, server, text, len(text))
	for i, want := range []string{"one", "two"} {
		if got, err := c.message(true); err != nil || string(got) != want {
			t.Fatalf("message %d is %q, %v; want %q", i, got, err, want)
		}
		c.reserve(128 << i)
	}
	if len(c.buf) != 256 || c.begin != c.end {
		t.Errorf("room for %d bytes, %d of them taken; want 256 and none", len(c.buf), c.end-c.begin)
	}
}

// TestPingsAreAnswered wants the payload back, and nothing of it in the messages.
func TestPingsAreAnswered(t *testing.T) {
	c, server := pair(t)
	answer := make(chan []byte, 1)
	go func() {
		_, _ = server.Write(fromServer(opPing, "now"))
		got := make([]byte, len(frame(nil, opPong, []byte("now"))))
		n, _ := server.Read(got)
		answer <- got[:n]
		_, _ = server.Write(fromServer(opText, "then"))
	}()
	message, err := c.message(true)
	if err != nil || string(message) != "then" {
		t.Fatalf("got %q, %v", message, err)
	}
	if got := <-answer; !bytes.Equal(got, frame(nil, opPong, []byte("now"))) {
		t.Errorf("the answer is %x", got)
	}
}

// TestWhatIsNoMessage wants an error that says what came.
func TestWhatIsNoMessage(t *testing.T) {
	for want, text := range map[string][]byte{
		"closed by the server: 4008 slow": fromServer(opClose, "\x0f\xa8slow"),
		"closed by the server":            fromServer(opClose, ""),
		"not final":                       {0x01, 0x01, 'a'},
		"of an extension":                 {0xc1, 0x01, 'a'},
		"masked":                          frame(nil, opText, []byte("a")),
	} {
		c, server := pair(t)
		serve(t, server, text, len(text))
		if message, err := c.message(true); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%x: got %q, %v; want %q", text, message, err, want)
		}
	}
}

// TestDialectsFindPayloads unwraps what each kind of server sends.
func TestDialectsFindPayloads(t *testing.T) {
	for _, test := range []struct {
		name    string
		dialect dialect
		message string
		want    []string
	}{
		{"plain", plain(), "hello", []string{"hello"}},
		{"wsgen.1", wsgen1(false), "mhello", []string{"hello"}},
		{"stream", wsgen1(true), "s1:18:a:b", []string{"a:b"}},
		{"control", wsgen1(false), `c{"type":"left","stream":1}`, nil},
		{"centrifuge", centrifugal(), `{"push":{"channel":"room","pub":{"data":"one"}}}` + "\n" + `{"id":9,"publish":{}}` + "\n" + `{"id":9,"rpc":{"data":"two"}}`, []string{"one", "two"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			var got []string
			err := test.dialect.unwrap(&conn{commands: 3}, []byte(test.message), func(payload []byte) error {
				got = append(got, string(payload))
				return nil
			})
			if err != nil || fmt.Sprint(got) != fmt.Sprint(test.want) {
				t.Errorf("got %q, %v; want %q", got, err, test.want)
			}
		})
	}
	for name, d := range map[string]dialect{"wsgen.1": wsgen1(false), "centrifuge": centrifugal()} {
		message := map[string]string{"wsgen.1": `c{"type":"close","code":4008,"reason":"slow"}`, "centrifuge": `{"id":9,"error":{"code":100}}`}[name]
		if err := d.unwrap(&conn{}, []byte(message), func([]byte) error { return nil }); err == nil {
			t.Errorf("%s: %s is no error", name, message)
		}
	}
}

// TestARoomNoticesFaults gives a member what it must not get.
func TestARoomNoticesFaults(t *testing.T) {
	message := func(n int) []byte { return fromServer(opText, fmt.Sprintf("%0*dxx", digits, n)) }
	for name, test := range map[string]struct {
		numbers  []int
		disorder bool
		want     string
	}{
		"lost":      {[]int{3, 5}, false, "got message 5 after 3"},
		"twice":     {[]int{3, 3}, false, "got message 3 after 3"},
		"disorder":  {[]int{4, 3}, false, "got message 3 after 4"},
		"is right":  {[]int{3, 4, 5}, false, "EOF"},
		"may be so": {[]int{4, 3}, true, "EOF"},
	} {
		t.Run(name, func(t *testing.T) {
			c, server := pair(t)
			m := &room{dialect: plain(), size: 2, disorder: test.disorder, filler: []byte("xx"), delivered: make(chan int, ring)}
			go func() {
				for _, n := range test.numbers {
					_, _ = server.Write(message(n))
				}
				_ = server.Close()
			}()
			if err := m.listen(0, c); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
}
