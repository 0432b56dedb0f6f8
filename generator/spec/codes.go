package spec

import "slices"

// The codes of every finding about a spec. A code never changes its meaning and is never given to another finding.
const (
	// The file and its syntax.
	CodeTooLarge      = "WS0001"
	CodeNotUTF8       = "WS0002"
	CodeCharacter     = "WS0003"
	CodeTab           = "WS0004"
	CodeSyntax        = "WS0005"
	CodeEmpty         = "WS0006"
	CodeDocuments     = "WS0007"
	CodeTooDeep       = "WS0008"
	CodeAnchor        = "WS0009"
	CodeUnquotedStar  = "WS0010"
	CodeUnquotedIPv6  = "WS0011"
	CodeNoSpaceAfter  = "WS0012"
	CodeTooManyRoutes = "WS0013"

	// Keys and the types of values.
	CodeType         = "WS0101"
	CodeMissingKey   = "WS0102"
	CodeDuplicateKey = "WS0103"
	CodeUnknownKey   = "WS0104"
	CodeVersion      = "WS0105"
	CodeValue        = "WS0106"
	CodeRange        = "WS0107"
	CodeManyLines    = "WS0108"
	CodeDuration     = "WS0109"

	// Names.
	CodeServiceName   = "WS0201"
	CodeModulePath    = "WS0202"
	CodeConsumerName  = "WS0203"
	CodeConsumerClash = "WS0204"
	CodeParamName     = "WS0205"
	CodeParamClash    = "WS0206"
	CodeFamily        = "WS0207"

	// Paths and routes.
	CodePath            = "WS0301"
	CodeSegment         = "WS0302"
	CodeParam           = "WS0303"
	CodeConverter       = "WS0304"
	CodePathNotLast     = "WS0305"
	CodeParamTwice      = "WS0306"
	CodeTakenPath       = "WS0307"
	CodeParamFirst      = "WS0308"
	CodeOverlap         = "WS0309"
	CodeSameRequests    = "WS0310"
	CodeNoFallback      = "WS0311"
	CodeUnknownConsumer = "WS0312"
	CodeConverterClash  = "WS0313"

	// Consumers.
	CodeUnusedConsumer  = "WS0401"
	CodeNoMode          = "WS0402"
	CodeSyncConcurrency = "WS0403"
	CodeAuthOff         = "WS0404"

	// Settings.
	CodeOrigin = "WS0501"

	// What is part of the grammar but not built yet.
	CodeUnsupported = "WS0901"
)

// Explanation is what there is to say about a code beyond the one line of a finding.
type Explanation struct {
	Code  string
	Title string // a few words, lower case
	Text  string // why it is so and what to do, in whole sentences
}

// Explain returns the explanation of a code, and whether there is such a code.
func Explain(code string) (Explanation, bool) {
	all := Explanations()
	i := slices.IndexFunc(all, func(e Explanation) bool { return e.Code == code })
	if i < 0 {
		return Explanation{}, false
	}
	return all[i], true
}

// Explanations returns the explanation of every code, in the order of the codes. The caller may keep and change the slice.
func Explanations() []Explanation {
	return slices.Concat(syntaxCodes(), keyCodes(), nameCodes(), pathCodes(), otherCodes())
}

