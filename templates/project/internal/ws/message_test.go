package ws_test

import (
	"context"
	"testing"

	"wsgen/templates/project/internal/ws"
	"wsgen/templates/project/internal/ws/wstest"
)

// TestJSON: there and back, and what is no JSON is an error of the handler's to judge.
func TestJSON(t *testing.T) {
	type order struct {
		Item string `json:"item"`
		N    int    `json:"n"`
	}
	app, _ := newApp(t, syncRoute(&funcs{receive: func(ctx context.Context, s *ws.Socket, m ws.Message) error {
		var o order
		if err := m.Decode(&o); err != nil {
			return ws.Close(4000, err.Error())
		}
		o.N++
		return s.Send(ctx, ws.JSON(o))
	}}))
	sock := wstest.Connect(t, app, "/ws")
	sock.SendJSON(order{Item: "tea", N: 1})
	sock.ExpectJSON(order{Item: "tea", N: 2})
	sock.Send("{")
	if reason := sock.ExpectClose(4000); reason != "ws: decode message: unexpected end of JSON input" {
		t.Errorf("reason %q", reason)
	}
}

func TestCloseStatusError(t *testing.T) {
	for want, st := range map[string]ws.CloseStatus{
		"ws: socket is closed: code 1000":             {Code: 1000},
		"ws: socket is closed: code 4008: too slow":   {Code: 4008, Reason: "too slow"},
		"ws: socket is closed: code 1006: net broken": {Code: 1006, Reason: "net broken", Remote: true},
	} {
		if got := st.Error(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
