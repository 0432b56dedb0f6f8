package ws

import (
	"container/list"
	"encoding/hex"
	"fmt"
	"reflect"
	"sync"
	"time"
)

// absence is how long the commands of a client are remembered that has no connection any more.
const absence = 2 * time.Minute

// maxAbsent is how many such clients are remembered. It bounds the memory that pages cost which come, send and leave.
const maxAbsent = 1 << 16

// client is one socket object of a page, over all its connections.
type client struct {
	key      clientKey
	commands commands

	// The rest is guarded by clients.mu.
	newest   *Socket       // of its connections; nil where it is over
	sockets  int           // connections that are not over
	absent   *list.Element // in clients.absent; nil while there are connections
	forgetAt time.Time     // where there are none
}

// clientKey is what makes two connections those of one client. The id is the client's own, and counts within one type of
// consumer and one user only.
type clientKey struct {
	consumer reflect.Type
	user     string
	id       [16]byte
}

// visit is one connection of a client.
type visit struct {
	client *client
	last   uint64 // the number of the newest command, the reader's; 0 before the first
	acked  uint64 // what was acknowledged here; this and the next are guarded by client.commands.mu
	broken bool   // a command was left to the next connection, and so are those behind it: their order stays
}

// identify takes note of which client this is. Of two sockets with one client the older is closed: the page came back before
// the service noticed that it had gone.
func (s *Socket) identify(id string) error {
	if s.consumer == nil { // denied, and about to be closed
		return nil
	}
	key := clientKey{consumer: s.consumer.kind(), user: s.scope.userID}
	if n, err := hex.Decode(key.id[:], []byte(id)); n != len(key.id) || err != nil {
		return fmt.Errorf("%w: the id of a client is 32 hexadecimal digits", errWire)
	}
	if s.visit != nil {
		if s.visit.client.key != key {
			return fmt.Errorf("%w: a second client", errWire)
		}
		return nil
	}
	c, older := s.router.clients.arrive(key, s)
	s.visit = &visit{client: c}
	if older != nil {
		older.shut(ending{status: CloseStatus{Code: CodeReplaced, Reason: "replaced by a newer connection"}, keepInbox: true, flush: true})
	}
	return nil
}

// clients is what a router knows of its clients. The zero value knows none.
type clients struct {
	mu        sync.Mutex // guards the rest
	known     map[clientKey]*client
	absent    list.List // of *client: those without a connection, the one that left first in front
	watched   bool      // a timer runs for absent
	forgotten loss
}

// arrive adds a connection to its client, and returns the older one of two, where there are two. The age counts, not the
// order of arrival here: what the older one sent may have come late.
func (cs *clients) arrive(key clientKey, s *Socket) (c *client, older *Socket) {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	c = cs.known[key]
	if c == nil {
		c = &client{key: key}
		if cs.known == nil {
			cs.known = make(map[clientKey]*client)
		}
		cs.known[key] = c
	}
	if c.absent != nil {
		cs.absent.Remove(c.absent)
		c.absent = nil
	}
	c.sockets++
	if c.newest != nil && c.newest.born > s.born {
		return c, s
	}
	c.newest, older = s, c.newest
	return c, older
}

// leave takes note that a connection is over, handlers and all. A client that has sent commands is remembered for a while.
func (cs *clients) leave(s *Socket) {
	if s.visit == nil {
		return
	}
	c := s.visit.client
	cs.mu.Lock()
	defer cs.mu.Unlock()
	if c.newest == s {
		c.newest = nil
	}
	if c.sockets--; c.sockets > 0 {
		return
	}
	if c.commands.none() {
		cs.forget(c)
		return
	}
	c.forgetAt = time.Now().Add(absence)
	c.absent = cs.absent.PushBack(c)
	if cs.absent.Len() > maxAbsent {
		cs.forget(cs.absent.Front().Value.(*client))
		cs.forgotten.add(1, "ws: clients whose commands were forgotten early, as too many had left at once; one that comes back may have a command handled twice")
	}
	if !cs.watched {
		cs.watched = true
		time.AfterFunc(absence, cs.expire)
	}
}

// forget removes a client; cs.mu is held.
func (cs *clients) forget(c *client) {
	if c.absent != nil {
		cs.absent.Remove(c.absent)
		c.absent = nil
	}
	delete(cs.known, c.key)
	if len(cs.known) == 0 {
		cs.known = nil // a map that was large once would stay so
	}
}

// expire forgets the clients that were absent for long enough. It runs only while there are absent ones.
func (cs *clients) expire() {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	now := time.Now()
	for e := cs.absent.Front(); e != nil; e = cs.absent.Front() {
		c := e.Value.(*client)
		if wait := c.forgetAt.Sub(now); wait > 0 {
			time.AfterFunc(wait, cs.expire)
			return
		}
		cs.forget(c)
	}
	cs.watched = false
}
