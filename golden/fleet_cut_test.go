package golden

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"wsgen/golden/cutproxy"
	"wsgen/golden/witness"
)

// fleetStorm is the storm of TestCuts over two processes: the connections to nginx are cut all the time, nobody dies, and nobody may
// be told that anything is missing.
func fleetStorm(t *testing.T, layer sharedLayer, dir, bin string) {
	f := newFleet(t, layer, dir, bin, cutproxy.Storm(40_000))
	f.rules.Whole = true
	f.report(stormFaults(f.lab, 100_000))
}

// fleetKilled kills one process after the other, and in between the server of the layer, while connections are cut, two streams are
// published, each by another process, and commands are sent. Only where the server was killed somebody may be told to have missed
// something, and only if the layer cannot know better.
func fleetKilled(t *testing.T, layer sharedLayer, dir, bin string) {
	messages, rounds, before := 5_000, 1, int64(20_000)
	if *long {
		messages, rounds, before = 100_000, 5, 40_000
	}
	f := newFleet(t, layer, dir, bin, cutproxy.Storm(before))
	f.rules.Resets = layer.resets
	f.rules.Whole = len(layer.resets) == 0
	f.report(fleetKilledFaults(f, messages, rounds))
}

// fleetKilledFaults ends each of them so many times and returns all that was wrong.
func fleetKilledFaults(f *fleet, messages, rounds int) []string {
	f.rules.Interrupted = true
	feeds, job, commands := messages*2/5, messages/5, messages/25
	streams := []string{"feed:1", "feed:2", "job:1"}
	var parts []func() error
	for i, mode := range []string{"sync", "sync", "async", "async"} {
		s := f.subscribe(fmt.Sprintf("%s-%d", mode, i), mode, streams...)
		r := f.draws(uint64(i))
		parts = append(parts, func() error { return f.command(r, s, commands, 40*time.Millisecond) })
	}
	f.subscribeNode("node", "feed", commands, streams...)
	// It is in the middle of it when its process dies.
	const worker = 1
	_, err := f.ask(f.members[worker], "/job?id=1&count=1000000&save=50&pause=5ms")
	f.must(err)

	var done atomic.Int64
	for i := range f.members {
		stream := fmt.Sprint("feed:", 1+i)
		parts = append(parts, func() error { return f.publishThrough(i, f.draws(uint64(100+i)), stream, feeds, &done) })
	}
	deaths := []func(){
		func() { f.killMember(worker); f.startMember(worker) },
		func() { f.server.Kill(); _ = f.rest(time.Second); f.server.Start() },
		func() { f.killMember(0); _ = f.rest(time.Second); f.startMember(0) },
		func() { f.server.Kill(); f.server.Start() },
	}
	sent := make(chan error, 1)
	go func() { sent <- together(parts...) }()
	for n := range rounds * len(deaths) {
		f.must(f.published(&done, int64(2*feeds*(n+1)/(rounds*len(deaths)+1))))
		deaths[n%len(deaths)]()
	}
	err = <-sent
	newest, lastErr := f.lastWords(worker, job)
	err = errors.Join(err, lastErr, f.settleAt(newest), f.acknowledged(commands))
	return faulty(err, f.verdict())
}

// published waits until so many messages are.
func (f *fleet) published(done *atomic.Int64, due int64) error {
	before := int64(-1)
	for deadline := time.Now(); done.Load() < due; {
		if now := done.Load(); now > before {
			before, deadline = now, time.Now().Add(f.patient)
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("after %d messages nothing is published any more", before)
		}
		if err := f.rest(5 * time.Millisecond); err != nil {
			return err
		}
	}
	return nil
}

// publishThrough publishes through one process, in bursts. What is answered with an error does not count: it, or the server of its
// layer, may be dead.
func (f *fleet) publishThrough(i int, r *rand.Rand, stream string, count int, done *atomic.Int64) error {
	for deadline := time.Now().Add(f.patient); count > 0; {
		n := min(count, 1+r.IntN(50))
		_, err := f.ask(f.member(i), "/publish?stream=%s&count=%d&save=50", stream, n)
		if err == nil {
			count -= n
			done.Add(int64(n))
			deadline = time.Now().Add(f.patient)
		} else if time.Now().After(deadline) {
			return err
		}
		if err := f.rest(time.Duration(r.Int64N(int64(20 * time.Millisecond)))); err != nil {
			return err
		}
	}
	return nil
}

// lastWords publishes once more to each stream, now that nobody dies any more, and returns which message is the newest of each. The
// job can start again when its lease has lapsed.
func (f *fleet) lastWords(worker, job int) (newest map[string]witness.Message, err error) {
	newest = make(map[string]witness.Message)
	for i := range f.members {
		stream := fmt.Sprint("feed:", 1+i)
		text, err := f.ask(f.members[i], "/publish?stream=%s&count=10", stream)
		if err != nil {
			return nil, err
		}
		n, err := strconv.Atoi(text)
		if err != nil {
			return nil, err
		}
		newest[stream] = witness.Message{Boot: f.boots[i], N: n}
	}
	for deadline := time.Now().Add(f.patient); ; {
		started, err := f.ask(f.members[worker], "/job?id=1&count=%d&save=50&pause=1ms", job)
		if err != nil {
			return nil, err
		}
		if started == "true" {
			newest["job:1"] = witness.Message{Boot: f.boots[worker], N: job}
			return newest, nil
		}
		if time.Now().After(deadline) {
			return nil, errors.New("the job does not start again")
		}
		if err := f.rest(50 * time.Millisecond); err != nil {
			return nil, err
		}
	}
}
