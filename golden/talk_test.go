package golden

import (
	"net/http"
	"strings"
	"testing"

	"github.com/coder/websocket"
)

// routed lists, for each project, paths that lead to each of its routes.
func routed(project string) []string {
	switch project {
	case "minimal":
		return []string{"/ws/echo"}
	case "session_redis":
		return []string{"/ws/updates/7", "/ws/members"}
	case "jwt_nats":
		return []string{"/ws/updates/a%20b", "/ws/desk/one"}
	}
	return []string{
		"/ws/chat/lobby",
		"/ws/chat/a-b_9",
		"/ws/chat/lobby/as/9223372036854775807",
		"/ws/room/lobby",
		"/ws/news",
		"/ws/ticker/%E2%82%AC%20x",
		"/ws/metrics",
		"/ws/job/075194d3-6885-417e-a8a8-6c931e272f00",
		"/ws/file/a/b%2Fc/d.txt",
		"/ws/wort/f%C3%BCnf_5",
		"/ws/test/",
		"/ws/linux",
		"/ws/user/0",
		"/ws/a/1/b/2",
		"/ws/a-b.c~d/x",
	}
}

// unrouted lists paths that are near a route and lead nowhere.
func unrouted(project string) []string {
	switch project {
	case "minimal":
		return []string{"/ws/echo/", "/ws", "/ws//echo", "/WS/echo", "/ws/./echo", "/ws/echo/x"}
	case "session_redis":
		return []string{"/ws/members/", "/ws/updates/"}
	case "jwt_nats":
		return []string{"/ws/desk/no%20slug", "/ws/updates/a%2Fb"}
	}
	return []string{
		"/ws/chat/lobby/",
		"/ws/chat/no%20slug",
		"/ws/chat/",
		"/ws/chat/lobby/as/9223372036854775808",
		"/ws/chat/lobby/as/-1",
		"/ws/ticker/a%2Fb",
		"/ws/job/075194D3-6885-417E-A8A8-6C931E272F00",
		"/ws/file/",
		"/ws/wort/a-b",
		"/ws/test",
		"/ws/linux/",
		"/ws/user/1e3",
		"/ws/a/1/b/",
	}
}

func TestServe(t *testing.T) {
	for _, p := range stubs() {
		t.Run(p.name, func(t *testing.T) {
			s := startGolden(t, p.name)
			s.logIn(t, p.name)
			t.Run("http", func(t *testing.T) { testHTTP(t, s, p.name) })
			for _, path := range routed(p.name) {
				t.Run("echo "+path, func(t *testing.T) {
					conn := s.dial(t, path, nil)
					echoes(t, conn)
					if err := conn.Close(websocket.StatusNormalClosure, "done"); err != nil {
						t.Error(err)
					}
				})
			}
			for _, path := range unrouted(p.name) {
				t.Run("404 "+path, func(t *testing.T) {
					conn, resp, err := s.tryDial(t, path, nil)
					if err == nil {
						_ = conn.CloseNow() // it should not be there
						t.Fatal("it was accepted")
					}
					if resp == nil || resp.StatusCode != http.StatusNotFound {
						t.Errorf("got %s (%v), want 404", status(resp), err)
					}
				})
			}
			t.Run("terminate", func(t *testing.T) { testTerminate(t, s, routed(p.name)) })
		})
	}
}

func testHTTP(t *testing.T, s *service, project string) {
	tests := []struct {
		method, path string
		status       int
		contentType  string // a part of it
		body         string // a part of it
	}{
		{"GET", "/", 200, "text/html", "<!doctype html>"},
		{"HEAD", "/", 200, "text/html", ""},
		{"GET", "/client/index.js", 200, "text/javascript", "export const sockets"},
		{"GET", "/client/socket.js", 200, "text/javascript", "class Socket"},
		{"GET", "/client/", 404, "", ""},
		{"GET", "/client/index.js.tmpl", 404, "", ""},
		{"GET", "/wsgen.yaml", 404, "", ""},
		{"GET", "/.wsgen/manifest.json", 404, "", ""},
		{"GET", "/../main.go", 404, "", ""},
		{"GET", "/web/../main.go", 404, "", ""},
		{"GET", "/nothing", 404, "", ""},
		{"GET", "/healthz", 200, "text/plain", "ok"},
		{"GET", "/readyz", 200, "text/plain", "ready"},
		{"POST", "/", 405, "", ""},
		{"POST", "/healthz", 405, "", ""},
		{"GET", routed(project)[0], 426, "", ""},
		{"POST", routed(project)[0], 426, "", ""},
		{"GET", unrouted(project)[0], 404, "", ""},
	}
	for _, test := range tests {
		resp, body := s.request(t, test.method, test.path, nil)
		if resp.StatusCode != test.status {
			t.Errorf("%s %s: got %s, want %d\n%s", test.method, test.path, resp.Status, test.status, body)
		}
		if got := resp.Header.Get("Content-Type"); !strings.Contains(got, test.contentType) {
			t.Errorf("%s %s: Content-Type is %q, want %q", test.method, test.path, got, test.contentType)
		}
		if !strings.Contains(strings.ToLower(body), strings.ToLower(test.body)) {
			t.Errorf("%s %s: the body lacks %q:\n%s", test.method, test.path, test.body, body)
		}
		if test.status == 405 && resp.Header.Get("Allow") == "" {
			t.Errorf("%s %s: 405 without Allow", test.method, test.path)
		}
	}
}

// testTerminate stops a service that has a socket open on every route: each is told to come back, and the service exits 0.
func testTerminate(t *testing.T, s *service, paths []string) {
	var conns []*websocket.Conn
	for _, path := range paths {
		conn := s.dial(t, path, nil)
		echoes(t, conn)
		conns = append(conns, conn)
	}
	if err := s.cmd.Process.Signal(terminate); err != nil {
		t.Fatal(err)
	}
	for _, conn := range conns {
		closedWith(t, conn, websocket.StatusServiceRestart)
	}
	if code := s.wait(t); code != 0 {
		t.Errorf("it exited %d, want 0", code)
	}
}
