package ws

import (
	"sync"
	"sync/atomic"
)

// outboundPolicy says what happens to a message for which a socket's outbox has no room.
type outboundPolicy uint8

const (
	policyDisconnect outboundPolicy = iota
	policyLatest
	policyDrop
	policyBlock
)

// outbox holds the frames that wait to be written to one socket. Whoever adds the first one has somebody write (see flusher), until
// nothing waits any more: an idle socket has no writer, and what is added during a write leaves with the next one in a single
// system call.
type outbox struct {
	limit    int  // of size, for messages
	byKey    bool // policy latest: a message replaces one of the same key
	mu       sync.Mutex
	frames   []outFrame     // waiting: from head on, in order
	head     int            // the first one that waits
	replaced int            // frames from head on that have been replaced, and are empty
	keys     map[string]int // where in frames the message of a key waits; only with byKey
	size     int            // bytes that wait or are being written
	writing  bool           // somebody writes, or is about to
	closing  bool           // the close frame waits or is out: nothing may follow it
	failed   bool           // nothing can be written any more
	pong     *piece         // the answer to the newest ping, the only one that needs one (RFC 6455, section 5.5.3)
	ack      uint64         // the newest acknowledgement, which contains the others; 0 where there is none to send
	added    uint64         // how many frames ever came, also for Router.Quiet
	marked   uint64         // of them, those before the last call of expectAnswer

	prompt atomic.Bool // the next Send that nobody writes for writes itself
	queued atomic.Bool // writing, but only in line for it: see flusher

	finished chan struct{} // made by done; closed when the close frame is out, or nothing can be written any more
	room     chan struct{} // made for a Send that waits; closed when something was written
	idle     chan struct{} // made for Router.Quiet; closed when the writer ends
}

// outFrame is one or several frames, as bytes.
type outFrame struct {
	data  []byte
	chunk *chunk // what data stands in, if that goes back to the pool
	key   string
}

// chunk is where small frames are gathered, so that they leave in few pieces.
type chunk struct{ data [4 << 10]byte }

// chunks holds free ones.
var chunks = sync.Pool{New: func() any { return new(chunk) }}

// smallFrame is up to which length a frame is copied into a chunk.
const smallFrame = 1 << 10

// maxShared is how many frames may wait for a small one to be shared with other sockets, not copied. It is few: each keeps more
// memory than the limit of the outbox counts.
const maxShared = 16

// verdict says what became of a frame, or of a task.
type verdict uint8

const (
	taken   verdict = iota
	started         // taken, and the caller has to start a writer, or a handler
	noRoom          // not taken: the box is full
	refused         // not taken: the socket has ended
)

// addMessage adds the frame of a message. An empty outbox takes one of any size. Where there is no room and wait is set, it
// also returns a channel that is closed when there may be some.
func (o *outbox) addMessage(p *piece, wait bool) (v verdict, replaced bool, room <-chan struct{}) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.closing || o.failed {
		return refused, false, nil
	}
	byKey := o.byKey && p.key != ""
	if byKey {
		replaced = o.dropKey(p.key)
	}
	if o.size > 0 && o.size+p.size() > o.limit {
		if wait {
			if o.room == nil {
				o.room = make(chan struct{})
			}
			room = o.room
		}
		return noRoom, replaced, room
	}
	if byKey {
		o.appendKeyed(p)
	} else {
		o.append(p)
	}
	return o.start(), replaced, nil
}

// addControl adds a frame that no policy concerns.
func (o *outbox) addControl(p *piece) verdict {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.closing || o.failed {
		return refused
	}
	o.append(p)
	return o.start()
}

// addPong sets the answer to a ping. A peer that pings without reading costs one frame.
func (o *outbox) addPong(payload string) verdict {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.closing || o.failed {
		return refused
	}
	o.pong = &piece{opcode: opPong, payload: []byte(payload)}
	return o.start()
}

// addAck sets the acknowledgement of all commands up to a number. One frame in each write is enough.
func (o *outbox) addAck(number uint64) verdict {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.closing || o.failed {
		return refused
	}
	o.ack = number
	return o.start()
}

// appendAck adds the acknowledgement to what waits; o.mu is held.
func (o *outbox) appendAck() {
	if o.ack != 0 {
		o.append(ackPiece(o.ack))
		o.ack = 0
	}
}

// close adds the last frames. With discard, what still waits is left out; their number is returned.
func (o *outbox) close(discard bool, last ...*piece) (v verdict, discarded int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.closing || o.failed {
		return refused, 0
	}
	o.closing = true
	if discard {
		discarded = o.clear()
	}
	o.appendAck() // no later frame would be read
	for _, p := range last {
		o.append(p)
	}
	o.wake()
	return o.start(), discarded
}

// fail gives up writing, and returns how much was left out.
func (o *outbox) fail() (discarded int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.failed = true
	discarded = o.clear()
	o.wake()
	o.finish()
	return discarded
}

// done returns a channel that is closed when the close frame has been written, or nothing can be written any more.
func (o *outbox) done() <-chan struct{} {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.finished == nil {
		o.finished = make(chan struct{})
		if o.failed || o.closing && !o.writing {
			close(o.finished)
		}
	}
	return o.finished
}

