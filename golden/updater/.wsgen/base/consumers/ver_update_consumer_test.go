package consumers_test

import (
	"testing"

	"example.com/updater/consumers"
	"example.com/updater/internal/ws"
	"example.com/updater/internal/ws/wstest"
	"example.com/updater/routing"
	"example.com/updater/settings"
)

// TestVerUpdateConsumerEchoes connects to the whole service, without a port, and expects its own message back.
func TestVerUpdateConsumerEchoes(t *testing.T) {
	for _, path := range []string{
		"/ws/updates/lobby",
	} {
		t.Run(path, func(t *testing.T) {
			layer := ws.NewMemoryLayer()
			app := routing.New(settings.Defaults(), layer, consumers.Deps{Layer: layer})
			sock := wstest.Connect(t, app, path)
			sock.Send("hello")
			sock.Expect("hello")
			sock.Close(1000)
		})
	}
}
