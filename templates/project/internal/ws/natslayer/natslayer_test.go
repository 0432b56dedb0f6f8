package natslayer_test

import (
	"testing"

	"go.uber.org/goleak"

	"wsgen/golden/backends"
	"wsgen/templates/project/internal/ws"
	"wsgen/templates/project/internal/ws/layertest"
	"wsgen/templates/project/internal/ws/natslayer"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// open connects to a server, as one process of a service does.
func open(t testing.TB, server *backends.NATS) *natslayer.Backend {
	t.Helper()
	c := natslayer.DefaultConfig("test")
	c.URL = server.URL
	b, err := natslayer.Open(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestLayer: it does what every backend has to do.
func TestLayer(t *testing.T) {
	server := backends.StartNATS(t)
	layertest.Run(t, layertest.Suite{Open: func(t testing.TB) ws.Backend { return open(t, server) }})
}
