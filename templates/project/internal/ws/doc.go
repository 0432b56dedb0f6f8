// Package ws is the runtime of the service: it routes WebSocket handshakes to consumers, runs their handlers, carries group
// messages, and keeps every queue bounded.
//
// A consumer is a [SyncConsumer] or an [AsyncConsumer]. [NewRouter] makes the router of all routes, [Serve] runs it beside the
// HTTP handlers of the service, and a [Layer] reaches the members of a group, or one socket, from anywhere.
//
// The way of a message: the reader goroutine of a [Socket] takes it off the connection and puts it into the socket's inbox;
// a goroutine of the crew, which serves all sockets, hands it to the consumer; what the consumer sends goes into the socket's
// outbox, and a writer goroutine, which exists only while there is something to write, puts all of it on the connection at once.
// A lone answer is written by the Send that brings it, and what goes to a group by the flusher, a few goroutines for all sockets,
// both as far as the peer takes it at once. An idle socket costs its reader alone.
//
// A group that keeps history is a [Stream], which lives in the [Log] of the layer's backend; a page that comes back is sent what
// it missed by a pump, a goroutine of its socket that ends when nothing is missing, see follow.go. [Jobs] publish to streams and
// outlive the pages that started them.
//
// Locks, in the order in which they may be taken together: Socket.groupsMu, group.gate, follower.mu; or that of a stream in the
// log, which is held over a delivery, and then Layer.mu or group.mu; behind either streams.mu, inbox.mu, outbox.mu, gate.mu, line.mu
// or crew.mu. Besides, Router.mu goes before crew.mu, and clients.mu before commands.mu before outbox.mu. Handshake.mu is taken
// alone. No lock is held while code of a consumer or a middleware runs, and the log is never called under group.mu.
package ws
