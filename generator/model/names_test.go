package model

import (
	"go/token"
	"strings"
	"testing"
	"unicode"

	"wsgen/generator/spec"
)

func TestConsumerName(t *testing.T) {
	for arg, want := range map[string]string{
		"chat": "chat", "ChatConsumer": "chat", "chat-room": "chat_room", "chatRoom": "chat_room", "Chat": "chat", "chat_consumer": "chat",
		"HTTPProxy": "http_proxy", "UserIDConsumer": "user_id", "chat_test": "chat_test", "chat_linux": "chat_linux", "a1": "a1",
		"Consumer": "consumer", "V2Feed": "v2_feed", strings.Repeat("x", 64): strings.Repeat("x", 64), "error": "error",
	} {
		if got, err := ConsumerName(arg); err != nil || got != want {
			t.Errorf("ConsumerName(%q) = %q, %v; want %q", arg, got, err, want)
		}
	}
	const rule = "is not snake_case: write lower-case letters (a to z), digits and single underscores, starting with a letter"
	for arg, want := range map[string]string{
		"../x":                   rule,
		"/etc/x":                 rule,
		"a b":                    `is not snake_case: write "a_b"`,
		"1abc":                   rule,
		"type":                   `is a keyword of Go: add a word, as in "type_feed"`,
		"Import":                 "is a keyword of Go",
		"chat;rm -rf x":          rule,
		"naïve":                  rule,
		"":                       `is empty: write a name such as "chat"`,
		strings.Repeat("x", 300): "is longer than 64 characters",
		"CON":                    "is the name of a device on Windows",
		"lpt9":                   "is the name of a device on Windows",
		"await":                  "is reserved in JavaScript",
		"Web":                    "would make the JavaScript class WebSocket, which the browser has",
		"_":                      rule,
		"a__b":                   `is not snake_case: write "a_b"`,
		"_consumer":              "is not snake_case",
		"chat\n":                 rule,
		"__proto__":              `is not snake_case: write "proto"`,
		"chat\x1b[31m":           `the consumer name "chat\x1b[31m" is not snake_case`,
	} {
		if got, err := ConsumerName(arg); got != "" || err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("ConsumerName(%q) = %q, %v; want an error that says %q", arg, got, err, want)
		}
	}
}

func TestServiceName(t *testing.T) {
	for _, name := range []string{"updater", "project", "a", "my-service_2", "test", "a--b", "a__b", strings.Repeat("x", 64)} {
		if err := ServiceName(name); err != nil {
			t.Error(err)
		}
	}
	for name, want := range map[string]string{
		"":                      "is empty",
		"../x":                  "cannot name a binary and a folder",
		"/etc/x":                "cannot name a binary and a folder",
		"a b":                   "cannot name a binary and a folder",
		"1abc":                  "cannot name a binary and a folder",
		"-a":                    "cannot name a binary and a folder",
		"a-":                    "cannot name a binary and a folder",
		"a_-b":                  "cannot name a binary and a folder",
		"a.b":                   "cannot name a binary and a folder",
		"naïve":                 "cannot name a binary and a folder",
		"a\n":                   "cannot name a binary and a folder",
		"Updater":               `has capital letters: write "updater"`,
		"nul":                   "is the name of a device on Windows",
		"CON":                   `is the name of a device on Windows: add a word, as in "con-service"`,
		"web":                   "is also a file or a folder of the project",
		"Web":                   "is also a file or a folder of the project",
		"makefile":              "is also a file or a folder of the project",
		"bin":                   "is also a file or a folder of the project",
		"vendor":                "is also a file or a folder of the project",
		strings.Repeat("x", 65): "is longer than 64 characters",
	} {
		if err := ServiceName(name); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("ServiceName(%q) = %v, want an error that says %q", name, err, want)
		}
	}
}

func TestModulePath(t *testing.T) {
	for _, path := range []string{"updater", "example.com/updater", "github.com/Acme/up-dater/v2", "test", "example", "my_service", "gopkg.in/x.v1"} {
		if err := ModulePath(path); err != nil {
			t.Error(err)
		}
	}
	for path, want := range map[string]string{
		"":                       "is empty",
		"a b":                    "invalid char ' '",
		"/a":                     "is not a module path",
		"a/":                     "trailing slash",
		"../a":                   "is not a module path",
		"a/../b":                 "is not a module path",
		"-a":                     "leading dash",
		"example.com/x/v1":       "is not a module path",
		"example.com/con":        "is not a module path",
		"naïve":                  "is not a module path",
		"a\"\nb":                 "is not a module path",
		"fmt":                    `begins with "fmt", which belongs to the Go distribution: write a path such as "example.com/fmt"`,
		"log/updater":            `begins with "log"`,
		"all":                    `begins with "all"`,
		"internal":               `begins with "internal"`,
		"vendor":                 `begins with "vendor"`,
		"example.com/vendor":     `has the element "vendor"`,
		"example.com/vendor/x":   `has the element "vendor"`,
		strings.Repeat("a", 256): "is longer than 255 characters",
	} {
		if err := ModulePath(path); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("ModulePath(%q) = %v, want an error that says %q", path, err, want)
		}
	}
}

func TestExported(t *testing.T) {
	for name, want := range map[string]string{
		"chat": "Chat", "user_id": "UserID", "userId": "UserID", "userID": "UserID", "http_api": "HTTPAPI", "ids": "IDs", "urls": "URLs",
		"ver_update": "VerUpdate", "a_1": "A1", "a1": "A1", "room": "Room", "Room": "Room", "api_v2": "APIV2", "https": "HTTPS", "s": "S",
		"user_consumer": "UserConsumer", "utf8_db": "UTF8DB", "a_": "A",
	} {
		if got := exported(name); got != want {
			t.Errorf("exported(%q) = %q, want %q", name, got, want)
		}
	}
}

// FuzzConsumerName holds ConsumerName to its promise: what it returns is a name that a spec takes, that stays what it is,
// and from which only legal identifiers and file names follow.
func FuzzConsumerName(f *testing.F) {
	for _, arg := range []string{"ChatConsumer", "chat-room", "a__b", "1abc", "naïve", "Consumer_consumer", "CON", "x\x00"} {
		f.Add(arg)
	}
	f.Fuzz(func(t *testing.T, arg string) {
		name, err := ConsumerName(arg)
		if err != nil {
			if name != "" || strings.IndexFunc(err.Error(), func(r rune) bool { return !unicode.IsPrint(r) }) >= 0 {
				t.Fatalf("ConsumerName(%q) = %q, %q", arg, name, err)
			}
			return
		}
		if again, err := ConsumerName(name); err != nil || again != name {
			t.Fatalf("ConsumerName(%q) = %q, of which it makes %q, %v", arg, name, again, err)
		}
		c := newConsumer(spec.Consumer{Name: spec.Text{Value: name}})
		for _, id := range []string{c.Type, c.ParamsType, c.Constructor, c.TestName, c.JSClass} {
			if !token.IsIdentifier(id) || !token.IsExported(id) || ownerOf(id) != "" {
				t.Fatalf("%q of %q is not an identifier of its own", id, name)
			}
		}
		for _, file := range []string{c.File, c.TestFile} {
			if strings.Count(file, "/") != 1 || strings.ContainsAny(file, `\:*?"<>| `) || strings.Contains(file, "..") || strings.ToLower(file) != file {
				t.Fatalf("%q of %q is not a file for every system", file, name)
			}
		}
	})
}
