// Command centrifuge is a server on the library of that name, set up as its documentation says, with JSON as browsers speak it. An echo is
// an RPC, and the group is a channel without history.
package main

import (
	"context"
	"log"
	"net/http"

	"github.com/centrifugal/centrifuge"

	"load/servers/serve"
)

func main() {
	serve.Run(func(mux *http.ServeMux, s serve.Settings) error {
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
		node.OnConnect(func(c *centrifuge.Client) { answer(node, c) })
		if err := node.Run(); err != nil {
			return err
		}
		mux.Handle("/ws", centrifuge.NewWebsocketHandler(node, centrifuge.WebsocketConfig{
			CheckOrigin:    func(*http.Request) bool { return true },
			PingPongConfig: centrifuge.PingPongConfig{PingInterval: s.Ping, PongTimeout: s.Pong},
		}))
		return nil
	})
}

// answer lets a client subscribe, publish and call.
func answer(node *centrifuge.Node, c *centrifuge.Client) {
	c.OnSubscribe(func(_ centrifuge.SubscribeEvent, done centrifuge.SubscribeCallback) {
		done(centrifuge.SubscribeReply{}, nil)
	})
	c.OnPublish(func(e centrifuge.PublishEvent, done centrifuge.PublishCallback) {
		result, err := node.Publish(e.Channel, e.Data) // so that who sent it is not told with each message, as nowhere else
		done(centrifuge.PublishReply{Result: &result}, err)
	})
	c.OnRPC(func(e centrifuge.RPCEvent, done centrifuge.RPCCallback) {
		done(centrifuge.RPCReply{Data: e.Data}, nil)
	})
}
