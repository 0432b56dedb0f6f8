// Package natslayer is a layer over NATS: a [ws.Backend] and a [ws.Log] that the processes of a service share. What it publishes
// are plain messages of NATS; what it keeps is in JetStream. It needs nats-server 2.11 or later, with JetStream where the service
// has streams.
//
// # Topics
//
// A topic is a subject, <prefix>.g.<topic>, with every character written as =XX that a subject cannot have. A Publish returns when
// the server has taken the message: it answers a ping that was sent behind it, one for all that publish at the time.
//
// # Streams
//
// Each family has a stream in JetStream, <prefix>=<family>, and of each topic in it four kinds of messages, whose subjects begin
// with <prefix>.s.<family>.<topic>:
//
//	.r.<key>  a record; with keep: latest, each key has a subject, of which JetStream keeps one message
//	.s        the snapshot
//	.o        who holds the lease, and until when
//	.n        anything else that changes the state
//
// Every one carries the whole state of the topic after it in a header, so the newest message of any kind is all one has to read to
// know it. It is stored only if the one that its sender had read is still the newest of the topic (expected last sequence, over all
// four kinds): two processes cannot both act on the same state, and who has lost a lease can add nothing more. An offset is the
// sequence of the record in its JetStream stream. JetStream republishes records to the topic's subject, in their order.
//
// Of a topic's records, those are kept that the state says are: from the one behind Since on. JetStream lets go of them a little
// later, when there is something to gain, and of all that nobody has touched for two days. Time is the server's own.
//
// In a cluster of NATS servers, news of a subscription travels from server to server. What another process publishes to a group
// through another server, within moments of the first member's joining, may not reach it; what a stream keeps does.
package natslayer
