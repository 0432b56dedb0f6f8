// Command centrifuge is a node on the library of that name with its Redis engine, set up as its documentation says, with JSON as
// browsers speak it. Channels that begin with "job:" keep a history and recover; all others only publish.
package main

import (
	"context"
	"log"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/centrifugal/centrifuge"
)

func main() {
	if err := run(); err != nil {
		log.Fatal(err)
	}
}

// run serves until the process is killed.
func run() error {
	node, err := centrifuge.New(centrifuge.Config{
		LogLevel:   centrifuge.LogLevelWarn,
		LogHandler: func(e centrifuge.LogEntry) { log.Println(e.Message, e.Fields) },
	})
	if err != nil {
		return err
	}
	shard, err := centrifuge.NewRedisShard(node, centrifuge.RedisShardConfig{Address: os.Getenv("REDIS_URL")})
	if err != nil {
		return err
	}
	broker, err := centrifuge.NewRedisBroker(node, centrifuge.RedisBrokerConfig{Shards: []*centrifuge.RedisShard{shard}})
	if err != nil {
		return err
	}
	node.SetBroker(broker)
	node.OnConnecting(func(context.Context, centrifuge.ConnectEvent) (centrifuge.ConnectReply, error) {
		return centrifuge.ConnectReply{Credentials: &centrifuge.Credentials{UserID: "page"}}, nil
	})
	node.OnConnect(func(c *centrifuge.Client) { answer(node, c) })
	if err := node.Run(); err != nil {
		return err
	}
	mux := http.NewServeMux()
	mux.Handle("/ws", centrifuge.NewWebsocketHandler(node, centrifuge.WebsocketConfig{
		CheckOrigin: func(*http.Request) bool { return true },
	}))
	mux.HandleFunc("GET /healthz", func(http.ResponseWriter, *http.Request) {})
	return http.ListenAndServe(os.Getenv("ADDR"), mux)
}

// The history that a channel keeps: that of the emitted service.
const (
	historySize = 1000
	historyTTL  = 10 * time.Minute
)

// keeps tells whether a channel keeps a history.
func keeps(channel string) bool { return strings.HasPrefix(channel, "job:") }

// answer lets a client subscribe and publish.
func answer(node *centrifuge.Node, c *centrifuge.Client) {
	c.OnSubscribe(func(e centrifuge.SubscribeEvent, done centrifuge.SubscribeCallback) {
		done(centrifuge.SubscribeReply{Options: centrifuge.SubscribeOptions{EnableRecovery: keeps(e.Channel)}}, nil)
	})
	c.OnPublish(func(e centrifuge.PublishEvent, done centrifuge.PublishCallback) {
		var options []centrifuge.PublishOption
		if keeps(e.Channel) {
			options = append(options, centrifuge.WithHistory(historySize, historyTTL))
		}
		result, err := node.Publish(e.Channel, e.Data, options...) // so that who sent it is not told with each message, as nowhere else
		done(centrifuge.PublishReply{Result: &result}, err)
	})
}
