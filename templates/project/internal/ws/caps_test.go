package ws_test

import (
	"context"
	"net/netip"
	"testing"

	"wsgen/templates/project/internal/ws"
	"wsgen/templates/project/internal/ws/wstest"
)

func TestConnectionCaps(t *testing.T) {
	limits := ws.DefaultLimits()
	limits.MaxConnections, limits.MaxPerIP = 3, 2
	app, _ := newAppWith(t, limits, syncRoute(&funcs{}))
	other := wstest.From(netip.MustParseAddr("2001:db8::1"))
	one := wstest.Connect(t, app, "/ws")
	wstest.Connect(t, app, "/ws")
	wstest.Denied(t, app, "/ws", 429)
	wstest.Denied(t, app, "/ws", 429, wstest.V1()) // before the upgrade, whatever the client
	wstest.Connect(t, app, "/ws", other)
	wstest.Denied(t, app, "/ws", 503, other)
	if n := app.Stats().Refused; n != 3 {
		t.Errorf("%d refused", n)
	}
	one.Close(1000)
	awaitSockets(t, app, 2)
	wstest.Connect(t, app, "/ws")
	wstest.Denied(t, app, "/ws", 503)
}

func TestDenialsGiveTheirPlaceBack(t *testing.T) {
	limits := ws.DefaultLimits()
	limits.MaxConnections = 1
	app, _ := newAppWith(t, limits, syncRoute(&funcs{connect: func(context.Context, *ws.Handshake) error { return ws.Deny(403, "no") }}))
	for range 3 {
		wstest.Denied(t, app, "/ws", 403)
		wstest.ConnectRefused(t, app, "/ws", 4503)
		awaitSockets(t, app, 0)
	}
}
