package consumers

import "example.com/jwt_nats/internal/ws"

// Deps is what every consumer is given: the things that live as long as the service does. Add yours, a database for one,
// and hand them over in main.go. Consumers of all sockets share them, so they must be safe for concurrent use.
type Deps struct {
	Layer *ws.Layer // sends to groups, from anywhere
}
