package login_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"wsgen/templates/project/internal/ws"
	"wsgen/templates/project/internal/ws/jwt"
	login "wsgen/templates/project/login/jwt"
)

// service returns a function that sends a request, with a token if there is one, and returns the status and the answer.
func service(t *testing.T, c jwt.Config, debug bool) func(method, path, token string, fields url.Values) (int, string) {
	t.Helper()
	mux := http.NewServeMux()
	login.Add(mux, debug)
	mux.HandleFunc("GET /me", func(w http.ResponseWriter, r *http.Request) {
		if user := ws.UserOf(r.Context()); user != nil {
			_, _ = io.WriteString(w, user.ID)
		}
	})
	handler := ws.NewUsers(jwt.New(c, debug), nil).Requests(mux)
	return func(method, path, token string, fields url.Values) (int, string) {
		r := httptest.NewRequest(method, path, strings.NewReader(fields.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		if token != "" {
			r.Header.Set("Authorization", "Bearer "+token)
		}
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		return w.Code, strings.TrimSpace(w.Body.String())
	}
}

// In debug whoever gives a name gets a token that the service believes, with a key or without.
func TestLogin(t *testing.T) {
	keyed := jwt.DefaultConfig("service")
	keyed.Key = "a secret that is long enough for HS256"
	for name, c := range map[string]jwt.Config{"a key": keyed, "no key": jwt.DefaultConfig("service")} {
		ask := service(t, c, true)
		if status, got := ask("GET", "/login", "", nil); status != 200 || got != `{"demo":true}` {
			t.Errorf("%s: %d %s", name, status, got)
		}
		status, token := ask("POST", "/login", "", url.Values{"name": {"alice"}})
		if status != 200 || strings.Count(token, ".") != 2 {
			t.Fatalf("%s: %d %s", name, status, token)
		}
		if _, got := ask("GET", "/me", token, nil); got != "alice" {
			t.Errorf("%s: it is %q", name, got)
		}
		for _, bad := range []string{"", strings.Repeat("a", 101), strings.Repeat("a", 5000)} {
			if status, got := ask("POST", "/login", "", url.Values{"name": {bad}}); status != 401 {
				t.Errorf("%s: as %.10s: %d %s", name, bad, status, got)
			}
		}
	}
}

// What believes everybody is for debug only; and what cannot sign says so.
func TestNoTokens(t *testing.T) {
	c := jwt.DefaultConfig("service")
	c.Key = "a secret that is long enough for HS256"
	ask := service(t, c, false)
	if status, got := ask("POST", "/login", "", url.Values{"name": {"alice"}, "debug": {"true"}}); status != 401 {
		t.Errorf("without debug: %d %s", status, got)
	}
	if _, got := ask("GET", "/login", "", nil); got != `{"demo":false}` {
		t.Error(got)
	}
	c.Algorithm, c.Key = jwt.EdDSA, ""
	ask = service(t, c, true)
	if status, got := ask("POST", "/login", "", url.Values{"name": {"alice"}}); status != 404 || !strings.Contains(got, "signed elsewhere") {
		t.Errorf("with a public key: %d %s", status, got)
	}
	if _, got := ask("GET", "/login", "", nil); got != `{"demo":false}` {
		t.Error(got)
	}
}