func syntaxCodes() []Explanation {
	return []Explanation{
		{CodeTooLarge, "the spec is too large",
			"A spec may have 4 MiB, which is room for tens of thousands of routes. A larger file is most likely not a spec."},
		{CodeNotUTF8, "not UTF-8",
			"A spec is UTF-8 text, with or without a byte order mark. Save the file as UTF-8 in your editor."},
		{CodeCharacter, "a character that may not stand in a spec",
			"Control characters, a carriage return without a line feed, and the line separators U+0085, U+2028 and U+2029 are " +
				"invisible, and programs disagree on whether they end a line. Delete the character. Inside a quoted value it can be " +
				"written as an escape."},
		{CodeTab, "indented with a tab",
			"YAML takes spaces alone for indentation. Replace each tab by spaces; most editors have a command for it."},
		{CodeSyntax, "not valid YAML",
			"The file cannot be read beyond this place, so findings after it are not reported yet. Look at the line shown and at the " +
				"one before it: the usual causes are a missing quote or bracket, or lines of one mapping that start in different columns."},
		{CodeEmpty, "the spec is empty",
			"A spec names at least its version, the service and the Go module:\n\n" +
				"    version: 1\n    service: updater\n    module: example.com/updater"},
		{CodeDocuments, "more than one document",
			"A line of three dashes starts another YAML document. A spec is one document; keep each service's spec in a file of its own."},
		{CodeTooDeep, "nested too deep",
			"Nothing in a spec is nested more than a few levels."},
		{CodeAnchor, "an anchor, alias, merge key or tag",
			"Anchors (&name), aliases (*name), merge keys (<<) and tags (!name) make a line mean something that does not stand in it. " +
				"A spec does without them, so that every entry can be read, changed and removed on its own. Write the value out."},
		{CodeUnquotedStar, "a star without quotes",
			"In YAML a star starts an alias. Write it in quotes: \"*\"."},
		{CodeUnquotedIPv6, "an IPv6 address without quotes",
			"In YAML a square bracket starts a list. Write an address that has brackets in quotes: \"http://[::1]:8080\"."},
		{CodeNoSpaceAfter, "no space after a colon",
			"In YAML a colon separates a key from its value only when white space follows it: \"chat: async\", not \"chat:async\"."},
		{CodeTooManyRoutes, "too many kinds of path",
			"Routes are compared by their kind: how many segments they have and which of them are parameters. More than 1,000 kinds in " +
				"one service are not supported."},
	}
}

func keyCodes() []Explanation {
	return []Explanation{
		{CodeType, "a value of the wrong type",
			"A mapping, a list, a text or a number stands where another of them belongs. A text that looks like a number, a date or a " +
				"truth value needs quotes."},
		{CodeMissingKey, "a key is missing",
			"version, service and module have no default."},
		{CodeDuplicateKey, "a key stands twice",
			"The second of two equal keys would silently win. Remove one of them."},
		{CodeUnknownKey, "an unknown key",
			"At the top of a spec stand version, service, module, routes, consumers, streams and settings; what is known at a place stands " +
				"beside the finding. Keys are case-sensitive. An editor that has the schema (wsgen schema) offers them."},
		{CodeVersion, "an unknown version of the spec's grammar",
			"This wsgen reads version 1, written as a plain number. A higher version was written by a newer wsgen."},
		{CodeValue, "an unknown value",
			"The value is not one of those that the key can have."},
		{CodeRange, "a number or a time out of range",
			"It is smaller or larger than what the key can have."},
		{CodeManyLines, "a value on more than one line",
			"Every name, path and value of a spec is short and stands on one line. Block scalars (| and >) are not used."},
		{CodeDuration, "not a time",
			"A time is a whole number with its unit behind it, h, m or s, or several of them in this order: 90s, 10m, 1h30m."},
	}
}

func nameCodes() []Explanation {
	return []Explanation{
		{CodeServiceName, "the service's name cannot be used",
			"The name becomes a folder, a binary, a container image and the page's title: 1 to 64 lower-case letters, digits, - and _, " +
				"starting with a letter. Names of devices on Windows and of what an emitted project holds (client, makefile) are not possible."},
		{CodeModulePath, "the module path cannot be used",
			"It is the Go module path of the emitted service, as in the first line of its go.mod: example.com/updater, or a single " +
				"word. It must not begin like a package of the standard library, for the go command would look for the service's packages there."},
		{CodeConsumerName, "a consumer's name cannot be used",
			"Names are snake_case: 1 to 64 lower-case letters and digits, starting with a letter, with single underscores between " +
				"words. wsgen adds \"Consumer\" by itself. Words that are reserved in Go or JavaScript and names of devices on Windows are " +
				"not possible."},
		{CodeConsumerClash, "two consumers would get the same name",
			"Different names can lead to the same Go type, file or JavaScript class: a_1 and a1 both become A1Consumer. Rename one."},
		{CodeParamName, "a parameter's name cannot be used",
			"Names are 1 to 64 letters (of a to z and A to Z), digits and underscores, starting with a letter. A name that every " +
				"JavaScript object has, such as constructor, is not possible."},
		{CodeParamClash, "two parameters would get the same name",
			"The parameters of all routes of a consumer become fields of one Go struct, beside the field Route. user_id and userId " +
				"both become UserID. Rename one."},
		{CodeFamily, "a family of streams cannot be called so",
			"A family is what stands before the first colon of a group's name, so that the group job:42 belongs to the family job: 1 to " +
				"100 letters (of a to z and A to Z), digits, -, _ and dots."},
	}
}

