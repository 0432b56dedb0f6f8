package ws

import (
	"context"
	"fmt"
	"log/slog"
	"time"
)

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
	if s.groups[name] != nil {
		return nil
	}
	g := l.lockGroup(name)
	defer g.gate.Unlock()
	if len(g.members) == 0 { // only changed by holders of the gate
		if err := l.backend.Subscribe(ctx, groupTopic+name); err != nil {
			l.drop(g)
			return fmt.Errorf("ws: join group: %w", err)
		}
	}
	g.add(s)
	if s.groups == nil {
		s.groups = make(map[string]*group)
	}
	s.groups[name] = g
	return nil
}

// leave ends a membership.
func (l *Layer) leave(ctx context.Context, s *Socket, name string) error {
	s.groupsMu.Lock()
	defer s.groupsMu.Unlock()
	g := s.groups[name]
	if g == nil {
		return nil
	}
	delete(s.groups, name)
	return l.removeMember(ctx, g, s)
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

// removeMember takes a socket out of a group. It is out also where the error says that the subscription remains.
func (l *Layer) removeMember(ctx context.Context, g *group, s *Socket) error {
	g.gate.Lock()
	defer g.gate.Unlock()
	g.remove(s)
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

// add adds a member; the gate is held.
func (g *group) add(s *Socket) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.index[s] = len(g.members)
	g.members = append(g.members, s)
}

// remove removes a member; the gate is held.
func (g *group) remove(s *Socket) {
	g.mu.Lock()
	defer g.mu.Unlock()
	i, ok := g.index[s]
	if !ok {
		return
	}
	last := len(g.members) - 1
	moved := g.members[last]
	g.members[i], g.index[moved] = moved, i
	g.members[last] = nil
	g.members = g.members[:last]
	delete(g.index, s)
}
