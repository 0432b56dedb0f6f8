package login_test

import (
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"wsgen/templates/project/internal/ws"
	"wsgen/templates/project/internal/ws/session"
	login "wsgen/templates/project/login/session"
)

// visit returns a function that sends a request as one browser, with the fields of a form, and returns the answer.
func visit(t *testing.T, debug bool) func(method, path string, fields url.Values) string {
	t.Helper()
	layer := ws.NewMemoryLayer()
	mux := http.NewServeMux()
	login.Add(mux, debug)
	auth := session.New(session.DefaultConfig("service"), ws.Origins{}, debug, layer)
	server := httptest.NewTLSServer(ws.NewUsers(auth, nil).Requests(mux))
	t.Cleanup(func() {
		server.Close()
		if err := layer.Close(); err != nil {
			t.Error(err)
		}
	})
	client := server.Client()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	client.Jar = jar
	return func(method, path string, fields url.Values) string {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), method, server.URL+path, strings.NewReader(fields.Encode()))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		response, err := client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(response.Body)
		if err != nil || response.Body.Close() != nil {
			t.Fatal(err)
		}
		return strings.TrimSpace(response.Status + " " + string(body))
	}
}

func TestLogin(t *testing.T) {
	ask := visit(t, true)
	for _, step := range []struct {
		method, path, name, want string
	}{
		{"GET", "/login", "", `200 OK {"user":"","demo":true}`},
		{"POST", "/login", "", "401 Unauthorized 401 wrong name or password"},
		{"POST", "/login", strings.Repeat("a", 101), "401 Unauthorized 401 wrong name or password"},
		{"POST", "/login", strings.Repeat("a", 5000), "401 Unauthorized 401 wrong name or password"},
		{"POST", "/login", `<b>"alice"</b>`, "204 No Content"},
		{"GET", "/login", "", `200 OK {"user":"\u003cb\u003e\"alice\"\u003c/b\u003e","demo":true}`},
		{"POST", "/logout", "", "204 No Content"},
		{"GET", "/login", "", `200 OK {"user":"","demo":true}`},
		{"POST", "/logout", "", "204 No Content"},
		{"GET", "/logout", "", "405 Method Not Allowed Method Not Allowed"},
	} {
		if got := ask(step.method, step.path, url.Values{"name": {step.name}}); got != step.want {
			t.Errorf("%s %s as %.10s: %s\nwant %s", step.method, step.path, step.name, got, step.want)
		}
	}
}

// What believes everybody is for debug only.
func TestNobodyWithoutDebug(t *testing.T) {
	ask := visit(t, false)
	fields := url.Values{"name": {"alice"}, "password": {"secret"}, "debug": {"true"}}
	if got := ask("POST", "/login", fields); !strings.HasPrefix(got, "401 ") {
		t.Errorf("a login: %s", got)
	}
	if got := ask("GET", "/login", nil); got != `200 OK {"user":"","demo":false}` {
		t.Error(got)
	}
}