// start reports whether the caller has to have somebody write; o.mu is held.
func (o *outbox) start() verdict {
	o.added++
	if o.writing {
		return taken
	}
	o.writing = true
	return started
}

// expectAnswer says that a handler begins, that no other runs and that nothing waits for one. If no more than one frame came since it
// last did, the next Send writes itself, which saves a goroutine. Where handlers send several, these leave together.
func (o *outbox) expectAnswer() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.prompt.Store(o.added <= o.marked+1)
	o.marked = o.added
}

// append adds a frame behind the others; o.mu is held.
func (o *outbox) append(p *piece) {
	n := p.size()
	o.size += n
	if n > smallFrame || p.framed != nil && len(o.frames)-o.head < maxShared {
		o.add(outFrame{data: p.bytes()})
		return
	}
	if last := len(o.frames) - 1; last >= o.head && o.frames[last].chunk != nil {
		if f := &o.frames[last]; len(f.data)+n <= cap(f.data) {
			f.data = p.appendTo(f.data)
			return
		}
	}
	c := chunks.Get().(*chunk)
	o.add(outFrame{data: p.appendTo(c.data[:0]), chunk: c})
}

// appendKeyed adds a frame that a later one may replace; o.mu is held.
func (o *outbox) appendKeyed(p *piece) {
	o.size += p.size()
	if o.keys == nil {
		o.keys = make(map[string]int)
	}
	o.add(outFrame{data: p.bytes(), key: p.key})
	o.keys[p.key] = len(o.frames) - 1
}

// add adds to frames, after it made room in it: a peer that does not read must not make it grow with every message that
// replaces another. o.mu is held.
func (o *outbox) add(f outFrame) {
	if gone := o.head + o.replaced; gone > 32 && gone > len(o.frames)/2 {
		kept := o.frames[:0]
		for _, f := range o.frames[o.head:] {
			if f.data == nil {
				continue
			}
			if f.key != "" {
				o.keys[f.key] = len(kept)
			}
			kept = append(kept, f)
		}
		clear(o.frames[len(kept):])
		o.frames, o.head, o.replaced = kept, 0, 0
	}
	o.frames = append(o.frames, f)
}

// dropKey removes the message of a key, if it still waits; o.mu is held.
func (o *outbox) dropKey(key string) bool {
	i, ok := o.keys[key]
	if !ok {
		return false
	}
	delete(o.keys, key)
	o.size -= len(o.frames[i].data)
	o.frames[i] = outFrame{}
	o.replaced++
	return true
}

// clear removes all that waits, and returns how many pieces that was; o.mu is held.
func (o *outbox) clear() int {
	n := len(o.frames) - o.head - o.replaced
	for _, f := range o.frames[o.head:] {
		o.size -= len(f.data)
		f.free()
	}
	o.frames, o.head, o.replaced, o.keys, o.pong = nil, 0, 0, nil, nil
	return n
}

// wake lets the Sends go on that wait for room; o.mu is held.
func (o *outbox) wake() {
	if o.room != nil {
		close(o.room)
		o.room = nil
	}
}

// finish says that nothing will be written any more; o.mu is held.
func (o *outbox) finish() {
	if o.finished == nil {
		o.finished = make(chan struct{})
	}
	select {
	case <-o.finished:
	default:
		close(o.finished)
	}
}

// free gives the frame's chunk back.
func (f outFrame) free() {
	if f.chunk != nil {
		chunks.Put(f.chunk)
	}
}

// next takes note that what is in the batch was written, or failed to be, and moves the next frames into it. It reports false,
// and the writer ends, where there are none.
func (o *outbox) next(b *batch) bool {
	wrote := b.empty()
	o.mu.Lock()
	defer o.mu.Unlock()
	if wrote > 0 {
		o.size -= wrote
		o.wake()
	}
	if !o.closing && !o.failed {
		if o.pong != nil {
			o.append(o.pong)
		}
		o.appendAck()
	}
	o.pong = nil
	if o.take(b); len(b.frames) > 0 {
		return true
	}
	o.writing, b.closed = false, o.closing
	if o.closing {
		o.finish()
	}
	if o.idle != nil {
		close(o.idle)
		o.idle = nil
	}
	return false
}

// take moves frames into an empty batch; o.mu is held.
func (o *outbox) take(b *batch) {
	for o.head < len(o.frames) {
		f := o.frames[o.head]
		if b.bytes > 0 && b.bytes+len(f.data) > maxBatch {
			break // a long frame goes alone, for which conn.write extends the time
		}
		o.frames[o.head] = outFrame{}
		o.head++
		if f.data == nil {
			o.replaced--
			continue
		}
		if f.key != "" {
			delete(o.keys, f.key)
		}
		b.add(f)
	}
	if o.head == len(o.frames) {
		o.frames, o.head = o.frames[:0], 0
		if cap(o.frames) > 64 {
			o.frames = nil
		}
	}
}

// quiet returns nil where nothing waits or is being written, otherwise a channel that is closed when that is so, and how
// many frames ever came.
func (o *outbox) quiet() (<-chan struct{}, uint64) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if !o.writing {
		return nil, o.added
	}
	if o.idle == nil {
		o.idle = make(chan struct{})
	}
	return o.idle, o.added
}
