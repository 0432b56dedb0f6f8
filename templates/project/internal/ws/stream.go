package ws

import (
	"context"
	"fmt"
	"strings"
)

// Stream is a group that keeps history, see [Layer.Keep]: a page that comes back gets what it missed, and a page that comes for
// the first time gets all that is kept. It is safe for concurrent use.
type Stream struct {
	layer *Layer
	name  string
}

// Stream returns the stream of a group. Where the group keeps no history, the methods of the stream return [ErrNoHistory].
func (l *Layer) Stream(name string) *Stream { return &Stream{layer: l, name: name} }

// Send sends a message to the pages of the group, as [Layer.Send] does, and returns its position. The message is kept before
// Send returns.
func (s *Stream) Send(ctx context.Context, m Message) (Position, error) {
	if err := m.check(); err != nil {
		return Position{}, err
	}
	h, err := s.layer.historyOf(s.name)
	if err != nil {
		return Position{}, err
	}
	return s.layer.append(ctx, s.name, h, Envelope{Data: m.Data, Binary: m.Binary, Key: m.Key})
}

// Save keeps a snapshot: the state of things after all that was sent so far, which replaces the one before. It is not sent to
// the pages of the group, but to those whose history is not whole any more, in place of what they miss.
func (s *Stream) Save(ctx context.Context, m Message) error {
	if err := m.check(); err != nil {
		return err
	}
	h, err := s.layer.historyOf(s.name)
	if err != nil {
		return err
	}
	a := Append{History: h, Envelope: Envelope{Data: m.Data, Binary: m.Binary}}
	if _, err := s.layer.log.Save(ctx, groupTopic+s.name, a); err != nil {
		return fmt.Errorf("ws: save a snapshot of %q: %w", s.name, err)
	}
	return nil
}

// Position returns the position behind the newest message.
func (s *Stream) Position(ctx context.Context) (Position, error) {
	h, err := s.layer.historyOf(s.name)
	if err != nil {
		return Position{}, err
	}
	page, err := s.layer.log.Read(ctx, groupTopic+s.name, h, 0, 0)
	if err != nil {
		return Position{}, fmt.Errorf("ws: read %q: %w", s.name, err)
	}
	return Position{Epoch: page.Epoch, Offset: page.Top}, nil
}

// maxFamily is the length of the longest name of a family, in bytes.
const maxFamily = 100

// Keep has the groups of a family keep history: the one of that name, and all whose names go on with a colon, as job:42 is of
// the family job. It is called before the sockets and senders of these groups come; calling it again with the same history
// changes nothing.
//
// It panics on a name that no family can have, on a history that keeps nothing, on another history than before, and where the
// layer's backend has no [Log]: only the program itself can be wrong about these.
func (l *Layer) Keep(family string, h History) {
	switch {
	case l.log == nil:
		panic(fmt.Sprintf("ws: streams need a backend that is a ws.Log too; %T is none", l.backend))
	case family == "" || len(family) > maxFamily || !everyByte(family, isFamilyByte):
		panic(fmt.Sprintf("ws: a family is 1 to 100 letters, digits, '_', '-' and '.': not %q", clip(family)))
	case h.Messages < 1 || h.Bytes < 1 || h.TTL <= 0:
		panic(fmt.Sprintf("ws: the history of %q keeps nothing: %+v", family, h))
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if before := l.families[family]; before != nil && *before != h {
		panic(fmt.Sprintf("ws: %q keeps %+v already, not %+v", family, *before, h))
	}
	if l.families == nil {
		l.families = make(map[string]*History)
	}
	if l.families[family] == nil {
		l.families[family] = &h
	}
}

// isFamilyByte reports whether the byte may stand in the name of a family.
func isFamilyByte(b byte) bool { return isSlugByte(b) || b == '.' }

// keepsHistory reports whether any group keeps history.
func (l *Layer) keepsHistory() bool {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return len(l.families) > 0
}

// historyOf returns how much history a group keeps, or [ErrNoHistory].
func (l *Layer) historyOf(group string) (History, error) {
	if err := checkGroup(group); err != nil {
		return History{}, err
	}
	if h := l.history(group); h != nil {
		return *h, nil
	}
	family, _, _ := strings.Cut(group, ":")
	return History{}, fmt.Errorf("%w %q: add its family to wsgen.yaml, as in  streams: {%s: {}}, and run wsgen generate", ErrNoHistory, group, family)
}

// history returns how much history a group keeps, or nil.
func (l *Layer) history(group string) *History {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.familyOf(group)
}

// familyOf returns the history of a group, or nil; l.mu is held.
func (l *Layer) familyOf(group string) *History {
	if len(l.families) == 0 {
		return nil
	}
	family, _, _ := strings.Cut(group, ":")
	return l.families[family]
}

// append adds a record to the stream of a group.
func (l *Layer) append(ctx context.Context, group string, h History, e Envelope) (Position, error) {
	if err := checkGroup(group); err != nil {
		return Position{}, err
	}
	if ctx.Err() != nil {
		return Position{}, context.Cause(ctx)
	}
	position, err := l.log.Append(ctx, groupTopic+group, Append{History: h, Envelope: e})
	if err != nil {
		return Position{}, fmt.Errorf("ws: append to %q: %w", group, err)
	}
	return position, nil
}
