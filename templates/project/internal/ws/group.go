package ws

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"
)

// group is what this process knows of a group: its own sockets in it.
type group struct {
	name string

	gate sync.Mutex // held while the first member subscribes or the last one unsubscribes
	dead bool       // no longer in Layer.groups: look again; guarded by gate

	mu      sync.Mutex // guards the rest, and gives all members the same order of messages
	members []*Socket
	index   map[*Socket]int // where in members
	trail   *trail          // nil where the group keeps no history
}

// join makes the socket a member of a group.
func (l *Layer) join(ctx context.Context, s *Socket, name string) error {
	if err := checkGroup(name); err != nil {
		return err
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	s.groupsMu.Lock()
	defer s.groupsMu.Unlock()
	if s.left {
		return s.closedError()
	}
	if s.groupIndex(name) >= 0 {
		return nil
	}
	f, err := l.newFollower(ctx, s, name)
	if err != nil {
		return fmt.Errorf("ws: join group: %w", err)
	}
	g := l.lockGroup(name)
	defer g.gate.Unlock()
	if len(g.members) == 0 { // only changed by holders of the gate
		if err := l.backend.Subscribe(ctx, groupTopic+name); err != nil {
			l.drop(g)
			return fmt.Errorf("ws: join group: %w", err)
		}
	}
	if g.trail == nil { // it had members already when it was told to keep history
		f = nil
	}
	g.add(s, f)
	s.groups = append(s.groups, g)
	if f != nil {
		return f.joined(g)
	}
	return nil
}

// leave ends a membership.
func (l *Layer) leave(ctx context.Context, s *Socket, name string) error {
	s.groupsMu.Lock()
	defer s.groupsMu.Unlock()
	i := s.groupIndex(name)
	if i < 0 {
		return nil
	}
	g := s.groups[i]
	s.groups = slices.Delete(s.groups, i, i+1)
	return l.removeMember(ctx, g, s)
}

// groupIndex returns where in groups the one of this name is, or -1. The socket's groupsMu is held.
func (s *Socket) groupIndex(name string) int {
	return slices.IndexFunc(s.groups, func(g *group) bool { return g.name == name })
}

// forgetTimeout bounds how long a socket that has ended waits for the backend to end its subscriptions.
const forgetTimeout = 5 * time.Second

// forget ends all memberships of a socket, for good, and its being known by its id.
func (l *Layer) forget(s *Socket) {
	l.mu.Lock()
	delete(l.sockets, s.id)
	l.mu.Unlock()

	s.groupsMu.Lock()
	defer s.groupsMu.Unlock()
	s.left = true
	if len(s.groups) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), forgetTimeout)
	defer cancel()
	for _, g := range s.groups {
		if err := l.removeMember(ctx, g, s); err != nil {
			slog.Warn("ws: group left, but its subscription remains", "group", g.name, "error", err)
		}
	}
	s.groups = nil
}

// removeMember takes a socket out of a group. It is out also where the error says that the subscription remains. The socket's
// groupsMu is held.
func (l *Layer) removeMember(ctx context.Context, g *group, s *Socket) error {
	g.gate.Lock()
	defer g.gate.Unlock()
	if f := g.remove(s); f != nil {
		f.leave(!s.left)
	}
	if len(g.members) > 0 {
		return nil
	}
	// Only then, so that one who joins meanwhile waits at the gate, and does not subscribe before this.
	defer l.drop(g)
	if err := l.backend.Unsubscribe(ctx, groupTopic+g.name); err != nil {
		return fmt.Errorf("ws: leave group: %w", err)
	}
	return nil
}

// lockGroup returns a group, made if it is missing, with its gate locked.
func (l *Layer) lockGroup(name string) *group {
	for {
		l.mu.Lock()
		g := l.groups[name]
		if g == nil {
			g = &group{name: name, index: make(map[*Socket]int)}
			if l.familyOf(name) != nil {
				g.trail = new(trail)
			}
			l.groups[name] = g
		}
		l.mu.Unlock()
		g.gate.Lock()
		if !g.dead {
			return g
		}
		g.gate.Unlock()
	}
}

// drop removes a group without members; its gate is held.
func (l *Layer) drop(g *group) {
	g.dead = true
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.groups, g.name)
}

