package render

import (
	"testing"
)

func TestSpec(t *testing.T) {
	got, err := Spec("updater", "example.com/updater", []SpecEntry{
		{Consumer: "echo", Mode: "sync", Path: "/ws/echo"},
		{Consumer: "chat", Mode: "async", Path: "/ws/chat/{room:slug}"},
		{Consumer: "chat", Mode: "sync", Path: "/ws/odd #path: 1"},
		{Consumer: "on", Mode: "sync"},
	})
	if err != nil {
		t.Fatal(err)
	}
	const want = `# The routing spec of this service: which WebSocket paths there are, and the code behind each.
# After a change run ` + "`wsgen generate`. `wsgen check`" + ` tells whether the code still matches.
version: 1
service: updater
module: example.com/updater

# path: consumer. A segment may be a parameter, {name} or {name:converter}. The converters are
# str (the default), int, slug, uuid, word, and path for the rest of the path.
routes:
  /ws/echo: echo
  /ws/chat/{room:slug}: chat
  "/ws/odd #path: 1": chat

# consumer: mode. A sync consumer handles the messages of a socket one after the other, an async one at once.
consumers:
  echo: sync
  chat: async
  "on": sync

# Defaults, which the environment of the service overrides. Without allowed_origins a page is let in when it was
# served under the service's own host and port.
# settings:
#   allowed_origins: [https://example.com]
`
	if string(got) != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}

func TestSpecRefusesWhatYAMLCannotHold(t *testing.T) {
	if text, err := Spec("updater", "example.com/\xff", nil); err == nil {
		t.Errorf("got no error but:\n%s", text)
	}
}
