package model

import (
	"go/token"
	"slices"
	"strings"
)

// This file is the one home of every word that a name must not be. Each function returns a fresh slice or an answer, so
// that nothing here can be changed.

// converters are Django's path converters, in the order of docs/spec.md.
func converters() []string { return []string{"str", "int", "slug", "uuid", "path", "word"} }

// isInitialism reports whether Go writes a word of a name in capitals. The list is that of staticcheck's ST1003.
func isInitialism(word string) bool {
	switch word {
	case "ACL", "API", "ASCII", "CPU", "CSS", "DNS", "EOF", "GUID", "HTML", "HTTP", "HTTPS", "ID", "IP", "JSON", "QPS", "RAM",
		"RPC", "SLA", "SMTP", "SQL", "SSH", "TCP", "TLS", "TTL", "UDP", "UI", "GID", "UID", "UUID", "URI", "URL", "UTF8", "VM",
		"XML", "XMPP", "XSRF", "XSS", "SIP", "RTP", "AMQP", "DB", "TS":
		return true
	}
	return false
}

// reservedWord says why a word cannot name a consumer, or returns "". A consumer's name reaches Go and JavaScript inside longer
// names only; a keyword is refused all the same, so that it can stand in either language wherever an example or a
// later version puts it.
func reservedWord(word string) string {
	switch {
	case token.IsKeyword(word):
		return "a keyword of Go"
	case isJSReserved(word):
		return "reserved in JavaScript"
	case isDevice(word):
		return "the name of a device on Windows"
	}
	return ""
}

// isJSReserved reports whether a word cannot be an identifier in a JavaScript module (ECMA-262, section 12.7.2, strict mode).
func isJSReserved(word string) bool {
	return slices.Contains([]string{
		"arguments", "await", "break", "case", "catch", "class", "const", "continue", "debugger", "default", "delete", "do", "else",
		"enum", "eval", "export", "extends", "false", "finally", "for", "function", "if", "implements", "import", "in", "instanceof",
		"interface", "let", "new", "null", "package", "private", "protected", "public", "return", "static", "super", "switch", "this",
		"throw", "true", "try", "typeof", "var", "void", "while", "with", "yield",
	}, word)
}

// isDevice reports whether a file or folder of that name, with any extension, is a device on Windows.
func isDevice(word string) bool {
	word = strings.ToLower(word)
	switch word {
	case "con", "prn", "aux", "nul", "conin$", "conout$":
		return true
	}
	stem := strings.TrimRight(word, "0123456789")
	return (stem == "com" || stem == "lpt") && len(word) == len(stem)+1 && word != stem+"0"
}

// isObjectMember reports whether every JavaScript object has a member of that name. Parameters are the keys of one.
func isObjectMember(word string) bool {
	return slices.Contains([]string{
		"constructor", "hasOwnProperty", "isPrototypeOf", "propertyIsEnumerable", "toLocaleString", "toString", "valueOf",
	}, word)
}

// ownerOf returns what already has an identifier in the package of the consumers or in the module of the client, or "".
func ownerOf(identifier string) string {
	switch identifier {
	case "Deps", "NewDeps":
		return "consumers/deps.go"
	case "AsyncSocket", "Socket", "service", "sockets":
		return "the client"
	case "WebSocket":
		return "the browser"
	}
	return ""
}

// projectEntry reports whether something in an emitted project's own folder has that name, on a file system that does not tell
// capitals apart. A binary of the same name, which "go build" puts there, would have no place. Three of them may come later: "make
// build" makes bin, "go mod vendor" makes vendor, and login comes with users.
func projectEntry(name string) bool {
	return slices.Contains([]string{
		"bin", "client", "consumers", "dockerfile", "internal", "login", "makefile", "routing", "settings", "vendor", "web",
	}, name)
}

// standardLibrary reports whether the first element of an import path belongs to the Go distribution: a folder of the
// standard library or a word that the go command gives a meaning of its own.
func standardLibrary(element string) bool {
	return slices.Contains([]string{
		"archive", "arena", "bufio", "builtin", "bytes", "cmp", "compress", "container", "context", "crypto", "database", "debug", "embed",
		"encoding", "errors", "expvar", "flag", "fmt", "go", "hash", "html", "image", "index", "internal", "io", "iter", "log", "maps",
		"math", "mime", "net", "os", "path", "plugin", "reflect", "regexp", "runtime", "simd", "slices", "sort", "strconv", "strings", "structs",
		"sync", "syscall", "testing", "text", "time", "unicode", "unique", "unsafe", "weak", // folders of the standard library
		"C", "all", "cmd", "main", "std", "tool", "vendor", "work",
	}, element)
}
