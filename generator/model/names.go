package model

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/mod/module"

	"wsgen/generator/spec"
)

// maxName is how long a name may be, in bytes. Every file name made from one fits every file system.
const maxName = 64

// problem is what is wrong with a text and what to do about it. The zero problem means that nothing is wrong.
type problem struct {
	fact string // what the text is not, to be read after it: "is not snake_case"
	hint string
}

func (p problem) isZero() bool { return p.fact == "" }

// err returns the problem of text as an error for the command line.
func (p problem) err(what, text string) error {
	switch {
	case p.isZero():
		return nil
	case p.hint == "":
		return fmt.Errorf("%s %s %s", what, spec.Quote(text), p.fact)
	}
	return fmt.Errorf("%s %s %s: %s", what, spec.Quote(text), p.fact, p.hint)
}

// ConsumerName returns the name in the spec for a consumer that is called arg on the command line: "chat_room" for
// ChatRoom, chat-room, ChatRoomConsumer and chat_room alike. Its result is a name that the spec takes, and its own
// ConsumerName. The error says what is wrong with arg and what to write instead.
func ConsumerName(arg string) (name string, err error) {
	name = snakeCase(arg)
	if p := checkConsumerName(name); !p.isZero() {
		return "", p.err("the consumer name", arg)
	}
	return name, nil
}

// checkConsumerName judges a name as it stands in a spec.
func checkConsumerName(name string) problem {
	const rule = "write lower-case letters (a to z), digits and single underscores, starting with a letter"
	switch {
	case name == "":
		return problem{"is empty", `write a name such as "chat"`}
	case len(name) > maxName:
		return problem{fmt.Sprintf("is longer than %d characters", maxName), "write a shorter one"}
	case !isSnakeCase(name):
		better := strings.Join(strings.FieldsFunc(snakeCase(name), func(r rune) bool { return r == '_' || r == ' ' }), "_")
		if better != name && checkConsumerName(better).isZero() {
			return problem{"is not snake_case", "write " + spec.Quote(better)}
		}
		return problem{"is not snake_case", rule}
	case snakeCase(name) != name:
		return problem{"ends in _consumer, which wsgen adds itself", "write " + spec.Quote(snakeCase(name))}
	}
	if why := reservedWord(name); why != "" {
		return problem{"is " + why, "add a word, as in " + spec.Quote(name+"_feed")}
	}
	if owner := ownerOf(exported(name) + "Socket"); owner != "" {
		return problem{"would make the JavaScript class " + exported(name) + "Socket, which " + owner + " has",
			"add a word, as in " + spec.Quote(name+"_feed")}
	}
	return problem{}
}

// isSnakeCase reports whether s is made of words of lower-case letters and digits, joined by single underscores, the first
// of which starts with a letter.
func isSnakeCase(s string) bool {
	if s == "" || s[0] < 'a' || s[0] > 'z' {
		return false
	}
	for i := range len(s) {
		c := s[i]
		switch {
		case 'a' <= c && c <= 'z', '0' <= c && c <= '9':
		case c == '_' && s[i-1] != '_' && i < len(s)-1:
		default:
			return false
		}
	}
	return true
}

// snakeCase turns CamelCase and kebab-case into snake_case and takes a final "Consumer" away. What it cannot turn it leaves
// as it is.
func snakeCase(s string) string {
	name := underscored(s)
	for strings.HasSuffix(name, "_consumer") && name != "_consumer" {
		name = strings.TrimSuffix(name, "_consumer")
	}
	return name
}

// underscored separates the humps of a name by underscores, as dashes are.
func underscored(s string) string {
	var b strings.Builder
	for i := range len(s) {
		c := s[i]
		if !isUpper(c) {
			if c == '-' {
				c = '_'
			}
			b.WriteByte(c)
			continue
		}
		if i > 0 && (isLowerOrDigit(s[i-1]) || isUpper(s[i-1]) && i+1 < len(s) && isLowerOrDigit(s[i+1])) {
			b.WriteByte('_')
		}
		b.WriteByte(c - 'A' + 'a')
	}
	return b.String()
}

