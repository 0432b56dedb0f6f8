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
	idle := l.usage()
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
	t.Logf("%d clients, %d messages missed by each: all have them after %v; of the service, with the clients idle: %s; afterwards: %s",
		clients, missed, took.Round(time.Millisecond), idle, l.usage())
	for _, s := range l.subscribers {
		if s.told(wireclient.Recovered, 3)() || s.Resets() > 0 {
			err = errors.Join(err, fmt.Errorf("%s came back more than once, or was told that it missed something", s.Name))
		}
	}
	l.report(faulty(err, l.verdict()))
}

// usage returns what memory the service holds now, and held at most, and the processor time that it took so far, where the
// system tells.
func (l *lab) usage() string {
	proc := fmt.Sprintf("/proc/%d/", l.service.cmd.Process.Pid)
	text, err := os.ReadFile(proc + "status")
	if err != nil {
		return "unknown"
	}
	var told []string
	// The 14th and the 15th field are user and system time, in hundredths of a second on Linux; the 2nd has no blank here.
	if stat, err := os.ReadFile(proc + "stat"); err == nil {
		if fields := strings.Fields(string(stat)); len(fields) > 14 {
			told = append(told, "hundredths of a second "+fields[13]+" user, "+fields[14]+" system")
		}
	}
	for line := range strings.Lines(string(text)) {
		if name, value, _ := strings.Cut(line, ":"); name == "VmRSS" || name == "VmHWM" {
			told = append(told, name+" "+strings.TrimSpace(value))
		}
	}
	return strings.Join(told, ", ")
}
