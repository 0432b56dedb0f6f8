package spec

import (
	"fmt"
	"strings"
)

// Example is a spec that earns a code, and what its writer most likely meant. Most are a few lines; a spec that is too large, or
// has too much of something, is as long as it takes.
type Example struct {
	Wrong string // gives this code, and no other
	Right string // gives no finding at all
}

// exampleHead is what every spec has.
const exampleHead = "version: 1\nservice: updater\nmodule: example.com/updater\n"

// Example returns the example of a code. That of a code that does not exist is empty.
func (e Explanation) Example() Example {
	switch e.Code { // these two take some work
	case CodeTooLarge:
		return after(e.Code, "# "+strings.Repeat("log ", maxBytes/4)+"\n", "# A spec, and nothing else.\n").Example
	case CodeTooManyRoutes:
		return withChat(e.Code, manyKinds(), "  /ws/chat/{rest:path}: chat\n").Example
	}
	for _, family := range [][]codeExample{syntaxExamples(), keyExamples(), nameExamples(), pathExamples(), otherExamples()} {
		for _, x := range family {
			if x.code == e.Code {
				return x.Example
			}
		}
	}
	return Example{}
}

// codeExample is the example of one code.
type codeExample struct {
	code string
	Example
}

// after puts both specs of an example behind exampleHead.
func after(code, wrong, right string) codeExample {
	return codeExample{code, Example{exampleHead + wrong, exampleHead + right}}
}

// withChat is after for what goes wrong in the routes to a consumer chat.
func withChat(code, wrong, right string) codeExample {
	const consumers = "consumers:\n  chat: async\n"
	return after(code, consumers+"routes:\n"+wrong, consumers+"routes:\n"+right)
}

func syntaxExamples() []codeExample {
	const deep = maxDepth + 1
	return []codeExample{
		after(CodeNotUTF8, "# Caf\xe9 is in Latin-1 here.\n", "# Café is in UTF-8 here.\n"),
		after(CodeCharacter, "# one\u2028two\n", "# one\n# two\n"),
		after(CodeTab, "routes:\n\t/ws/chat: chat\nconsumers:\n\tchat: async\n", "routes:\n  /ws/chat: chat\nconsumers:\n  chat: async\n"),
		{CodeSyntax, Example{"version: 1\nservice: \"updater\nmodule: example.com/updater\n", exampleHead}},
		{CodeEmpty, Example{"# Nothing yet.\n", exampleHead}},
		after(CodeDocuments, "---\nservice: second\n", "# The second service has a spec of its own.\n"),
		after(CodeTooDeep, "streams: "+strings.Repeat("[", deep)+strings.Repeat("]", deep)+"\n", "streams: {job: {}}\n"),
		after(CodeAnchor, "streams:\n  job: &kept {history: 500}\n  log: *kept\n", "streams:\n  job: {history: 500}\n  log: {history: 500}\n"),
		after(CodeUnquotedStar, "settings:\n  allowed_origins: [*]\n", "settings:\n  allowed_origins: [\"*\"]\n"),
		after(CodeUnquotedIPv6, "settings:\n  allowed_origins: [http://[::1]:8080]\n", "settings:\n  allowed_origins: [\"http://[::1]:8080\"]\n"),
		after(CodeNoSpaceAfter, "routes:\n  /ws/chat: chat\nconsumers:\n  chat:async\n", "routes:\n  /ws/chat: chat\nconsumers:\n  chat: async\n"),
	}
}

// manyKinds returns routes of 1024 kinds: each of ten segments is a literal or a parameter.
func manyKinds() string {
	const segments = 10
	var b strings.Builder
	for kind := range 1 << segments {
		b.WriteString("  /ws")
		for i := range segments {
			if kind>>i&1 == 0 {
				fmt.Fprintf(&b, "/level%d", i)
			} else {
				fmt.Fprintf(&b, "/{level%d}", i)
			}
		}
		b.WriteString(": chat\n")
	}
	return b.String()
}

func keyExamples() []codeExample {
	const routes = "routes:\n  /ws/chat: chat\n"
	return []codeExample{
		after(CodeType, "settings:\n  allowed_origins: https://example.com\n", "settings:\n  allowed_origins: [https://example.com]\n"),
		{CodeMissingKey, Example{"version: 1\nservice: updater\n", exampleHead}},
		after(CodeDuplicateKey, routes+"consumers:\n  chat: async\n  chat: sync\n", routes+"consumers:\n  chat: async\n"),
		after(CodeUnknownKey, routes+"consmers:\n  chat: async\n", routes+"consumers:\n  chat: async\n"),
		{CodeVersion, Example{strings.Replace(exampleHead, "1", "2", 1), exampleHead}},
		after(CodeValue, routes+"consumers:\n  chat: asynchronous\n", routes+"consumers:\n  chat: async\n"),
		after(CodeRange, routes+"consumers:\n  chat: {mode: async, concurrency: 5000}\n", routes+"consumers:\n  chat: {mode: async, concurrency: 500}\n"),
		{CodeManyLines, Example{"version: 1\nservice: >\n  updater\nmodule: example.com/updater\n", exampleHead}},
		after(CodeDuration, "streams:\n  job: {ttl: 600}\n", "streams:\n  job: {ttl: 10m}\n"),
	}
}

