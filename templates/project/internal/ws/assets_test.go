package ws

import (
	"io/fs"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"
)

func assetFS() fstest.MapFS {
	return fstest.MapFS{
		"web/index.html":            {Data: []byte("<!doctype html><title>x</title>")},
		"web/help/index.html":       {Data: []byte("help")},
		"web/style.css":             {Data: []byte("p{}")},
		"web/.env":                  {Data: []byte("SECRET=1")},
		"web/.git/config":           {Data: []byte("x")},
		"web/page.tmpl":             {Data: []byte("x")},
		"web/PAGE.TMPL":             {Data: []byte("x")},
		"web/style.css::$DATA":      {Data: []byte("x")},
		`web/a\b`:                   {Data: []byte("x")},
		"web/empty/keep.txt":        {Data: []byte("x")},
		"client/index.js":           {Data: []byte("export {}")},
		"client/index.d.ts":         {Data: []byte("export {}")},
		"client/package.json":       {Data: []byte("{}")},
		"client/index.js.tmpl":      {Data: []byte("x")},
		"client/testdata/x.unknown": {Data: []byte("x")},
		"main.go":                   {Data: []byte("package main")},
	}
}

func TestAssets(t *testing.T) {
	tests := []struct {
		path   string
		status int
		ctype  string
	}{
		{"/", 200, "text/html; charset=utf-8"},
		{"/index.html", 200, "text/html; charset=utf-8"},
		{"/help/", 200, "text/html; charset=utf-8"},
		{"/style.css", 200, "text/css; charset=utf-8"},
		{"/client/index.js", 200, "text/javascript; charset=utf-8"},
		{"/client/index.d.ts", 200, "text/plain; charset=utf-8"},
		{"/client/package.json", 200, "application/json"},
		{"/client/testdata/x.unknown", 200, "application/octet-stream"},
		{"/client/", 404, ""}, // a folder is not listed
		{"/client", 404, ""},
		{"/empty", 404, ""},
		{"/empty/", 404, ""},
		{"/help", 404, ""},
		{"/nothing", 404, ""},
		{"/index.html/x", 404, ""},
		{"/.env", 404, ""},
		{"/.git/config", 404, ""},
		{"/page.tmpl", 404, ""},
		{"/PAGE.TMPL", 404, ""},
		{"/client/index.js.tmpl", 404, ""},
		{"/../main.go", 404, ""},
		{"/client/../main.go", 404, ""},
		{"/client/../../main.go", 404, ""},
		{"/client/..\\main.go", 404, ""},
		{"//main.go", 404, ""},
		{"/main.go", 404, ""},
		{"/style.css::$DATA", 404, ""},
		{`/a\b`, 404, ""},
		{"", 404, ""},
		{"*", 404, ""},
	}
	for _, tt := range tests {
		w := getAsset(http.MethodGet, tt.path, nil)
		if w.Code != tt.status {
			t.Errorf("GET %q: status %d, want %d", tt.path, w.Code, tt.status)
		}
		if tt.status != 200 {
			continue
		}
		if got := w.Header().Get("Content-Type"); got != tt.ctype {
			t.Errorf("GET %q: Content-Type %q, want %q", tt.path, got, tt.ctype)
		}
		if got := w.Header().Get("X-Content-Type-Options"); got != "nosniff" {
			t.Errorf("GET %q: X-Content-Type-Options %q", tt.path, got)
		}
		if got := w.Header().Get("Cache-Control"); got != "no-cache" {
			t.Errorf("GET %q: Cache-Control %q", tt.path, got)
		}
	}
}

// getAsset asks for a path as it is, without the cleaning that a mux would do.
func getAsset(method, path string, header http.Header) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, "/", nil)
	r.URL.Path = path
	for name, values := range header {
		r.Header[name] = values
	}
	w := httptest.NewRecorder()
	Assets(assetFS()).ServeHTTP(w, r)
	return w
}

func TestAssetsRevalidate(t *testing.T) {
	first := getAsset(http.MethodGet, "/", nil)
	tag := first.Header().Get("ETag")
	if !strings.HasPrefix(tag, `"`) || len(tag) < 10 {
		t.Fatalf("ETag = %q", tag)
	}
	again := getAsset(http.MethodGet, "/", http.Header{"If-None-Match": {tag}})
	if again.Code != http.StatusNotModified || again.Body.Len() != 0 {
		t.Errorf("with its tag: status %d and %d bytes, want 304 and none", again.Code, again.Body.Len())
	}
	if other := getAsset(http.MethodGet, "/style.css", nil).Header().Get("ETag"); other == tag {
		t.Error("two files have one tag")
	}
	if stale := getAsset(http.MethodGet, "/", http.Header{"If-None-Match": {`"stale"`}}); stale.Code != http.StatusOK {
		t.Errorf("with another tag: status %d, want 200", stale.Code)
	}
}

func TestAssetsMethods(t *testing.T) {
	head := getAsset(http.MethodHead, "/", nil)
	if head.Code != 200 || head.Body.Len() != 0 || head.Header().Get("Content-Length") == "" {
		t.Errorf("HEAD: status %d, %d bytes, Content-Length %q", head.Code, head.Body.Len(), head.Header().Get("Content-Length"))
	}
	for _, method := range []string{http.MethodPost, http.MethodPut, http.MethodDelete, http.MethodOptions, "BREW"} {
		w := getAsset(method, "/", nil)
		if w.Code != http.StatusMethodNotAllowed || w.Header().Get("Allow") != "GET, HEAD" {
			t.Errorf("%s: status %d, Allow %q; want 405 and what is allowed", method, w.Code, w.Header().Get("Allow"))
		}
	}
}

// unreadable is a file system on which every file is there and none can be read.
type unreadable struct{ fstest.MapFS }

func (unreadable) ReadFile(name string) ([]byte, error) {
	return nil, &fs.PathError{Op: "read", Path: name, Err: fs.ErrPermission}
}

func TestAssetThatCannotBeRead(t *testing.T) {
	w := httptest.NewRecorder()
	Assets(unreadable{assetFS()}).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/style.css", nil))
	if w.Code != http.StatusNotFound {
		t.Errorf("status %d, want 404", w.Code)
	}
}

// A mux may have the assets at "/" beside any pattern of the user's: "GET /" would be in conflict with "/api/{id}" there.
func TestAssetsBesideOtherPatterns(t *testing.T) {
	mux := http.NewServeMux()
	mux.Handle("/", Assets(assetFS()))
	mux.HandleFunc("/api/{id}", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) })
	w := httptest.NewRecorder()
	mux.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/api/7", nil))
	if w.Code != http.StatusTeapot {
		t.Errorf("status %d, want the user's handler", w.Code)
	}
}
