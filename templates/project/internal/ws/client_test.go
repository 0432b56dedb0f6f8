package ws

import (
	"context"
	"encoding/binary"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

// visitor returns a connection of a client, as the clients see it.
func visitor(cs *clients, born uint64, client uint64) (s *Socket, older *Socket) {
	s = &Socket{born: born}
	var key clientKey
	binary.BigEndian.PutUint64(key.id[:], client)
	c, older := cs.arrive(key, s)
	s.visit = &visit{client: c}
	return s, older
}

// visitorSends has a command come and be handled.
func visitorSends(t *testing.T, s *Socket, number uint64) {
	t.Helper()
	cs := &s.visit.client.commands
	cs.came(s.visit, number)
	if got := cs.begin(t.Context(), s.visit, number); got != run {
		t.Fatalf("command %d: turn %d, want it to run", number, got)
	}
	cs.finish(s.visit, number, true)
}

// TestClientsAreForgotten: pages that came, sent a command and left cost no memory two minutes later, and those that sent nothing
// none at once.
func TestClientsAreForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const n = 10_000
		var cs clients
		for i := range uint64(n) {
			s, _ := visitor(&cs, i, i)
			visitorSends(t, s, 1)
			cs.leave(s)
			silent, _ := visitor(&cs, n+i, n+i)
			cs.leave(silent)
			if i == n/2 {
				time.Sleep(time.Minute)
			}
		}
		expect := func(known, absent int, watched bool) {
			t.Helper()
			synctest.Wait()
			cs.mu.Lock()
			defer cs.mu.Unlock()
			if len(cs.known) != known || cs.absent.Len() != absent || cs.watched != watched {
				t.Errorf("%d known, %d absent, watched %v; want %d, %d, %v", len(cs.known), cs.absent.Len(), cs.watched, known, absent, watched)
			}
		}
		expect(n, n, true)
		back, _ := visitor(&cs, 2*n, 1) // keeps its commands, however long it stays
		if got := back.visit.client.commands.acked; got != 1 {
			t.Errorf("%d acknowledged", got)
		}
		time.Sleep(time.Minute)
		expect(n/2, n/2-1, true)
		time.Sleep(time.Hour)
		expect(1, 0, false)
		cs.leave(back)
		time.Sleep(absence)
		expect(0, 0, false)
	})
}

// TestAbsentClientsAreBounded: beyond the bound the one that left first is forgotten early, and counted.
func TestAbsentClientsAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var cs clients
		for i := range uint64(maxAbsent + 10) {
			s, _ := visitor(&cs, i, i)
			visitorSends(t, s, 1)
			cs.leave(s)
		}
		if len(cs.known) != maxAbsent || cs.absent.Len() != maxAbsent || cs.forgotten.total.Load() != 10 {
			t.Errorf("%d known, %d absent, %d counted", len(cs.known), cs.absent.Len(), cs.forgotten.total.Load())
		}
		if s, _ := visitor(&cs, 1<<20, 9); s.visit.client.commands.acked != 0 {
			t.Error("not the first one was forgotten")
		}
	})
}

// TestClientOutlivesItsNewestSocket: as long as a connection has handlers that run, the client is known, whichever it is.
func TestClientOutlivesItsNewestSocket(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var cs clients
		first, older := visitor(&cs, 1, 1)
		if older != nil {
			t.Error("the only one has an older one")
		}
		visitorSends(t, first, 1)
		second, older := visitor(&cs, 2, 1)
		if older != first {
			t.Error("the first is not the older one")
		}
		cs.leave(second)
		time.Sleep(time.Hour)
		if third, older := visitor(&cs, 3, 1); third.visit.client != first.visit.client || older != nil {
			t.Errorf("older %v; or another client", older)
		}
		if late, older := visitor(&cs, 0, 1); older != late {
			t.Error("one that was accepted before them is not the older one")
		}
	})
}

// TestCommandsTakeNoRoomWhenDone: not for those between one that takes long and the newest either.
func TestCommandsTakeNoRoomWhenDone(t *testing.T) {
	var cs clients
	s, _ := visitor(&cs, 1, 1)
	commands := &s.visit.client.commands
	commands.came(s.visit, 1)
	if got := commands.begin(t.Context(), s.visit, 1); got != run {
		t.Fatal(got)
	}
	for n := uint64(2); n <= 10_000; n++ {
		visitorSends(t, s, n)
	}
	if len(commands.open) != 1 || commands.acked != 0 {
		t.Errorf("%d open, acknowledged up to %d", len(commands.open), commands.acked)
	}
	commands.finish(s.visit, 1, true)
	if len(commands.open) != 0 || commands.acked != 10_000 {
		t.Errorf("%d open, acknowledged up to %d", len(commands.open), commands.acked)
	}
}

// TestCommandsGivenUp: a client whose first command on a connection is beyond what it had sent has given up what lies between.
func TestCommandsGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var cs clients
		first, _ := visitor(&cs, 1, 1)
		commands := &first.visit.client.commands
		for n := uint64(1); n <= 3; n++ {
			commands.came(first.visit, n)
		}
		commands.begin(t.Context(), first.visit, 2)
		waited := make(chan turn)
		go func() { waited <- commands.begin(context.Background(), first.visit, 2) }()
		synctest.Wait()

		second, _ := visitor(&cs, 2, 1)
		visitorSends(t, second, maxCommand-1)
		if commands.acked != maxCommand-1 || len(commands.open) != 0 {
			t.Errorf("acknowledged up to %d, %d open", commands.acked, len(commands.open))
		}
		if got := <-waited; got != done {
			t.Errorf("turn %d of the one that waited", got)
		}
		commands.finish(first.visit, 2, false)
		visitorSends(t, second, maxCommand)
		if commands.acked != maxCommand || len(commands.open) != 0 {
			t.Errorf("acknowledged up to %d, %d open", commands.acked, len(commands.open))
		}
	})
}

// TestOneAckInAWrite: the newest, behind what waits, also before a close frame that throws away what waits.
func TestOneAckInAWrite(t *testing.T) {
	o := &outbox{limit: 1 << 20}
	for n := range uint64(100) {
		o.addAck(n + 1)
	}
	o.addControl(&piece{opcode: opText, prefix: "x"})
	if got := drainOutbox(o); !slices.Equal(got, []string{"x", "a100"}) {
		t.Errorf("written %q", got)
	}
	o.addAck(101)
	if got := drainOutbox(o); !slices.Equal(got, []string{"a101"}) {
		t.Errorf("written %q", got)
	}
	o.addControl(&piece{opcode: opText, prefix: "x"})
	o.addAck(102)
	if _, discarded := o.close(true, &piece{opcode: opClose, payload: []byte("bye")}); discarded != 1 {
		t.Errorf("%d discarded", discarded)
	}
	if got := drainOutbox(o); !slices.Equal(got, []string{"a102", "bye"}) {
		t.Errorf("written %q", got)
	}
	if o.addAck(103) != refused {
		t.Error("acknowledged after the close frame")
	}
}
