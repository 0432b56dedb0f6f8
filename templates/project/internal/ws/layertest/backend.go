package layertest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"wsgen/templates/project/internal/ws"
)

// backendTests are the tests of what ws.Backend says.
func backendTests() map[string]func(*testing.T, Suite) {
	return map[string]func(*testing.T, Suite){
		"carry":         testCarry,
		"odd names":     testOddNames,
		"many topics":   testManyTopics,
		"order":         testOrder,
		"large":         testLarge,
		"copies":        testCopies,
		"come and go":   testComeAndGo,
		"ended context": testEndedContext,
		"closed":        testClosed,
	}
}

// testCarry: every part of an envelope arrives, in every process that subscribes, the sender's own too, and only there.
func testCarry(t *testing.T, s Suite) {
	all := s.processes(t, 3)
	topic, other := newTopic(), newTopic()
	all[0].subscribe(t, topic, other)
	all[1].subscribe(t, topic)
	all[2].subscribe(t, other)
	sent := []ws.Envelope{
		{Data: []byte("text")},
		{Data: []byte{0, 0xff, '\n'}, Binary: true},
		{},
		{Event: "an event, ünd söme", Data: []byte("{}")},
		{Key: "a\x00key\n", Data: []byte("x")},
		{To: "node.socket", Data: []byte("x")},
	}
	for _, e := range sent {
		all[0].publish(t, topic, e)
	}
	all[1].publishText(t, other, "the last")
	for i, p := range all[:2] {
		for k, got := range p.delivered(t, topic, len(sent)) {
			if !same(got, sent[k]) {
				t.Errorf("process %d: %+v, want %+v", i, got, sent[k])
			}
		}
	}
	for i, p := range []*process{all[0], all[2]} {
		if got := p.delivered(t, other, 1); texts(got) != "[the last]" {
			t.Errorf("process %d: %s", i, texts(got))
		}
	}
	if !s.Alone {
		if n := len(all[2].delivered(t, topic, 0)); n > 0 {
			t.Errorf("%d envelopes for a process that has not subscribed", n)
		}
	}
}

// oddNames are names of groups that mean something to one server or another, or differ in little.
func oddNames() []string {
	return []string{
		"*", ">", "a.b", "a.*", "a.>", ".a", "a.", "..", " ", "a b", "{a}", "{a", "a}", "[a-z]", "?", "\\", "\\*", "%41", "=41", "A", "a",
		"$JS.API.>", "$SYS", "_INBOX.x", "+", "#", "/", "\"", "'", "`", "\u00e4", "a\u0308", "漢字", "😀", "a:b", "a:b:", "::", "-", "_", "__keyspace@0__", "nul",
		strings.Repeat("x", 190), strings.Repeat("x", 189) + "y", strings.Repeat("😀", 47),
	}
}

// testOddNames: whatever a group is called, it is its own, as a topic and as a stream.
func testOddNames(t *testing.T, s Suite) {
	all := s.processes(t, 2)
	prefix := "group:" + newFamily()[:6] + ":"
	for _, name := range oddNames() {
		all[1].subscribe(t, prefix+name)
	}
	for _, name := range oddNames() {
		all[0].publishText(t, prefix+name, "to "+name)
		all[0].append(t, prefix+name, keepMany, name, "kept "+name)
	}
	for _, name := range oddNames() {
		want := fmt.Sprintf("[to %s kept %s]", name, name)
		if got := all[1].delivered(t, prefix+name, 2); texts(got) != want {
			t.Errorf("%q got %s", name, texts(got))
		}
		if page := all[1].read(t, prefix+name, keepMany, 0); texts(page.Records) != "[kept "+name+"]" || page.Records[0].Key != name {
			t.Errorf("%q keeps %s", name, texts(page.Records))
		}
	}
}

