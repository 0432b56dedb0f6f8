package natslayer

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/nats-io/nats.go"
)

// TestInboxHoldsBack: what comes over a new connection is handed on only behind the gap, and what came before, before it.
func TestInboxHoldsBack(t *testing.T) {
	var in inbox
	in.init()
	put := func(connection uint64, texts ...string) {
		var some []*nats.Msg
		for _, text := range texts {
			some = append(some, &nats.Msg{Data: []byte(text)})
		}
		if rest := in.put(some, connection); len(rest) != 0 {
			t.Errorf("%d left", len(rest))
		}
	}
	expect := func(want ...string) {
		t.Helper()
		queue, lost := in.next()
		var got []string
		for _, a := range queue {
			if a.message == nil {
				got = append(got, "gap")
			} else {
				got = append(got, string(a.message.Data))
			}
		}
		if fmt.Sprint(got) != fmt.Sprint(want) || lost != nil {
			t.Errorf("%v, want %v", got, want)
		}
	}
	put(0, "a", "b")
	expect("a", "b")
	expect()
	put(0, "c")
	put(1, "d")
	expect("c")
	expect()
	put(2, "e")
	in.confirm(2) // the first one was lost before it was confirmed
	put(2, "f")
	put(3, "g")
	expect("gap", "d", "e", "f")
	in.confirm(2)
	expect()
	in.confirm(3)
	expect("gap", "g")
	in.confirm(4)
	expect("gap")
	if in.bytes != 0 {
		t.Errorf("%d bytes in an empty inbox", in.bytes)
	}
}

// TestInboxIsBounded: beyond the bound messages are let go of, and who loses some is told when all the rest is handed on.
func TestInboxIsBounded(t *testing.T) {
	var in inbox
	in.init()
	one, two := new(nats.Subscription), new(nats.Subscription)
	large := &nats.Msg{Sub: one, Data: make([]byte, inboxBytes-messageBytes)}
	in.put([]*nats.Msg{large, {Sub: one, Data: []byte("fits")}, {Sub: two}, {Sub: two}}, 0)
	in.missed(one)
	if queue, lost := in.next(); len(queue) != 2 || lost != nil {
		t.Errorf("%d messages, lost %v", len(queue), lost)
	}
	in.arrivals <- large // the run may go on
	if queue, lost := in.next(); len(queue) != 0 || lost != nil {
		t.Errorf("%d messages, lost %v", len(queue), lost)
	}
	<-in.arrivals
	if queue, lost := in.next(); len(queue) != 0 || !lost[one] || !lost[two] {
		t.Errorf("%d messages, lost %v", len(queue), lost)
	}
	if queue, lost := in.next(); len(queue) != 0 || lost != nil {
		t.Errorf("told again: %v", lost)
	}
}

// TestInboxCountsDrops: the client speaks of the first message that found no room alone, so the others are counted.
func TestInboxCountsDrops(t *testing.T) {
	var in inbox
	in.init()
	sub, drops := new(nats.Subscription), 1
	in.dropped = func(*nats.Subscription) (int, error) { return drops, nil }
	in.missed(sub)
	for i, want := range []bool{true, false, true, true, false} {
		if i == 2 || i == 3 {
			drops++
		}
		if _, lost := in.next(); lost[sub] != want {
			t.Errorf("%d. lost: %v, want %v", i+1, lost[sub], want)
		}
	}
	in.dropped = func(*nats.Subscription) (int, error) { return 0, nats.ErrBadSubscription }
	if _, lost := in.next(); lost != nil || len(in.drops) != 0 {
		t.Errorf("lost %v, counted: %v", lost, in.drops)
	}
}

// TestInboxOfSmallMessages: what a message takes besides its data counts as well.
func TestInboxOfSmallMessages(t *testing.T) {
	var in inbox
	in.init()
	sub := new(nats.Subscription)
	const most = inboxBytes / messageBytes
	for range most + 10 {
		in.put([]*nats.Msg{{Sub: sub}}, 0)
	}
	if queue, _ := in.next(); len(queue) > most+1 || !in.lost[sub] || in.bytes != 0 {
		t.Errorf("%d messages, %d bytes left, lost: %v", len(queue), in.bytes, in.lost[sub])
	}
}

// TestYield: who stores one message right after the other leaves a gap now and then, and who pauses by himself does not wait.
func TestYield(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &stream{took: time.Millisecond}
		began := time.Now()
		for range 3 * longRow {
			if err := s.yield(t.Context()); err != nil {
				t.Fatal(err)
			}
			s.stored = time.Now()
		}
		if got := time.Since(began); got != 3*rowPause*time.Millisecond {
			t.Errorf("waited %v", got)
		}
		began = time.Now()
		for range 3 * longRow {
			time.Sleep(rowPause*s.took + 1)
			if err := s.yield(t.Context()); err != nil {
				t.Fatal(err)
			}
			s.stored = time.Now()
		}
		if got := time.Since(began); got != 3*longRow*(rowPause*time.Millisecond+1) {
			t.Errorf("waited %v", got)
		}
	})
}
