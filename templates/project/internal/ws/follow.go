package ws

import (
	"context"
	"sync"
)

// How a page follows a stream. Joining one, a socket on wsgen.1 gets a follower, which sends nothing until the page has said
// where it stands. Then a pump, a goroutine of the follower, reads what the page has missed from the log, page by page, and
// sends it no faster than the page takes it; what comes meanwhile, the pump will read as well. When the log has nothing more,
// and nothing was delivered since, the follower turns live, the pump ends, and messages come from the layer's deliver alone.
// So there is neither a gap nor a duplicate between the two, and nothing is buffered for a page but in its outbox.

// trail is what a group knows of its stream; guarded by group.mu.
type trail struct {
	followers []*follower // beside group.members; nil for a member that does not follow
	epoch     string      // of the newest record that was delivered, "" before there was one
	top       uint64      // its offset
	delivered uint64      // how many were
	gap       uint64      // of delivered, when the backend last said that it may have missed something
}

// follower is a membership in a stream.
type follower struct {
	socket  *Socket
	history History
	number  uint64   // stands for the stream on this connection
	start   Position // of the stream when the socket joined
	group   *group   // set by joined
	resumed bool     // the page has said where it stands; guarded by streams.mu

	// A pump has these while it runs. Without one the follower is live, or not resumed yet, and group.mu guards them.
	live bool // only changed under group.mu
	at   Position

	mu   sync.Mutex // guards left; held while a pump sends, so that nothing follows the frame that says so
	left bool
}

// streams is what a socket knows of the streams that it follows.
type streams struct {
	mu    sync.Mutex // guards the rest
	last  uint64     // the last number given
	known map[uint64]*follower
	pumps int           // that run
	ran   uint64        // how many pumps ever did, for Router.Quiet
	idle  chan struct{} // made for Router.Quiet; closed when no pump runs
}

// newFollower returns the follower of a socket that joins a group, or nil where there is nothing to follow.
func (l *Layer) newFollower(ctx context.Context, s *Socket, group string) (*follower, error) {
	h := l.history(group)
	if h == nil || !s.form.v1() {
		return nil, nil
	}
	page, err := l.log.Read(ctx, groupTopic+group, *h, 0, 0)
	if err != nil {
		return nil, err
	}
	return &follower{socket: s, history: *h, start: Position{Epoch: page.Epoch, Offset: page.Top}}, nil
}

// joined gives the follower of a new member its number, and tells the page. The socket's groupsMu is held.
func (f *follower) joined(g *group) error {
	s := f.socket
	streams := s.streams.Load()
	if streams == nil {
		streams = newStreams()
		s.streams.Store(streams)
	}
	f.group = g
	streams.add(f)
	// It counts as a message: a page that makes its consumer join and leave without reading must not fill the memory.
	return s.send(context.Background(), controlPiece(joinedControl{
		Type: "joined", Stream: f.number, Name: g.name, Epoch: f.start.Epoch, Top: f.start.Offset,
	}), policyDisconnect)
}

// leave ends the follower of a former member, and tells the page, unless its socket has ended anyway.
func (f *follower) leave(tell bool) {
	s := f.socket
	s.streams.Load().remove(f)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.left = true
	if !tell {
		return
	}
	// An error means that the page is gone.
	_ = s.send(context.Background(), controlPiece(leftControl{Type: "left", Stream: f.number}), policyDisconnect)
}

// follow begins to send what the page has missed of a stream, and then what is new.
func (s *Socket) follow(c control) {
	streams := s.streams.Load()
	if streams == nil {
		return
	}
	f := streams.resume(c.Stream)
	if f == nil {
		return
	}
	fresh := c.Epoch == "" // an offset without an epoch means nothing
	if !fresh {
		f.at = Position{Epoch: c.Epoch, Offset: c.Offset}
	}
	f.startPump(&pump{follower: f, fresh: fresh})
}

// note takes note of what was delivered; the group's mu is held.
func (t *trail) note(e Envelope) {
	t.delivered++
	if e.Gap {
		t.gap = t.delivered
		for _, f := range t.followers {
			if f != nil && f.live {
				f.readAgain()
			}
		}
		return
	}
	if e.Epoch != t.epoch {
		t.epoch, t.top = e.Epoch, 0
	}
	t.top = max(t.top, e.Offset)
}

// deliver sends a message to a follower that is live. What the others have not got, their pumps read. The group's mu is held.
func (f *follower) deliver(p *prepared) {
	switch e := &p.envelope; {
	case !f.live:
	case e.Epoch != f.at.Epoch:
		f.readAgain()
	case e.Offset > f.at.Offset:
		f.at.Offset = e.Offset
		// An error is about this socket alone, and has been dealt with.
		_ = f.socket.sendShared(context.Background(), p.numbered(f.socket.form, f.number), e.End != "")
	}
}

