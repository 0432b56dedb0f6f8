// Command melody is a server on the library of that name, set up as its documentation does for a chat.
package main

import (
	"log"
	"net/http"

	"github.com/olahol/melody"

	"load/servers/serve"
)

func main() {
	serve.Run(func(mux *http.ServeMux, s serve.Settings) error {
		group, echo := create(s), create(s)
		group.HandleMessage(func(_ *melody.Session, message []byte) { report(group.Broadcast(message)) })
		echo.HandleMessage(func(session *melody.Session, message []byte) { report(session.Write(message)) })
		mux.HandleFunc("/group", func(w http.ResponseWriter, r *http.Request) { report(group.HandleRequest(w, r)) })
		mux.HandleFunc("/echo", func(w http.ResponseWriter, r *http.Request) { report(echo.HandleRequest(w, r)) })
		return nil
	})
}

// create returns one with the common settings.
func create(s serve.Settings) *melody.Melody {
	m := melody.New()
	m.Config.MaxMessageSize = serve.MaxMessage
	m.Config.PingPeriod = s.Ping
	m.Config.PongWait = s.Ping + s.Pong
	return m
}

func report(err error) {
	if err != nil {
		log.Println(err)
	}
}
