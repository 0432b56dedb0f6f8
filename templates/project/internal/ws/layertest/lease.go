package layertest

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"wsgen/templates/project/internal/ws"
)

// leaseTests are the tests of what ws.Log says of leases, while they do not lapse.
func leaseTests() map[string]func(*testing.T, Suite) {
	return map[string]func(*testing.T, Suite){
		"lease":          testLease,
		"lease, at once": testLeaseAtOnce,
		"lease, cancel":  testCancel,
		"lease, unused":  testLeaseOfNothing,
		"lease, appends": testAppendsOfAnOwner,
	}
}

// lapseTests are those of leases that lapse with time.
func lapseTests() map[string]func(*testing.T, Suite) {
	return map[string]func(*testing.T, Suite){
		"lapse":         testLapse,
		"lapse, fence":  testFence,
		"lapse, renew":  testRenew,
		"lapse, cancel": testCancelLapsed,
	}
}

// holder is a lease on a stream, as one process sees it.
type holder struct {
	*process
	topic string
	owner string
}

func (h holder) take(t testing.TB, d time.Duration) (ws.Lease, error) {
	t.Helper()
	return h.log.Lease(t.Context(), h.topic, h.owner, d)
}

func (h holder) add(t testing.TB, e ws.Envelope) error {
	t.Helper()
	_, err := h.log.Append(t.Context(), h.topic, ws.Append{History: keepMany, Owner: h.owner, Envelope: e})
	return err
}

func (h holder) save(t testing.TB) error {
	t.Helper()
	_, err := h.log.Save(t.Context(), h.topic, ws.Append{History: keepMany, Owner: h.owner, Envelope: ws.Envelope{Data: []byte("s")}})
	return err
}

func (h holder) release(t testing.TB) error {
	t.Helper()
	return h.log.Release(t.Context(), h.topic, h.owner)
}

// leased returns what the page and the list of the lapsed say of a stream.
func (h holder) leased(t testing.TB) string {
	t.Helper()
	p := h.page(t, h.topic, keepMany, 0, lookOnly)
	lapsed, err := h.log.Lapsed(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("owner %q lapsed %v listed %v", p.Owner, p.Lapsed, slices.Contains(lapsed, h.topic))
}

// isErr compares errors.
func isErr(t testing.TB, step string, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("%s: %v, want %v", step, err, want)
	}
}

// expect compares texts.
func expect(t testing.TB, step, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("%s: %s, want %s", step, got, want)
	}
}

// leaseTime is longer than a test.
const leaseTime = time.Hour

// testLease goes through all that can be done with a lease.
func testLease(t *testing.T, s Suite) {
	all := s.processes(t, 2)
	topic := newTopic()
	a, b, c := holder{all[0], topic, "a"}, holder{all[1], topic, "b.x y"}, holder{all[0], topic, "c"}
	isErr(t, "append without a lease", a.add(t, ws.Envelope{}), ws.ErrLease)
	lease, err := a.take(t, leaseTime)
	isErr(t, "take", err, nil)
	if lease.Cancelled {
		t.Errorf("lease %+v", lease)
	}
	_, err = a.take(t, leaseTime)
	isErr(t, "renew", err, nil)
	_, err = b.take(t, leaseTime)
	isErr(t, "take another's", err, ws.ErrLease)
	isErr(t, "append", a.add(t, ws.Envelope{}), nil)
	isErr(t, "append by another", b.add(t, ws.Envelope{}), ws.ErrLease)
	all[1].append(t, topic, keepMany, "", "by nobody")
	isErr(t, "append again", a.add(t, ws.Envelope{}), nil)
	isErr(t, "save by another", b.save(t), ws.ErrLease)
	isErr(t, "save", a.save(t), nil)
	isErr(t, "forget", all[1].log.Forget(t.Context(), topic), ws.ErrLease)
	isErr(t, "release by another", b.release(t), nil)
	expect(t, "held", b.leased(t), `owner "a" lapsed false listed false`)
	all[1].appendAll(t, topic, ws.Append{History: keepMany, Envelope: ws.Envelope{End: ws.JobDone}})
	expect(t, "an end by nobody", b.leased(t), `owner "a" lapsed false listed false`)
	isErr(t, "interrupted", a.add(t, ws.Envelope{End: ws.JobInterrupted}), nil)
	expect(t, "interrupted", b.leased(t), `owner "" lapsed true listed true`)
	isErr(t, "append after the end", a.add(t, ws.Envelope{}), ws.ErrLease)
	isErr(t, "save after the end", a.save(t), ws.ErrLease)
	_, err = b.take(t, leaseTime)
	isErr(t, "take what lapsed", err, nil)
	expect(t, "held again", a.leased(t), `owner "b.x y" lapsed false listed false`)
	isErr(t, "release", b.release(t), nil)
	expect(t, "released", a.leased(t), `owner "" lapsed true listed true`)
	_, err = c.take(t, leaseTime)
	isErr(t, "take again", err, nil)
	isErr(t, "done", c.add(t, ws.Envelope{End: ws.JobDone}), nil)
	expect(t, "done", b.leased(t), `owner "" lapsed false listed false`)
	epoch := b.page(t, topic, keepMany, 0, 0).Epoch
	isErr(t, "forget", all[1].log.Forget(t.Context(), topic), nil)
	if p := a.page(t, topic, keepMany, 0, 0); p.Epoch == epoch || p.Top != 0 || p.Snapshot != nil || p.End != nil || p.Lapsed {
		t.Errorf("forgotten, but %+v", p)
	}
}

