package main

// A contestant is a service, and the server that its processes work over.
type contestant struct {
	name         string // as the report has it
	server       string // what is started: contestants may share one
	store        string // redis or nats
	synced       bool   // what is kept is on the disk before the sender is told
	channelLayer string // Channels: the class of the layer
	groups       func() dialect
	streams      func() dialect // nil: it has none
}

// The servers that services work over.
const (
	redis = "redis"
	nats  = "nats"
)

// The services, as they are started.
const (
	emitted     = "emitted-" // and the store
	centrifuge  = "centrifuge"
	djangoOwned = "channels"
)

// The names that the report speaks of.
const (
	base        = "centrifuge, Redis"
	onRedis     = "emitted, Redis"
	onNATS      = "emitted, NATS"
	syncedRedis = "emitted, Redis, synced"
	lazyNATS    = "emitted, NATS, not synced"
	channels    = "channels_redis"
	channelsPub = "channels_redis, pub/sub"
)

// peers are the services compared; the first is what the others are measured by.
func peers() []contestant {
	wsgen := func(stream bool) func() dialect { return func() dialect { return wsgen1{stream} } }
	others := func(stream bool) func() dialect { return func() dialect { return centrifugal{stream} } }
	hand := func() dialect { return plain{} }
	return []contestant{
		{name: base, server: centrifuge, store: redis, groups: others(false), streams: others(true)},
		{name: onRedis, server: emitted + redis, store: redis, groups: wsgen(false), streams: wsgen(true)},
		{name: onNATS, server: emitted + nats, store: nats, synced: true, groups: wsgen(false), streams: wsgen(true)},
		{name: lazyNATS, server: emitted + nats, store: nats, streams: wsgen(true)},
		{name: syncedRedis, server: emitted + redis, store: redis, synced: true, streams: wsgen(true)},
		{name: channels, server: djangoOwned, store: redis, channelLayer: "channels_redis.core.RedisChannelLayer", groups: hand},
		{name: channelsPub, server: djangoOwned, store: redis, channelLayer: "channels_redis.pubsub.RedisPubSubChannelLayer", groups: hand},
	}
}
