package consumers_test

import (
	"testing"

	"example.com/jwt_nats/consumers"
	"example.com/jwt_nats/internal/ws"
	"example.com/jwt_nats/internal/ws/wstest"
	"example.com/jwt_nats/routing"
	"example.com/jwt_nats/settings"
)

// TestUpdatesConsumerEchoes connects to the whole service, without a port, and expects its own message back.
func TestUpdatesConsumerEchoes(t *testing.T) {
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
