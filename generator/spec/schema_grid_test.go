package spec_test

import (
	"slices"
	"strings"
	"testing"

	"wsgen/generator/spec"
)

// head is what stands above the sections of a spec.
const head = "version: 1\nservice: updater\nmodule: example.com/updater\n"

// places are specs with a gap, for every place of the grammar where a value stands.
func places() []string {
	const route = "routes:\n  /ws/chat: chat\n"
	return []string{
		"version: GAP\nservice: updater\nmodule: example.com/updater\n",
		"version: 1\nservice: GAP\nmodule: example.com/updater\n",
		"version: 1\nservice: updater\nmodule: GAP\n",
		head + "routes: GAP\n",
		head + "routes:\n  /ws/chat: GAP\nconsumers:\n  chat: sync\n",
		head + "consumers: GAP\n",
		head + route + "consumers:\n  chat: GAP\n",
		head + route + "consumers:\n  chat:\n    mode: GAP\n",
		head + route + "consumers:\n  chat:\n    mode: async\n    auth: GAP\nsettings:\n  auth: session\n",
		head + route + "consumers:\n  chat:\n    mode: async\n    outbound: GAP\n",
		head + route + "consumers:\n  chat:\n    mode: async\n    concurrency: GAP\n",
		head + route + "consumers:\n  chat:\n    mode: sync\n    concurrency: GAP\n",
		head + route + "consumers:\n  chat:\n    mode: async\n    from_server: GAP\n",
		head + route + "consumers:\n  chat:\n    mode: async\n    auth: required\nsettings: GAP\n",
		head + "streams: GAP\n",
		head + "streams:\n  job: GAP\n",
		head + "streams:\n  job:\n    history: GAP\n",
		head + "streams:\n  job:\n    ttl: GAP\n",
		head + "streams:\n  job:\n    keep: GAP\n",
		head + "settings: GAP\n",
		head + "settings:\n  allowed_origins: GAP\n",
		head + "settings:\n  allowed_origins:\n    - GAP\n",
		head + "settings:\n  layer: GAP\n",
		head + "settings:\n  auth: GAP\n",
		head + route + "consumers:\n  chat:\n    mode: async\n    auth: required\nsettings:\n  auth: GAP\n",
		head + "more: GAP\n",
	}
}

// values are what is put into each gap: everything that is right somewhere, and much that is right nowhere.
func values() []string {
	return slices.Concat(
		[]string{"", "~", "null", `""`, "1", "2", "0", "-1", "1024", "1025", "1000000", "1000001", "1.5", `"1"`, "true", "yes", "2001-01-01"},
		[]string{"[]", "{}", "[chat]", "{chat: sync}", "{mode: sync}", "{auth: jwt}", "{history: 5}", "{ttl: 5m}", "{layer: nats}", "{/ws/x: x}"},
		[]string{"chat", "sync", "async", "required", "disconnect", "latest", "drop", "block", "all", "memory", "redis", "nats", "none", "session", "jwt"},
		[]string{"10m", "1h30m", "30m1h", "10", "0s", "m", "1h0s", "24h", "10 m", "10M"},
		[]string{"example.com", ".example.com", "https://example.com", "https://example.com/", "https://example.com:8443", "https://.example.com",
			`"*"`, `"*.example.com"`, "example.com:80", "example.com/x", "ws://example.com", "nul", "https://", `"[::1]"`, `"http://[::1]:80"`,
			`"::1"`, "localhost", "http://LOCALHOST", "a b", `"a,b"`, "same-host", "exämple.com", "chrome-extension://abc", "h.", "h..x", "h/"},
		[]string{"updater", "up-dater", "up_dater", "up__dater", "up___dater", "up--dater", "up-_dater", "Updater", "1up", "up-", "u", strings.Repeat("u", 64),
			strings.Repeat("u", 65), "a/b", "a//b", "/a", "a/", "example.com/a+b", "example.com/a~b", "e x"},
	)
}