// testManyTopics: each gets what is its own, and no more of it than that.
func testManyTopics(t *testing.T, s Suite) {
	const topics = 500
	all := s.processes(t, 2)
	prefix := newTopic()
	var wg sync.WaitGroup
	for part := range 5 { // at once, as many sockets join
		wg.Go(func() {
			for i := part; i < topics; i += 5 {
				if err := all[1].backend.Subscribe(t.Context(), fmt.Sprint(prefix, i)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	for i := range topics {
		all[0].publishText(t, fmt.Sprint(prefix, i), fmt.Sprint(i))
	}
	all[0].publishText(t, fmt.Sprint(prefix, topics-1), "last")
	all[1].delivered(t, fmt.Sprint(prefix, topics-1), 2)
	for i := range topics - 1 {
		if got := all[1].delivered(t, fmt.Sprint(prefix, i), 1); texts(got) != fmt.Sprintf("[%d]", i) {
			t.Errorf("topic %d got %s", i, texts(got))
		}
	}
}

// testOrder: 100,000 messages from several senders of two processes arrive, each once, and those of a sender in order.
func testOrder(t *testing.T, s Suite) {
	const senders, each = 10, 10_000
	all := s.processes(t, 2)
	topic := newTopic()
	for _, p := range all {
		p.subscribe(t, topic)
	}
	var wg sync.WaitGroup
	for sender := range senders {
		wg.Go(func() {
			for i := range each {
				e := ws.Envelope{Key: fmt.Sprint(sender), Data: fmt.Append(nil, i)}
				if err := all[sender%2].backend.Publish(t.Context(), topic, e); err != nil {
					t.Errorf("sender %d, message %d: %v", sender, i, err)
					return
				}
			}
		})
	}
	wg.Wait()
	for i, p := range all {
		next := make(map[string]int)
		for _, e := range p.delivered(t, topic, senders*each) {
			if want := fmt.Sprint(next[e.Key]); string(e.Data) != want {
				t.Fatalf("process %d: message %s of sender %s, want %s (gap: %v)", i, e.Data, e.Key, want, e.Gap)
			}
			next[e.Key]++
		}
	}
}

// testLarge: a message of 1 MB, live and kept.
func testLarge(t *testing.T, s Suite) {
	all := s.processes(t, 2)
	topic := newTopic()
	h := ws.History{Messages: 10, Bytes: 10 << 20, TTL: keepMany.TTL}
	all[1].subscribe(t, topic)
	data := make([]byte, 1_000_000)
	for i := range data {
		data[i] = byte(i * i >> 7)
	}
	e := ws.Envelope{Data: data, Binary: true}
	all[0].publish(t, topic, e)
	at := all[0].appendAll(t, topic, ws.Append{History: h, Envelope: e})
	if _, err := all[0].log.Save(t.Context(), topic, ws.Append{History: h, Envelope: e}); err != nil {
		t.Fatal(err)
	}
	got := all[1].delivered(t, topic, 2)
	page := all[1].read(t, topic, h, 0)
	if !same(got[0], e) {
		t.Error("another message was delivered")
	}
	e.Epoch, e.Offset = at.Epoch, at.Offset
	switch {
	case !same(got[1], e), len(page.Records) != 1, !same(page.Records[0], e):
		t.Error("another message was appended")
	case page.Snapshot == nil || !same(*page.Snapshot, e):
		t.Error("another snapshot was saved")
	}
}

// testCopies: what is given to a backend is the caller's again when the call returns.
func testCopies(t *testing.T, s Suite) {
	all := s.processes(t, 2)
	topic := newTopic()
	all[1].subscribe(t, topic)
	data := []byte("0000")
	for i := range 100 {
		copy(data, fmt.Sprintf("%04d", i))
		a := ws.Append{History: keepMany, Envelope: ws.Envelope{Data: data}}
		all[0].appendAll(t, topic, a)
		if _, err := all[0].log.Save(t.Context(), topic, a); err != nil {
			t.Fatal(err)
		}
		copy(data, "XXXX")
		if !s.Alone { // in memory the layer copies what it sends to sockets
			copy(data, fmt.Sprintf("%04d", i))
			all[0].publish(t, topic, a.Envelope)
			copy(data, "XXXX")
		}
	}
	n := 200
	if s.Alone {
		n = 100
	}
	for i, e := range all[1].delivered(t, topic, n) {
		if want := fmt.Sprintf("%04d", i*100/n); string(e.Data) != want {
			t.Fatalf("delivered %s, want %s", e.Data, want)
		}
	}
	page := all[1].read(t, topic, keepMany, 0)
	for i, e := range page.Records {
		if want := fmt.Sprintf("%04d", i); string(e.Data) != want {
			t.Fatalf("kept %s, want %s", e.Data, want)
		}
	}
	if len(page.Records) != 100 || page.Snapshot == nil || string(page.Snapshot.Data) != "0099" {
		t.Errorf("%d records kept, snapshot %+v", len(page.Records), page.Snapshot)
	}
}

// testComeAndGo: when Subscribe has returned nothing is missed, and when Unsubscribe has, nothing comes, however often, while
// others send.
func testComeAndGo(t *testing.T, s Suite) {
	all := s.processes(t, 2)
	topic, busy := newTopic(), newTopic()
	all[1].subscribe(t, busy)
	over, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		for i := 0; ; i++ {
			select {
			case <-over:
				return
			default:
			}
			if err := all[0].backend.Publish(t.Context(), busy, ws.Envelope{Data: fmt.Append(nil, i)}); err != nil {
				t.Error(err)
				return
			}
		}
	}()
	for i := range 100 {
		all[1].subscribe(t, topic)
		all[0].publishText(t, topic, fmt.Sprint("p", i))
		all[0].append(t, topic, keepMany, "", fmt.Sprint("a", i))
		all[1].delivered(t, topic, 2*i+2)
		if err := all[1].backend.Unsubscribe(t.Context(), topic); err != nil {
			t.Fatal(err)
		}
		if s.Alone { // the layer itself knows that nobody listens
			continue
		}
		all[0].publishText(t, topic, "nobody listens")
	}
	close(over)
	<-stopped
	for i, e := range all[1].delivered(t, topic, 200) {
		if want := fmt.Sprint(string("pa"[i%2]), i/2); string(e.Data) != want {
			t.Fatalf("delivered %q, want %q", e.Data, want)
		}
	}
	for i, e := range all[1].delivered(t, busy, 0) {
		if string(e.Data) != fmt.Sprint(i) {
			t.Fatalf("message %s of the busy topic comes at place %d", e.Data, i)
		}
	}
}

// testEndedContext: no call waits longer than its context, and then it has an error, or was done before.
func testEndedContext(t *testing.T, s Suite) {
	if s.Alone {
		return // nothing in memory waits
	}
	p := s.processes(t, 1)[0]
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	topic := newTopic()
	p.append(t, topic, keepMany, "", "x")
	for name, err := range callAll(ctx, p, topic) {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if page := p.read(t, topic, keepMany, 0); texts(page.Records) != "[x]" {
		t.Errorf("kept %s", texts(page.Records))
	}
}

// callAll calls each method that asks the server for something.
func callAll(ctx context.Context, p *process, topic string) map[string]error {
	_, appended := p.log.Append(ctx, topic, ws.Append{History: keepMany})
	_, read := p.log.Read(ctx, topic, keepMany, 0, 1)
	_, saved := p.log.Save(ctx, topic, ws.Append{History: keepMany})
	_, leased := p.log.Lease(ctx, topic, "me", patience)
	_, lapsed := p.log.Lapsed(ctx)
	return map[string]error{
		"append": appended, "read": read, "save": saved, "lease": leased, "lapsed": lapsed,
		"release":   p.log.Release(ctx, topic, "me"),
		"cancel":    p.log.Cancel(ctx, topic),
		"forget":    p.log.Forget(ctx, topic),
		"subscribe": p.backend.Subscribe(ctx, topic),
		"publish":   p.backend.Publish(ctx, topic, ws.Envelope{}),
	}
}

// testClosed: a closed backend says so, and the others go on.
func testClosed(t *testing.T, s Suite) {
	p := s.process(t)
	topic := newTopic()
	p.subscribe(t, topic)
	p.append(t, topic, keepMany, "", "x")
	p.delivered(t, topic, 1)
	for range 2 {
		if err := p.backend.Close(); err != nil {
			t.Fatal(err)
		}
	}
	for name, err := range callAll(t.Context(), p, topic) {
		if !errors.Is(err, ws.ErrLayerClosed) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if s.Alone {
		return
	}
	other := s.process(t)
	other.subscribe(t, topic)
	other.append(t, topic, keepMany, "", "y")
	other.delivered(t, topic, 1)
	if page := other.read(t, topic, keepMany, 0); texts(page.Records) != "[x y]" {
		t.Errorf("kept %s", texts(page.Records))
	}
	if n := len(p.delivered(t, topic, 0)); n != 1 {
		t.Errorf("%d envelopes delivered to a closed backend", n-1)
	}
}
