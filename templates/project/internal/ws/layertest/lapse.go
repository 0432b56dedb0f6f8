package layertest

import (
	"errors"
	"testing"
	"time"

	"wsgen/templates/project/internal/ws"
)

// brief is how long a lease is for that is to lapse.
const brief = 500 * time.Millisecond

// testLapse: a lease that is not renewed lapses, not before its time; then another gets it.
func testLapse(t *testing.T, s Suite) {
	all := s.processes(t, 2)
	topic := newTopic()
	a, b := holder{all[0], topic, "a"}, holder{all[1], topic, "b"}
	isErr(t, "append", a.add(t, ws.Envelope{}), ws.ErrLease)
	began := time.Now()
	_, err := a.take(t, brief)
	isErr(t, "take", err, nil)
	isErr(t, "append", a.add(t, ws.Envelope{Data: []byte("a")}), nil)
	isErr(t, "save", a.save(t), nil)
	all[1].append(t, topic, keepMany, "", "nobody")
	until(t, "the lease has lapsed", func() bool { return b.page(t, topic, keepMany, 0, lookOnly).Owner == "" })
	if held := time.Since(began); held < brief-clockOff {
		t.Errorf("lapsed after %v", held)
	}
	until(t, "it is listed", func() bool { return b.leased(t) == `owner "" lapsed true listed true` })
	_, err = b.take(t, leaseTime)
	isErr(t, "take what lapsed", err, nil)
	isErr(t, "append of who had it", a.add(t, ws.Envelope{}), ws.ErrLease)
	isErr(t, "save of who had it", a.save(t), ws.ErrLease)
	isErr(t, "end of who had it", a.add(t, ws.Envelope{End: ws.JobDone}), ws.ErrLease)
	isErr(t, "release of who had it", a.release(t), nil)
	_, err = a.take(t, leaseTime)
	isErr(t, "take of who had it", err, ws.ErrLease)
	expect(t, "held again", a.leased(t), `owner "b" lapsed false listed false`)
	p := all[1].read(t, topic, keepMany, 0)
	if texts(p.Records) != "[a nobody]" || p.Snapshot == nil || p.End != nil {
		t.Errorf("kept %s, snapshot %+v, end %+v", texts(p.Records), p.Snapshot, p.End)
	}
	isErr(t, "release", b.release(t), nil)
	expect(t, "released", a.leased(t), `owner "" lapsed true listed true`)
	isErr(t, "forget", all[0].log.Forget(t.Context(), topic), nil)
	expect(t, "forgotten", a.leased(t), `owner "" lapsed false listed false`)
}

// testFence: from the moment that another has the lease, nothing is added for who had it, however fast it adds.
func testFence(t *testing.T, s Suite) {
	all := s.processes(t, 2)
	for range 3 {
		topic := newTopic()
		a, b := holder{all[0], topic, "a"}, holder{all[1], topic, "b"}
		if _, err := a.take(t, brief); err != nil {
			t.Fatal(err)
		}
		over := make(chan error, 1)
		go func() {
			for {
				if err := a.add(t, ws.Envelope{Data: []byte("a")}); err != nil {
					over <- err
					return
				}
			}
		}()
		until(t, "another has the lease", func() bool { _, err := b.take(t, leaseTime); return err == nil })
		isErr(t, "append", b.add(t, ws.Envelope{Data: []byte("b")}), nil)
		isErr(t, "append of who had it", <-over, ws.ErrLease)
		records := all[1].read(t, topic, keepMany, 0).Records
		if n := len(records); n < 2 || string(records[n-1].Data) != "b" {
			t.Errorf("%d records, and the last is not the new owner's", n)
		}
	}
}

// testRenew: a lease that is renewed in time does not lapse, whatever others do for it; one that is renewed too late may be given
// to the same owner again.
func testRenew(t *testing.T, s Suite) {
	all := s.processes(t, 2)
	topic := newTopic()
	a, b := holder{all[0], topic, "a"}, holder{all[1], topic, "b"}
	began := time.Now()
	held := began
	_, err := a.take(t, brief)
	isErr(t, "take", err, nil)
	until(t, "several times of the lease are over", func() bool {
		asked := time.Now()
		if _, err := a.take(t, brief); err != nil && time.Since(held) < brief-clockOff {
			t.Fatalf("renew: %v", err)
		}
		held = asked
		if _, err := b.take(t, brief); !errors.Is(err, ws.ErrLease) && time.Since(held) < brief-clockOff {
			t.Fatalf("taken from who renews it: %v", err)
		}
		return time.Since(began) > 4*brief
	})
	until(t, "the lease has lapsed", func() bool { return b.page(t, topic, keepMany, 0, lookOnly).Lapsed })
	isErr(t, "append too late", a.add(t, ws.Envelope{}), ws.ErrLease)
	_, err = a.take(t, leaseTime)
	isErr(t, "renew too late", err, nil)
	isErr(t, "append", a.add(t, ws.Envelope{}), nil)
	expect(t, "held again", b.leased(t), `owner "a" lapsed false listed false`)
}

// testCancelLapsed: a request to cancel outlives the lease that it was for.
func testCancelLapsed(t *testing.T, s Suite) {
	all := s.processes(t, 2)
	topic := newTopic()
	a, b := holder{all[0], topic, "a"}, holder{all[1], topic, "b"}
	_, err := a.take(t, brief)
	isErr(t, "take", err, nil)
	isErr(t, "cancel", all[1].log.Cancel(t.Context(), topic), nil)
	until(t, "the lease has lapsed", func() bool { return b.page(t, topic, keepMany, 0, lookOnly).Lapsed })
	lease, err := b.take(t, leaseTime)
	if err != nil || !lease.Cancelled {
		t.Errorf("%+v %v", lease, err)
	}
}
