// Package jwt knows the users of the service by a bearer token, a JSON Web Token (RFC 7519) that golang-jwt verifies. A socket
// ends when its token expires.
//
// A page offers the token as a subprotocol, which is what the option token of the generated client does: browsers let no page set
// a header on a handshake, and what stands in a URL stands in logs. Other programs send Authorization: Bearer. The token is
// never echoed, and consumers do not see it; what it says is in [Claims], and its claim sub is the id of the user.
//
// A token holds until it expires: nobody can take it back. Make it short-lived, and let the page's token provider fetch the next.
package jwt

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"wsgen/templates/project/internal/ws"
)

// Auth is the [ws.Authenticator] that goes by tokens. It is immutable, and so safe for concurrent use.
type Auth struct {
	method jwt.SigningMethod
	keys   []any
	parser *jwt.Parser
	config Config
}

// New returns the authenticator. Where the config has no key, or one that [Config.Validate] refuses, it believes no token; in
// debug a missing secret is made up instead, so that [Issue] works, and holds until the process ends.
func New(c Config, debug bool) *Auth {
	keys, err := c.keys()
	if errors.Is(err, errNoKey) && debug && c.Algorithm == HS256 {
		keys = []any{[]byte(rand.Text() + rand.Text())}
	}
	return &Auth{method: jwt.GetSigningMethod(c.Algorithm), keys: keys, parser: jwt.NewParser(
		jwt.WithValidMethods([]string{c.Algorithm}),
		jwt.WithStrictDecoding(),
		jwt.WithExpirationRequired(),
		jwt.WithLeeway(c.Leeway),
		jwt.WithIssuer(c.Issuer),
		audience(c.Audience),
	), config: c}
}

// everyAudience is the word for it in the settings.
const everyAudience = "*"

// audience makes the parser ask for it.
func audience(name string) jwt.ParserOption {
	if name == everyAudience {
		return func(*jwt.Parser) {}
	}
	return jwt.WithAudience(name)
}

// Errors of [Issue], for errors.Is.
var (
	// ErrNoAuth says that the request did not pass this package: something other than ws.Serve serves the handler.
	ErrNoAuth = errors.New("jwt: the request has not been looked at; use the handlers that ws.Serve serves, or Users.Requests")
	// ErrCannotSign says that the service has a public key only, which verifies.
	ErrCannotSign = errors.New("jwt: tokens are signed elsewhere: the service has no secret for HS256")
)

// visit is what is known of the token of one request.
type visit struct {
	auth   *Auth
	claims jwt.MapClaims // nil where there is no token that holds
}

// visitKey is where it stands in the context of a request.
type visitKey struct{}

// Issue returns a token for a user, signed with the service's own secret. It is for services that sign their users in
// themselves, in an HTTP handler: ctx is that of a request.
func Issue(ctx context.Context, userID string, lifetime time.Duration) (string, error) {
	v, _ := ctx.Value(visitKey{}).(*visit)
	switch {
	case v == nil:
		return "", ErrNoAuth
	case userID == "":
		return "", errors.New("jwt: a user has an id")
	case v.auth.config.Algorithm != HS256 || len(v.auth.keys) == 0:
		return "", ErrCannotSign
	}
	now := time.Now()
	claims := jwt.MapClaims{"sub": userID, "iat": now.Unix(), "exp": now.Add(lifetime).Unix()}
	c := v.auth.config
	if c.Audience != everyAudience {
		claims["aud"] = c.Audience
	}
	if c.Issuer != "" {
		claims["iss"] = c.Issuer
	}
	token, err := jwt.NewWithClaims(v.auth.method, claims).SignedString(v.auth.keys[0])
	if err != nil {
		return "", fmt.Errorf("jwt: issue: %w", err)
	}
	return token, nil
}

// Claims returns what the token of the request says, in a handler of a socket as in one of HTTP; nil where there is none that
// holds. Do not write to it.
func Claims(ctx context.Context) map[string]any {
	v, _ := ctx.Value(visitKey{}).(*visit)
	if v == nil {
		return nil
	}
	return v.claims
}

// Handshake implements [ws.Authenticator].
func (a *Auth) Handshake(next http.Handler) http.Handler { return a.identify(next, true) }

// Requests implements [ws.Authenticator]. A token that does not hold is none here: the handler decides.
func (a *Auth) Requests(next http.Handler) http.Handler { return a.identify(next, false) }

// identify says who sent a request. Only a handshake has offers, and only its header outlives it.
func (a *Auth) identify(next http.Handler, handshake bool) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		tokens := bearers(r.Header)
		if handshake {
			tokens = append(tokens, offers(r.Header)...)
			r = hide(r)
		}
		v := &visit{auth: a}
		id := a.judge(r, v, tokens)
		ctx := context.WithValue(r.Context(), visitKey{}, v)
		next.ServeHTTP(w, r.WithContext(ws.WithIdentity(ctx, id)))
	})
}

