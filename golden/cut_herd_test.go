package golden

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"wsgen/golden/wireclient"
)

// Many clients lose their connections at once, each misses 100 messages, and all come back at once: 1,000 of them, 10,000 with
// -long. What it takes is told, not judged.
func TestCutsHerd(t *testing.T) {
	clients := 1_000
	if *long {
		clients = 10_000 // each holds a file open here, and one in the service
	}
	const missed, feeds = 100, 10
	dir := emitCut(t)
	l := newLab(t, dir, build(t, dir), nil, "PING_INTERVAL=25s", "PONG_TIMEOUT=8s")
	l.rules.Whole = true
	back := make(chan struct{})
	newest := make(map[string]int)
	for i := range clients {
		feed := fmt.Sprint("feed:", i%feeds)
		newest[feed] = missed
		again := false
		l.subscribeWith(wireclient.Options{Origin: l.service.url, Before: func(ctx context.Context) error {
			if !again {
				again = true
				return nil
			}
			select {
			case <-back:
				return nil
			case <-ctx.Done():
				return context.Cause(ctx)
			}
		}}, fmt.Sprint("page-", i), "sync", feed)
	}
	for _, s := range l.subscribers {
		l.must(l.await(s, s.told(wireclient.Recovered, 1)))
	}
	idle := l.memory()
	for _, s := range l.subscribers {
		s.client.Break()
	}
	for _, s := range l.subscribers {
		l.must(l.await(s, s.told(wireclient.Closed, 1)))
	}
	for feed := range newest {
		l.must(l.post("/publish?stream=%s&count=%d", feed, missed))
	}
	began := time.Now()
	close(back)
	err := l.settle(newest)
	took := time.Since(began)
	t.Logf("%d clients, %d messages missed by each: all have them after %v; memory of the service with the clients idle: %s, afterwards: %s",
		clients, missed, took.Round(time.Millisecond), idle, l.memory())
	for _, s := range l.subscribers {
		if s.told(wireclient.Recovered, 3)() || s.Resets() > 0 {
			err = errors.Join(err, fmt.Errorf("%s came back more than once, or was told that it missed something", s.Name))
		}
	}
	l.report(faulty(err, l.verdict()))
}

// memory returns what the service holds in memory now, and held at most, where the system tells.
func (l *lab) memory() string {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", l.service.cmd.Process.Pid))
	if err != nil {
		return "unknown"
	}
	var told []string
	for line := range strings.Lines(string(text)) {
		if name, value, _ := strings.Cut(line, ":"); name == "VmRSS" || name == "VmHWM" {
			told = append(told, name+" "+strings.TrimSpace(value))
		}
	}
	return strings.Join(told, ", ")
}
