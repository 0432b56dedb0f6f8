package ws

import (
	"context"
	"errors"
	"time"
)

// pump sends a page what it has not got of a stream. It alone judges whether that is all.
type pump struct {
	*follower
	fresh  bool   // the page has no position
	told   bool   // the page has had a verdict, and hears only of a change
	reason string // why the page cannot get all, found but not told yet
}

// Why a page was not sent all that it missed.
const (
	resetTrimmed   = "trimmed"
	resetRestarted = "restarted"
	resetAhead     = "ahead"
)

// pageRecords is how many records a pump reads at once.
const pageRecords = 128

// How often a pump reads in vain before it gives the socket up, and how long it waits after the first time; after each further
// one it is twice as long, about three seconds in all.
const (
	pumpTries   = 6
	pumpBackoff = 100 * time.Millisecond
)

// readTimeout bounds one reading of the log.
const readTimeout = 5 * time.Second

// run is the pump's goroutine.
func (p *pump) run() {
	for vain := 0; ; { // vain is how often in a row nothing came of it
		delivered := p.seen()
		page, err := p.read()
		if p.over() {
			return
		}
		at, told := p.at, p.told
		if err == nil && !p.send(page) {
			return
		}
		switch {
		case err == nil && p.complete(page) && p.turnLive(delivered):
			return
		case p.at != at || p.told != told:
			vain = 0
			continue
		}
		if vain++; vain == pumpTries || errors.Is(err, ErrLayerClosed) {
			p.giveUp(err)
			return
		}
		if !p.pause(pumpBackoff << (vain - 1)) {
			return
		}
	}
}

// read reads what is kept behind the follower's position.
func (p *pump) read() (Page, error) {
	ctx, cancel := context.WithTimeout(p.socket.ctx, readTimeout)
	defer cancel()
	return p.socket.router.layer.log.Read(ctx, groupTopic+p.group.name, p.history, p.at.Offset, pageRecords)
}

// over reports whether nothing more is to be sent.
func (p *pump) over() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.left || p.socket.ctx.Err() != nil
}

// send sends what was read behind the follower's position, after it judged whether that is all. It reports false where the
// socket has left the stream or ended.
func (p *pump) send(page Page) bool {
	p.judge(page)
	switch {
	case p.reason != "" && p.at.Offset > 0 && p.reason != resetTrimmed:
		// What was read is behind a position that means nothing. All that is kept will be sent.
		p.at = Position{Epoch: page.Epoch}
		return true
	case p.reason != "":
		if !p.reset(page) {
			return false
		}
	case !p.told:
		if !p.put(controlPiece(p.verdict(true, ""))) {
			return false
		}
	}
	p.told = true
	newest := p.newest(page.Records)
	for _, e := range page.Records {
		if e.Offset <= p.at.Offset {
			continue // a snapshot has it
		}
		if last, keyed := newest[e.Key]; keyed && e.Offset < last && e.End == "" {
			p.socket.router.counts.replaced.Add(1)
			continue
		}
		if !p.put(streamPiece(e, p.socket.form, p.number)) {
			return false
		}
		p.at.Offset = e.Offset
		p.socket.router.counts.replayed.Add(1)
	}
	return true
}

// newest returns the newest offset of each key, where the page wants no more of a key than that.
func (p *pump) newest(records []Envelope) map[string]uint64 {
	if !p.socket.out.byKey {
		return nil
	}
	newest := make(map[string]uint64)
	for _, e := range records {
		if e.Key != "" && e.End == "" {
			newest[e.Key] = e.Offset
		}
	}
	return newest
}

// judge finds out whether the page can be sent all that it missed. Nobody else decides that.
func (p *pump) judge(page Page) {
	switch {
	case p.reason != "": // it cannot, and is about to hear of it
	case p.fresh && !p.told:
		p.judgeFresh(page)
	case page.Epoch != p.at.Epoch:
		p.reason = resetRestarted
	case page.Top < p.at.Offset:
		if !p.lags() {
			p.reason = resetAhead
		}
	case page.Since > p.at.Offset:
		p.reason = resetTrimmed
	}
}

// judgeFresh judges for a page that has no position. What was gone before it joined, it has not missed; but where there is a
// snapshot, that tells it more than the rest of the messages does.
func (p *pump) judgeFresh(page Page) {
	switch {
	case page.Epoch != p.start.Epoch:
		p.reason = resetRestarted
	case page.Since > p.start.Offset, page.Since > 0 && page.Snapshot != nil:
		p.reason = resetTrimmed
	default:
		p.at = Position{Epoch: page.Epoch, Offset: page.Since}
	}
}

// reset tells the page that it missed something, and gives it the snapshot if there is one.
func (p *pump) reset(page Page) bool {
	p.at = Position{Epoch: page.Epoch, Offset: page.Since}
	if page.Snapshot != nil {
		p.at.Offset = max(page.Since, page.Snapshot.Offset)
	}
	c := p.verdict(false, p.reason)
	c.Snapshot = page.Snapshot != nil
	p.socket.router.counts.resets.add(1, "ws: pages told that they missed something of a stream; see streams in wsgen.yaml, and HISTORY_BYTES",
		"route", p.socket.scope.route.pattern, "socket", p.socket.id, "group", p.group.name, "reason", p.reason)
	p.reason = ""
	switch {
	case !p.put(controlPiece(c)):
		return false
	case page.Snapshot == nil:
		return true
	}
	snapshot := Envelope{Data: page.Snapshot.Data, Binary: page.Snapshot.Binary, Offset: p.at.Offset}
	return p.put(streamPiece(snapshot, p.socket.form, p.number))
}

// verdict returns the control frame that says from where the stream goes on for the page.
func (p *pump) verdict(recovered bool, reason string) recoveredControl {
	return recoveredControl{
		Type: "recovered", Stream: p.number, Recovered: recovered, Reason: reason, Epoch: p.at.Epoch, Offset: p.at.Offset,
	}
}

// complete reports whether the page of the log was the last one. One that ends before the follower's position lags behind.
func (p *pump) complete(page Page) bool {
	return p.reason == "" && p.at == Position{Epoch: page.Epoch, Offset: page.Top}
}

// pause waits, and reports false where the socket has ended.
func (p *pump) pause(d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-p.socket.ctx.Done():
		return false
	}
}

// errLag is why a pump gives up where no reading failed.
var errLag = errors.New("ws: the log has less of the stream than was delivered")

// giveUp closes a socket whose stream cannot be read. It comes back, and finds its place in the stream again.
func (p *pump) giveUp(err error) {
	if err == nil {
		err = errLag
	}
	s := p.socket
	s.router.counts.historyErrors.add(1, "ws: sockets closed because the history of a stream could not be read",
		"route", s.scope.route.pattern, "socket", s.id, "group", p.group.name, "code", CodeTryLater, "error", err)
	s.shut(ending{status: CloseStatus{Code: CodeTryLater, Reason: "history unavailable"}, keepInbox: true, flush: true})
}
