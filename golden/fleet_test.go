package golden

import (
	"fmt"
	"slices"
	"testing"

	"wsgen/golden/wireclient"
)

// Several real processes of one emitted service, behind nginx and over a real Redis or NATS: what happens when one of all these
// dies, stands still, or comes back with nothing. One of each kind here, all of them with -long, then with a service built for the
// race detector.
func TestFleet(t *testing.T) {
	for _, layer := range sharedLayers() {
		t.Run(layer.name, func(t *testing.T) {
			t.Parallel() // it waits more than it works
			dir := emitCutWith(t, fmt.Sprintf("\nsettings: {layer: %s}\n", layer.name))
			bin := build(t, dir)
			if *long {
				bin += "-race"
				run(t, dir, goEnv(), "go", "build", "-race", "-o", bin, ".")
			}
			for _, test := range []struct {
				name string
				run  func(t *testing.T, layer sharedLayer, dir, bin string)
				here bool // also without -long
			}{
				{"a process dies", processDies, true},
				{"all are killed over connections that break", fleetKilled, true},
				{"connections break", fleetStorm, false},
				{"the server is killed", serverKilled, layer.name == "redis"},
				{"the server stands still", serverPaused, layer.name == "nats"},
				{"the server is emptied", serverEmptied, layer.name == "redis"},
			} {
				if test.here || *long {
					t.Run(test.name, func(t *testing.T) { test.run(t, layer, dir, bin) })
				}
			}
		})
	}
}

// processDies has a group with members on each process, to which each sends. Then one of the processes is killed: its clients come
// back to the other one, and those who were there see nothing of it. When it is back, it takes part again.
func processDies(t *testing.T, layer sharedLayer, dir, bin string) {
	f := newFleet(t, layer, dir, bin, nil, calm...)
	f.crowd(8, "room:1")
	f.rules.Unfinished = true // there is no stream
	var sent []string
	send := func(from int, texts int) {
		t.Helper()
		for range texts {
			text := fmt.Sprintf("%d-from-%d", len(sent), from)
			if _, err := f.ask(f.members[from], "/send?group=room:1&text=%s", text); err != nil {
				t.Fatal(err)
			}
			sent = append(sent, text)
		}
	}
	everybody := func() {
		t.Helper()
		for _, s := range f.subscribers {
			f.must(f.await(s, s.got(sent[len(sent)-1])))
		}
	}
	send(0, 50)
	everybody()
	send(1, 50)
	everybody()

	nodes := make(map[*subscriber]string)
	for _, s := range f.subscribers {
		nodes[s] = s.node()
	}
	const dead, alive = 0, 1
	f.killMember(dead)
	hasLost := func(s *subscriber) bool { return s.count(wireclient.Closed) > 0 }
	f.eventually("somebody was on the process that is dead", func() bool { return slices.ContainsFunc(f.subscribers, hasLost) })
	gone := nodes[f.subscribers[slices.IndexFunc(f.subscribers, hasLost)]]
	for s, node := range nodes {
		if node == gone {
			f.must(f.await(s, s.told(wireclient.Opened, 2)))
		}
		if s.node() == gone {
			t.Errorf("%s is on the process that is dead", s.Name)
		}
	}
	send(alive, 50)
	everybody()
	f.startMember(dead)
	f.awaitReadyz(200)
	send(dead, 50)
	everybody()

	for s, node := range nodes {
		if n := s.count(wireclient.Closed); node != gone && (n > 0 || !slices.Equal(s.texts(), sent)) {
			t.Errorf("%s was on the other process, lost its connection %d times and got %q", s.Name, n, s.texts())
		}
	}
	for _, s := range f.subscribers {
		if n := s.count(wireclient.Missed); n > 0 {
			t.Errorf("%s was told %d times that it missed something", s.Name, n)
		}
	}
	f.report(f.verdict())
}
