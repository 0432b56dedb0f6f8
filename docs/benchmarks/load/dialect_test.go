package main

import (
	"io"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
)

// heard gives messages to a client, and returns the payloads that it took before the first error.
func heard(d dialect, c *conn, messages ...string) (payloads []string, err error) {
	for _, m := range messages {
		err := d.unwrap(c, []byte(m), func(payload []byte) error {
			payloads = append(payloads, string(payload))
			return nil
		})
		if err != nil {
			return payloads, err
		}
	}
	return payloads, nil
}

// TestStreamsAreStreams takes messages by their offsets, and none that came past the stream.
func TestStreamsAreStreams(t *testing.T) {
	for _, test := range []struct {
		stream   bool
		messages []string
		want     []string
		err      string
	}{
		{true, []string{"s1:1:a", "s1:2:b", "s1:9:c:d"}, []string{"a", "b", "c:d"}, ""},
		{true, []string{"s1:4:a", "s1:4:a"}, []string{"a"}, "after offset 4"},
		{true, []string{"s1:4:a", "s1:3:b"}, []string{"a"}, "after offset 4"},
		{true, []string{"s1:x:a"}, nil, "after offset 0"},
		{true, []string{"s1:4:a", "mb"}, []string{"a"}, "unexpected"},
		{false, []string{"ma", "s1:1:b"}, []string{"a"}, "unexpected"},
	} {
		got, err := heard(wsgen1(test.stream), &conn{}, test.messages...)
		if !slices.Equal(got, test.want) || (err == nil) != (test.err == "") || err != nil && !strings.Contains(err.Error(), test.err) {
			t.Errorf("%q: got %q, %v; want %q, %q", test.messages, got, err, test.want, test.err)
		}
	}
}

// TestAcknowledgements rise, and do not reach beyond what was sent.
func TestAcknowledgements(t *testing.T) {
	if got := string(commands().echo([]byte("x:y"), 17)); got != "n17:x:y" {
		t.Errorf("command 17 is %q", got)
	}
	for _, test := range []struct {
		messages []string
		acked    int
		fails    bool
	}{
		{[]string{"a1", "ma", "a3"}, 3, false},
		{[]string{"a2", "a2"}, 2, true},
		{[]string{"a2", "a1"}, 2, true},
		{[]string{"a4"}, 0, true},
		{[]string{"a"}, 0, true},
	} {
		c := &conn{commands: 3}
		if _, err := heard(commands(), c, test.messages...); (err != nil) != test.fails || c.acked != test.acked {
			t.Errorf("%q: acknowledged up to %d, %v; want %d, an error: %v", test.messages, c.acked, err, test.acked, test.fails)
		}
	}
}

// TestEchoWithoutAcknowledgements is an error, though everything comes back.
func TestEchoWithoutAcknowledgements(t *testing.T) {
	c, server := pair(t)
	go func() { _, _ = io.Copy(io.Discard, server) }() // until the pipe is closed
	serve(t, server, slices.Concat(fromServer(opText, "mx"), fromServer(opText, "mx"), fromServer(opText, "mx")), 4)
	var back atomic.Int64
	err := bounce(c, commands(), []byte("x"), 1, &back)
	if err == nil || !strings.Contains(err.Error(), "3 commands are not acknowledged") || back.Load() != 3 {
		t.Errorf("%d came back, then %v", back.Load(), err)
	}
}
