package natslayer_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"wsgen/golden/backends"
	"wsgen/templates/project/internal/ws"
	"wsgen/templates/project/internal/ws/wstest"
)

// pageOf is a consumer whose page follows a stream.
type pageOf struct{ group string }

func (p pageOf) Connect(ctx context.Context, h *ws.Handshake) error {
	s, err := h.Accept()
	if err != nil {
		return err
	}
	return s.Join(ctx, p.group)
}
func (pageOf) Receive(context.Context, *ws.Socket, ws.Message) error { return nil }
func (pageOf) Disconnect(context.Context, ws.CloseStatus)            {}

// connectPage connects a page of a process of its own that follows a stream.
func connectPage(t *testing.T, server *backends.NATS, family, group string, h ws.History) *wstest.Sock {
	t.Helper()
	layer, err := ws.NewLayer(open(t, server))
	if err != nil {
		t.Fatal(err)
	}
	layer.Keep(family, h)
	app := ws.NewRouter(ws.DefaultLimits(), layer, nil, ws.Sync("/ws", func(ws.Params) ws.SyncConsumer { return pageOf{group} }))
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := errors.Join(app.Drain(ctx, 0), layer.Close()); err != nil {
			t.Error(err)
		}
	})
	return wstest.Connect(t, app, "/ws", wstest.V1())
}

// TestKills: the server is killed again and again while two processes append and the pages of two others follow. Each page stays
// connected and gets every record that was appended, once and in order, and is never told that something is missing.
func TestKills(t *testing.T) {
	const writers, each, kills = 2, 400, 3
	const family, group = "job", "job:1"
	h := ws.History{Messages: 10 * writers * each, Bytes: 1 << 30, TTL: time.Hour}
	server := backends.StartNATS(t)
	pages := []*wstest.Sock{connectPage(t, server, family, group, h), connectPage(t, server, family, group, h)}
	step := make(chan struct{}, writers*each)
	var wg sync.WaitGroup
	appended := make([]map[string]bool, writers) // whether the call was successful
	for w := range writers {
		b, _ := start(t, server)
		appended[w] = make(map[string]bool)
		wg.Go(func() {
			for i := range each {
				text := fmt.Sprintf("%d/%d", w, i)
				_, err := b.Append(t.Context(), "group:"+group, ws.Append{History: h, Envelope: ws.Envelope{Data: []byte(text)}})
				appended[w][text] = err == nil
				step <- struct{}{}
			}
		})
	}
	witness, _ := start(t, server)
	for kill := range kills {
		for range writers * each / (kills + 1) {
			<-step
		}
		server.Kill()
		if kill%2 == 0 { // long enough for all to notice
			until(t, "not ready", func() bool { return witness.Ready() != nil })
		}
		server.Start()
	}
	wg.Wait()
	end := ws.Append{History: h, Envelope: ws.Envelope{Data: []byte("last")}}
	if _, err := witness.Append(t.Context(), "group:"+group, end); err != nil {
		t.Fatal(err)
	}
	var kept []string
	for after := uint64(0); ; {
		page, err := witness.Read(t.Context(), "group:"+group, h, after, 1000)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range page.Records {
			kept = append(kept, string(e.Data))
			after = e.Offset
		}
		if after == page.Top {
			break
		}
	}
	seen := make(map[string]int)
	for _, text := range kept {
		seen[text]++
		for i, page := range pages {
			if got := string(page.Receive().Data); got != text {
				t.Fatalf("page %d got %s, want %s", i, got, text)
			}
		}
	}
	failed := 0
	for _, texts := range appended {
		for text, ok := range texts {
			if n := seen[text]; n > 1 || n == 0 && ok {
				t.Errorf("%s is kept %d times; appended: %v", text, n, ok)
			}
			if !ok {
				failed++
			}
		}
	}
	t.Logf("%d records, %d calls failed", len(kept), failed)
}