func isUpper(c byte) bool { return 'A' <= c && c <= 'Z' }

func isLowerOrDigit(c byte) bool { return 'a' <= c && c <= 'z' || '0' <= c && c <= '9' }

// exported returns the Go name for a name in snake_case or camelCase: user_id and userId give UserID.
func exported(name string) string {
	var b strings.Builder
	for _, word := range words(name) {
		upper := strings.ToUpper(word)
		switch stem, plural := strings.CutSuffix(upper, "S"); {
		case isInitialism(upper):
			b.WriteString(upper)
		case plural && isInitialism(stem):
			b.WriteString(stem + "s")
		default:
			b.WriteString(upper[:1] + word[1:])
		}
	}
	return b.String()
}

// words splits a name of ASCII letters, digits and underscores at the underscores and at the humps.
func words(name string) []string {
	return strings.FieldsFunc(underscored(name), func(r rune) bool { return r == '_' })
}

// ServiceName says why a text cannot name a service: its binary, its folder, its container image and its page. It returns
// nil when it can.
func ServiceName(arg string) error { return checkServiceName(arg).err("the service name", arg) }

func checkServiceName(name string) problem {
	switch {
	case name == "":
		return problem{"is empty", `write a name such as "updater"`}
	case len(name) > maxName:
		return problem{fmt.Sprintf("is longer than %d characters", maxName), "write a shorter one"}
	case !isServiceName(name):
		if lower := strings.ToLower(name); isServiceName(lower) {
			if p := checkServiceName(lower); !p.isZero() {
				return p // else the advice would be refused in its turn
			}
			return problem{"has capital letters", "write " + spec.Quote(lower)}
		}
		return problem{"cannot name a binary and a folder",
			"write lower-case letters (a to z), digits, - and _, starting with a letter and ending with a letter or digit"}
	case isDevice(name):
		return problem{"is the name of a device on Windows", "add a word, as in " + spec.Quote(name+"-service")}
	case projectEntry(name):
		return problem{"is also a file or a folder of the project, so that the binary has no place",
			"add a word, as in " + spec.Quote(name+"-service")}
	}
	return problem{}
}

// isServiceName reports whether s can be part of a reference to a container image, which is the narrowest of its uses: letters
// and digits with single separators, of which "__" and any number of dashes count as one.
func isServiceName(s string) bool {
	if s == "" || s[0] < 'a' || s[0] > 'z' || !isLowerOrDigit(s[len(s)-1]) || strings.Contains(s, "___") ||
		strings.Contains(s, "_-") || strings.Contains(s, "-_") {
		return false
	}
	return strings.IndexFunc(s, func(r rune) bool {
		return r != '-' && r != '_' && (r > 'z' || !isLowerOrDigit(byte(r)))
	}) < 0
}

// ModulePath says why a text cannot be the Go module path of a service, and returns nil when it can. A single word will do:
// nobody needs to download a service as a module.
func ModulePath(arg string) error { return checkModulePath(arg).err("the module path", arg) }

func checkModulePath(path string) problem {
	const maxPath = 255
	const example = "write a path such as example.com/updater, or a single word"
	switch {
	case path == "":
		return problem{"is empty", example}
	case len(path) > maxPath:
		return problem{fmt.Sprintf("is longer than %d characters", maxPath), "write a shorter one"}
	}
	first, _, _ := strings.Cut(path, "/")
	check := module.CheckImportPath
	if strings.Contains(first, ".") {
		check = module.CheckPath
	}
	if err := check(path); err != nil {
		var invalid *module.InvalidPathError
		if errors.As(err, &invalid) {
			err = invalid.Err
		}
		return problem{"is not a module path", err.Error() + "; " + example}
	}
	if standardLibrary(first) {
		return problem{"begins with " + spec.Quote(first) + ", which belongs to the Go distribution",
			"write a path such as " + spec.Quote("example.com/"+path)}
	}
	if slices.Contains(strings.Split(path, "/"), "vendor") {
		return problem{`has the element "vendor", below which the go command looks for copies of other modules`, example}
	}
	return problem{}
}
