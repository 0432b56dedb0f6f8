package jwt_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	gojwt "github.com/golang-jwt/jwt/v5"
	"github.com/gorilla/websocket"
	"go.uber.org/goleak"

	"wsgen/templates/project/internal/ws"
	"wsgen/templates/project/internal/ws/jwt"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience bounds every wait of a test: it fails a test that would hang, and passes none.
const patience = time.Minute

// secret is the key of most tests.
const secret = "a secret that is long enough for HS256"

// room is a consumer that answers with what it knows of its user.
type room struct{}

func (room) Connect(context.Context, *ws.Handshake) error { return nil }

func (room) Receive(ctx context.Context, s *ws.Socket, m ws.Message) error {
	switch word := string(m.Data); word {
	case "header":
		m = ws.JSON(s.Scope().Header())
	case "role":
		role, _ := jwt.Claims(ctx)["role"].(string)
		m = ws.Text(role)
	case "offers":
		m = ws.Text(strings.Join(s.Scope().Subprotocols(), ","))
	default:
		m = ws.Text("nobody")
		if u := s.Scope().User(); u != nil {
			m = ws.Text(u.ID)
		}
	}
	return s.Send(ctx, m)
}

func (room) Disconnect(context.Context, ws.CloseStatus) {}

// deps is what consumers.Deps would be.
type deps struct{}

// FindUser implements ws.UserFinder.
func (deps) FindUser(_ context.Context, id string) (any, error) {
	switch id {
	case "gone":
		return nil, ws.ErrNoUser
	case "banned":
		return nil, ws.Deny(http.StatusForbidden, "banned")
	case "broken":
		return nil, errors.New("the database is down")
	}
	return nil, nil
}

// site is a service with tokens, on the loopback.
type site struct {
	t      *testing.T
	server *httptest.Server
	app    *ws.Router
}

// config is that of most tests, changed.
func config(change func(*jwt.Config)) jwt.Config {
	c := jwt.DefaultConfig("service")
	c.Key, c.Leeway = secret, 0
	if change != nil {
		change(&c)
	}
	return c
}

func newSite(t *testing.T, c jwt.Config) *site {
	t.Helper()
	layer := ws.NewMemoryLayer()
	users := ws.NewUsers(jwt.New(c, false), deps{})
	open := func(ws.Params) ws.SyncConsumer { return room{} }
	app := ws.NewRouter(ws.DefaultLimits(), layer, []ws.Middleware{ws.OriginValidator(ws.Origins{}, false), users.Handshake},
		ws.Sync("/ws/open", open), ws.Sync("/ws/members", open, ws.RequireUser())).Guard(users)
	mux := http.NewServeMux()
	mux.HandleFunc("GET /me", func(w http.ResponseWriter, r *http.Request) {
		answer := "nobody"
		if u := ws.UserOf(r.Context()); u != nil {
			answer = u.ID
		}
		_, _ = io.WriteString(w, answer)
	})
	requests := users.Requests(mux)
	s := &site{t: t, app: app}
	s.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if app.Handles(r) {
			app.ServeHTTP(w, r)
			return
		}
		requests.ServeHTTP(w, r)
	}))
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := errors.Join(app.Drain(ctx, 0), layer.Close()); err != nil {
			t.Error(err)
		}
		s.server.Close()
	})
	return s
}

// me asks over HTTP who is there.
func (s *site) me(authorization string) string {
	s.t.Helper()
	r, err := http.NewRequestWithContext(s.t.Context(), "GET", s.server.URL+"/me", nil)
	if err != nil {
		s.t.Fatal(err)
	}
	r.Header.Set("Authorization", authorization)
	response, err := s.server.Client().Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	body, err := io.ReadAll(response.Body)
	if err != nil || response.Body.Close() != nil || response.StatusCode != http.StatusOK {
		s.t.Fatal(response.Status, err)
	}
	return string(body)
}

// page is what a page of the site sends with a handshake.
func (s *site) page() http.Header { return http.Header{"Origin": {s.server.URL}} }