// keys are specs with a gap, for every place of the grammar where the user chooses a key, and what is put there.
func keys() map[string][]string {
	names := []string{
		"chat", "Chat", "chat_room", "chat__room", "_chat", "chat_", "chat-room", "chat room", "c1", "1c", "consumer", "chat_consumer", `""`, "~", "1", "true",
		strings.Repeat("c", 64), strings.Repeat("c", 65), "chät", "job:42", "job.x", "Job-1", "[a]", "{a: b}", strings.Repeat("f", 100), strings.Repeat("f", 101),
	}
	var paths []string
	for _, segment := range []string{
		"chat", "", ".", "..", "...", ".x", ":room", ":", "a:b", "<room>", "{room}", "{room:slug}", "{room:path}", "{room:re:x}", "{room:no}", "{room:}", "{:slug}",
		"{1}", "{r_1}", "{Room}", "{room-x}", "x{room}", "{room}x", "{a}{b}", "{room...}", "{$}", "*", "a%20b", "a?b", "~a", "@b", "a,b", "a=b", "a+b", "fünf", "五",
		"e\u0301", "a\"b", "a$b", strings.Repeat("x", 1100), "{" + strings.Repeat("p", 64) + "}", "{" + strings.Repeat("p", 65) + "}",
	} {
		for _, around := range []string{"/GAP", "/ws/GAP", "/ws/GAP/", "/ws/GAP/x", "GAP"} {
			paths = append(paths, "'"+strings.Replace(around, "GAP", segment, 1)+"'")
		}
	}
	paths = append(paths, "/client", "/client/", "/client/x", "/clients", "/healthz", "/healthz/", "/readyz", "/metrics", "/metrics/x", "/", "//", "/ws//x", "")
	return map[string][]string{
		head + "consumers:\n  GAP: sync\n":                           names,
		head + "streams:\n  GAP: {}\n":                               names,
		head + "routes:\n  GAP: chat\nconsumers:\n  chat: sync\n":    paths,
		head + "routes:\n  /ws/chat: GAP\nconsumers:\n  GAP: sync\n": names,
	}
}

// beyond says why a schema takes a value that the parser refuses, or "" where it is to refuse it too.
func beyond(text string, codes []string) string {
	switch {
	case !slices.ContainsFunc(codes, func(code string) bool { return unsaid()[code] == "" }):
		return "a schema cannot say this at all"
	case slices.Equal(codes, []string{spec.CodeServiceName}) && strings.Contains(text, "service: nul\n"),
		slices.Equal(codes, []string{spec.CodeConsumerName}) && strings.Contains(text, "  true: sync"):
		return "it is a reserved word"
	case slices.Equal(codes, []string{spec.CodeType}) && strings.Contains(text, "2001-01-01"):
		return "YAML 1.2, which editors read, knows no dates, and a schema takes this for a text"
	case slices.Equal(codes, []string{spec.CodeRange}) && strings.Contains(text, "ttl: "):
		return "a time has no number to compare"
	}
	return ""
}

// TestSchemaAndParserAgree puts every value into every place: the schema refuses nothing that is valid, and what it takes of the
// rest is what a schema cannot say.
func TestSchemaAndParserAgree(t *testing.T) {
	var specs []string
	for _, place := range places() {
		for _, v := range values() {
			specs = append(specs, strings.ReplaceAll(place, "GAP", v))
		}
	}
	for place, all := range keys() {
		for _, key := range all {
			specs = append(specs, strings.ReplaceAll(place, "GAP", key))
		}
	}
	for i, v := range judge(t, specs) {
		codes := errorsIn(specs[i])
		switch {
		case len(codes) == 0 && v.By != "":
			t.Errorf("this is valid, and refused: %v\n%s", v, specs[i])
		case len(codes) > 0 && v.By == "" && beyond(specs[i], codes) == "":
			t.Errorf("this has %v, and nothing is wrong for the schema:\n%s", codes, specs[i])
		}
	}
}
