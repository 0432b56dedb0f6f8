package natslayer_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"wsgen/golden/backends"
	"wsgen/templates/project/internal/ws"
	"wsgen/templates/project/internal/ws/natslayer"
)

func TestConfig(t *testing.T) {
	file := filepath.Join(t.TempDir(), "creds")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	const secret = "s3cret"
	for name, test := range map[string]struct {
		change func(c *natslayer.Config)
		want   []string // in the error, or none
	}{
		"default":     {func(*natslayer.Config) {}, nil},
		"credentials": {func(c *natslayer.Config) { c.Credentials = file }, nil},
		"several":     {func(c *natslayer.Config) { c.URL = "nats://u:" + secret + "@a:4222, tls://b" }, nil},
		"no URL":      {func(c *natslayer.Config) { c.URL = "" }, []string{"NATS_URL"}},
		"scheme":      {func(c *natslayer.Config) { c.URL = "http://u:" + secret + "@a" }, []string{"NATS_URL", "nats://"}},
		"broken":      {func(c *natslayer.Config) { c.URL = "nats://a,nats://u:" + secret + "%zz@b" }, []string{"NATS_URL", "address 2"}},
		"no file":     {func(c *natslayer.Config) { c.Credentials = file + "x" }, []string{"NATS_CREDENTIALS", file + "x"}},
		"replicas":    {func(c *natslayer.Config) { c.Replicas = 2 }, []string{"NATS_REPLICAS=2"}},
		"prefix":      {func(c *natslayer.Config) { c.Prefix = "a.b" }, []string{`NATS_PREFIX="a.b"`}},
		"no prefix":   {func(c *natslayer.Config) { c.Prefix = "" }, []string{"NATS_PREFIX"}},
		"all":         {func(c *natslayer.Config) { *c = natslayer.Config{Prefix: "ä"} }, []string{"NATS_URL", "NATS_PREFIX", "NATS_REPLICAS=0"}},
	} {
		t.Run(name, func(t *testing.T) {
			c := natslayer.DefaultConfig("my-service_1")
			test.change(&c)
			err := c.Validate()
			if err == nil {
				if len(test.want) > 0 {
					t.Error("valid")
				}
				return
			}
			if len(test.want) == 0 || strings.Contains(err.Error(), secret) {
				t.Error(err)
			}
			for _, want := range test.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%v: it does not say %s", err, want)
				}
			}
			if _, opened := natslayer.Open(t.Context(), c); opened == nil || !strings.Contains(opened.Error(), test.want[0]) {
				t.Errorf("opened: %v", opened)
			}
		})
	}
}

// TestOpen: it waits for a server as long as its context lets it, and says which settings to look at.
func TestOpen(t *testing.T) {
	server := backends.StartNATS(t, `authorization: {user: u, password: p}`)
	c := natslayer.DefaultConfig("test")
	c.URL = "nats://u:p@" + server.Addr()
	b, err := natslayer.Open(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Close(); err != nil {
		t.Error(err)
	}
	c.URL = "nats://u:wrong@" + server.Addr()
	if _, err := natslayer.Open(t.Context(), c); err == nil || !strings.Contains(err.Error(), "NATS_CREDENTIALS") || strings.Contains(err.Error(), "wrong") ||
		!strings.Contains(err.Error(), "connect to "+server.Addr()+",") {
		t.Errorf("with a wrong password: %v", err)
	}
	server.Kill()
	c.URL = "nats://u:p@" + server.Addr()
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if _, err := natslayer.Open(ctx, c); err == nil || !strings.Contains(err.Error(), "NATS_URL") {
		t.Errorf("without a server: %v", err)
	}
	opened := make(chan error)
	go func() {
		b, err := natslayer.Open(t.Context(), c)
		if err == nil {
			err = b.Close()
		}
		opened <- err
	}()
	server.Start()
	if err := <-opened; err != nil {
		t.Errorf("with a server that comes late: %v", err)
	}
}

// TestWithoutJetStream: groups work, and streams say what is missing.
func TestWithoutJetStream(t *testing.T) {
	server := backends.StartNATS(t, "jetstream: false")
	b, l := start(t, server)
	if err := b.Subscribe(t.Context(), "group:plain"); err != nil {
		t.Fatal(err)
	}
	if err := b.Publish(t.Context(), "group:plain", ws.Envelope{}); err != nil {
		t.Fatal(err)
	}
	l.await(t, "group:plain", "a message", func(got []ws.Envelope) bool { return len(got) == 1 })
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	_, appended := b.Append(ctx, "group:job:1", ws.Append{History: keep})
	ctx, cancel = context.WithTimeout(t.Context(), patience)
	defer cancel()
	_, read := b.Read(ctx, "group:job:1", keep, 0, 1)
	for _, err := range []error{appended, read} {
		if err == nil || !strings.Contains(err.Error(), "--jetstream") {
			t.Errorf("%v", err)
		}
	}
}

// TestTooLarge: a message that the server does not take is an error that says what to change.
func TestTooLarge(t *testing.T) {
	server := backends.StartNATS(t, "max_payload: 1000")
	b, _ := start(t, server)
	e := ws.Envelope{Data: make([]byte, 2000)}
	_, appended := b.Append(t.Context(), "group:job:1", ws.Append{History: keep, Envelope: e})
	for _, err := range []error{appended, b.Publish(t.Context(), "group:plain", e)} {
		if err == nil || !strings.Contains(err.Error(), "max_payload") || !strings.Contains(err.Error(), "1000") {
			t.Errorf("%v", err)
		}
	}
	if at := add(t, b, "group:job:1", "small"); at.Offset == 0 {
		t.Errorf("at %+v", at)
	}
}