func nameExamples() []codeExample {
	return []codeExample{
		{CodeServiceName, Example{strings.Replace(exampleHead, ": updater", ": My Updater", 1), strings.Replace(exampleHead, ": updater", ": my-updater", 1)}},
		{CodeModulePath, Example{strings.Replace(exampleHead, "example.com", "net", 1), exampleHead}},
		after(CodeConsumerName, "routes:\n  /ws/chat: ChatRoom\nconsumers:\n  ChatRoom: async\n", "routes:\n  /ws/chat: chat_room\nconsumers:\n  chat_room: async\n"),
		after(CodeConsumerClash, "routes:\n  /ws/a: feed_1\n  /ws/b: feed1\nconsumers:\n  feed_1: sync\n  feed1: sync\n",
			"routes:\n  /ws/a: feed_1\n  /ws/b: feed_2\nconsumers:\n  feed_1: sync\n  feed_2: sync\n"),
		withChat(CodeParamName, "  /ws/chat/{room-name}: chat\n", "  /ws/chat/{room_name}: chat\n"),
		withChat(CodeParamClash, "  /ws/chat/{user_id}/with/{userId}: chat\n", "  /ws/chat/{user_id}/with/{peer_id}: chat\n"),
		after(CodeFamily, "streams:\n  job:42: {history: 500}\n", "streams:\n  job: {history: 500}\n"),
	}
}

func pathExamples() []codeExample {
	return []codeExample{
		withChat(CodePath, "  ws/chat: chat\n", "  /ws/chat: chat\n"),
		withChat(CodeSegment, "  /ws/caf%C3%A9: chat\n", "  /ws/café: chat\n"),
		withChat(CodeParam, "  /ws/chat/<slug:room>: chat\n", "  /ws/chat/{room:slug}: chat\n"),
		withChat(CodeConverter, "  /ws/chat/{room:string}: chat\n", "  /ws/chat/{room:str}: chat\n"),
		withChat(CodePathNotLast, "  /ws/files/{name:path}/raw: chat\n", "  /ws/files/raw/{name:path}: chat\n"),
		withChat(CodeParamTwice, "  /ws/chat/{id}/{id}: chat\n", "  /ws/chat/{id}/{peer_id}: chat\n"),
		withChat(CodeTakenPath, "  /metrics: chat\n", "  /ws/metrics: chat\n"),
		withChat(CodeParamFirst, "  /{room}: chat\n", "  /ws/{room}: chat\n"),
		withChat(CodeOverlap, "  /ws/{room}/news: chat\n  /ws/sport/{topic}: chat\n", "  /ws/rooms/{room}/news: chat\n  /ws/sport/{topic}: chat\n"),
		withChat(CodeSameRequests, "  /ws/chat/{room:slug}: chat\n  /ws/chat/{number:int}: chat\n",
			"  /ws/chat/rooms/{room:slug}: chat\n  /ws/chat/numbers/{number:int}: chat\n"),
		withChat(CodeNoFallback, "  /ws/{number:int}: chat\n  /ws/{rest:path}: chat\n", "  /ws/numbers/{number:int}: chat\n  /ws/files/{rest:path}: chat\n"),
		withChat(CodeUnknownConsumer, "  /ws/chat: chat\n  /ws/news: news\n", "  /ws/chat: chat\n  /ws/news: chat\n"),
		withChat(CodeConverterClash, "  /ws/users/{id:int}: chat\n  /ws/rooms/{id:slug}: chat\n", "  /ws/users/{user:int}: chat\n  /ws/rooms/{room:slug}: chat\n"),
	}
}

func otherExamples() []codeExample {
	const routes = "routes:\n  /ws/chat: chat\n"
	return []codeExample{
		after(CodeUnusedConsumer, "consumers:\n  chat: async\n", routes+"consumers:\n  chat: async\n"),
		after(CodeNoMode, routes+"consumers:\n  chat:\n", routes+"consumers:\n  chat: async\n"),
		after(CodeSyncConcurrency, routes+"consumers:\n  chat: {mode: sync, concurrency: 4}\n", routes+"consumers:\n  chat: {mode: async, concurrency: 4}\n"),
		after(CodeAuthOff, routes+"consumers:\n  chat: {mode: async, auth: required}\n",
			routes+"consumers:\n  chat: {mode: async, auth: required}\nsettings:\n  auth: session\n"),
		after(CodeOrigin, "settings:\n  allowed_origins: [\"*.example.com\"]\n", "settings:\n  allowed_origins: [.example.com]\n"),
		after(CodeUnsupported, routes+"consumers:\n  chat:\n    mode: async\n    from_client: {start: {servers: [string]}}\n",
			routes+"consumers:\n  chat: {mode: async}\n"),
	}
}
