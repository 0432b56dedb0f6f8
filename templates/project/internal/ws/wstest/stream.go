package wstest

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"

	"wsgen/templates/project/internal/ws"

	"github.com/gorilla/websocket"
)

// arrival is what a page is told: a message, the reset of a stream, or its end.
type arrival struct {
	message ws.Message  // also the snapshot of a reset, and what came with an end
	reset   string      // why, where it is a reset
	whole   bool        // a reset that has a snapshot
	end     ws.JobState // of a stream
}

// String shows the arrival in a failure.
func (a arrival) String() string {
	switch {
	case a.reset != "" && a.whole:
		return fmt.Sprintf("reset %q with the snapshot %s", a.reset, show(a.message))
	case a.reset != "":
		return fmt.Sprintf("reset %q without a snapshot", a.reset)
	case a.end != "":
		return fmt.Sprintf("end %q with %s", a.end, show(a.message))
	}
	return "message " + show(a.message)
}

// followed is a stream that the socket has joined, over V1.
type followed struct {
	name     string
	resumed  bool   // the service has said from where it goes on
	reset    string // why, where the next message is the snapshot
	resetTo  ws.Position
	end      ws.JobState
	endsWith uint64 // the offset of the next message, where it is the end
}

// streamControl is a control frame about a stream.
type streamControl struct {
	Stream    uint64      `json:"stream"`
	Name      string      `json:"name"`
	Epoch     string      `json:"epoch"`
	Offset    uint64      `json:"offset"`
	Recovered bool        `json:"recovered"`
	Snapshot  bool        `json:"snapshot"`
	Reason    string      `json:"reason"`
	State     ws.JobState `json:"state"`
}

// ExpectReset expects the page to be told next that it missed something of a stream, with this reason: "trimmed", "restarted"
// or "ahead". It returns the snapshot that it got in place of that, or nil.
func (s *Sock) ExpectReset(reason string) *ws.Message {
	s.t.Helper()
	a := s.next(fmt.Sprintf("reset %q", reason))
	if a.reset != reason {
		s.t.Fatalf("%v, want reset %q", a, reason)
	}
	if !a.whole {
		return nil
	}
	return &a.message
}

// ExpectEnd expects the page to be told next that a stream has ended, over [V1], and returns what came with it: the result of
// a job that is done. A plain page gets that as a message.
func (s *Sock) ExpectEnd(state ws.JobState) ws.Message {
	s.t.Helper()
	a := s.next(fmt.Sprintf("end %q", state))
	if a.end != state {
		s.t.Fatalf("%v, want end %q", a, state)
	}
	return a.message
}

// Position returns how far the page has come in the stream of a group, over [V1]; the zero value where it has not begun.
func (s *Sock) Position(group string) ws.Position {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.page.positions[group]
}

// takeAboutStream takes a control frame about a stream; s.mu is held.
func (s *Sock) takeAboutStream(kind string, c streamControl) {
	if kind == "joined" {
		if _, again := s.streams[c.Stream]; again || c.Stream == 0 {
			s.t.Errorf("joined %q under the number %d, which is used already", c.Name, c.Stream)
		}
		s.streams[c.Stream] = &followed{name: c.Name}
		resume := fmt.Sprintf(`{"type":"resume","stream":%d}`, c.Stream)
		if at, ok := s.page.positions[c.Name]; ok {
			resume = fmt.Sprintf(`{"type":"resume","stream":%d,"epoch":%q,"offset":%d}`, c.Stream, at.Epoch, at.Offset)
		}
		s.send(websocket.TextMessage, "c", []byte(resume))
		return
	}
	f := s.streams[c.Stream]
	if f == nil || f.name == "" {
		s.t.Errorf("%s for stream %d, which is not joined", kind, c.Stream)
		return
	}
	switch kind {
	case "recovered":
		at := ws.Position{Epoch: c.Epoch, Offset: c.Offset}
		f.resumed = true
		if c.Snapshot { // without it the page would be there with nothing
			f.reset, f.resetTo = c.Reason, at
			return
		}
		s.page.positions[f.name] = at
		if !c.Recovered {
			s.arrivals = append(s.arrivals, arrival{reset: c.Reason})
		}
	case "ended":
		f.end, f.endsWith = c.State, c.Offset
	case "left":
		*f = followed{}
	}
}

// errStream says what is wrong with a message of a stream.
var errStream = errors.New("not s<stream>:<offset>:<payload>")

// takeStream takes a message of a stream, and reports one that a page would have to ignore: this service sends none. s.mu is
// held.
func (s *Sock) takeStream(m ws.Message) {
	number, offset, payload, err := parseStream(m.Data)
	if err != nil {
		s.t.Errorf("frame %q: %v", m.Data, err)
		return
	}
	m.Data = payload
	f := s.streams[number]
	if f == nil || !f.resumed {
		s.t.Errorf("message %s of stream %d, which is not resumed", show(m), number)
		return
	}
	at := s.page.positions[f.name]
	a := arrival{message: m}
	switch {
	case f.reset != "":
		if at = f.resetTo; offset != at.Offset {
			s.t.Errorf("snapshot %s has the offset %d, not %d", show(m), offset, at.Offset)
		}
		a.reset, a.whole, f.reset = f.reset, true, ""
	case offset <= at.Offset:
		s.t.Errorf("message %s has the offset %d, but the page is at %d", show(m), offset, at.Offset)
	case f.end != "":
		if offset != f.endsWith {
			s.t.Errorf("message %s of offset %d came between the end and its frame, of %d", show(m), offset, f.endsWith)
		}
		a.end, f.end = f.end, ""
	}
	at.Offset = offset
	s.page.positions[f.name] = at
	s.arrivals = append(s.arrivals, a)
}

// parseStream splits what follows the first byte of a stream's message.
func parseStream(data []byte) (number, offset uint64, payload []byte, err error) {
	first, rest, ok1 := bytes.Cut(data, []byte(":"))
	second, payload, ok2 := bytes.Cut(rest, []byte(":"))
	number, err1 := strconv.ParseUint(string(first), 10, 53)
	offset, err2 := strconv.ParseUint(string(second), 10, 53)
	if !ok1 || !ok2 || err1 != nil || err2 != nil {
		return 0, 0, nil, errStream
	}
	return number, offset, payload, nil
}
