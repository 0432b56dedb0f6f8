package ws

import (
	"context"
	"strings"
	"sync"
)

// readings has followers that want the same page of their stream at the same time read it once: after a lost connection all the
// pages that watch a job want the same. The zero value is ready.
type readings struct {
	mu   sync.Mutex         // guards the rest
	next map[place]*reading // that have not begun
	now  map[place]*reading // that are under way
}

// place is what a reading is about.
type place struct {
	topic string
	after uint64
	limit int
}

// reading is one reading of a page. Page and err are set when done is closed.
type reading struct {
	done chan struct{}
	page Page
	err  error
}

// Read implements [Log].
func (r *remote) Read(ctx context.Context, topic string, h History, after uint64, limit int) (page Page, err error) {
	read := func(ctx context.Context) (Page, error) { return r.Remote.Read(ctx, topic, h, after, limit) }
	if limit > 0 {
		page, err = r.readings.read(ctx, place{topic, after, limit}, read)
	} else {
		page, err = read(ctx)
	}
	if strings.HasPrefix(page.Owner, lookerPrefix) { // he does not run the job
		page.Owner, page.Lapsed = "", true
	}
	return page, err
}

// read returns what f reads of a place, in a call that began after read was called: so it has all that was delivered before.
// Its records are shared.
func (r *readings) read(ctx context.Context, at place, f func(context.Context) (Page, error)) (Page, error) {
	r.mu.Lock()
	mine := r.next[at]
	if mine == nil {
		mine = &reading{done: make(chan struct{})}
		if r.next == nil {
			r.next, r.now = make(map[place]*reading), make(map[place]*reading)
		}
		r.next[at] = mine
		go r.run(at, mine, r.now[at], f)
	}
	r.mu.Unlock()
	select {
	case <-mine.done:
		return mine.page, mine.err
	case <-ctx.Done():
		return Page{}, context.Cause(ctx)
	}
}

// run reads once the reading before it is done. Whoever comes until then has a share in it.
func (r *readings) run(at place, mine, before *reading, f func(context.Context) (Page, error)) {
	defer close(mine.done)
	if before != nil {
		<-before.done
	}
	r.mu.Lock()
	delete(r.next, at)
	r.now[at] = mine
	r.mu.Unlock()
	// It is nobody's alone, so it does not end with a socket.
	ctx, cancel := context.WithTimeout(context.Background(), readTimeout)
	defer cancel()
	mine.page, mine.err = f(ctx)
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.now, at)
}
