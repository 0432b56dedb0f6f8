package ws

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"strings"
	"time"
)

// EventMissed is the type of the event that the Event methods of a group's sockets get where the layer lost its connection to the
// server of its backend: messages and events of the group may be missing. Its Data is the name of the group; it is empty where
// something for this one socket alone may be missing, which [Layer.SendTo] or [Layer.NotifyTo] sent from another process. What a
// stream keeps is not missing: it is read again.
//
// A page on the generated client is told as well.
const EventMissed = "ws.missed"

const (
	// nodeTopic, followed by the name of a process, is the topic of what is for one of its sockets alone.
	nodeTopic = "node:"
	// nodeTimeout bounds how long the start of a layer waits for the subscription to it.
	nodeTimeout = 10 * time.Second
	// nodeLength is the length of the name of a process.
	nodeLength = 8
)

// missedControl tells a page that something of a group may be missing.
type missedControl struct {
	Type  string `json:"type"`  // "missed"
	Group string `json:"group"` // "" for what was for this socket alone
}

// Ready returns nil where the layer works, and else why it does not: the server of its backend cannot be reached. It does not
// block. /readyz says the same.
func (l *Layer) Ready() error {
	if l.remote == nil {
		return nil
	}
	if err := l.remote.Ready(); err != nil {
		return fmt.Errorf("layer: %w", err)
	}
	return nil
}

// startRemote makes this process known to those it shares the backend's server with.
func (l *Layer) startRemote() error {
	ctx, cancel := context.WithTimeout(context.Background(), nodeTimeout)
	defer cancel()
	if err := l.listen(ctx, nodeTopic+l.node, l.deliverTo); err != nil {
		return err
	}
	go l.jobs.reap()
	return nil
}

// listen has f called with what is published to a topic that is no group's, until the layer is closed, and with a Gap where some of
// it may have been missed; f does not block. A topic has one listener.
func (l *Layer) listen(ctx context.Context, topic string, f func(Envelope)) error {
	l.mu.Lock()
	if l.hearers == nil {
		l.hearers = make(map[string]func(Envelope))
	}
	l.hearers[topic] = f
	l.mu.Unlock()
	err := l.backend.Subscribe(ctx, topic)
	if err != nil {
		l.mu.Lock()
		defer l.mu.Unlock()
		delete(l.hearers, topic)
	}
	return err
}

// sendElsewhere hands an envelope for one socket to the process that has it. Where that can only be this one, the socket is gone.
func (l *Layer) sendElsewhere(ctx context.Context, socketID string, e Envelope) error {
	node, _, ok := strings.Cut(socketID, ".")
	if l.remote == nil || !ok || node == l.node || len(node) != nodeLength || !everyByte(node, isSlugByte) {
		return ErrNoSocket
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	e.To = socketID
	if err := l.backend.Publish(ctx, nodeTopic+node, e); err != nil {
		return fmt.Errorf("ws: send to a socket of another process: %w", err)
	}
	return nil
}

// deliverTo hands an envelope of another process to the socket that it is for.
func (l *Layer) deliverTo(e Envelope) {
	if e.Gap {
		l.missedByAll()
		return
	}
	s, err := l.socket(e.To)
	if err != nil {
		slog.Debug("ws: a message of another process is for a socket that has ended", "socket", clip(e.To))
		return
	}
	// An error is about this socket alone, and has been dealt with: the sender is another process.
	if e.Event != "" {
		_ = s.notify(&Event{Type: e.Event, Data: bytes.Clone(e.Data)})
		return
	}
	m := Message{Data: e.Data, Binary: e.Binary, Key: e.Key}
	p := messagePiece(m, s.form, string(kindMessage))
	_ = s.sendShared(context.Background(), &p, false)
}

// missedByAll tells all sockets of this process that something that was for them alone may be missing.
func (l *Layer) missedByAll() {
	l.mu.RLock()
	sockets := make([]*Socket, 0, len(l.sockets))
	for _, s := range l.sockets {
		sockets = append(sockets, s)
	}
	l.mu.RUnlock()
	p := prepareMissed("")
	for _, s := range sockets {
		s.missed("", p)
	}
}

// missed tells the members that something of their group may be missing. Those who follow a stream miss no message: they read
// the log again; g.mu is held.
func (g *group) missed() {
	p := prepareMissed(g.name)
	for i, s := range g.members {
		if g.trail != nil && g.trail.followers[i] != nil {
			s.missed(g.name, nil)
		} else {
			s.missed(g.name, p)
		}
	}
}

// prepareMissed returns the frame that says so, which all sockets share.
func prepareMissed(group string) *piece {
	p := controlPiece(missedControl{Type: "missed", Group: group})
	p.framed = p.bytes()
	return p
}

// missed tells the page, where p is given and the page knows such frames, and the consumer, where it takes events. An error is
// about this socket alone, and has been dealt with.
func (s *Socket) missed(group string, p *piece) {
	if p != nil && s.form.v1() {
		_ = s.sendShared(context.Background(), p, true)
	}
	if s.consumer == nil { // denied, and about to be closed
		return
	}
	if _, takes := s.consumer.events(); takes {
		_ = s.notify(&Event{Type: EventMissed, Data: []byte(group)})
	}
}
