package ws

import (
	"context"
	"errors"
	"fmt"
	"sync"
)

// A numbered command is sent again by its client until it is acknowledged, and takes effect once. Whether its handler is to
// run is decided when its turn comes, not when it is read: it may have run meanwhile on an older connection, or be running
// there, or have been thrown away there with all that waited.

// commands is what is known of one client's commands. The numbers of a connection have no gaps, so that it takes room only
// for those that are not done.
type commands struct {
	mu    sync.Mutex // guards the rest
	acked uint64     // all up to this one are done
	top   uint64     // the highest that came
	open  map[uint64]command
}

// command is one that has come and is not done.
type command struct {
	running  bool
	returned chan struct{} // made by one who waits for its handler; closed when that has returned
}

// wake lets those go on that wait for the handler.
func (c command) wake() {
	if c.returned != nil {
		close(c.returned)
	}
}

// none reports whether no command ever came.
func (cs *commands) none() bool {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	return cs.top == 0
}

// came takes note of a command that was read. The first one of a connection says also that its client has given up those
// before it, if it had not been told that they are done.
func (cs *commands) came(v *visit, number uint64) {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	if v.last == 0 {
		v.acked = number - 1
		cs.settle(number - 1)
	}
	v.last = number
	if number > cs.top {
		cs.top = number
		if cs.open == nil {
			cs.open = make(map[uint64]command)
		}
		cs.open[number] = command{}
	}
}

// settle counts all commands up to a number as done; cs.mu is held.
func (cs *commands) settle(number uint64) {
	if number <= cs.acked {
		return
	}
	for n, c := range cs.open {
		if n <= number {
			c.wake()
			delete(cs.open, n)
		}
	}
	cs.acked, cs.top = number, max(cs.top, number)
	cs.advance()
}

// advance moves acked over what is done; cs.mu is held. Each number is passed once.
func (cs *commands) advance() {
	for cs.acked < cs.top {
		if _, open := cs.open[cs.acked+1]; open {
			return
		}
		cs.acked++
	}
}

// begin says what is to be done about a command whose turn has come. After run, finish must be called. Where the handler runs on
// another connection of the client, begin waits for it, or for the end of this one.
func (cs *commands) begin(ctx context.Context, v *visit, number uint64) turn {
	for {
		turn, returned := cs.tryBegin(ctx, v, number)
		if returned == nil {
			return turn
		}
		select {
		case <-returned:
		case <-ctx.Done():
		}
	}
}

// tryBegin is begin, but returns a channel to wait for where the handler runs elsewhere.
func (cs *commands) tryBegin(ctx context.Context, v *visit, number uint64) (turn, <-chan struct{}) {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	c, open := cs.open[number]
	switch {
	case v.broken:
		return later, nil
	case !open:
		return done, nil
	case !c.running:
		c.running = true
		cs.open[number] = c
		return run, nil
	case ctx.Err() != nil:
		v.broken = true
		return later, nil
	case c.returned == nil:
		c.returned = make(chan struct{})
		cs.open[number] = c
	}
	return later, c.returned
}

// turn says what is to be done about a command.
type turn uint8

const (
	later turn = iota // nothing: it will be sent again
	run
	done // it has been done already
)

// finish takes note that the handler of a command has returned.
func (cs *commands) finish(v *visit, number uint64, done bool) {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	c, open := cs.open[number]
	v.broken = v.broken || !done
	if !open { // settled meanwhile
		return
	}
	c.wake()
	if !done {
		cs.open[number] = command{}
		return
	}
	delete(cs.open, number)
	cs.advance()
}

// takeCommand takes note of a numbered command that was read.
func (s *Socket) takeCommand(number uint64) error {
	switch v := s.visit; {
	case !s.router.acks:
		return fmt.Errorf("%w: command %d, but the service has no streams", errWire, number)
	case s.consumer == nil: // denied, and about to be closed
		return nil
	case v == nil:
		return fmt.Errorf("%w: command %d before the frame that says whose it is", errWire, number)
	case v.last != 0 && number != v.last+1:
		return fmt.Errorf("%w: command %d after command %d", errWire, number, v.last)
	default:
		v.client.commands.came(v, number)
		return nil
	}
}

// handleCommand runs the handler of a numbered command, if it is to run on this socket.
func (s *Socket) handleCommand(t *task) error {
	v := s.visit
	cs := &v.client.commands
	turn := later
	// A socket that the service has ended cannot acknowledge any more, and its client knows that: it comes back and sends the
	// command again, perhaps to another process. After a loss, or where the page has closed, this may be the only chance.
	if st, ended := context.Cause(s.ctx).(CloseStatus); !ended || st.Remote {
		turn = cs.begin(s.ctx, v, t.command)
	}
	switch turn {
	case later:
		s.unhandled(1)
		return nil
	case done:
		s.router.counts.repeated.Add(1)
		s.acknowledge()
		return nil
	}
	err := errPanic // it counts as that where the consumer ends the goroutine
	defer func() {
		// An error of its own is an end as well: sent again, the command would fail again, and for ever.
		cs.finish(v, t.command, !s.gaveUp(err))
		s.acknowledge()
	}()
	err = s.call(t)
	return err
}

// gaveUp reports whether a handler returned because its socket has ended, as it should.
func (s *Socket) gaveUp(err error) bool {
	return s.ctx.Err() != nil && (errors.Is(err, context.Canceled) || errors.Is(err, ErrClosed))
}

// acknowledge tells the page which of its commands are done, if that is news.
func (s *Socket) acknowledge() {
	v := s.visit
	cs := &v.client.commands
	cs.mu.Lock()
	defer cs.mu.Unlock() // until it is in the outbox: numbers only rise there
	if cs.acked <= v.acked {
		return
	}
	v.acked = cs.acked
	if s.out.addAck(cs.acked) == started {
		go s.write()
	}
}
