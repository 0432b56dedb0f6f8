package settings

import (
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/caarlos0/env/v11"
)

// load brings the values of wsgen.yaml into base, and then those of the environment into all, a pointer to the struct that
// base is part of. Its error has a line for each bad value.
func load(all any, base *Base) (err error) {
	if base.AllowedOrigins, err = specOrigins(); err != nil {
		return fmt.Errorf("settings: allowed_origins in wsgen.yaml: %w", err)
	}

	environ := environment(os.Environ())
	problems := usePort(environ)
	if err := env.ParseWithOptions(all, env.Options{Environment: environ}); err != nil {
		problems = append(problems, explain(err, all, environ)...)
	}
	if base.Debug && environ["LOG_LEVEL"] == "" {
		base.LogLevel = slog.LevelDebug
	}
	if err := errors.Join(append(problems, indent(base.validate()))...); err != nil {
		return fmt.Errorf("settings: the environment has bad values:\n%w", err)
	}
	return nil
}

// environment returns the variables that are set to something.
func environment(lines []string) map[string]string {
	environ := env.ToMap(lines)
	for name, value := range environ {
		if value == "" {
			delete(environ, name)
		}
	}
	return environ
}

// usePort makes ADDR of PORT, which is how hosting platforms say where to listen.
func usePort(environ map[string]string) []error {
	port, ok := environ["PORT"]
	if !ok || environ["ADDR"] != "" {
		return nil
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
		return []error{problem("PORT", port, "want a number from 1 to 65535")}
	}
	environ["ADDR"] = ":" + port
	return nil
}

// problem describes one bad value.
func problem(name, value, want string) error {
	return fmt.Errorf("  %s=%s: %s", name, strconv.Quote(shown(name, value)), want)
}

// indent moves the lines of an error to the right, where there is an error.
func indent(err error) error {
	if err == nil {
		return nil
	}
	return errors.New("  " + strings.ReplaceAll(err.Error(), "\n", "\n  "))
}

// explain says of each bad value which variable holds it, what it is and what is allowed. The error of package env names the
// field of a struct instead, which means nothing to who runs the service; so each variable is parsed once more, alone.
func explain(err error, all any, environ map[string]string) []error {
	fields, fieldsErr := env.GetFieldParamsWithOptions(all, env.Options{Environment: environ})
	if fieldsErr != nil {
		return []error{indent(err)} // a tag that package env does not know: for the programmer
	}
	var problems []error
	for _, f := range fields {
		value, set := environ[f.Key]
		if !set {
			if f.Required || f.NotEmpty {
				problems = append(problems, fmt.Errorf("  %s is not set, and has no default", f.Key))
			}
			continue
		}
		scratch := reflect.New(reflect.TypeOf(all).Elem()).Interface()
		alone := env.Options{Environment: map[string]string{f.Key: value}}
		var bad env.ParseError
		var unread env.LoadFileContentError
		switch err := env.ParseWithOptions(scratch, alone); {
		case errors.As(err, &bad):
			problems = append(problems, wants(f.Key, value, bad)...)
		case errors.As(err, &unread):
			problems = append(problems, fmt.Errorf("  %s: %w", f.Key, unread.Err))
		}
	}
	if len(problems) == 0 {
		return []error{indent(err)}
	}
	return problems
}

// wants says what is allowed instead of a value that could not be parsed, in one line or several.
func wants(name, value string, bad env.ParseError) []error {
	if want := allowed(bad.Type); want != "" {
		return []error{problem(name, value, want)}
	}
	if shown(name, value) != value {
		// The parser's own words may repeat the value.
		return []error{problem(name, value, "cannot be read as a "+bad.Type.String())}
	}
	var problems []error
	for _, line := range strings.Split(bad.Err.Error(), "\n") {
		problems = append(problems, problem(name, value, line))
	}
	return problems
}

// allowed says what a type takes; it is empty where the type's own parser knows better.
func allowed(t reflect.Type) string {
	switch t {
	case reflect.TypeFor[time.Duration]():
		return "want a duration, for example 10s or 1m30s"
	case reflect.TypeFor[slog.Level]():
		return "want debug, info, warn or error"
	case reflect.TypeFor[url.URL](), reflect.TypeFor[*url.URL]():
		return "want a URL"
	}
	switch t.Kind() {
	case reflect.Bool:
		return "want true or false"
	case reflect.Int, reflect.Int32:
		return "want a whole number, at most 2147483647"
	case reflect.Int8, reflect.Int16, reflect.Int64:
		return "want a whole number of type " + t.Kind().String()
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return "want a whole number of type " + t.Kind().String() + ", not below 0"
	case reflect.Float32, reflect.Float64:
		return "want a number"
	}
	return ""
}

// shown returns a value as it may stand in a log: without what is secret, and not endless.
func shown(name, value string) string {
	const masked, most = "***", 200
	for _, word := range strings.Split(strings.ToUpper(name), "_") {
		switch word {
		case "SECRET", "SECRETS", "TOKEN", "PASSWORD", "PASSWD", "PASS", "KEY", "KEYS", "DSN", "CREDENTIALS", "AUTH":
			return masked
		}
	}
	if scheme, rest, ok := strings.Cut(value, "://"); ok {
		if at := strings.LastIndexByte(rest, '@'); at >= 0 {
			value = scheme + "://" + masked + rest[at:]
		}
	}
	if len(value) > most {
		return value[:most] + "…"
	}
	return value
}
