package natslayer

import (
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/nats-io/nats.go"

	"wsgen/templates/project/internal/ws"
	"wsgen/templates/project/internal/ws/envelope"
)

// Headers of the messages that JetStream keeps. All but the first are its own.
const (
	stateHeader    = "Wsgen-State"
	sequenceHeader = "Nats-Sequence"
	timeHeader     = "Nats-Time-Stamp"
	subjectHeader  = "Nats-Subject"
	statusHeader   = "Status"
)

// kind is a kind of message of a topic: a token of its subject.
type kind string

const (
	kindRecord   kind = "r"
	kindSnapshot kind = "s"
	kindOwner    kind = "o"
	kindNote     kind = "n"
)

// state is the state of a topic after a message, which carries it. What only JetStream can number is 0 in the message that it is
// about: see message.after. Times are milliseconds of the server's clock since 1970.
type state struct {
	Epoch string `json:"e"`
	Top   uint64 `json:"t,omitempty"` // as in ws.Page; in a record, of the one before
	Since uint64 `json:"s,omitempty"` // what is missing by count and bytes, and by age at the time
	First int64  `json:"f,omitempty"` // no record behind Since is older than this
	End   bool   `json:"d,omitempty"` // the newest record ended the stream

	Snapshot   uint64 `json:"p,omitempty"`  // the message that holds it, or 0
	SnapshotOf uint64 `json:"po,omitempty"` // its offset
	SnapshotAt int64  `json:"pa,omitempty"` // when its time began
	SavedAt    int64  `json:"pw,omitempty"` // when the message was written

	Owner     string `json:"o,omitempty"`
	Until     int64  `json:"u,omitempty"`  // when its lease lapses
	Lease     uint64 `json:"l,omitempty"`  // the message of kindOwner that gave it or renewed it
	Lapsed    bool   `json:"x,omitempty"`  // what ws.Page.Lapsed is without an owner
	LapsedAt  int64  `json:"xa,omitempty"` // since when
	Cancelled bool   `json:"c,omitempty"`
}

// holds reports whether owner holds the lease.
func (s *state) holds(owner string, now int64) bool {
	return s.Owner == owner && owner != "" && now < s.Until
}

// held reports whether anybody does.
func (s *state) held(now int64) bool { return s.holds(s.Owner, now) }

// lapsed reports whether nobody does, and the last owner has not given it back.
func (s *state) lapsed(now int64) bool {
	switch {
	case s.held(now):
		return false
	case s.Owner != "":
		return now-s.Until < resultTTL
	}
	return s.Lapsed && now-s.LapsedAt < resultTTL
}

// unused reports whether nothing is known of the stream but its epoch.
func (s *state) unused() bool { return s.Top == 0 && s.Snapshot == 0 && s.Owner == "" && !s.Lapsed }

// resultTTL is ws.ResultTTL in milliseconds.
const resultTTL = int64(ws.ResultTTL / time.Millisecond)

// message is a message of a topic as JetStream keeps it.
type message struct {
	topic string // as a token
	kind  kind
	seq   uint64
	at    int64 // when it was stored, in milliseconds
	state state // after it
	prev  uint64
	data  []byte
}

// decode takes a message apart that JetStream has sent. Subjects have the form <prefix>.s.<family>.<topic>.<kind>[.<key>].
func decode(m *nats.Msg) (*message, error) {
	seq, err := strconv.ParseUint(m.Header.Get(sequenceHeader), 10, 64)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", sequenceHeader, err)
	}
	at, err := time.Parse(time.RFC3339Nano, m.Header.Get(timeHeader))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", timeHeader, err)
	}
	d := &message{seq: seq, at: at.UnixMilli(), data: m.Data}
	if d.topic, d.kind, err = splitSubject(m.Header.Get(subjectHeader)); err != nil {
		return nil, err
	}
	if err := json.Unmarshal([]byte(m.Header.Get(stateHeader)), &d.state); err != nil {
		return nil, fmt.Errorf("%s: %w", stateHeader, err)
	}
	d.number()
	return d, nil
}

// number sets in the state what JetStream has numbered.
func (d *message) number() {
	switch d.kind {
	case kindRecord:
		d.prev, d.state.Top = d.state.Top, d.seq
	case kindSnapshot:
		d.state.Snapshot = d.seq
	case kindOwner:
		d.state.Lease = d.seq
	case kindNote:
	}
}

// envelope returns what a record or a snapshot holds.
func (d *message) envelope() (ws.Envelope, error) {
	e, err := envelope.Parse(d.data)
	if err != nil {
		return e, fmt.Errorf("message %d of a stream: %w", d.seq, err)
	}
	e.Epoch, e.Offset = d.state.Epoch, d.seq
	if d.kind == kindSnapshot {
		e.Offset = d.state.SnapshotOf
	}
	return e, nil
}
