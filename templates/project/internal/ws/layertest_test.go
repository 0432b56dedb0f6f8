package ws_test

import (
	"testing"

	"wsgen/templates/project/internal/ws"
	"wsgen/templates/project/internal/ws/layertest"
)

// TestMemoryBackend: what every backend has to do, the one in memory does.
func TestMemoryBackend(t *testing.T) {
	layertest.Run(t, layertest.Suite{Open: func(testing.TB) ws.Backend { return ws.NewMemoryBackend() }, Alone: true})
}
