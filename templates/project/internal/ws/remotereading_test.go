package ws

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
)

// TestReadings: whoever asks gets what was read after that, whoever reads it; an error is for those alone who have a share in the
// reading; and who gives up does not hold up the others.
func TestReadings(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var r readings
		calls, goOn := uint64(0), make(chan error)
		ask := func(ctx context.Context, after uint64) <-chan any {
			answer := make(chan any, 1)
			go func() {
				page, err := r.read(ctx, place{"s", after, 10}, func(context.Context) (Page, error) {
					calls++
					page := Page{Top: calls}
					return page, <-goOn
				})
				if err != nil {
					answer <- err
				} else {
					answer <- page.Top
				}
			}()
			synctest.Wait()
			return answer
		}
		ctx, cancel := context.WithCancel(t.Context())
		first := ask(t.Context(), 7)
		second, third, gone := ask(t.Context(), 7), ask(t.Context(), 7), ask(ctx, 7)
		cancel()
		if got := <-gone; got != context.Canceled {
			t.Errorf("who gave up: %v", got)
		}
		failure := errors.New("failure")
		goOn <- failure
		synctest.Wait()
		fourth := ask(t.Context(), 7) // while the second reading is under way
		goOn <- nil
		goOn <- nil
		for i, test := range []struct {
			answer <-chan any
			want   any
		}{{first, failure}, {second, uint64(2)}, {third, uint64(2)}, {fourth, uint64(3)}} {
			if got := <-test.answer; got != test.want {
				t.Errorf("%d: %v, want %v", i+1, got, test.want)
			}
		}
		other := ask(t.Context(), 8)
		goOn <- nil
		if got := <-other; got != uint64(4) || len(r.next)+len(r.now) > 0 {
			t.Errorf("behind another offset: %v, and %v, %v are left", got, r.next, r.now)
		}
	})
}