func pathCodes() []Explanation {
	return []Explanation{
		{CodePath, "not a path",
			"A path starts with a slash and names each segment: /ws/chat/{room:slug}. Two slashes in a row are not possible; one at the " +
				"end is, and makes a different path."},
		{CodeSegment, "a segment that cannot be matched",
			"A segment is either a parameter or a literal of letters and digits of any script and - . _ ~ @ : + , = (not . or .. " +
				"alone, which browsers resolve before they ask). Write characters as they are, not as %XX."},
		{CodeParam, "not a parameter",
			"A parameter is {name} or {name:converter} and fills its whole segment."},
		{CodeConverter, "an unknown converter",
			"The converters are Django's: str (the default: anything but a slash), int (digits that fit 64 bits), slug (ASCII letters, " +
				"digits, - and _), uuid (lower case), path (anything, slashes too; last segment only), and word (letters and digits of " +
				"any script and _)."},
		{CodePathNotLast, "path stands before the end",
			"The converter path takes all that is left of a path, so that nothing can follow it."},
		{CodeParamTwice, "a parameter stands twice in a path",
			"Each parameter of a path needs a name of its own."},
		{CodeTakenPath, "the path is taken",
			"Every emitted service answers /, /client/, /healthz, /readyz and /metrics itself. Put routes under /ws/, for one."},
		{CodeParamFirst, "the path starts with a parameter",
			"Such a route would compete with every other path of the service. Begin with a literal, such as /ws/."},
		{CodeOverlap, "two routes overlap",
			"Some paths match both routes and neither is more specific, so that there is no telling which should win. The rule is that " +
				"of Go's http.ServeMux: a literal beats a parameter, and the order in the spec does not matter."},
		{CodeSameRequests, "two routes match the same paths",
			"They differ in the names or the converters of parameters alone. A converter does not choose between routes: a value that it " +
				"refuses is answered 404."},
		{CodeNoFallback, "a failed converter does not fall back",
			"The most specific route wins by its shape; when a converter then refuses the value, the answer is 404, even where a less " +
				"specific route would have taken the path. This is a warning: the spec means something, though maybe not what you want."},
		{CodeUnknownConsumer, "a route to an unknown consumer",
			"The consumer behind a route stands under consumers: with its mode."},
		{CodeConverterClash, "a parameter with two converters",
			"The parameters of all routes of a consumer become fields of one Go struct, so that one name has one converter."},
	}
}

func otherCodes() []Explanation {
	return []Explanation{
		{CodeUnusedConsumer, "a consumer without a route",
			"Nothing can connect to it. This is a warning: its code is emitted and kept all the same."},
		{CodeNoMode, "a consumer without a mode",
			"A sync consumer handles one message of a socket at a time and needs no locks; an async one handles several at once."},
		{CodeSyncConcurrency, "concurrency on a sync consumer",
			"A sync consumer runs one handler at a time by definition. Make it async, or remove the key."},
		{CodeAuthOff, "auth: required without authentication",
			"A consumer can require a user only where the settings say how users are known: with auth: session by the cookie of a " +
				"session that an HTTP handler has begun, with auth: jwt by a signed token that the page brings along."},
		{CodeOrigin, "not an allowed origin",
			"A host (example.com), a domain with its subdomains (.example.com), either with a scheme and port " +
				"(https://example.com:8443), or \"*\" for all. Without a scheme the host alone is compared, so that a port is not possible."},
		{CodeUnsupported, "not supported by this version",
			"The key or value is part of the grammar, but this version of wsgen does not build it yet."},
	}
}