// judge verifies what a request brought.
func (a *Auth) judge(r *http.Request, v *visit, tokens []string) ws.Identity {
	tokens = slices.Compact(tokens)
	switch len(tokens) {
	case 0:
		return ws.Identity{}
	case 1:
	default:
		return ws.Identity{Refusal: ws.Deny(http.StatusUnauthorized, "several tokens")}
	}
	claims, err := a.verify(tokens[0])
	if err != nil {
		logRefused(r, err)
		reason := "the token is not valid"
		if errors.Is(err, jwt.ErrTokenExpired) {
			reason = tokenExpired
		}
		return ws.Identity{Refusal: ws.Deny(http.StatusUnauthorized, reason)}
	}
	v.claims = claims
	subject, _ := claims.GetSubject()
	return ws.Identity{UserID: subject, Watch: a.watch(claims)}
}

// tokenExpired is what a page is told.
const tokenExpired = "the token has expired"

// watch ends a socket when its token expires.
func (a *Auth) watch(claims jwt.MapClaims) func(end func(string)) func() {
	expires, _ := claims.GetExpirationTime() // which there is: it was asked for
	return func(end func(string)) func() {
		timer := time.AfterFunc(time.Until(expires.Add(a.config.Leeway)), func() { end(tokenExpired) })
		return func() { timer.Stop() }
	}
}

// What is wrong with a token beside what package jwt finds.
var (
	errNoKeys    = errors.New("the service has no key")
	errNoSubject = errors.New("the claim sub is missing")
	errCritical  = errors.New("the header names extensions that must be understood, and are not")
)

// verify returns what a token says, if it is to be believed.
func (a *Auth) verify(text string) (jwt.MapClaims, error) {
	if len(a.keys) == 0 {
		return nil, errNoKeys
	}
	claims := make(jwt.MapClaims)
	token, err := a.parser.ParseWithClaims(text, claims, func(*jwt.Token) (any, error) {
		set := jwt.VerificationKeySet{Keys: make([]jwt.VerificationKey, len(a.keys))}
		for i, key := range a.keys {
			set.Keys[i] = key
		}
		return set, nil
	})
	if err != nil {
		return nil, err
	}
	if _, ok := token.Header["crit"]; ok { // RFC 7515, section 4.1.11, which package jwt passes over
		return nil, errCritical
	}
	if subject, err := claims.GetSubject(); err != nil || subject == "" {
		return nil, errNoSubject
	}
	return claims, nil
}

// logRefused says why a token was refused. No error of package jwt quotes what it found in one.
func logRefused(r *http.Request, err error) {
	level := slog.LevelWarn
	if errors.Is(err, jwt.ErrTokenExpired) {
		level = slog.LevelDebug // the daily course of things
	}
	slog.Log(r.Context(), level, "jwt: token refused", "reason", err.Error(), "remote", r.RemoteAddr)
}

// offerPrefix stands before a token among the offered subprotocols; see docs/protocol.md of wsgen.
const offerPrefix = "wsgen.bearer."

// bearers returns the tokens of the header Authorization (RFC 6750, section 2.1).
func bearers(header http.Header) []string {
	var tokens []string
	for _, line := range header.Values("Authorization") {
		if scheme, token, ok := strings.Cut(line, " "); ok && strings.EqualFold(scheme, "Bearer") {
			tokens = append(tokens, strings.TrimSpace(token))
		}
	}
	return tokens
}

// offers returns the tokens among the offered subprotocols.
func offers(header http.Header) []string {
	var tokens []string
	for _, offer := range subprotocols(header) {
		if token, ok := strings.CutPrefix(offer, offerPrefix); ok {
			tokens = append(tokens, token)
		}
	}
	return tokens
}

// subprotocols returns what is offered.
func subprotocols(header http.Header) []string {
	all := strings.Split(strings.Join(header.Values(offerHeader), ","), ",")
	for i := range all {
		all[i] = strings.TrimSpace(all[i])
	}
	return all
}

const offerHeader = "Sec-Websocket-Protocol"

// hide returns the request with a header of its own that holds no token.
func hide(r *http.Request) *http.Request {
	hidden := *r
	hidden.Header = r.Header.Clone()
	if len(bearers(r.Header)) > 0 {
		hidden.Header.Del("Authorization")
	}
	rest := slices.DeleteFunc(subprotocols(r.Header), func(offer string) bool { return strings.HasPrefix(offer, offerPrefix) })
	hidden.Header.Del(offerHeader)
	if offers := strings.Join(rest, ", "); offers != "" {
		hidden.Header.Set(offerHeader, offers)
	}
	return &hidden
}
