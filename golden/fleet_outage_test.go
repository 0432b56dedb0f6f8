package golden

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"wsgen/golden/wireclient"
	"wsgen/golden/witness"
)

// outageTime is how long the server of the layer is away.
const outageTime = 10 * time.Second

// serverKilled has the server of the layer killed and started again after ten seconds.
func serverKilled(t *testing.T, layer sharedLayer, dir, bin string) {
	f := newFleet(t, layer, dir, bin, nil, append(calm, "OUTBOUND_BYTES=67108864")...)
	f.rules.Resets = layer.resets
	outage(f, f.server.Kill, f.server.Start)
	for _, s := range f.subscribers {
		if s.count(wireclient.Missed) == 0 {
			t.Errorf("%s was never told that it may have missed something", s.Name)
		}
	}
}

// serverPaused has the server stand still for ten seconds, as on a machine that is overloaded: no connection breaks by itself.
func serverPaused(t *testing.T, layer sharedLayer, dir, bin string) {
	f := newFleet(t, layer, dir, bin, nil, append(calm, "OUTBOUND_BYTES=67108864")...)
	outage(f, f.server.Pause, f.server.Resume)
}

// outage goes through it: the sockets stay, /readyz says so, what is sent meanwhile arrives or is answered with an error, or who
// missed it is told, and the processes keep nothing of it in memory.
func outage(f *fleet, stop, resume func()) {
	f.rules.Whole = true
	f.crowd(6, "room:1", "feed:1")
	sure := f.sendEach(50)
	f.must(f.publish(f.draws(1), "feed:1", 100, 10, 0))
	before := f.peaks()

	stop()
	began := time.Now()
	meanwhile := f.sendOn(16, 60_000)
	f.awaitReadyz(503)
	f.must(f.rest(outageTime - time.Since(began)))
	resume()
	meanwhile.end()
	f.awaitReadyz(200)
	taken := 0
	for _, texts := range meanwhile.taken {
		taken += len(texts)
	}
	f.Logf("meanwhile %d texts were taken, %d answered with an error; memory was %v, and is %v", taken, meanwhile.failed, before, f.peaks())
	for i, peak := range f.peaks() {
		if grown := peak - before[i]; grown > memoryBound() {
			f.Errorf("process %d took %d MiB more while it could send nothing", i, grown>>20)
		}
	}
	if meanwhile.failed == 0 {
		f.Error("nothing that was sent meanwhile was answered with an error: this test says nothing")
	}

	sure = append(sure, f.sendEach(50)...)
	newest, err := f.ask(f.service, "/publish?stream=feed:1&count=50")
	f.must(err)
	n, err := strconv.Atoi(newest)
	f.must(err)
	for _, s := range f.subscribers {
		f.must(f.await(s, s.got(sure[len(sure)-1])))
		f.judgeTexts(s, sure, meanwhile)
		if n := s.count(wireclient.Closed); n > 0 {
			f.Errorf("%s lost its connection %d times: %s", s.Name, n, s.lastEnd())
		}
	}
	err = f.settleAt(map[string]witness.Message{"feed:1": {Boot: 1, N: n}, last: f.latest})
	f.report(faulty(err, f.verdict()))
}

// sendEach has each process send so many texts to the group, one after the other, and waits until all have the last.
func (f *fleet) sendEach(count int) (texts []string) {
	f.Helper()
	for _, m := range f.members {
		for range count {
			f.sent++
			text := fmt.Sprint("sure-", f.sent)
			_, err := f.ask(m, "/send?group=room:1&text=%s", text)
			f.must(err)
			texts = append(texts, text)
		}
		for _, s := range f.subscribers {
			f.must(f.await(s, s.got(texts[len(texts)-1])))
		}
	}
	return texts
}

// sending is what is sent while nothing can be.
type sending struct {
	stop func()
	all  sync.WaitGroup

	mu     sync.Mutex          // guards the rest, until end has returned
	taken  map[string][]string // by sender: the texts that were not answered with an error
	failed int
}

// sendOn has so many senders send texts to the group, and one more publish to the stream, until end is called. Some answers take
// five seconds.
func (f *fleet) sendOn(senders, pad int) *sending {
	over := make(chan struct{})
	o := &sending{stop: sync.OnceFunc(func() { close(over) }), taken: make(map[string][]string)}
	f.Cleanup(o.end)
	loop := func(do func(n int)) {
		o.all.Go(func() {
			for n := 0; ; n++ {
				select {
				case <-over:
					return
				case <-time.After(50 * time.Millisecond):
					do(n)
				}
			}
		})
	}
	for i := range senders {
		name := fmt.Sprint("sender-", i, "-")
		loop(func(n int) {
			text := name + strconv.Itoa(n)
			_, err := f.ask(f.members[i%len(f.members)], "/send?group=room:1&text=%s&pad=%d", text, pad)
			o.mu.Lock()
			defer o.mu.Unlock()
			if err != nil {
				o.failed++
			} else {
				o.taken[name] = append(o.taken[name], text)
			}
		})
	}
	loop(func(int) { _ = f.post("/publish?stream=feed:1&count=1") }) // the journal has what became of it
	return o
}