// testLeaseAtOnce: of all that want the lease at once one gets it.
func testLeaseAtOnce(t *testing.T, s Suite) {
	all := s.processes(t, 3)
	for range 10 {
		topic := newTopic()
		var mu sync.Mutex
		var owners []string
		var wg sync.WaitGroup
		for i := range 9 {
			wg.Go(func() {
				h := holder{all[i%3], topic, fmt.Sprint("owner", i)}
				_, err := h.take(t, leaseTime)
				if err != nil && !errors.Is(err, ws.ErrLease) {
					t.Error(err)
				}
				if err == nil {
					mu.Lock()
					defer mu.Unlock()
					owners = append(owners, h.owner)
				}
			})
		}
		wg.Wait()
		if p := all[0].page(t, topic, keepMany, 0, lookOnly); len(owners) != 1 || p.Owner != owners[0] {
			t.Fatalf("the lease is %q's, and was given to %q", p.Owner, owners)
		}
	}
}

// testCancel: the request is told with every renewal, and is over with the end.
func testCancel(t *testing.T, s Suite) {
	all := s.processes(t, 2)
	topic := newTopic()
	a, b := holder{all[0], topic, "a"}, holder{all[1], topic, "b"}
	cancelled := func(h holder, want bool) {
		t.Helper()
		lease, err := h.take(t, leaseTime)
		if err != nil || lease.Cancelled != want {
			t.Errorf("%+v %v, want cancelled: %v", lease, err, want)
		}
	}
	cancel := func() {
		t.Helper()
		isErr(t, "cancel", all[1].log.Cancel(t.Context(), topic), nil)
	}
	cancel() // what nobody holds
	cancelled(a, false)
	cancel()
	isErr(t, "append", a.add(t, ws.Envelope{}), nil)
	cancelled(a, true)
	cancelled(a, true)
	isErr(t, "release", a.release(t), nil)
	cancelled(b, false)
	cancel()
	isErr(t, "end", b.add(t, ws.Envelope{End: ws.JobCancelled}), nil)
	cancelled(a, false)
	isErr(t, "interrupted", a.add(t, ws.Envelope{End: ws.JobInterrupted}), nil)
	cancel()
	cancelled(b, true)
	isErr(t, "release", b.release(t), nil)
	cancelled(a, true)
	isErr(t, "end", a.add(t, ws.Envelope{End: ws.JobDone}), nil)
	cancel()
	cancelled(b, false)
}

// testLeaseOfNothing: a lease that was taken for nothing leaves nothing behind, and the stream is the one that it was.
func testLeaseOfNothing(t *testing.T, s Suite) {
	all := s.processes(t, 2)
	topic := newTopic()
	a := holder{all[0], topic, "a"}
	epoch := all[1].page(t, topic, keepMany, 0, 0).Epoch
	_, err := a.take(t, leaseTime)
	isErr(t, "take", err, nil)
	isErr(t, "release", a.release(t), nil)
	isErr(t, "release again", a.release(t), nil)
	expect(t, "released", a.leased(t), `owner "" lapsed false listed false`)
	at := all[1].append(t, topic, keepMany, "", "x")
	if p := all[0].read(t, topic, keepMany, 0); at.Epoch != epoch || p.Since != 0 || texts(p.Records) != "[x]" {
		t.Errorf("appended at %+v to the epoch %s: %+v", at, epoch, p)
	}
	isErr(t, "release of what never was", all[1].log.Release(t.Context(), newTopic(), "a"), nil)
}

// testAppendsOfAnOwner: an owner appends and saves while others append and it renews, and nothing of it is refused.
func testAppendsOfAnOwner(t *testing.T, s Suite) {
	const each = 100
	all := s.processes(t, 2)
	topic := newTopic()
	a := holder{all[0], topic, "a"}
	_, err := a.take(t, leaseTime)
	isErr(t, "take", err, nil)
	var wg sync.WaitGroup
	work := func(what string, f func() error) {
		wg.Go(func() {
			for i := range each {
				if err := f(); err != nil {
					t.Errorf("%s %d: %v", what, i, err)
					return
				}
			}
		})
	}
	work("append", func() error { return a.add(t, ws.Envelope{Data: []byte("owner")}) })
	work("save", func() error { return a.save(t) })
	work("renew", func() error { _, err := a.take(t, leaseTime); return err })
	work("append by nobody", func() error {
		_, err := all[1].log.Append(t.Context(), topic, ws.Append{History: keepMany, Envelope: ws.Envelope{Data: []byte("nobody")}})
		return err
	})
	wg.Wait()
	if p := all[1].read(t, topic, keepMany, 0); len(p.Records) != 2*each || p.Owner != "a" || p.Snapshot == nil {
		t.Errorf("%d records, owner %q, snapshot %+v", len(p.Records), p.Owner, p.Snapshot)
	}
}
