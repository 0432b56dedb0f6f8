package consumers_test

import (
	"net/http"
	"testing"

	"example.com/jwt_nats/consumers"
	"example.com/jwt_nats/internal/ws"
	"example.com/jwt_nats/internal/ws/wstest"
	"example.com/jwt_nats/routing"
	"example.com/jwt_nats/settings"
)

// TestDeskConsumerEchoes connects to the whole service, without a port, and expects its own message back.
func TestDeskConsumerEchoes(t *testing.T) {
	for _, path := range []string{
		"/ws/desk/lobby",
	} {
		t.Run(path, func(t *testing.T) {
			layer := ws.NewMemoryLayer()
			app := routing.New(settings.Defaults(), layer, consumers.Deps{Layer: layer})
			sock := wstest.Connect(t, app, path, wstest.User("alice"))
			sock.Send("hello")
			sock.Expect("hello")
			sock.Close(1000)
		})
	}
}

// TestDeskConsumerWantsAUser connects without having logged in.
func TestDeskConsumerWantsAUser(t *testing.T) {
	layer := ws.NewMemoryLayer()
	app := routing.New(settings.Defaults(), layer, consumers.Deps{Layer: layer})
	wstest.Denied(t, app, "/ws/desk/lobby", http.StatusUnauthorized)
}