// end waits until all has been answered.
func (o *sending) end() {
	o.stop()
	o.all.Wait()
}

// judgeTexts says what is wrong with what a subscriber got of the group: of the texts that are sure all have to be there, in order;
// of what each sender was not answered with an error too, or else the subscriber was told. Nothing comes twice.
func (f *fleet) judgeTexts(s *subscriber, sure []string, o *sending) {
	f.Helper()
	got := s.texts()
	times := make(map[string]int)
	for _, text := range got {
		if times[text]++; times[text] == 2 {
			f.Errorf("%s got %s twice", s.Name, text)
		}
	}
	only := func(these []string) (texts []string) {
		for _, text := range got {
			if slices.Contains(these, text) {
				texts = append(texts, text)
			}
		}
		return texts
	}
	if have := only(sure); !slices.Equal(have, sure) {
		f.Errorf("%s got %d of %d texts sent while all was well, or in another order", s.Name, len(have), len(sure))
	}
	told := slices.ContainsFunc(s.Events(), func(e wireclient.Event) bool { return e.Kind == wireclient.Missed && e.Group == "room:1" })
	for _, taken := range o.taken {
		have, rest := only(taken), taken
		if !told && !slices.Equal(have, taken) {
			f.Errorf("%s got %d of %d texts that were taken, or in another order, and was not told", s.Name, len(have), len(taken))
		}
		for _, text := range have {
			at := slices.Index(rest, text)
			if at < 0 {
				f.Errorf("%s got %s in another order: %q", s.Name, text, have)
				break
			}
			rest = rest[at+1:]
		}
	}
}

// memoryBound is by how much a process may grow that is asked to send 200 MB and cannot: by what a few requests take, and by what
// is collected late.
func memoryBound() int64 {
	if *long {
		return 512 << 20 // a build for the race detector takes many times as much
	}
	return 64 << 20
}

// peaks returns what memory each process has held at most, in bytes, where the system tells.
func (f *fleet) peaks() (bytes []int64) {
	f.Helper()
	for _, m := range f.members {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", m.cmd.Process.Pid))
		if err != nil {
			return nil
		}
		_, after, _ := strings.Cut(string(text), "VmHWM:")
		kib, err := strconv.ParseInt(strings.Fields(after)[0], 10, 64)
		f.must(err)
		bytes = append(bytes, kib<<10)
	}
	return bytes
}

// serverEmptied has the server of the layer killed and started again with nothing: pages are told that their streams began anew,
// and go on with what is published then. Groups go on as if nothing had been.
func serverEmptied(t *testing.T, layer sharedLayer, dir, bin string) {
	f := newFleet(t, layer, dir, bin, nil, calm...)
	f.rules.Resets = []string{"restarted"}
	f.crowd(4, "room:1", "feed:1")
	f.must(f.publish(f.draws(1), "feed:1", 100, 10, 0))
	for _, s := range f.subscribers {
		f.must(f.await(s, func() bool { last, _ := s.Last("feed:1"); return last.N == 100 }))
	}
	f.server.Empty()
	for _, s := range f.subscribers {
		f.must(f.await(s, func() bool { return s.Resets() > 0 && s.count(wireclient.Missed) > 0 }))
	}
	f.awaitReadyz(200)
	f.sendEach(10)
	f.must(f.publish(f.draws(2), "feed:1", 100, 10, 0))
	f.everywhere(1)
	late := f.subscribe("late", "sync", "feed:1")
	err := f.settleAt(map[string]witness.Message{"feed:1": {Boot: 1, N: 200}, last: f.latest})
	if n := late.count(wireclient.Message); n != 100 || late.Resets() > 0 {
		t.Errorf("who came late got %d messages and %d resets, want the 100 that there are", n, late.Resets())
	}
	for _, s := range f.subscribers {
		if n := s.count(wireclient.Closed); n > 0 {
			t.Errorf("%s lost its connection: %s", s.Name, s.lastEnd())
		}
	}
	f.report(faulty(err, f.verdict()))
}
