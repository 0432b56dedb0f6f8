// Package ws is the runtime of the service: it routes WebSocket handshakes to consumers, runs their handlers, carries group
// messages, and keeps every queue bounded.
//
// A consumer is a [SyncConsumer] or an [AsyncConsumer]. [NewRouter] makes the router of all routes, [Serve] runs it beside the
// HTTP handlers of the service, and a [Layer] reaches the members of a group, or one socket, from anywhere.
//
// The way of a message: the reader goroutine of a [Socket] takes it off the connection and puts it into the socket's inbox;
// a handler goroutine, which exists only while there is work, hands it to the consumer; what the consumer sends goes into
// the socket's outbox, and a writer goroutine, which exists only while there is something to write, puts all of it on the
// connection at once. An idle socket costs its reader alone.
//
// Locks, in the order in which they may be taken together: Socket.groupsMu, group.gate, Layer.mu or group.mu, inbox.mu or
// outbox.mu or gate.mu. Router.mu and Handshake.mu are taken alone. No lock is held while code of a consumer or a middleware
// runs.
package ws
