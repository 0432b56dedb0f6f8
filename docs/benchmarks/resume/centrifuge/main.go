// Command centrifuge is a server on the library of that name, set up as its documentation says for channels that recover: what
// is posted to /publish goes to the channel "job:bench" and into its history.
package main

import (
	"context"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"strconv"
	"time"

	"github.com/centrifugal/centrifuge"
)

func main() {
	if err := run(); err != nil {
		log.Fatal(err)
	}
}

// settings come from the driver, so that the three servers get the same.
type settings struct {
	addr       string
	history    int
	ping, pong time.Duration
}

// load reads the environment.
func load() (settings, error) {
	s := settings{addr: os.Getenv("ADDR")}
	var err error
	if s.history, err = strconv.Atoi(os.Getenv("HISTORY")); err != nil {
		return s, fmt.Errorf("HISTORY: %w", err)
	}
	if s.ping, err = time.ParseDuration(os.Getenv("PING_INTERVAL")); err != nil {
		return s, fmt.Errorf("PING_INTERVAL: %w", err)
	}
	if s.pong, err = time.ParseDuration(os.Getenv("PONG_TIMEOUT")); err != nil {
		return s, fmt.Errorf("PONG_TIMEOUT: %w", err)
	}
	return s, nil
}

// run serves until the process is killed.
func run() error {
	s, err := load()
	if err != nil {
		return err
	}
	node, err := centrifuge.New(centrifuge.Config{
		LogLevel:   centrifuge.LogLevelWarn,
		LogHandler: func(e centrifuge.LogEntry) { log.Println(e.Message, e.Fields) },
	})
	if err != nil {
		return err
	}
	node.OnConnecting(func(context.Context, centrifuge.ConnectEvent) (centrifuge.ConnectReply, error) {
		return centrifuge.ConnectReply{Credentials: &centrifuge.Credentials{UserID: "page"}}, nil
	})
	node.OnConnect(func(c *centrifuge.Client) {
		c.OnSubscribe(func(_ centrifuge.SubscribeEvent, answer centrifuge.SubscribeCallback) {
			answer(centrifuge.SubscribeReply{Options: centrifuge.SubscribeOptions{EnableRecovery: true}}, nil)
		})
	})
	if err := node.Run(); err != nil {
		return err
	}

	mux := http.NewServeMux()
	mux.Handle("/ws", centrifuge.NewWebsocketHandler(node, centrifuge.WebsocketConfig{
		CheckOrigin:    func(*http.Request) bool { return true },
		PingPongConfig: centrifuge.PingPongConfig{PingInterval: s.ping, PongTimeout: s.pong},
	}))
	mux.HandleFunc("GET /healthz", func(http.ResponseWriter, *http.Request) {})
	mux.HandleFunc("POST /publish", func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<10))
		if err == nil {
			_, err = node.Publish("job:bench", body, centrifuge.WithHistory(s.history, 10*time.Minute))
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
		}
	})
	return http.ListenAndServe(s.addr, mux)
}