// dial opens a socket, or returns the answer that refuses it.
func (s *site) dial(path string, header http.Header, offers ...string) (*socket, *http.Response, error) {
	s.t.Helper()
	dialer := websocket.Dialer{HandshakeTimeout: patience, Subprotocols: offers}
	conn, response, err := dialer.DialContext(s.t.Context(), "ws"+strings.TrimPrefix(s.server.URL, "http")+path, header)
	if err != nil {
		return nil, response, err
	}
	s.t.Cleanup(func() { _ = conn.Close() })
	if err := conn.SetReadDeadline(time.Now().Add(patience)); err != nil {
		s.t.Fatal(err)
	}
	return &socket{t: s.t, conn: conn}, response, nil
}

// mustDial opens a socket with a token as a hand-written page does.
func (s *site) mustDial(path, token string) *socket {
	s.t.Helper()
	sock, _, err := s.dial(path, s.page(), "wsgen.raw", "wsgen.bearer."+token)
	if err != nil {
		s.t.Fatal(err)
	}
	return sock
}

// socket is an open one.
type socket struct {
	t    *testing.T
	conn *websocket.Conn
}

// says asks the consumer, and returns the answer.
func (s *socket) says(word string) string {
	s.t.Helper()
	if err := s.conn.WriteMessage(websocket.TextMessage, []byte(word)); err != nil {
		s.t.Fatal(err)
	}
	_, data, err := s.conn.ReadMessage()
	if err != nil {
		s.t.Fatal(err)
	}
	return string(data)
}

// closed waits for the close, and returns its code, its reason, and what the control frame before it said.
func (s *socket) closed() (code int, reason, control string) {
	s.t.Helper()
	for {
		_, data, err := s.conn.ReadMessage()
		var closed *websocket.CloseError
		switch {
		case errors.As(err, &closed):
			return closed.Code, closed.Text, control
		case err != nil:
			s.t.Fatal(err)
		case bytes.HasPrefix(data, []byte("c")):
			control = string(data[1:])
		}
	}
}

// claims are those of a token that holds, changed.
func claims(change func(gojwt.MapClaims)) gojwt.MapClaims {
	c := gojwt.MapClaims{"sub": "alice", "aud": "service", "iss": "https://login.example", "exp": time.Now().Add(time.Hour).Unix()}
	if change != nil {
		change(c)
	}
	return c
}

// sign makes a token.
func sign(t *testing.T, method gojwt.SigningMethod, key any, c gojwt.MapClaims, header ...string) string {
	t.Helper()
	token := gojwt.NewWithClaims(method, c)
	for i := 0; i < len(header); i += 2 {
		token.Header[header[i]] = header[i+1]
	}
	text, err := token.SignedString(key)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// good returns a token that holds.
func good(t *testing.T) string { return sign(t, gojwt.SigningMethodHS256, []byte(secret), claims(nil)) }

// pair is a key pair: the private key, and the public one in PEM.
type pair struct {
	private crypto.Signer
	public  string
}

func publicPEM(t *testing.T, key any) string {
	t.Helper()
	der, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
}

func newRSA(t *testing.T, bits int) pair {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, bits)
	if err != nil {
		t.Fatal(err)
	}
	return pair{key, publicPEM(t, key.Public())}
}

func newEd25519(t *testing.T) pair {
	t.Helper()
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return pair{private, publicPEM(t, public)}
}

// buffer is a place to log to.
type buffer struct {
	mu   sync.Mutex
	text strings.Builder
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

// captureLog catches all that the rest of the test logs.
func captureLog(t *testing.T) *buffer {
	old := slog.Default()
	t.Cleanup(func() { slog.SetDefault(old) })
	b := new(buffer)
	slog.SetDefault(slog.New(slog.NewTextHandler(b, &slog.HandlerOptions{Level: slog.LevelDebug})))
	return b
}

// writeFile writes a file that is gone with the test.
func writeFile(t *testing.T, text string) string {
	t.Helper()
	name := t.TempDir() + "/key"
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// controlOf reads the control frame of a close.
func controlOf(t *testing.T, text string) (code int, reason string) {
	t.Helper()
	var c struct {
		Type, Reason string
		Code         int
	}
	if err := json.Unmarshal([]byte(text), &c); err != nil || c.Type != "close" {
		t.Fatalf("control frame %q: %v", text, err)
	}
	return c.Code, c.Reason
}
