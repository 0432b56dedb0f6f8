package ws

import (
	"bytes"
	"compress/flate"
	"encoding/hex"
	"encoding/json"
	"io"
	"os"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"
)

// example is one entry of docs/protocol-examples.json, which the tests of the JavaScript client read too.
type example struct {
	Name      string
	Form      string
	Direction string
	Text      *string
	Hex       string
	Kind      string
	Fields    map[string]any
	FrameHex  string `json:"frame_hex"`
}

// data returns the payload of the example's frame.
func (e example) data(t *testing.T) []byte {
	if e.Text != nil {
		return []byte(*e.Text)
	}
	return unhex(t, e.Hex)
}

// payload returns what the frame carries behind its kind.
func (e example) payload(t *testing.T) []byte {
	if text, ok := e.Fields["payload"].(string); ok {
		return []byte(text)
	}
	text, _ := e.Fields["payload_hex"].(string)
	return unhex(t, text)
}

// text, number and truth return a field, or the zero value where there is none.
func (e example) text(name string) string   { s, _ := e.Fields[name].(string); return s }
func (e example) number(name string) uint64 { n, _ := e.Fields[name].(float64); return uint64(n) }
func (e example) truth(name string) bool    { b, _ := e.Fields[name].(bool); return b }

func unhex(t *testing.T, text string) []byte {
	t.Helper()
	data, err := hex.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func readExamples(t *testing.T) []example {
	t.Helper()
	text, err := os.ReadFile("../../../../docs/protocol-examples.json")
	if err != nil {
		t.Fatal(err)
	}
	var examples []example
	if err := json.Unmarshal(text, &examples); err != nil {
		t.Fatal(err)
	}
	if len(examples) < 30 {
		t.Fatalf("%d examples", len(examples))
	}
	return examples
}

func TestProtocolExamples(t *testing.T) {
	for _, e := range readExamples(t) {
		t.Run(e.Direction+"/"+e.Name, func(t *testing.T) {
			switch {
			case e.Form == "raw" && e.Direction == "to-server": // what arrives is the message
			case e.Direction == "to-server":
				checkIncoming(t, e)
			default:
				checkOutgoing(t, e)
			}
		})
	}
}

// checkIncoming parses a frame from a client.
func checkIncoming(t *testing.T, e example) {
	f, err := parseIncoming(e.data(t))
	if e.Kind == "error" {
		if err == nil {
			t.Fatalf("parsed as %+v, want an error", f)
		}
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	kinds := map[byte]string{
		kindMessage: "message", kindRequest: "request", kindPong: "pong", kindControl: "control", kindCommand: "command",
	}
	if kinds[f.kind] != e.Kind {
		t.Errorf("kind %q, want %q", kinds[f.kind], e.Kind)
	}
	if e.Kind == "control" {
		want := control{Type: e.text("type"), ID: e.text("id"), Stream: e.number("stream"), Epoch: e.text("epoch"), Offset: e.number("offset")}
		if f.control != want {
			t.Errorf("control %+v, want %+v", f.control, want)
		}
		return
	}
	if f.number != e.number("number") {
		t.Errorf("number %d, want %v", f.number, e.Fields["number"])
	}
	if id, _ := e.Fields["id"].(string); f.id != id {
		t.Errorf("id %q, want %q", f.id, id)
	}
	if !bytes.Equal(f.payload, e.payload(t)) {
		t.Errorf("payload %q, want %q", f.payload, e.payload(t))
	}
}

// checkOutgoing frames what the example says, and compares all of its bytes.
func checkOutgoing(t *testing.T, e example) {
	p := outgoing(t, e)
	frame := p.appendTo(nil)
	if len(frame) != p.size() {
		t.Errorf("size() %d, but %d bytes", p.size(), len(frame))
	}
	want := appendHeader(nil, frame[0], len(e.data(t)))
	want = append(want, e.data(t)...)
	if e.FrameHex != "" {
		want = unhex(t, e.FrameHex)
	}
	if !bytes.Equal(frame, want) {
		t.Errorf("frame\n%x, want\n%x", frame, want)
	}
}

func outgoing(t *testing.T, e example) piece {
	form := formRaw
	if e.Form == "wsgen.1" {
		form = formV1
	}
	m := Message{Data: e.payload(t), Binary: e.Text == nil}
	switch e.Kind {
	case "message":
		return messagePiece(m, form, string(kindMessage))
	case "reply":
		return messagePiece(m, form, string(kindRequest)+e.text("id")+":")
	case "stream":
		return messagePiece(m, form, streamPrefix(e.number("stream"), e.number("offset")))
	case "ack":
		return *ackPiece(e.number("number"))
	case "ping":
		return piece{opcode: opText, prefix: string(kindPing)}
	case "control":
		return *controlPiece(outgoingControl(t, e))
	}
	t.Fatalf("kind %q is not known", e.Kind)
	return piece{}
}

// outgoingControl returns the control frame that the example's fields describe.
func outgoingControl(t *testing.T, e example) any {
	typ, id, reason, epoch, stream := e.text("type"), e.text("id"), e.text("reason"), e.text("epoch"), e.number("stream")
	switch typ {
	case "hello":
		return helloControl{
			Type: typ, ID: id, Protocol: e.text("protocol"),
			PingMS: int64(e.number("ping_ms")), PongMS: int64(e.number("pong_ms")), Acks: e.truth("acks"),
		}
	case "missed":
		return missedControl{Type: typ, Group: e.text("group")}
	case "failed":
		return failedControl{Type: typ, ID: id}
	case "close":
		return closeControl{Type: typ, Code: int(e.number("code")), Reason: reason}
	case "joined":
		return joinedControl{Type: typ, Stream: stream, Name: e.text("name"), Epoch: epoch, Top: e.number("top")}
	case "recovered":
		return recoveredControl{
			Type: typ, Stream: stream, Recovered: e.truth("recovered"), Reason: reason,
			Epoch: epoch, Offset: e.number("offset"), Snapshot: e.truth("snapshot"),
		}
	case "ended":
		return endedControl{Type: typ, Stream: stream, Offset: e.number("offset"), State: JobState(e.text("state")), Reason: reason}
	case "left":
		return leftControl{Type: typ, Stream: stream}
	}
	t.Fatalf("type %q is not known", typ)
	return nil
}

func FuzzParseIncoming(f *testing.F) {
	for _, seed := range []string{"", "m", "mhello", "r1:x", "r:", "q", `c{"type":"client","id":"00112233445566778899aabbccddeeff"}`, "n1:x", "n9007199254740992:", "n01:", "\xff"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		frame, err := parseIncoming(data)
		if err != nil {
			if !utf8.ValidString(err.Error()) {
				t.Errorf("error %q is not UTF-8, and goes into a close frame", err)
			}
			return
		}
		// What was parsed gives the same bytes again.
		again := []byte{frame.kind}
		if frame.kind == kindRequest {
			again = append(append(again, frame.id...), ':')
			if frame.id == "" || len(frame.id) > maxRequestID {
				t.Errorf("id %q", frame.id)
			}
		}
		if frame.kind == kindCommand {
			again = append(strconv.AppendUint(again, frame.number, 10), ':')
			if frame.number == 0 || frame.number > maxCommand {
				t.Errorf("number %d", frame.number)
			}
		}
		if again = append(again, frame.payload...); !bytes.Equal(again, data) {
			t.Errorf("%q became %q", data, again)
		}
	})
}

func TestFrameHeader(t *testing.T) {
	for n, want := range map[int]string{0: "8200", 125: "827d", 126: "827e007e", 65535: "827effff", 65536: "827f0000000000010000"} {
		p := &piece{opcode: opBinary, payload: make([]byte, n)}
		frame := p.appendTo(nil)
		if got := hex.EncodeToString(frame[:len(frame)-n]); got != want {
			t.Errorf("%d bytes: header %s, want %s", n, got, want)
		}
		if p.size() != len(frame) {
			t.Errorf("%d bytes: size() %d, but %d", n, p.size(), len(frame))
		}
	}
}

func TestCompressedFrame(t *testing.T) {
	text := strings.Repeat("all work and no play ", 1000)
	p := messagePiece(Message{Data: []byte(text)}, formV1Compressed, string(kindMessage))
	frame := p.appendTo(nil)
	if len(frame) > len(text)/10 {
		t.Fatalf("%d bytes of %d", len(frame), len(text))
	}
	if frame[0] != flagFinal|flagCompressed|opText {
		t.Errorf("first byte %x", frame[0])
	}
	header := len(appendHeader(nil, 0, len(frame))) // of this length it is the same
	// RFC 7692, section 7.2.2: the receiver puts the end of the block back.
	body := append(bytes.Clone(frame[header:]), 0, 0, 0xff, 0xff)
	got, err := io.ReadAll(flate.NewReader(bytes.NewReader(body)))
	if err != nil && err != io.ErrUnexpectedEOF {
		t.Fatal(err)
	}
	if string(got) != "m"+text {
		t.Errorf("inflated to %d bytes", len(got))
	}
	if short := messagePiece(Message{Data: []byte("short")}, formRawCompressed, ""); short.framed != nil {
		t.Error("a short message is compressed")
	}
}

func TestCloseReason(t *testing.T) {
	long := strings.Repeat("€", 100)
	for _, test := range []struct{ reason, want string }{
		{"", ""},
		{"members only", "members only"},
		{strings.Repeat("x", 200), strings.Repeat("x", 123)},
		{long, long[:123]},
		{"x" + long, "x" + long[:120]},
		{"a\xffb", "a?b"},
		{strings.Repeat("\xff", 200), "?"},
	} {
		if got := closeReason(test.reason); got != test.want {
			t.Errorf("closeReason(%q) = %q, want %q", test.reason, got, test.want)
		}
	}
}
