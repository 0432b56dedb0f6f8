package redislayer_test

import (
	"testing"

	"wsgen/golden/backends"
	"wsgen/templates/project/internal/ws"
	"wsgen/templates/project/internal/ws/layertest"
	"wsgen/templates/project/internal/ws/redislayer"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// open opens a backend on a server. It is closed with the test.
func open(t testing.TB, url string) *redislayer.Backend {
	t.Helper()
	c := redislayer.DefaultConfig("test")
	c.URL = url
	b, err := redislayer.Open(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	})
	return b
}

// TestConformance: what every backend does.
func TestConformance(t *testing.T) {
	t.Parallel()
	server := backends.StartRedis(t)
	layertest.Run(t, layertest.Suite{Open: func(t testing.TB) ws.Backend { return open(t, server.URL) }})
}
