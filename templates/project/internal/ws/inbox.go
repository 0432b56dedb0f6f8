package ws

import "sync"

// inbox holds what waits for the handlers of one socket: messages and events in one queue, in order of arrival. Handlers have a
// goroutine only while there is work: whoever adds a task gets them one (see crew), and it leaves when nothing waits any more.
type inbox struct {
	mu       sync.Mutex
	tasks    []task // waiting: from head on
	head     int
	messages int    // how many messages wait
	bytes    int    // their length
	events   int    // what the waiting events take
	running  int    // handlers that run, Connect among them
	starting bool   // one of them is on its way to its first task
	most     int    // how many handlers may run at once; 0 until Connect has returned
	ended    bool   // nothing is added any more
	ending   bool   // ended, and Disconnect has not returned yet
	added    uint64 // how many tasks ever came, for Router.Quiet

	room    chan struct{} // made for the reader while the inbox is full; closed when it no longer is
	drained chan struct{} // made for Disconnect; closed when nothing waits or runs
	idle    chan struct{} // made for Router.Quiet; the same, and Disconnect has returned if there was an end
}

// task is a message or an event that waits for its handler.
type task struct {
	buffer  *buffer // what message.Data stands in; nil for an event
	message Message
	request string // the id of a request; "" for a plain message
	command uint64 // the number of a command; 0 for what is not acknowledged
	event   *Event
}

// eventCost is what an event takes of a socket's bound beside its bytes, so that empty ones are bounded too.
const eventCost = 64

func (t *task) cost() int {
	if t.event != nil {
		return eventCost + len(t.event.Type) + len(t.event.Data)
	}
	return len(t.message.Data)
}

// push adds a task; the verdict is started where one more handler has work to do. An event may find no room. A message is
// always added: when the reader has brought one that fills the inbox, it waits before it reads on.
func (in *inbox) push(t task, eventBytes int) verdict {
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.ended {
		t.buffer.free()
		return refused
	}
	if t.event != nil {
		if in.events+t.cost() > eventBytes {
			return noRoom
		}
		in.events += t.cost()
	} else {
		in.messages++
		in.bytes += t.cost()
	}
	if in.head > len(in.tasks)/2 { // or a queue that never runs empty would grow for ever
		n := copy(in.tasks, in.tasks[in.head:])
		clear(in.tasks[n:])
		in.tasks, in.head = in.tasks[:n], 0
	}
	in.tasks = append(in.tasks, t)
	in.added++
	if in.wanted() {
		return started
	}
	return taken
}

// full returns a channel that is closed when there is room for messages, and nil where there is some.
func (in *inbox) full(messages, bytes int) <-chan struct{} {
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.ended || in.messages < messages && in.bytes < bytes {
		return nil
	}
	if in.room == nil {
		in.room = make(chan struct{})
	}
	return in.room
}

// open lets up to most handlers start: Connect has returned.
func (in *inbox) open(most int) {
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.most == 0 { // it may have been abandoned meanwhile
		in.most = most
	}
}

// claim reserves the place of one more handler, if one has work to do.
func (in *inbox) claim() bool {
	in.mu.Lock()
	defer in.mu.Unlock()
	if !in.wanted() {
		return false
	}
	in.running++
	in.starting = true
	return true
}

// wanted reports whether one more handler has work to do; in.mu is held. One at a time is on its way: when it begins, it has the
// next one started, so that handlers which take no time need few goroutines, and one that blocks holds up nobody.
func (in *inbox) wanted() bool {
	return in.head < len(in.tasks) && in.running < in.most && !in.starting
}

// enter reserves the place of Connect.
func (in *inbox) enter() {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.running++
}

// next takes the next task for a handler that has a place, its first one or a further one; where there is none, it gives the place
// up. more is true where one more handler has work to do; lone, where none runs beside this one and nothing waits.
func (in *inbox) next(t *task, first bool) (ok, more, lone bool) {
	in.mu.Lock()
	defer in.mu.Unlock()
	if first {
		in.starting = false
	}
	if in.head == len(in.tasks) || in.running > in.most {
		in.leaveLocked()
		return false, false, false
	}
	*t = in.tasks[in.head]
	in.tasks[in.head] = task{}
	in.head++
	if in.head == len(in.tasks) {
		in.tasks, in.head = in.tasks[:0], 0
		if cap(in.tasks) > 64 {
			in.tasks = nil
		}
	}
	if t.event != nil {
		in.events -= t.cost()
	} else {
		in.messages--
		in.bytes -= t.cost()
		in.wake()
	}
	return true, in.wanted(), in.running == 1 && in.head == len(in.tasks)
}

// leave gives up the place of a handler.
func (in *inbox) leave() {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.leaveLocked()
}

func (in *inbox) leaveLocked() {
	in.running--
	in.settle()
}

// settle tells those who wait for it that nothing waits or runs; in.mu is held.
func (in *inbox) settle() {
	if in.running > 0 || in.head < len(in.tasks) {
		return
	}
	if in.drained != nil {
		close(in.drained)
		in.drained = nil
	}
	if in.idle != nil && !in.ending {
		close(in.idle)
		in.idle = nil
	}
}

// wake lets the reader go on; in.mu is held.
func (in *inbox) wake() {
	if in.room != nil {
		close(in.room)
		in.room = nil
	}
}

// end lets nothing be added any more, and reports whether it is the first to say so. Unless keep is set, what waits is
// thrown away; its number is returned.
func (in *inbox) end(keep bool) (first bool, discarded int) {
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.ended {
		return false, 0
	}
	in.ended, in.ending = true, true
	in.wake()
	if !keep {
		discarded = in.clear()
	}
	return true, discarded
}

// abandon throws away what waits and lets no further handler start.
func (in *inbox) abandon() (discarded int) {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.most = -1
	return in.clear()
}

// clear removes the tasks; in.mu is held.
func (in *inbox) clear() int {
	n := len(in.tasks) - in.head
	for _, t := range in.tasks[in.head:] {
		t.buffer.free()
	}
	in.tasks, in.head, in.messages, in.bytes, in.events = nil, 0, 0, 0, 0
	in.settle()
	return n
}

// over takes note that Disconnect has returned.
func (in *inbox) over() {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.ending = false
	in.settle()
}

// handled returns nil where nothing waits or runs, otherwise a channel that is closed when that is so.
func (in *inbox) handled() <-chan struct{} {
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.running == 0 && in.head == len(in.tasks) {
		return nil
	}
	if in.drained == nil {
		in.drained = make(chan struct{})
	}
	return in.drained
}

// quiet is handled for Router.Quiet: a socket that has ended is quiet when Disconnect has returned. It also returns how many
// tasks ever came.
func (in *inbox) quiet() (<-chan struct{}, uint64) {
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.running == 0 && in.head == len(in.tasks) && !in.ending {
		return nil, in.added
	}
	if in.idle == nil {
		in.idle = make(chan struct{})
	}
	return in.idle, in.added
}
