package ws_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"wsgen/templates/project/internal/ws"
)

// misfit has a FindUser of another form than ws.UserFinder.
type misfit struct{}

func (misfit) FindUser(context.Context, string) (*misfit, error) { return nil, ws.ErrNoUser }

// pointerMisfit has it by its pointer.
type pointerMisfit struct{}

func (*pointerMisfit) FindUser(string) (any, error) { return nil, ws.ErrNoUser }

// A FindUser that does not fit is a slip that lets in whom it would keep out, and so the service does not start with one.
func TestFindUserThatDoesNotFit(t *testing.T) {
	for _, deps := range []any{misfit{}, &misfit{}, pointerMisfit{}, &pointerMisfit{}} {
		t.Run(fmt.Sprintf("%T", deps), func(t *testing.T) {
			defer func() {
				got := fmt.Sprint(recover())
				if !strings.Contains(got, "FindUser") || !strings.Contains(got, "func(context.Context, string) (interface {}, error)") {
					t.Errorf("it panics with %s", got)
				}
			}()
			ws.NewUsers(authFunc(nobody), deps)
		})
	}
}

// userLog is a log that names the user of each line, as far as the context tells.
type userLog struct{ slog.Handler }

func (l userLog) Handle(ctx context.Context, r slog.Record) error {
	r.Add("user", describe(ws.UserOf(ctx)))
	return l.Handler.Handle(ctx, r)
}

// What finds the user out may ask for the user, as a log does that names him: it hears of nobody, and nothing waits for itself.
func TestUserOfWithinFindUser(t *testing.T) {
	log := captureLog(t)
	slog.SetDefault(slog.New(userLog{slog.Default().Handler()}))
	deps := finder{func(ctx context.Context, id string) (any, error) {
		slog.InfoContext(ctx, "looked up", "id", id)
		return nil, errors.New("the database is down")
	}}
	users := ws.NewUsers(authFunc(func(*http.Request) ws.Identity { return ws.Identity{UserID: "alice"} }), deps)
	users.Requests(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		slog.InfoContext(r.Context(), "handled")
	})).ServeHTTP(newRecorder(), newRequest(t, "/"))
	for _, want := range []string{`msg="looked up" id=alice user=nobody`, `user "alice"`, "the database is down", "msg=handled user=nobody"} {
		if !strings.Contains(log.String(), want) && !strings.Contains(log.String(), strings.ReplaceAll(want, `"`, `\"`)) {
			t.Errorf("not logged: %s\n%s", want, log)
		}
	}
}
