package golden

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"wsgen/golden/cutproxy"
)

// Everything that a service with streams promises, over connections that break all the time. 5,000 messages here, 100,000 with
// -long, then with a service built for the race detector.
func TestCuts(t *testing.T) {
	dir := emitCut(t)
	bin := build(t, dir)
	if *long {
		bin += "-race"
		run(t, dir, goEnv(), "go", "build", "-race", "-o", bin, ".")
	}
	for _, test := range []struct {
		name string
		run  func(t *testing.T, dir, bin string)
	}{
		{"storm", storm},
		{"killed while publishing", killed},
		{"a full ring", fullRing},
		{"a replay slower than the stream", slowReplay},
		{"joining before the first message", beforeTheFirst},
		{"back before the service noticed", backUnnoticed},
		{"only the newest of each key", newestOfEachKey},
		{"two pages with one client id", twoPagesOneClient},
	} {
		t.Run(test.name, func(t *testing.T) { test.run(t, dir, bin) })
	}
}

// report fails the test over each fault.
func (l *lab) report(faults []string) {
	l.Helper()
	for _, fault := range faults {
		l.Error(fault)
	}
}

// faulty joins an error to the faults, and what subscribers complained of.
func faulty(err error, faults []string) []string {
	if err == nil {
		return faults
	}
	return append(strings.Split(err.Error(), "\n"), faults...)
}

// storm cuts every connection at a random byte while all kinds of streams are published and commands are sent. Nothing may be
// missing, and nobody may be told that something is.
func storm(t *testing.T, dir, bin string) {
	messages, before := 5_000, int64(10_000)
	if *long {
		messages, before = 100_000, 40_000
	}
	l := newLab(t, dir, bin, cutproxy.Storm(before))
	l.rules.Whole = true
	l.report(stormFaults(l, messages))
}

// stormFaults runs the storm and returns all that was wrong.
func stormFaults(l *lab, messages int) []string {
	feeds, job := messages*2/5, messages/5
	commands := messages / 50
	streams := []string{"feed:1", "feed:2", "job:1"}
	var parts []func() error
	for i, mode := range []string{"sync", "sync", "sync", "async", "async"} {
		s := l.subscribe(fmt.Sprintf("%s-%d", mode, i), mode, streams...)
		r := l.draws(uint64(i))
		parts = append(parts, func() error { return l.command(r, s, commands, 20*time.Millisecond) })
	}
	for i, consumer := range []string{"feed", "crowd"} {
		l.subscribeNode(fmt.Sprintf("node-%d", i), consumer, commands, streams...)
	}
	// Who comes late gets all the same.
	parts = append(parts, func() error { return l.publish(l.draws(100), "feed:1", feeds, 30, 10*time.Millisecond) })
	parts = append(parts, func() error { return l.publish(l.draws(101), "feed:2", feeds, 200, 100*time.Millisecond) })
	parts = append(parts, func() error { return l.post("/job?id=1&count=%d&save=50&pause=1ms", job) })
	err := together(parts...)
	late := l.subscribe("late", "sync", streams...)
	err = errors.Join(err, l.settle(map[string]int{"feed:1": feeds, "feed:2": feeds, "job:1": job}))
	if late.Resets() > 0 {
		err = errors.Join(err, errors.New("who came late was told that it missed something"))
	}
	err = errors.Join(err, l.acknowledged(commands))
	delete(l.rules.Commands, "late")
	return faulty(err, l.verdict())
}

// killed kills the service while it publishes, and starts it again: everybody is told, and gets all of the new one. Every other
// time the service is stopped in good order. Commands take effect at least once, and once in each life of the service.
func killed(t *testing.T, dir, bin string) {
	l := newLab(t, dir, bin, cutproxy.Storm(40_000))
	l.rules.Resets = []string{"restarted"}
	rounds := uint64(3)
	if *long {
		rounds = 30
	}
	l.report(killedFaults(l, rounds, 1_000))
}

// killedFaults ends the service so many times and returns all that was wrong.
func killedFaults(l *lab, rounds uint64, messages int) []string {
	const commands = 300
	l.rules.Interrupted = true
	streams := []string{"feed:1", "feed:2", "job:1"}
	var sending []func() error
	for i, mode := range []string{"sync", "async", "sync"} {
		s := l.subscribe(fmt.Sprintf("%s-%d", mode, i), mode, streams...)
		sending = append(sending, func() error {
			return l.command(l.draws(uint64(i)), s, commands, time.Duration(rounds)*6*time.Millisecond)
		})
	}
	l.subscribeNode("node", "feed", commands, streams...)
	sent := make(chan error, 1)
	go func() { sent <- together(sending...) }()
	for round := range rounds {
		l.must(l.post("/job?id=1&count=1000000&save=50&pause=1ms"))
		enough := make(chan struct{})
		err := together(
			func() error {
				defer close(enough)
				return l.publish(l.draws(1000+round), "feed:1", messages, 50, 10*time.Millisecond)
			},
			func() error {
				// This one is in the middle of it when the service dies.
				for l.publish(l.draws(2000+round), "feed:2", 100, 100, 0) == nil {
				}
				return nil
			},
			func() error {
				<-enough
				if round%2 == 1 {
					return l.stop()
				}
				return l.kill()
			},
		)
		l.must(err)
		l.restart()
	}
	l.must(l.post("/job?id=1&count=%d&save=50&pause=1ms", messages))
	l.must(l.publish(l.draws(30), "feed:1", messages, 50, 10*time.Millisecond))
	l.must(l.publish(l.draws(31), "feed:2", messages, 50, 10*time.Millisecond))
	err := errors.Join(<-sent, l.settle(map[string]int{"feed:1": messages, "feed:2": messages, "job:1": messages}), l.acknowledged(commands))
	return faulty(err, l.verdict())
}
