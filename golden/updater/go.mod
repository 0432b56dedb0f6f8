module example.com/updater

go 1.24.0

require (
	github.com/caarlos0/env/v11 v11.3.1
	github.com/gorilla/websocket v1.5.3
)
