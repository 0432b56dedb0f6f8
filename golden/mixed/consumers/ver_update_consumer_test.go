package consumers_test

import (
	"testing"

	"example.com/mixed/consumers"
	"example.com/mixed/internal/ws"
	"example.com/mixed/internal/ws/wstest"
	"example.com/mixed/routing"
	"example.com/mixed/settings"
)

// TestVerUpdateConsumerEchoes connects to the whole service, without a port, and expects its own message back.
func TestVerUpdateConsumerEchoes(t *testing.T) {
	for _, path := range []string{
		"/ws/job/6f9619ff-8b86-4d01-b42d-000000000001",
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
