package consumers_test

import (
	"testing"

	"example.com/mixed/consumers"
	"example.com/mixed/internal/ws"
	"example.com/mixed/internal/ws/wstest"
	"example.com/mixed/routing"
	"example.com/mixed/settings"
)

// TestHTTPAPIConsumerEchoes connects to the whole service, without a port, and expects its own message back.
func TestHTTPAPIConsumerEchoes(t *testing.T) {
	for _, path := range []string{
		"/ws/a-b.c~d/lobby2",
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
