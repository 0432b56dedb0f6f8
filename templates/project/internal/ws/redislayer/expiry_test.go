package redislayer

import (
	"context"
	"errors"
	"testing"
	"time"

	"wsgen/golden/backends"
	"wsgen/templates/project/internal/ws"
)

// started returns a backend that runs, and is closed with the test.
func started(t *testing.T) *Backend {
	t.Helper()
	c := DefaultConfig("test")
	c.URL = backends.StartRedis(t).URL
	b, err := Open(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := b.Start(func(string, ws.Envelope) {}); err != nil {
		t.Fatal(err)
	}
	return b
}

// left returns how long a key has to live yet; 0 where it is not there.
func (b *Backend) left(t *testing.T, key string) time.Duration {
	t.Helper()
	ms, err := b.client.Do(t.Context(), b.client.B().Pttl().Key(key).Build()).AsInt64()
	switch {
	case err != nil:
		t.Fatal(err)
	case ms == -1:
		t.Fatalf("%s lives for ever", key)
	}
	return max(0, time.Duration(ms)*time.Millisecond)
}

// TestKeysExpire: what nobody wants any more, the server forgets by itself, and not before.
func TestKeysExpire(t *testing.T) {
	t.Parallel()
	b := started(t)
	ctx := t.Context()
	h := ws.History{Messages: 3, Bytes: 1 << 20, TTL: time.Hour}
	put := func(topic string, e ws.Envelope) error {
		_, err := b.Append(ctx, topic, ws.Append{History: h, Envelope: e})
		return err
	}
	read := func(topic string, limit int) error { _, err := b.Read(ctx, topic, h, 0, limit); return err }
	lease := func(topic string) error { _, err := b.Lease(ctx, topic, "me", time.Minute); return err }
	for name, test := range map[string]struct {
		use         func(topic string) error
		least, most time.Duration
		records     bool
	}{
		"looked at":     {func(s string) error { return read(s, -1) }, 0, 0, false},
		"read":          {func(s string) error { return read(s, 0) }, time.Hour, 2 * time.Hour, false},
		"appended to":   {func(s string) error { return errors.Join(put(s, ws.Envelope{}), put(s, ws.Envelope{})) }, time.Hour, 2 * time.Hour, true},
		"read before":   {func(s string) error { return errors.Join(read(s, 0), put(s, ws.Envelope{})) }, time.Hour, 2 * time.Hour, true},
		"ended":         {func(s string) error { return put(s, ws.Envelope{End: ws.JobDone}) }, ws.ResultTTL, 2 * ws.ResultTTL, true},
		"saved":         {func(s string) error { _, err := b.Save(ctx, s, ws.Append{History: h}); return err }, ws.ResultTTL, 2 * ws.ResultTTL, false},
		"leased":        {lease, ws.ResultTTL + 59*time.Second, 2 * ws.ResultTTL, false},
		"subscribed to": {func(s string) error { return errors.Join(read(s, 0), b.Subscribe(ctx, s)) }, time.Hour, 2 * time.Hour, false},
		"joined and left": {func(s string) error {
			return errors.Join(b.Subscribe(ctx, s), read(s, 0), b.Unsubscribe(ctx, s))
		}, time.Second, time.Minute, false},
		"joined, used and left": {func(s string) error {
			return errors.Join(b.Subscribe(ctx, s), put(s, ws.Envelope{}), b.Unsubscribe(ctx, s))
		}, time.Hour, 2 * time.Hour, true},
	} {
		topic := "group:" + name
		p := b.part(topic)
		if err := test.use(topic); err != nil {
			t.Fatal(err)
		}
		state, log := b.left(t, p.streamKey(topic)), b.left(t, p.logKey(topic))
		if state < test.least-time.Second || state > test.most {
			t.Errorf("%s: the state lives for %v, want %v to %v", name, state, test.least, test.most)
		}
		if (log > 0) != test.records || test.records && (log-state).Abs() > time.Second {
			t.Errorf("%s: the records live for %v, the state for %v", name, log, state)
		}
	}
}

// TestTouch keeps alive what is subscribed to, records and all.
func TestTouch(t *testing.T) {
	t.Parallel()
	b := started(t)
	ctx := t.Context()
	const topic, other = "group:quiet", "group:never used"
	h := ws.History{Messages: 3, Bytes: 1 << 20, TTL: time.Millisecond * 100}
	if err := errors.Join(b.Subscribe(ctx, topic), b.Subscribe(ctx, other)); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Append(ctx, topic, ws.Append{History: h}); err != nil {
		t.Fatal(err)
	}
	p := b.part(topic)
	before := b.left(t, p.streamKey(topic))
	p.link.touchSome(p, []string{topic, other})
	for _, key := range []string{p.streamKey(topic), p.logKey(topic)} {
		if after := b.left(t, key); after < 6*touchEvery || after <= before {
			t.Errorf("%s lived for %v, and now for %v", key, before, after)
		}
	}
	if b.left(t, b.part(other).streamKey(other)) != 0 {
		t.Error("a stream that nobody has used is kept")
	}
}

// TestEviction: a server that is short of memory may drop one of the two keys. The stream goes on under another epoch.
func TestEviction(t *testing.T) {
	t.Parallel()
	b := started(t)
	ctx := t.Context()
	h := ws.History{Messages: 3, Bytes: 1 << 20, TTL: time.Hour, Latest: true}
	for name, key := range map[string]func(*part, string) string{"the records": (*part).logKey, "the state": (*part).streamKey} {
		topic := "group:" + name
		put := func() ws.Position {
			at, err := b.Append(ctx, topic, ws.Append{History: h, Envelope: ws.Envelope{Data: []byte("x"), Key: "k"}})
			if err != nil {
				t.Fatal(err)
			}
			return at
		}
		before := put()
		if err := b.client.Do(ctx, b.client.B().Del().Key(key(b.part(topic), topic)).Build()).Error(); err != nil {
			t.Fatal(err)
		}
		page, err := b.Read(ctx, topic, h, 0, 10)
		if err != nil || page.Epoch == before.Epoch || len(page.Records) > 0 || page.Since != page.Top {
			t.Errorf("%s: %+v, %v", name, page, err)
		}
		at := put()
		page, err = b.Read(ctx, topic, h, 0, 10)
		if err != nil || page.Epoch != at.Epoch || len(page.Records) != 1 || page.Top != at.Offset {
			t.Errorf("%s: %+v, %v", name, page, err)
		}
	}
}

func TestVersion(t *testing.T) {
	for version, ok := range map[string]bool{"7.0.15": true, "8.0.0": true, "10.1": true, "6.2.14": false, "": false, "x": false} {
		if err := checkVersion("# Server\r\nredis_version:" + version + "\r\nother:1\r\n"); (err == nil) != ok || err != nil && !errors.Is(err, errOld) {
			t.Errorf("%q: %v", version, err)
		}
	}
}

// FuzzParseMessage: whatever comes over a channel, there is an envelope or an error.
func FuzzParseMessage(f *testing.F) {
	for _, text := range []string{"", "p", "p\x01\x00hi", "repoch 7 \x01\x00hi", "r 7 \x01\x00", "repoch x \x01\x00", "repoch 0 \x01\x00", "repoch"} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		e, err := parseMessage(b)
		if err == nil && len(b) > 0 && b[0] == kindRecord && (e.Epoch == "" || e.Offset == 0) {
			t.Errorf("%q: %+v", b, e)
		}
	})
}

// TestScriptOfAnotherRun: a server that was started again never runs a script that was made for the run before, however a process
// comes by it.
func TestScriptOfAnotherRun(t *testing.T) {
	t.Parallel()
	b := started(t)
	p := b.part("x")
	before := p.server.name()
	if err := b.client.Do(t.Context(), b.client.B().ScriptFlush().Build()).Error(); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Append(context.Background(), "x", ws.Append{History: ws.History{Messages: 1, Bytes: 1, TTL: time.Hour}}); err != nil {
		t.Fatal(err)
	}
	if after := p.server.name(); after != before {
		t.Errorf("the same run has another script: %s, %s", before, after)
	}
}
