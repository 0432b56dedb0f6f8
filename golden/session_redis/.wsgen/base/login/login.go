// Package login signs users in, for the box on the page. It is yours, and a beginning: it believes whoever gives a name, and so
// works in debug only. Write your own check, and users come in without debug too.
package login

import (
	"encoding/json"
	"log/slog"
	"net/http"

	"example.com/session_redis/internal/ws"
	"example.com/session_redis/internal/ws/session"
)

// check returns the id of the user who gives this name and this password, and reports whether there is one. Look both up in your
// database, where a hash of the password stands (golang.org/x/crypto/bcrypt has one).
func check(name, _ string, debug bool) (userID string, ok bool) {
	return name, debug && name != "" && len(name) <= 100
}

// Add adds what web/login.js asks for to the handlers of the service:
//
//	GET /login   who is signed in, and whether anybody may sign in
//	POST /login  signs in, with the fields name and password
//	POST /logout signs out, and closes the sockets of this login
func Add(mux *http.ServeMux, debug bool) {
	mux.HandleFunc("GET /login", func(w http.ResponseWriter, r *http.Request) {
		answer := struct {
			User string `json:"user"`
			Demo bool   `json:"demo"`
		}{Demo: debug}
		if user := ws.UserOf(r.Context()); user != nil {
			answer.User = user.ID
		}
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Cache-Control", "no-store")
		_ = json.NewEncoder(w).Encode(answer) // the client may be gone already
	})
	mux.HandleFunc("POST /login", func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, 4<<10)
		userID, ok := check(r.PostFormValue("name"), r.PostFormValue("password"), debug)
		if !ok {
			http.Error(w, "401 wrong name or password", http.StatusUnauthorized)
			return
		}
		done(w, r, session.Login(r.Context(), userID))
	})
	mux.HandleFunc("POST /logout", func(w http.ResponseWriter, r *http.Request) {
		done(w, r, session.Logout(r.Context()))
	})
}

// done answers a request that has nothing to say but whether it was done.
func done(w http.ResponseWriter, r *http.Request, err error) {
	if err != nil {
		slog.ErrorContext(r.Context(), "login", "path", r.URL.Path, "error", err)
		http.Error(w, "503 try again later", http.StatusServiceUnavailable)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}
