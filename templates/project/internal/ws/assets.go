package ws

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"io/fs"
	"log/slog"
	"net/http"
	"path"
	"strings"
	"time"
)

// Assets serves the page and the client: what stands in the folder web of fsys at "/", with index.html for a folder, and
// what stands in the folder client at "/client/". A browser asks each time whether it has the newest, and gets a 304 where it
// has. Folders are not listed. A file whose name, or whose folder's, starts with a dot, and a template (.tmpl), does not
// exist for it.
//
// It answers 405 to methods other than GET and HEAD itself, so that a mux can have it at "/" beside any pattern.
func Assets(fsys fs.FS) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !allowRead(w, r) {
			return
		}
		name, ok := assetName(r.URL.Path)
		if !ok {
			http.NotFound(w, r)
			return
		}
		content, err := readAsset(fsys, name)
		if err != nil {
			if !errors.Is(err, fs.ErrNotExist) {
				slog.WarnContext(r.Context(), "asset not read", "name", clip(name), "error", clip(err.Error()))
			}
			http.NotFound(w, r)
			return
		}
		// The tag is made anew for each request: the files are small, and those of os.DirFS change under a running service.
		sum := sha256.Sum256(content)
		h := w.Header()
		h.Set("Content-Type", contentType(name))
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Cache-Control", "no-cache")
		h.Set("ETag", `"`+base64.RawURLEncoding.EncodeToString(sum[:12])+`"`)
		http.ServeContent(w, r, name, time.Time{}, bytes.NewReader(content))
	})
}

// assetName turns the path of a request into the name of a file, and reports whether such a file may be served.
func assetName(urlPath string) (string, bool) {
	name, ok := strings.CutPrefix(urlPath, "/")
	if !ok {
		return "", false
	}
	if name == "" || strings.HasSuffix(name, "/") {
		name += "index.html"
	}
	if !strings.HasPrefix(name, "client/") {
		name = "web/" + name
	}
	hidden := strings.Contains(name, "/.") || strings.HasSuffix(strings.ToLower(name), ".tmpl")
	// A backslash or a colon means nothing in a path, but something to Windows.
	return name, fs.ValidPath(name) && !hidden && !strings.ContainsAny(name, `\:`)
}

// readAsset reads a file; a folder is an error that is fs.ErrNotExist, like everything else that is no file.
func readAsset(fsys fs.FS, name string) ([]byte, error) {
	info, err := fs.Stat(fsys, name)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fs.ErrNotExist
	}
	return fs.ReadFile(fsys, name)
}

// contentType returns the media type for a file's name. It is a table of ours because package mime reads the machine's, and
// there a script may be text/plain, which browsers refuse to run.
func contentType(name string) string {
	switch strings.ToLower(path.Ext(name)) {
	case ".html", ".htm":
		return "text/html; charset=utf-8"
	case ".js", ".mjs":
		return "text/javascript; charset=utf-8"
	case ".css":
		return "text/css; charset=utf-8"
	case ".json", ".map":
		return "application/json"
	case ".txt", ".md", ".ts":
		return "text/plain; charset=utf-8"
	case ".webmanifest":
		return "application/manifest+json"
	case ".xml":
		return "application/xml"
	case ".svg":
		return "image/svg+xml"
	case ".png":
		return "image/png"
	case ".jpg", ".jpeg":
		return "image/jpeg"
	case ".gif":
		return "image/gif"
	case ".webp":
		return "image/webp"
	case ".avif":
		return "image/avif"
	case ".ico":
		return "image/x-icon"
	case ".woff":
		return "font/woff"
	case ".woff2":
		return "font/woff2"
	case ".mp3":
		return "audio/mpeg"
	case ".mp4":
		return "video/mp4"
	case ".webm":
		return "video/webm"
	case ".pdf":
		return "application/pdf"
	case ".wasm":
		return "application/wasm"
	}
	return "application/octet-stream"
}
