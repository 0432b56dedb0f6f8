package ws

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
)

// drainOutbox takes all that waits, and returns the payloads of its frames.
func drainOutbox(o *outbox) (payloads []string) {
	b := new(batch)
	for o.next(b) {
		all := slices.Clone(b.joined())
		for len(all) > 0 {
			n := int(all[1]) // short frames only
			payloads = append(payloads, string(all[2:2+n]))
			all = all[2+n:]
		}
	}
	return payloads
}

// TestOutboxAgainstAModel: random adding and taking, compared with a list that does the same in the plainest way.
func TestOutboxAgainstAModel(t *testing.T) {
	type entry struct{ key, text string }
	for seed := range uint64(50) {
		random := rand.New(rand.NewPCG(seed, 1))
		o := &outbox{limit: 1 << 20, byKey: seed%2 == 0}
		var model []entry
		for i := range 2000 {
			key := ""
			if random.IntN(3) > 0 {
				key = fmt.Sprint(random.IntN(5))
			}
			text := fmt.Sprint(key, "/", i)
			if o.byKey && key != "" {
				model = slices.DeleteFunc(model, func(e entry) bool { return e.key == key })
			}
			model = append(model, entry{key, text})
			if v, _, _ := o.addMessage(&piece{opcode: opText, payload: []byte(text), key: key}, false); v != taken && v != started {
				t.Fatalf("verdict %d", v)
			}
			if random.IntN(200) > 0 && i < 1999 {
				continue
			}
			var want []string
			for _, e := range model {
				want = append(want, e.text)
			}
			model = nil
			if got := drainOutbox(o); !slices.Equal(got, want) {
				t.Fatalf("seed %d, after %d: took %q\nwant %q", seed, i, got, want)
			}
			if o.size != 0 || o.writing || o.head != 0 || o.replaced != 0 || len(o.keys) != 0 {
				t.Fatalf("after all is taken: %d bytes, head %d, replaced %d, keys %v", o.size, o.head, o.replaced, o.keys)
			}
		}
	}
}

// TestReplacingDoesNotGrow: a peer that never reads does not make the outbox grow with each message that replaces another.
func TestReplacingDoesNotGrow(t *testing.T) {
	o := &outbox{limit: 1 << 20, byKey: true}
	for i := range 100_000 {
		key := fmt.Sprint(i % 3)
		if v, _, _ := o.addMessage(&piece{opcode: opText, payload: []byte(key), key: key}, false); v == noRoom {
			t.Fatal("no room")
		}
	}
	if len(o.frames) > 100 || o.size != 9 {
		t.Errorf("%d frames, %d bytes", len(o.frames), o.size)
	}
}

// TestOutboxClose: what waits goes out before the close frame or is left out, nothing follows it, and done tells its end.
func TestOutboxClose(t *testing.T) {
	for _, discard := range []bool{false, true} {
		o := &outbox{limit: 1 << 20}
		o.addMessage(&piece{opcode: opText, payload: []byte("one")}, false)
		if v := o.addPong("ping"); v != taken {
			t.Errorf("verdict %d: the writer has been started already", v)
		}
		v, discarded := o.close(discard, &piece{opcode: opClose, payload: []byte("cc")})
		if v != taken || discarded != map[bool]int{true: 1}[discard] {
			t.Errorf("verdict %d, %d discarded", v, discarded)
		}
		for what, v := range map[string]verdict{
			"message": first(o.addMessage(&piece{opcode: opText}, false)), "control": o.addControl(&piece{opcode: opPing}), "pong": o.addPong(""),
		} {
			if v != refused {
				t.Errorf("%s after the close frame: verdict %d", what, v)
			}
		}
		select {
		case <-o.done():
			t.Error("done before the close frame is out")
		default:
		}
		want := []string{"one", "cc"}
		if discard {
			want = want[1:]
		}
		if got := drainOutbox(o); !slices.Equal(got, want) {
			t.Errorf("took %q, want %q", got, want)
		}
		<-o.done()
		o.fail()
		<-o.done()
	}
}

func first(v verdict, _ bool, _ <-chan struct{}) verdict { return v }

// TestOutboxFail: nothing waits, nothing is taken, and those who wait are told.
func TestOutboxFail(t *testing.T) {
	o := &outbox{limit: 10}
	o.addMessage(&piece{opcode: opText, payload: make([]byte, 20)}, true)
	v, _, room := o.addMessage(&piece{opcode: opText, payload: make([]byte, 20)}, true)
	if v != noRoom {
		t.Fatalf("verdict %d", v)
	}
	done := o.done()
	o.fail()
	<-room
	<-done
	if v, _, _ := o.addMessage(&piece{opcode: opText}, true); v != refused {
		t.Errorf("verdict %d", v)
	}
	if got := drainOutbox(o); got != nil || o.size != 0 {
		t.Errorf("took %q, %d bytes", got, o.size)
	}
}

// TestReplaysHaveAShare: where live messages keep much waiting, a replay adds one message with every write, up to half of the room.
func TestReplaysHaveAShare(t *testing.T) {
	o := &outbox{limit: 1 << 20}
	frame := func(size int) *piece { return &piece{opcode: opText, payload: make([]byte, size)} }
	o.addMessage(frame(100<<10), false)
	v, room := o.addPaced(frame(100), false)
	if v != noRoom || room == nil {
		t.Fatalf("behind 100 KiB a replay is told %v, want to wait", v)
	}
	var b batch
	o.next(&b)
	o.addMessage(frame(100<<10), false)
	o.next(&b)
	select {
	case <-room:
	default:
		t.Fatal("a write woke no replay")
	}
	if v, _ := o.addPaced(frame(100), true); v != taken {
		t.Fatalf("after a write a replay is told %v, want its turn", v)
	}
	o.addMessage(frame(420<<10), false)
	if v, _ := o.addPaced(frame(100), true); v != noRoom {
		t.Fatalf("where half of the room is taken a replay is told %v, want to wait", v)
	}
}
