package ws

import "testing"

// TestGate: a socket stands in line once, however often it asks, and a place goes to nobody who has no work for it.
func TestGate(t *testing.T) {
	g := &gate{free: 1}
	busy, idle := new(Socket), new(Socket)
	if !g.acquire(busy) {
		t.Fatal("no place")
	}
	for range 3 {
		if g.acquire(idle) || g.acquire(busy) {
			t.Fatal("a second place")
		}
	}
	if len(g.waiting) != 2 || !g.crowded() {
		t.Errorf("%d in line", len(g.waiting))
	}
	g.release() // neither has work
	if g.free != 1 || g.crowded() {
		t.Errorf("%d places, %d in line", g.free, len(g.waiting))
	}
	var none *gate
	if !none.acquire(busy) || none.crowded() {
		t.Error("a nil gate bounds")
	}
	none.release()
}
