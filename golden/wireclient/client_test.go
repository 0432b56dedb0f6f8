package wireclient

import (
	"bufio"
	"context"
	"crypto/sha1"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coder/websocket"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience bounds what a test waits for; it measures nothing.
const patience = time.Minute

// The examples of the protocol are read as they say.
func TestExamples(t *testing.T) {
	text, err := os.ReadFile("../../docs/protocol-examples.json")
	if err != nil {
		t.Fatal(err)
	}
	var examples []struct {
		Name, Form, Direction, Text, Hex, Kind string
		Fields                                 map[string]any
	}
	if err := json.Unmarshal(text, &examples); err != nil {
		t.Fatal(err)
	}
	kinds := make(map[string]int)
	for _, e := range examples {
		if e.Form != "wsgen.1" || e.Direction != "to-client" {
			continue
		}
		data := []byte(e.Text)
		if e.Hex != "" {
			if data, err = hex.DecodeString(e.Hex); err != nil {
				t.Fatal(err)
			}
		}
		f, err := parse(data)
		if err != nil {
			t.Errorf("%s: %v", e.Name, err)
			continue
		}
		kinds[e.Kind]++
		for name, want := range e.Fields {
			if got := f.field(t, name); fmt.Sprint(got) != plain(want) {
				t.Errorf("%s: %s is %v, want %v", e.Name, name, got, plain(want))
			}
		}
	}
	for _, kind := range []string{"message", "reply", "ping", "control", "stream", "ack"} {
		if kinds[kind] == 0 {
			t.Errorf("there is no example of a frame of kind %s", kind)
		}
	}
}

// plain returns a value of JSON as text; numbers are whole.
func plain(v any) string {
	if n, ok := v.(float64); ok {
		return fmt.Sprintf("%.0f", n)
	}
	return fmt.Sprint(v)
}

// field returns what a frame says under a name of the examples.
func (f frame) field(t *testing.T, name string) any {
	t.Helper()
	switch name {
	case "payload":
		return string(f.payload)
	case "payload_hex":
		return hex.EncodeToString(f.payload)
	case "number":
		return f.number
	}
	if f.kind == kindStream {
		return map[string]uint64{"stream": f.stream, "offset": f.offset}[name]
	}
	if f.kind == kindReply {
		return f.id
	}
	text, err := json.Marshal(f.control)
	if err != nil {
		t.Fatal(err)
	}
	var members map[string]any
	if err := json.Unmarshal(text, &members); err != nil {
		t.Fatal(err)
	}
	return plain(members[name])
}

func TestMalformed(t *testing.T) {
	for _, text := range []string{
		"", "x", "p1", "r1", "c", "c[]", "c{}", "s", "s1", "s1:", "s1:2", "s0:1:", "s01:1:", "s1:01:", "s-1:1:", "s1:+1:",
		"s1:9007199254740992:", "a", "a0", "a01", "a1:", "a 1",
	} {
		if f, err := parse([]byte(text)); !errors.Is(err, errFrame) {
			t.Errorf("%q is read as %+v (%v)", text, f, err)
		}
	}
}

// script is a service that plays its part on each connection: it writes the lines, and reads those that begin with "<". It has a
// path of its own: pages of other tests may still look for a service that had its port before.
func script(t *testing.T, parts ...string) *httptest.Server {
	t.Helper()
	var conns atomic.Int64 // one after another
	mux := http.NewServeMux()
	s := httptest.NewServer(mux)
	mux.HandleFunc("/script", func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), patience)
		defer cancel()
		conn, err := websocket.Accept(w, r, &websocket.AcceptOptions{Subprotocols: []string{"wsgen.1"}})
		if err != nil {
			t.Error(err)
			return
		}
		defer conn.CloseNow()
		n := int(conns.Add(1))
		for line := range strings.Lines(strings.TrimSpace(parts[n-1])) {
			line = strings.TrimSpace(line)
			want, read := strings.CutPrefix(line, "<")
			if !read {
				if err := conn.Write(ctx, websocket.MessageText, []byte(line)); err != nil {
					t.Errorf("write %s: %v", line, err)
				}
				continue
			}
			if _, got, err := conn.Read(ctx); err != nil || string(got) != want {
				t.Errorf("the client sends %q (%v), want %q", got, err, want)
			}
		}
		if n == len(parts) {
			_ = conn.Write(ctx, websocket.MessageText, []byte(`c{"type":"close","code":1000,"reason":"played"}`))
			_ = conn.Close(websocket.StatusNormalClosure, "played")
		}
	})
	t.Cleanup(s.Close)
	return s
}

