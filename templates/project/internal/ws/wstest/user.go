package wstest

import "wsgen/templates/project/internal/ws"

// User connects as the user of that id, signed in whatever the service would ask for: a session, a token. FindUser is asked as ever.
func User(id string) Option {
	return func(o *options) { o.base = ws.WithUser(o.base, id) }
}
