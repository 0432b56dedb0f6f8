package consumers_test

import (
	"testing"

	"example.com/minimal/consumers"
	"example.com/minimal/internal/ws"
	"example.com/minimal/internal/ws/wstest"
	"example.com/minimal/routing"
	"example.com/minimal/settings"
)

// TestEchoConsumerEchoes connects to the whole service, without a port, and expects its own message back.
func TestEchoConsumerEchoes(t *testing.T) {
	for _, path := range []string{
		"/ws/echo",
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
