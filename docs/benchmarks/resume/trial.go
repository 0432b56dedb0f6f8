package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"
)

// A page is one subscriber of a trial.
type page struct {
	group string
	link  *link
	cuts  []cut
}

// An attempt is one trial of one peer, while it runs.
type attempt struct {
	trial trial
	peer  peer
	pages []page
	begin time.Time
	addr  string
	log   *bytes.Buffer // what the server wrote

	mu        sync.Mutex
	server    *server
	answering time.Time // when the server that was started again answered
	errs      []error
}

// run puts a peer through a trial with the cuts of this seed, and returns what became of the messages, by group.
func (w *workshop) run(ctx context.Context, p peer, t trial, seed uint64) (_ map[string]*tally, err error) {
	ctx, cancel := context.WithTimeout(ctx, t.length+2*patience)
	defer cancel()
	addr, err := freeAddress()
	if err != nil {
		return nil, err
	}
	a := &attempt{trial: t, peer: p, addr: addr, log: &bytes.Buffer{}}
	defer func() {
		if err != nil && a.log.Len() > 0 {
			err = fmt.Errorf("%w\nthe server wrote:\n%s", err, a.log)
		}
	}()
	if a.server, err = p.start(ctx, addr, a.log); err != nil {
		return nil, err
	}
	defer func() { a.server.kill() }()
	if err := a.open(seed); err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, a.close()) }()

	published, seen, err := a.perform(ctx, filepath.Join(w.project(), "client", "index.js"))
	if err != nil {
		return nil, err
	}
	return a.judge(published, seen), nil
}

// open makes the pages' links and draws their outages.
func (a *attempt) open(seed uint64) error {
	for i, g := range a.trial.groups {
		for j := range g.pages {
			k, err := newLink(a.addr)
			if err != nil {
				return errors.Join(err, a.close())
			}
			random := rand.New(rand.NewPCG(seed, uint64(i)<<32|uint64(j)))
			a.pages = append(a.pages, page{group: g.name, link: k, cuts: a.trial.cuts(g, random)})
		}
	}
	return nil
}

// close closes the links.
func (a *attempt) close() error {
	var errs []error
	for _, p := range a.pages {
		errs = append(errs, p.link.close())
	}
	return errors.Join(errs...)
}

// perform runs the trial from the first connection to the last message.
func (a *attempt) perform(ctx context.Context, client string) (record, [][]sight, error) {
	browser, err := a.browse(ctx, client)
	if err != nil {
		return nil, nil, err
	}
	defer browser.kill()

	a.begin = time.Now()
	var busy sync.WaitGroup
	for _, p := range a.pages {
		busy.Go(func() { a.disturb(ctx, p) })
	}
	if a.trial.kill > 0 {
		busy.Go(func() { a.fail(a.killServer(ctx)) })
	}
	published := a.publish(ctx)
	busy.Wait()
	if err := errors.Join(append(a.errs, ctx.Err())...); err != nil {
		return nil, nil, err
	}
	last := len(published)
	for last > 0 && published[last-1].IsZero() {
		last--
	}
	if last == 0 {
		return nil, nil, errors.New("the server confirmed no message")
	}
	seen, err := browser.finish(last)
	return published, seen, err
}

// fail remembers an error.
func (a *attempt) fail(err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if err != nil {
		a.errs = append(a.errs, err)
	}
}

// until waits for a time of the trial.
func (a *attempt) until(ctx context.Context, at time.Duration) {
	select {
	case <-time.After(time.Until(a.begin.Add(at))):
	case <-ctx.Done():
	}
}

// disturb cuts a page's link and restores it, as planned.
func (a *attempt) disturb(ctx context.Context, p page) {
	for _, c := range p.cuts {
		a.until(ctx, c.at)
		p.link.cut(c.how, c.bytes)
		a.until(ctx, c.restore)
		p.link.restore()
	}
}

