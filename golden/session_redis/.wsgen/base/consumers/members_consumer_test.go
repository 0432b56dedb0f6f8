package consumers_test

import (
	"net/http"
	"testing"

	"example.com/session_redis/consumers"
	"example.com/session_redis/internal/ws"
	"example.com/session_redis/internal/ws/wstest"
	"example.com/session_redis/routing"
	"example.com/session_redis/settings"
)

// TestMembersConsumerEchoes connects to the whole service, without a port, and expects its own message back.
func TestMembersConsumerEchoes(t *testing.T) {
	for _, path := range []string{
		"/ws/members",
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

// TestMembersConsumerWantsAUser connects without having logged in.
func TestMembersConsumerWantsAUser(t *testing.T) {
	layer := ws.NewMemoryLayer()
	app := routing.New(settings.Defaults(), layer, consumers.Deps{Layer: layer})
	wstest.Denied(t, app, "/ws/members", http.StatusUnauthorized)
}
