// Package witness judges what subscribers of streams were handed: whether anything was lost unsaid, came twice or out of order,
// and whether each command took effect as often as promised.
//
// It can judge because the messages say who they are: the service under test numbers them per stream from 1, and writes down
// what it did (see [ReadJournal]). What a subscriber got is in its [Log]; [Check] compares the two.
package witness

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
)

// Message is a message that says who it is.
type Message struct {
	Boot int // which start of the service published it
	N    int // counted per stream and boot, from 1
}

// errPayload is a payload that is not as it was sent.
var errPayload = errors.New("payload is damaged")

// padding returns what makes the payloads of different lengths, so that cuts fall everywhere.
func (m Message) padding() []byte {
	return bytes.Repeat([]byte{'a' + byte(m.N%26)}, max(0, m.N*37%300))
}

// Binary reports whether the message is sent as binary.
func (m Message) Binary() bool { return m.N%5 == 0 }

// Payload returns the message as it is sent.
func (m Message) Payload() []byte { return fmt.Appendf(nil, "%d %d %s", m.Boot, m.N, m.padding()) }

// parseMessage reads a payload, every byte of it.
func parseMessage(payload []byte, binary bool) (Message, error) {
	var m Message
	boot, rest, _ := bytes.Cut(payload, []byte(" "))
	n, _, _ := bytes.Cut(rest, []byte(" "))
	var err error
	if m.Boot, err = strconv.Atoi(string(boot)); err == nil {
		m.N, err = strconv.Atoi(string(n))
	}
	if err != nil || !bytes.Equal(m.Payload(), payload) || m.Binary() != binary {
		return Message{}, fmt.Errorf("%w: %.80q, binary %v", errPayload, payload, binary)
	}
	return m, nil
}

// Snapshot returns the payload of a snapshot: the state after the message.
func (m Message) Snapshot() []byte { return fmt.Appendf(nil, "state %d %d", m.Boot, m.N) }

// Result returns the payload of a job's result, whose last message this was.
func (m Message) Result() []byte { return fmt.Appendf(nil, "result %d %d", m.Boot, m.N) }

// parseAs reads what Snapshot or Result made.
func parseAs(kind string, payload []byte) (Message, error) {
	var m Message
	_, err := fmt.Sscanf(string(payload), kind+" %d %d", &m.Boot, &m.N)
	if err != nil || fmt.Sprintf("%s %d %d", kind, m.Boot, m.N) != string(payload) {
		return m, fmt.Errorf("%w: %.80q is no %s", errPayload, payload, kind)
	}
	return m, nil
}
