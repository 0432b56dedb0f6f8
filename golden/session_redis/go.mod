module example.com/session_redis

go 1.24.0

require (
	github.com/alexedwards/scs/v2 v2.9.0
	github.com/caarlos0/env/v11 v11.3.1
	github.com/gorilla/websocket v1.5.3
	github.com/redis/rueidis v1.0.69
)

require golang.org/x/sys v0.39.0 // indirect
