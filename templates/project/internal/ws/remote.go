package ws

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"
)

// Remote is a backend whose server other processes use as well, so that it can be out of reach, and outlive them.
type Remote interface {
	Backend
	Log
	// Ready returns nil while the server can be reached, and else why it cannot. It does not ask the server, but tells what is
	// known, and does not block: /readyz calls it.
	Ready() error
}

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
)

// missedControl tells a page that something of a group may be missing.
type missedControl struct {
	Type  string `json:"type"`  // "missed"
	Group string `json:"group"` // "" for what was for this socket alone
}

// remote is the backend of a layer, and its log, where other processes share its server. It adds to a Remote what the layer's
// own code, which knows of one process only, does not do: it reaches the sockets of other processes, says what may be missing
// after a lost connection, has the leases of jobs renewed, and has pages that want the same of a stream read it once.
type remote struct {
	Remote
	layer    *Layer
	readings readings
	closing  context.Context // ends when the layer closes
	close    context.CancelFunc
	reaped   chan struct{} // closed when nothing looks any more for jobs whose process died

	mu      sync.Mutex // guards tenants
	tenants map[string]*tenant
}

// NewRemoteLayer returns a layer over a backend that shares its server with other processes. The layer closes the backend when it is
// closed, and NewRemoteLayer does where it returns an error.
func NewRemoteLayer(b Remote) (*Layer, error) {
	r := &remote{Remote: b, reaped: make(chan struct{}), tenants: make(map[string]*tenant)}
	r.closing, r.close = context.WithCancel(context.Background())
	r.layer = newLayer(r)
	err := r.Start(r.layer.deliver)
	if err == nil {
		ctx, cancel := context.WithTimeout(context.Background(), nodeTimeout)
		defer cancel()
		err = r.layer.listen(ctx, nodeTopic+r.layer.node, r.deliverTo)
	}
	if err != nil {
		r.close()
		return nil, errors.Join(fmt.Errorf("ws: start layer: %w", err), b.Close())
	}
	go r.reap()
	return r.layer, nil
}

// under returns the backend itself.
func (r *remote) under() Backend { return r.Remote }

// Start implements [Backend].
func (r *remote) Start(deliver func(string, Envelope)) error {
	return r.Remote.Start(func(topic string, e Envelope) {
		deliver(topic, e)
		if name, ok := strings.CutPrefix(topic, groupTopic); ok && e.Gap {
			r.missed(name)
		}
	})
}

// Close implements [Backend].
func (r *remote) Close() error {
	r.close()
	<-r.reaped
	return r.Remote.Close()
}

// sendTo implements elsewhere. Where only this process can have the socket, it is gone.
func (r *remote) sendTo(ctx context.Context, socketID string, e Envelope) error {
	node, _, ok := strings.Cut(socketID, ".")
	if !ok || node == r.layer.node || len(node) != len(r.layer.node) || !everyByte(node, isSlugByte) {
		return ErrNoSocket
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	e.To = socketID
	if err := r.Publish(ctx, nodeTopic+node, e); err != nil {
		return fmt.Errorf("ws: send to a socket of another process: %w", err)
	}
	return nil
}

// deliverTo hands an envelope of another process to the socket that it is for.
func (r *remote) deliverTo(e Envelope) {
	if e.Gap {
		r.missedByAll()
		return
	}
	s, err := r.layer.socket(e.To)
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
func (r *remote) missedByAll() {
	l := r.layer
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

// missed tells the members of a group that something of it may be missing. Those who follow a stream miss no message: they read the
// log again.
func (r *remote) missed(group string) {
	r.layer.mu.RLock()
	g := r.layer.groups[group]
	r.layer.mu.RUnlock()
	if g == nil {
		return
	}
	p := prepareMissed(group)
	g.mu.Lock()
	defer g.mu.Unlock()
	for i, s := range g.members {
		if g.trail != nil && g.trail.followers[i] != nil {
			s.missed(group, nil)
		} else {
			s.missed(group, p)
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
