package ws_test

import (
	"context"
	"log/slog"
	"net/http/httptest"
	"strings"
	"testing"

	"wsgen/templates/project/internal/ws"
	"wsgen/templates/project/internal/ws/wstest"
)

// TestDebugTellsWhatSocketsDo: in debug, and only there, the log follows every connection.
func TestDebugTellsWhatSocketsDo(t *testing.T) {
	for _, level := range []slog.Level{slog.LevelDebug, slog.LevelInfo} {
		lines := captureLog(t)
		slog.SetDefault(slog.New(slog.NewTextHandler(lines, &slog.HandlerOptions{Level: level})))
		app, _ := newApp(t,
			syncRoute(&funcs{}),
			ws.Sync("/n/{n:int}", func(ws.Params) ws.SyncConsumer {
				return syncFuncs{&funcs{connect: func(context.Context, *ws.Handshake) error { return ws.Deny(403, "members only") }}}
			}))
		wstest.Denied(t, app, "/n/1", 403)
		wstest.ConnectRefused(t, app, "/n/1", 4503)
		wstest.Denied(t, app, "/n/x", 404)
		app.ServeHTTP(newRecorder(), httptest.NewRequest("GET", "/ws", nil))
		wstest.Connect(t, app, "/ws").Close(4001)
		text := lines.String()
		for line, n := range map[string]int{
			`msg="ws: handshake denied" route=/n/{n:int} client=192.0.2.1 error="ws: denied with status 403: members only"`: 2,
			`msg="ws: a parameter is not what its converter takes" route=/n/{n:int} path=/n/x`:                              1,
			`msg="ws: not a WebSocket handshake" route=/ws status=426`:                                                      1,
			`msg="ws: socket accepted" route=/ws socket=`:                                                                   1,
			`code=4001 reason="" remote=true`:                                                                               1,
		} {
			if level > slog.LevelDebug {
				n = 0
			}
			if got := strings.Count(text, line); got != n {
				t.Errorf("at %v %d lines with %q, want %d:\n%s", level, got, line, n, text)
			}
		}
	}
}
