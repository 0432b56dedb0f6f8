package backends

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"testing"
)

// NATS is a nats-server with JetStream that belongs to a test. It ends with the test.
type NATS struct {
	*server
	URL string // nats://127.0.0.1:<port>

	config string // what stands in its file of settings
}

// StartNATS starts a nats-server with JetStream. Further lines of configuration may be given, as "max_payload: 8MB".
func StartNATS(t testing.TB, lines ...string) *NATS {
	t.Helper()
	s := newServer(t, "nats-server")
	monitor := freeAddr(t)
	n := &NATS{server: s, URL: "nats://" + s.addr}
	n.config = fmt.Sprintf("listen: %q\nhttp: %q\njetstream: {store_dir: %q}\n", s.addr, monitor, filepath.Join(s.dir, "jetstream"))
	for _, line := range lines {
		n.config += line + "\n"
	}
	s.args = []string{"--config", filepath.Join(s.dir, "nats.conf")}
	s.ready = func(ctx context.Context) error { return healthy(ctx, monitor) }
	n.Start()
	return n
}

// Start starts the server, with what it had kept, and returns when it is ready. Nothing happens where it runs.
func (n *NATS) Start() {
	n.t.Helper()
	if err := os.WriteFile(filepath.Join(n.dir, "nats.conf"), []byte(n.config), 0o600); err != nil {
		n.t.Fatal(err)
	}
	n.server.Start()
}

// Restart stops the server and starts it again.
func (n *NATS) Restart() {
	n.t.Helper()
	n.Stop()
	n.Start()
}

// Empty starts the server again without all that it had kept, as one does whose disk is new.
func (n *NATS) Empty() {
	n.t.Helper()
	n.Kill()
	n.empty()
	n.Start()
}

// healthy asks a nats-server by HTTP whether it listens, and has its streams.
func healthy(ctx context.Context, monitor string) error {
	ctx, cancel := context.WithTimeout(ctx, patience/10)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+monitor+"/healthz", nil)
	if err != nil {
		return err
	}
	transport := &http.Transport{DisableKeepAlives: true}
	resp, err := (&http.Client{Transport: transport}).Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, 4096))
	if err == nil && resp.StatusCode != http.StatusOK {
		err = errors.New(string(body))
	}
	return err
}