// id is the client's in the scripts.
const id = "00112233445566778899aabbccddeeff"

// play runs a client against a script and returns what it tells, but for the ends of connections.
func play(t *testing.T, commands int, parts ...string) []string {
	t.Helper()
	s := script(t, parts...)
	var told []string
	c := New(Options{URL: "ws" + strings.TrimPrefix(s.URL, "http") + "/script", Origin: s.URL, ID: id, Events: func(e Event) {
		if e.Kind != Closed {
			told = append(told, fmt.Sprintf("%s %s %s/%d %s%s %s", e.Kind, e.Stream, e.Epoch, e.Offset, e.State, e.Reason, e.Data))
		}
	}})
	for n := range commands {
		c.Send(fmt.Append(nil, "cmd ", n+1), false)
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	var final *CloseError
	if err := c.Run(ctx); !errors.As(err, &final) || final.Code != 1000 {
		t.Errorf("the client ended with %v", err)
	}
	if n := c.Unacknowledged(); n != 0 {
		t.Errorf("%d commands are not acknowledged", n)
	}
	return told
}

const (
	client = `<c{"id":"` + id + `","type":"client"}` + "\n"
	hello  = `c{"type":"hello","id":"a","protocol":"","ping_ms":25000,"pong_ms":8000,"acks":true}` + "\n"
)

// wants compares what a client told.
func wants(t *testing.T, got []string, want ...string) {
	t.Helper()
	for i := range got {
		got[i] = strings.TrimSpace(got[i])
	}
	if !slices.Equal(got, want) {
		t.Errorf("it told\n\t%s\nwant\n\t%s", strings.Join(got, "\n\t"), strings.Join(want, "\n\t"))
	}
}

func TestStreamIsResumed(t *testing.T) {
	told := play(t, 0,
		client+hello+`c{"type":"joined","stream":1,"name":"a","epoch":"e1","top":1}
		<c{"stream":1,"type":"resume"}
		c{"type":"recovered","stream":1,"recovered":true,"reason":"","epoch":"e1","offset":0,"snapshot":false}
		s1:1:one
		p
		<q
		s1:3:three`,
		client+hello+`c{"type":"joined","stream":1,"name":"a","epoch":"e1","top":4}
		<c{"epoch":"e1","offset":3,"stream":1,"type":"resume"}
		c{"type":"recovered","stream":1,"recovered":false,"reason":"trimmed","epoch":"e1","offset":4,"snapshot":true}
		s1:4:state
		c{"type":"ended","stream":1,"offset":5,"state":"done","reason":""}
		s1:5:result
		c{"type":"left","stream":1}
		c{"type":"joined","stream":2,"name":"a","epoch":"e2","top":0}
		<c{"epoch":"e1","offset":5,"stream":2,"type":"resume"}
		c{"type":"recovered","stream":2,"recovered":false,"reason":"restarted","epoch":"e2","offset":0,"snapshot":false}`,
	)
	wants(t, told, "opened  /0", "joined a e1/1", "recovered a e1/0", "message a e1/1  one", "message a e1/3  three",
		"opened  /0", "joined a e1/4", "reset a e1/4 trimmed state", "end a e1/5 done result", "left a /0",
		"joined a e2/0", "reset a e2/0 restarted")
}

// Until the snapshot has come the client has been told nothing.
func TestAnnouncedSnapshotThatDoesNotCome(t *testing.T) {
	told := play(t, 0,
		client+hello+`c{"type":"joined","stream":1,"name":"a","epoch":"e1","top":1}
		<c{"stream":1,"type":"resume"}
		c{"type":"recovered","stream":1,"recovered":true,"reason":"","epoch":"e1","offset":1,"snapshot":false}
		s1:2:two`,
		client+hello+`c{"type":"joined","stream":1,"name":"a","epoch":"e2","top":7}
		<c{"epoch":"e1","offset":2,"stream":1,"type":"resume"}
		c{"type":"recovered","stream":1,"recovered":false,"reason":"restarted","epoch":"e2","offset":7,"snapshot":true}`,
		client+hello+`c{"type":"joined","stream":1,"name":"a","epoch":"e2","top":8}
		<c{"epoch":"e1","offset":2,"stream":1,"type":"resume"}
		c{"type":"recovered","stream":1,"recovered":false,"reason":"restarted","epoch":"e2","offset":8,"snapshot":true}
		s1:8:state`,
	)
	wants(t, told, "opened  /0", "joined a e1/1", "recovered a e1/1", "message a e1/2  two",
		"opened  /0", "joined a e2/7", "opened  /0", "joined a e2/8", "reset a e2/8 restarted state")
}

func TestCommandsAreSentAgain(t *testing.T) {
	play(t, 3,
		client+hello+"<n1:cmd 1\n<n2:cmd 2\n<n3:cmd 3\na1",
		client+hello+"<n2:cmd 2\n<n3:cmd 3\na2\na3",
	)
}

// The service may acknowledge on the first of the commands that come again what it has handled of the others, once. The client
// sends them nevertheless, as numbers may not jump, and awaits no other word.
func TestAcknowledgedBeforeTheyCameAgain(t *testing.T) {
	var c commands
	for n := range 5 {
		c.add([]byte{byte('a' + n)}, false)
	}
	send := func(want ...string) {
		t.Helper()
		for _, text := range want {
			if o, ok := c.next(true); !ok || string(o.data) != text {
				t.Fatalf("it sends %q, %v; want %q", o.data, ok, text)
			}
		}
	}
	send("n1:a", "n2:b", "n3:c", "n4:d")
	c.anew()
	send("n1:a", "n2:b")
	if !c.acknowledge(4) {
		t.Fatal("4 was sent, and may be acknowledged")
	}
	send("n3:c", "n4:d", "n5:e")
	if len(c.kept) != 1 {
		t.Errorf("%d commands wait for an acknowledgement, want the last one", len(c.kept))
	}
}

func TestBreachesAreTold(t *testing.T) {
	const joined = `c{"type":"joined","stream":1,"name":"a","epoch":"e","top":0}` + "\n" + `<c{"stream":1,"type":"resume"}` + "\n"
	const whole = `c{"type":"recovered","stream":1,"recovered":true,"reason":"","epoch":"e","offset":2,"snapshot":false}` + "\n"
	for _, part := range []string{
		"hello",
		hello,
		"a1",
		"s1:1:x",
		joined + "s1:1:x",
		joined + whole + "s1:2:x",
		joined + whole + "s1:3:x\ns1:3:x",
		joined + whole + whole,
		joined + whole + `c{"type":"ended","stream":1,"offset":3,"state":"over","reason":""}`,
		joined + whole + `c{"type":"ended","stream":1,"offset":3,"state":"done","reason":""}` + "\ns1:4:x",
		joined + whole + `c{"type":"recovered","stream":1,"recovered":false,"reason":"","epoch":"e","offset":2,"snapshot":false}`,
		joined + whole + `c{"type":"joined","stream":2,"name":"a","epoch":"e","top":0}`,
		joined + whole + `c{"type":"left","stream":1}` + "\ns1:3:x",
		`c{"type":"left","stream":7}`,
	} {
		told := play(t, 0, client+hello+part)
		if !slices.ContainsFunc(told, func(line string) bool { return strings.HasPrefix(line, "breach ") }) {
			t.Errorf("no breach is seen in\n%s\nbut\n%s", part, strings.Join(told, "\n"))
		}
	}
}

// A connection that ends in the middle of a message has not brought it.
func TestHalfAMessageIsNone(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	url := "http://" + listener.Addr().String()
	c := New(Options{URL: "ws" + strings.TrimPrefix(url, "http"), Origin: url, Events: func(e Event) {
		switch e.Kind {
		case Closed:
			cancel()
		case Message, Breach:
			t.Errorf("it tells of %+v", e)
		}
	}})
	over := make(chan struct{})
	go func() {
		defer close(over)
		_ = c.Run(ctx) // it ends with ctx
	}()
	conn, err := listener.Accept()
	if err != nil {
		t.Fatal(err)
	}
	r, err := http.ReadRequest(bufio.NewReader(conn))
	if err != nil {
		t.Fatal(err)
	}
	key := sha1.Sum([]byte(r.Header.Get("Sec-WebSocket-Key") + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
	answer := "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Protocol: wsgen.1\r\n" +
		"Sec-WebSocket-Accept: " + base64.StdEncoding.EncodeToString(key[:]) + "\r\n\r\n"
	// The head of a text frame of 5 bytes, and none of them.
	if _, err := io.WriteString(conn, answer+"\x81\x05"); err != nil {
		t.Fatal(err)
	}
	if err := conn.(*net.TCPConn).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	<-over
	_ = conn.Close() // it has ended
}
