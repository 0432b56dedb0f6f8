// Package login gives out tokens, for the box on the page. It is yours, and a beginning: it believes whoever gives a name, and so
// works in debug only. Write your own check, and have web/login.js ask for the password; or take the package away, where another
// service signs your users in.
package login

import (
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"time"

	"example.com/jwt_nats/internal/ws/jwt"
)

// lifetime is how long a token holds. Nobody can take it back meanwhile; a page fetches the next one by itself.
const lifetime = 5 * time.Minute

// check returns the id of the user who gives this name and this password, and reports whether there is one. Look both up in your
// database, where a hash of the password stands (golang.org/x/crypto/bcrypt has one).
func check(name, _ string, debug bool) (userID string, ok bool) {
	return name, debug && name != "" && len(name) <= 100
}

// Add adds what web/login.js asks for to the handlers of the service:
//
//	GET /login   whether anybody may sign in
//	POST /login  a token, for the fields name and password
func Add(mux *http.ServeMux, debug bool) {
	mux.HandleFunc("GET /login", func(w http.ResponseWriter, r *http.Request) {
		_, err := jwt.Issue(r.Context(), "anybody", lifetime)
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Cache-Control", "no-store")
		_ = json.NewEncoder(w).Encode(map[string]bool{"demo": debug && err == nil}) // the client may be gone already
	})
	mux.HandleFunc("POST /login", func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, 4<<10)
		userID, ok := check(r.PostFormValue("name"), r.PostFormValue("password"), debug)
		if !ok {
			http.Error(w, "401 wrong name or password", http.StatusUnauthorized)
			return
		}
		token, err := jwt.Issue(r.Context(), userID, lifetime)
		switch {
		case errors.Is(err, jwt.ErrCannotSign):
			http.Error(w, "404 "+err.Error(), http.StatusNotFound)
			return
		case err != nil:
			slog.ErrorContext(r.Context(), "login", "error", err)
			http.Error(w, "503 try again later", http.StatusServiceUnavailable)
			return
		}
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.Header().Set("Cache-Control", "no-store")
		_, _ = io.WriteString(w, token) // the client may be gone already
	})
}