// readAgain has a follower that was live read the log; the group's mu is held.
func (f *follower) readAgain() {
	f.live = false
	f.startPump(&pump{follower: f, told: true})
}

// turnLive ends the pumping, if nothing was delivered that the pump has not seen: it had read all up to its position after so
// many deliveries.
func (f *follower) turnLive(delivered uint64) bool {
	f.group.mu.Lock()
	defer f.group.mu.Unlock()
	t := f.group.trail
	switch {
	case delivered < t.gap:
		return false
	case t.epoch == f.at.Epoch && t.top > f.at.Offset:
		return false
	case t.epoch != f.at.Epoch && t.delivered != delivered:
		return false // the newest epoch may be either of the two
	}
	f.live = true
	return true
}

// seen returns how many deliveries there were.
func (f *follower) seen() uint64 {
	f.group.mu.Lock()
	defer f.group.mu.Unlock()
	return f.group.trail.delivered
}

// lags reports whether what the follower has got was delivered here too, so that a log that ends before it lags behind.
func (f *follower) lags() bool {
	f.group.mu.Lock()
	defer f.group.mu.Unlock()
	t := f.group.trail
	return t.epoch == f.at.Epoch && t.top >= f.at.Offset
}

// pacedBytes is how much may wait in an outbox for a replay to add to it: little, so that live messages find room, and a replay
// costs no more memory than this. Where live messages keep more waiting all the time, a replay adds one message with every
// write, so that it comes to its end as well.
const pacedBytes = 64 << 10

// put adds frames of the stream to the outbox as soon as little else waits there. It reports false where the socket has left
// the stream or ended.
func (f *follower) put(p *piece) bool {
	s := f.socket
	for waited := false; ; waited = true {
		f.mu.Lock()
		if f.left {
			f.mu.Unlock()
			return false
		}
		v, room := s.out.addPaced(p, waited)
		f.mu.Unlock()
		switch v {
		case started:
			go s.write()
			fallthrough
		case taken:
			s.router.counts.sent.Add(1)
			return true
		case refused:
			return false
		}
		select {
		case <-room:
		case <-s.ctx.Done():
			return false
		}
	}
}

// addPaced adds a frame where little else waits, and after a wait where at least half of the room is left. Otherwise it returns a
// channel that is closed when there may be less.
func (o *outbox) addPaced(p *piece, waited bool) (v verdict, room <-chan struct{}) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.closing || o.failed {
		return refused, nil
	}
	most := min(pacedBytes, o.limit/4)
	if waited {
		most = o.limit / 2
	}
	if o.size > 0 && o.size+p.size() > most {
		if o.room == nil {
			o.room = make(chan struct{})
		}
		return noRoom, o.room
	}
	o.append(p)
	return o.start(), nil
}

func newStreams() *streams { return &streams{known: make(map[uint64]*follower)} }

// add gives a follower its number.
func (st *streams) add(f *follower) {
	st.mu.Lock()
	defer st.mu.Unlock()
	st.last++
	f.number = st.last
	st.known[f.number] = f
}

// remove forgets a follower.
func (st *streams) remove(f *follower) {
	st.mu.Lock()
	defer st.mu.Unlock()
	delete(st.known, f.number)
}

// resume returns the follower of a number that has not been resumed yet, or nil.
func (st *streams) resume(number uint64) *follower {
	st.mu.Lock()
	defer st.mu.Unlock()
	f := st.known[number]
	if f == nil || f.resumed {
		return nil
	}
	f.resumed = true
	return f
}

// startPump starts a pump. The socket is not over before its pumps are.
func (f *follower) startPump(p *pump) {
	st := f.socket.streams.Load()
	st.mu.Lock()
	st.pumps++
	st.ran++
	st.mu.Unlock()
	f.socket.parts.Add(1)
	go func() {
		defer f.socket.partOver()
		defer st.pumpOver()
		p.run()
	}()
}

// pumpOver takes note that a pump has ended.
func (st *streams) pumpOver() {
	st.mu.Lock()
	defer st.mu.Unlock()
	if st.pumps--; st.pumps == 0 && st.idle != nil {
		close(st.idle)
		st.idle = nil
	}
}

// quiet returns nil where no pump runs, otherwise a channel that is closed when that is so, and how many pumps ever ran.
func (st *streams) quiet() (<-chan struct{}, uint64) {
	st.mu.Lock()
	defer st.mu.Unlock()
	if st.pumps == 0 {
		return nil, st.ran
	}
	if st.idle == nil {
		st.idle = make(chan struct{})
	}
	return st.idle, st.ran
}
