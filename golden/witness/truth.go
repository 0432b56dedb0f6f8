package witness

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"wsgen/golden/wireclient"
)

// Truth is what the service did.
type Truth struct {
	streams map[string]*published
	effects map[string][]effect // by client, in order
}

// published is what was published to one stream.
type published struct {
	top    Message // the newest
	epochs map[string][]record
	sorted bool
	unsure map[Message]bool // answered with an error: they may have been published, and anywhere
}

// record is one message with its offset.
type record struct {
	offset  uint64
	message Message
}

// effect is one command that took effect.
type effect struct{ boot, k int }

// ReadJournal reads what the service wrote down, one line each:
//
//	p STREAM EPOCH OFFSET BOOT N    a message was published
//	u STREAM BOOT N                 nobody knows what became of a message: it was answered with an error
//	e CLIENT BOOT K                 the Kth command of a client took effect
//
// A last line without an end was cut off by the death of the service, and does not count.
func ReadJournal(r io.Reader) (*Truth, error) {
	t := &Truth{streams: make(map[string]*published), effects: make(map[string][]effect)}
	lines := bufio.NewReader(r)
	for n := 1; ; n++ {
		line, err := lines.ReadString('\n')
		if err == io.EOF {
			return t, nil
		}
		if err != nil {
			return nil, err
		}
		if err := t.read(line); err != nil {
			return nil, fmt.Errorf("line %d of the journal, %q: %w", n, line, err)
		}
	}
}

// read takes one line.
func (t *Truth) read(line string) error {
	var name, epoch string
	var r record
	if strings.HasPrefix(line, "e ") {
		var e effect
		_, err := fmt.Sscanf(line, "e %s %d %d\n", &name, &e.boot, &e.k)
		t.effects[name] = append(t.effects[name], e)
		return err
	}
	if strings.HasPrefix(line, "u ") {
		var m Message
		_, err := fmt.Sscanf(line, "u %s %d %d\n", &name, &m.Boot, &m.N)
		t.stream(name).unsure[m] = true
		return err
	}
	if _, err := fmt.Sscanf(line, "p %s %s %d %d %d\n", &name, &epoch, &r.offset, &r.message.Boot, &r.message.N); err != nil {
		return err
	}
	t.add(name, epoch, r)
	return nil
}

// stream returns what is known of a stream, to which more may be added.
func (t *Truth) stream(name string) *published {
	p := t.streams[name]
	if p == nil {
		p = &published{epochs: make(map[string][]record), unsure: make(map[Message]bool)}
		t.streams[name] = p
	}
	return p
}

// add takes note of a message, more than once perhaps.
func (t *Truth) add(stream, epoch string, r record) {
	p := t.stream(stream)
	if p.unsure[r.message] {
		return
	}
	if r.message.Boot > p.top.Boot || r.message.Boot == p.top.Boot && r.message.N > p.top.N {
		p.top = r.message
	}
	if epoch != "" { // else the subscriber does not tell
		p.epochs[epoch] = append(p.epochs[epoch], r)
		p.sorted = false
	}
}

// learn adds what subscribers saw: a service that was killed may not have written it down. It returns what two of them saw
// differently. Where streams outlive the starts of the service, an epoch may have messages of several.
func (t *Truth) learn(logs []*Log, outlive bool) (faults []string) {
	for _, l := range logs {
		for _, e := range l.Events() {
			if e.Kind != wireclient.Message || e.Stream == "" {
				continue
			}
			if m, err := parseMessage(e.Data, e.Binary); err == nil {
				t.add(e.Stream, e.Epoch, record{offset: e.Offset, message: m})
			}
		}
	}
	for name, p := range t.streams {
		for epoch, records := range p.epochs {
			slices.SortFunc(records, func(a, b record) int {
				return cmp.Or(cmp.Compare(a.offset, b.offset), cmp.Compare(a.message.N, b.message.N))
			})
			records = slices.Compact(records)
			p.epochs[epoch] = records
			for i := 1; i < len(records); i++ {
				a, b := records[i-1], records[i]
				next := a.message.Boot == b.message.Boot && a.message.N < b.message.N
				if a.offset == b.offset || !next && (!outlive || a.message.Boot >= b.message.Boot) {
					faults = append(faults, fmt.Sprintf("%s %s: %v and %v cannot both be", name, epoch, a, b))
				}
			}
		}
	}
	return faults
}

// at returns the newest message at or before an offset: N is 0 where there is none. It is false where nothing of the epoch is
// known.
func (t *Truth) at(stream, epoch string, offset uint64) (Message, bool) {
	p := t.streams[stream]
	if p == nil || len(p.epochs[epoch]) == 0 {
		return Message{}, false
	}
	records := p.epochs[epoch]
	i, found := slices.BinarySearchFunc(records, offset, byOffset)
	switch {
	case found:
		return records[i].message, true
	case i == 0: // the messages are numbered without a gap
		return Message{Boot: records[0].message.Boot}, records[0].message.N == 1
	}
	return records[i-1].message, true
}

// between returns what is known to stand between two offsets of an epoch. Where a subscriber does not tell the epoch, it is the
// only one, or the answer nothing.
func (t *Truth) between(stream, epoch string, after, before uint64) []record {
	p := t.stream(stream)
	records := p.epochs[epoch]
	if epoch == "" && len(p.epochs) == 1 {
		for _, records = range p.epochs {
		}
	}
	first, _ := slices.BinarySearchFunc(records, after+1, byOffset)
	end, _ := slices.BinarySearchFunc(records, before, byOffset)
	return records[first:max(first, end)]
}

// byOffset is for looking up.
func byOffset(r record, offset uint64) int { return cmp.Compare(r.offset, offset) }

// Top returns the newest message of a stream.
func (t *Truth) Top(stream string) Message {
	if p := t.streams[stream]; p != nil {
		return p.top
	}
	return Message{}
}
