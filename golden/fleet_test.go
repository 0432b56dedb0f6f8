package golden

import (
	"crypto/tls"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/coder/websocket"

	"wsgen/golden/backends"
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
				{"a process stops", processStops, layer.name == "nats"},
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

// processDies has one of the processes killed, as kill -9 does.
func processDies(t *testing.T, layer sharedLayer, dir, bin string) {
	f := newFleet(t, layer, dir, bin, nil, calm...)
	processEnds(t, f, func() { f.killMember(0) })
}

// processStops has one stopped in good order. Its clients are told.
func processStops(t *testing.T, layer sharedLayer, dir, bin string) {
	f := newFleet(t, layer, dir, bin, nil, calm...)
	processEnds(t, f, func() {
		if code := f.members[0].stop(t); code != 0 {
			t.Errorf("it exited %d", code)
		}
	})
	for _, s := range f.subscribers {
		events := s.Events()
		for _, e := range events[:len(events)-1] { // the last is the end of the test
			if e.Kind == wireclient.Closed && e.Code != 1012 {
				t.Errorf("%s was closed with %d %s", s.Name, e.Code, e.Reason)
			}
		}
	}
}

// processEnds has a group with members on each process, to which each sends. Then the first process ends: its clients come back to the
// other one, and those who were there see nothing of it. When it is back, it takes part again.
func processEnds(t *testing.T, f *fleet, end func()) {
	f.crowd(8, "room:1")
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
		if s.page == nil { // the one in Node may have been on either
			nodes[s] = s.node()
		}
	}
	const dead, alive = 0, 1
	end()
	hasLost := func(s *subscriber) bool { return s.count(wireclient.Closed) > 0 }
	gone := ""
	f.eventually("somebody was on the process that ended", func() bool {
		for s, node := range nodes {
			if hasLost(s) {
				gone = node
			}
		}
		return gone != ""
	})
	for s, node := range nodes {
		if node == gone {
			f.must(f.await(s, s.told(wireclient.Opened, 2)))
		}
		if s.node() == gone {
			t.Errorf("%s is on the process that ended", s.Name)
		}
	}
	f.everywhere(alive)
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

// Behind a proxy that ends TLS the service knows its own pages all the same, and no others.
func TestFleetBehindTLS(t *testing.T) {
	s := start(t, build(t, "minimal"))
	n := backends.StartNginx(t, strings.TrimPrefix(s.url, "http://"))
	s.url = n.TLS
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: n.Roots}}}
	t.Cleanup(client.CloseIdleConnections)
	for origin, want := range map[string]int{n.TLS: 101, "https://evil.example": 403, strings.Replace(n.TLS, "127.0.0.1", "localhost", 1): 403} {
		conn, resp, err := s.tryDial(t, "/ws/echo", &websocket.DialOptions{HTTPClient: client, HTTPHeader: http.Header{"Origin": {origin}}})
		if resp == nil || resp.StatusCode != want {
			t.Errorf("a page of %s is answered with %s (%v), want %d", origin, status(resp), err, want)
			continue
		}
		if err == nil {
			echoes(t, conn)
		}
	}
}