// killServer kills the server and starts it again.
func (a *attempt) killServer(ctx context.Context) error {
	a.until(ctx, a.trial.kill)
	a.server.kill()
	a.until(ctx, a.trial.restart)
	s, err := a.peer.start(ctx, a.addr, a.log)
	if err != nil {
		return err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.server, a.answering = s, time.Now()
	return nil
}

// publish gives the server messages at the rate, as a job that reports its progress does, and returns when each was confirmed.
// Where the server or the machine was slow, what is overdue follows at once: all services get as many messages.
func (a *attempt) publish(ctx context.Context) record {
	published := make(record, rate*int(a.trial.length/time.Second))
	for i := range published {
		n := i + 1
		a.until(ctx, time.Duration(n)*time.Second/rate)
		message := fmt.Sprintf(`{"n":%d,"server":"game-%02d","percent":%d}`, n, n%40, n%101)
		if err := a.post(ctx, message); err == nil {
			published[i] = time.Now()
		} else if a.trial.kill == 0 || ctx.Err() != nil {
			a.fail(err)
			return published
		}
	}
	return published
}

// post publishes one message.
func (a *attempt) post(ctx context.Context, message string) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	return call(ctx, http.MethodPost, a.addr, "/publish", strings.NewReader(message))
}

// judge sums up what the pages saw, by group.
func (a *attempt) judge(published record, seen [][]sight) map[string]*tally {
	sums := map[string]*tally{}
	for i, p := range a.pages {
		var restored []time.Time
		for _, c := range p.cuts {
			restored = append(restored, a.begin.Add(c.restore))
		}
		if a.trial.kill > 0 && len(restored) == 0 {
			restored = append(restored, a.answering)
		}
		if sums[p.group] == nil {
			sums[p.group] = &tally{}
		}
		sums[p.group].add(judge(published, seen[i], restored, p.link.connections()))
	}
	return sums
}

// A browser is the process of the pages.
type browser struct {
	cmd   *exec.Cmd
	in    io.WriteCloser
	out   *bufio.Reader
	log   *bytes.Buffer
	pages int
}

// browse starts the pages and returns once all are connected.
func (a *attempt) browse(ctx context.Context, client string) (*browser, error) {
	settings := pagesOf{
		Peer:     a.peer.client,
		Client:   "file://" + filepath.ToSlash(client),
		Backoff:  backoff.Milliseconds(),
		Grace:    pongTimeout.Milliseconds(),
		Patience: (patience / 2).Milliseconds(),
	}
	for _, p := range a.pages {
		settings.Ports = append(settings.Ports, p.link.port())
	}
	args, err := settings.arguments()
	if err != nil {
		return nil, err
	}
	b := &browser{cmd: exec.CommandContext(ctx, "node", args...), log: &bytes.Buffer{}, pages: len(a.pages)}
	b.cmd.Stderr = b.log
	if b.in, err = b.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := b.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	b.out = bufio.NewReader(out)
	if err := b.cmd.Start(); err != nil {
		return nil, err
	}
	stuck := time.AfterFunc(patience, func() { _ = b.cmd.Process.Kill() })
	line, err := b.out.ReadString('\n')
	if !stuck.Stop() || line != "ready\n" {
		b.kill()
		return nil, fmt.Errorf("the pages of %s did not connect: %w\n%s%s", a.peer.name, err, line, b.log)
	}
	return b, nil
}

// finish waits until every page has the message with this number, or time is up, and returns what each saw.
func (b *browser) finish(last int) ([][]sight, error) {
	if _, err := io.WriteString(b.in, strconv.Itoa(last)+"\n"); err != nil {
		return nil, err
	}
	var seen [][]sight
	if err := json.NewDecoder(b.out).Decode(&seen); err != nil {
		return nil, fmt.Errorf("what the pages saw: %w\n%s", err, b.log)
	}
	if len(seen) != b.pages {
		return nil, fmt.Errorf("%d pages said what they saw, want %d", len(seen), b.pages)
	}
	return seen, nil
}

// kill ends the pages.
func (b *browser) kill() {
	_ = b.cmd.Process.Kill() // an error would mean that they have ended
	_ = b.cmd.Wait()
}
