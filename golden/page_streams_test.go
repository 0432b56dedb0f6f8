package golden

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// following is a consumer that joins the stream of its job, passes on what it is sent, and ends the stream on request.
const following = `package consumers

import (
	"context"

	"example.com/mixed/internal/ws"
)

// VerUpdateConsumer joins the stream of its job.
type VerUpdateConsumer struct {
	deps   Deps
	params VerUpdateParams
}

// NewVerUpdateConsumer returns the consumer of one socket.
func NewVerUpdateConsumer(deps Deps, params VerUpdateParams) *VerUpdateConsumer {
	return &VerUpdateConsumer{deps: deps, params: params}
}

// Connect joins.
func (c *VerUpdateConsumer) Connect(ctx context.Context, h *ws.Handshake) error {
	s, err := h.Accept()
	if err != nil {
		return err
	}
	return s.Join(ctx, "job:"+c.params.Job)
}

// Receive passes a message on, or starts the job.
func (c *VerUpdateConsumer) Receive(ctx context.Context, _ *ws.Socket, m ws.Message) error {
	if string(m.Data) != "finish" {
		return c.deps.Layer.Send(ctx, "job:"+c.params.Job, m)
	}
	_, err := c.deps.Layer.Jobs().Start(ctx, c.params.Job, func(context.Context, *ws.Job) (ws.Message, error) {
		return ws.Text("all done"), nil
	})
	return err
}

// Disconnect has nothing to do.
func (c *VerUpdateConsumer) Disconnect(context.Context, ws.CloseStatus) {}
`

// buildFollowing builds golden/mixed with that consumer.
func buildFollowing(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "mixed")
	if err := os.CopyFS(dir, os.DirFS("mixed")); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "consumers", "ver_update_consumer.go"), []byte(following), 0o644); err != nil {
		t.Fatal(err)
	}
	return build(t, dir)
}

// The page shows what only a stream has: where a message stands, how the stream ended, and that messages are gone for good.
func TestPageShowsStreams(t *testing.T) {
	bin := buildFollowing(t)
	s := start(t, bin, "ALLOWED_ORIGINS=same-host")
	b := openBrowser(t)
	b.do(t, chromedp.Navigate(s.url))
	job := card{b, "/ws/job/{job:uuid}"}
	const stream = "job:00000000-0000-4000-8000-000000000000" // the page's own example
	job.do(t, chromedp.Click(job.css("[name=connect]")))
	job.shows(t, "open")
	say := func(text string) {
		t.Helper()
		evaluate[string](t, b, fmt.Sprintf("document.querySelector(%q).value = %q", job.css("[name=message]"), text))
		job.do(t, chromedp.Click(job.css("[name=send]")))
	}
	say("half way")
	job.logs(t, "← half way ("+stream+", 1)")
	say("finish")
	job.logs(t, stream+" ended: done, all done")

	if code := s.stop(t); code != 0 {
		t.Fatalf("it exited %d, want 0", code)
	}
	job.logs(t, "closed 1012, service restart; will reconnect")
	start(t, bin, "ALLOWED_ORIGINS=same-host", "ADDR="+strings.TrimPrefix(s.url, "http://"))
	job.logs(t, "messages of "+stream+" are gone: restarted")
	say("once more")
	job.logs(t, "← once more ("+stream+", 1)")
	if log := b.console.String(); strings.Contains(log, "TypeError") {
		t.Errorf("the page threw:\n%s", log)
	}
}