// add adds a member, with its follower if it has one; the gate is held.
func (g *group) add(s *Socket, f *follower) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.index[s] = len(g.members)
	g.members = append(g.members, s)
	if g.trail != nil {
		g.trail.followers = append(g.trail.followers, f)
	}
}

// remove removes a member, and returns its follower if it has one; the gate is held.
func (g *group) remove(s *Socket) (f *follower) {
	g.mu.Lock()
	defer g.mu.Unlock()
	i, ok := g.index[s]
	if !ok {
		return nil
	}
	last := len(g.members) - 1
	moved := g.members[last]
	g.members[i], g.index[moved] = moved, i
	g.members[last] = nil
	g.members = g.members[:last]
	delete(g.index, s)
	if t := g.trail; t != nil {
		f = t.followers[i]
		t.followers[i], t.followers[last] = t.followers[last], nil
		t.followers = t.followers[:last]
	}
	return f
}

// deliver hands an envelope to the members of its group in this process.
func (l *Layer) deliver(topic string, e Envelope) {
	name, ok := strings.CutPrefix(topic, groupTopic)
	l.mu.RLock()
	g, hear := l.groups[name], l.hearers[topic]
	l.mu.RUnlock()
	if hear != nil {
		hear(e)
	}
	if !ok || g == nil {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	switch {
	case len(g.members) == 0:
	case e.Event != "":
		event := &Event{Type: e.Event, Data: bytes.Clone(e.Data)}
		for _, s := range g.members {
			// An error is about this socket alone, and has been dealt with: the sender is somebody else.
			_ = s.notify(event)
		}
	default:
		g.send(e)
	}
}

// send sends a message to the members; g.mu is held.
func (g *group) send(e Envelope) {
	if g.trail != nil {
		g.trail.note(e)
	}
	if e.Gap {
		return
	}
	p := prepared{group: g.name, envelope: e}
	for i, s := range g.members {
		if g.trail != nil && e.Offset > 0 {
			if f := g.trail.followers[i]; f != nil {
				f.deliver(&p)
				continue
			}
		}
		_ = s.sendShared(context.Background(), p.plain(s.form), e.End != "")
	}
}

// prepared is a message to a group that is framed once for each form that it is needed in.
type prepared struct {
	group    string
	envelope Envelope
	pieces   [formCount]*piece // for members that do not follow a stream
	first    [formCount]*piece // for those that follow it under the number 1, as almost all do
	others   map[streamForm]*piece
}

// streamForm is what the frame of a stream's message depends on.
type streamForm struct {
	form   form
	number uint64
}

// plain returns the frame for a member that does not follow.
func (p *prepared) plain(f form) *piece {
	if p.pieces[f] == nil {
		m := Message{Data: p.envelope.Data, Binary: p.envelope.Binary}
		p.pieces[f] = p.frame(messagePiece(m, f, string(kindMessage)))
	}
	return p.pieces[f]
}

// numbered returns the frame for a member that follows under a number.
func (p *prepared) numbered(f form, number uint64) *piece {
	if number == 1 {
		if p.first[f] == nil {
			p.first[f] = p.frame(*streamPiece(p.envelope, f, number))
		}
		return p.first[f]
	}
	key := streamForm{f, number}
	if p.others[key] == nil {
		if p.others == nil {
			p.others = make(map[streamForm]*piece)
		}
		p.others[key] = p.frame(*streamPiece(p.envelope, f, number))
	}
	return p.others[key]
}

// frame frames a piece. Its key counts within the group; the end of a stream is never replaced.
func (p *prepared) frame(piece piece) *piece {
	piece.framed = piece.bytes()
	if p.envelope.Key != "" && p.envelope.End == "" {
		piece.key = groupKey(p.group, p.envelope.Key)
	}
	return &piece
}

// groupKey returns the key of a group's message within an outbox: another group's of the same name is another key.
func groupKey(group, key string) string { return group + "\x00" + key }

// socketKey returns the key of a message to one socket. It is no group's: no group's name is empty.
func socketKey(key string) string {
	if strings.IndexByte(key, 0) >= 0 {
		return groupKey("", key)
	}
	return key
}
