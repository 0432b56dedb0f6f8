package natslayer

import (
	"context"
	"math/rand/v2"
	"time"
)

// Who stores one message right after the other is always the fastest to know the newest state, and nobody else would get to store
// any. So now and then it leaves a gap.
const (
	longRow  = 64
	rowPause = 4 // times what storing a message takes
)

// yield leaves a gap where one is due.
func (s *stream) yield(ctx context.Context) error {
	gap := rowPause * s.took
	if time.Since(s.stored) > gap {
		s.row = 0
	}
	if s.row++; s.row < longRow {
		return nil
	}
	s.row = 0
	return sleep(ctx, gap)
}

// storedSince takes note of how long it took to store a message.
func (s *stream) storedSince(began time.Time) {
	s.stored = time.Now()
	s.took += (s.stored.Sub(began) - s.took) / 8
}

// pause waits before another attempt, for longer and longer.
func pause(ctx context.Context, try int) error {
	return sleep(ctx, time.Duration(rand.Int64N(int64(time.Millisecond)<<min(try, 6))))
}

// sleep waits, but not longer than the context.
func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
