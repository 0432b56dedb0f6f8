package ws

import (
	"context"
	"sync"
)

// readings has followers that want the same page of their stream at the same time read it once: after a lost connection all the
// pages that watch a job want the same. The zero value is ready.
type readings struct {
	mu   sync.Mutex          // guards the rest
	next map[uint64]*reading // that have not begun, by the offset that they read behind
	now  map[uint64]*reading // that are under way
}

// reading is one reading of a page. Page and err are set when done is closed.
type reading struct {
	done chan struct{}
	page Page
	err  error
}

// read returns what f reads behind an offset, in a call that began after read was called: so it has all that was delivered before.
// Its records are shared.
func (r *readings) read(ctx context.Context, after uint64, f func(context.Context) (Page, error)) (Page, error) {
	r.mu.Lock()
	mine := r.next[after]
	if mine == nil {
		mine = &reading{done: make(chan struct{})}
		if r.next == nil {
			r.next, r.now = make(map[uint64]*reading), make(map[uint64]*reading)
		}
		r.next[after] = mine
		go r.run(after, mine, r.now[after], f)
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
func (r *readings) run(after uint64, mine, before *reading, f func(context.Context) (Page, error)) {
	defer close(mine.done)
	if before != nil {
		<-before.done
	}
	r.mu.Lock()
	delete(r.next, after)
	r.now[after] = mine
	r.mu.Unlock()
	// It is nobody's alone, so it does not end with a socket.
	ctx, cancel := context.WithTimeout(context.Background(), readTimeout)
	defer cancel()
	mine.page, mine.err = f(ctx)
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.now, after)
}
