package ws

import (
	"context"
	"log/slog"
	"net/http"
)

// noticeTopic, followed by a name, is the topic of a notice.
const noticeTopic = "notice:"

// Tell tells every process that shares the backend, this one among them, what [Layer.Hear] waits for under that name.
func (l *Layer) Tell(ctx context.Context, name string, data []byte) error {
	return l.backend.Publish(ctx, noticeTopic+name, Envelope{Data: data})
}

// Hear has f called with the data of each [Layer.Tell] of that name, once it has returned, and with nil where some may have been
// missed. f does not block, and does not write to the data. A name is heard by one f.
func (l *Layer) Hear(ctx context.Context, name string, f func(data []byte)) error {
	return l.listen(ctx, noticeTopic+name, func(e Envelope) { f(e.Data) })
}

// Backend returns what carries the layer, which may be able to do more than that.
func (l *Layer) Backend() Backend {
	if b, ok := l.backend.(interface{ under() Backend }); ok {
		return b.under()
	}
	return l.backend
}

// AllowsWrite reports whether the request may change something: it only reads, or it does not come from a page, or from one
// that may open a socket too. Browsers tell the origin of a page with every POST, and let no page forge it. What is refused is
// logged.
//
// A cookie is sent with what any page in the world asks for, as far as SameSite does not forbid it; that is why a service whose
// users are known by a cookie needs this check.
func (o Origins) AllowsWrite(r *http.Request, debug bool) bool {
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodTrace:
		return true
	}
	allowed := false
	if r.Header.Get("Origin") != "" {
		allowed = o.allow(r, debug)
	} else { // no page's, or that of an old browser
		site := r.Header.Get("Sec-Fetch-Site")
		allowed = site == "" || site == "same-origin" || site == "none"
	}
	if !allowed {
		slog.WarnContext(r.Context(), "request from a page of another origin denied; add it to ALLOWED_ORIGINS if it is yours",
			"origin", clip(r.Header.Get("Origin")), "host", clip(r.Host), "method", clip(r.Method), "path", clip(r.URL.Path),
			"allowed_origins", o.String())
	}
	return allowed
}
