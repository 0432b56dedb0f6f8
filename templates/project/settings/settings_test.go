package settings

import (
	"fmt"
	"log/slog"
	"maps"
	"net/netip"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"wsgen/templates/project/internal/ws/jwt"
	"wsgen/templates/project/internal/ws/natslayer"
	"wsgen/templates/project/internal/ws/redislayer"
	"wsgen/templates/project/internal/ws/session"
)

// setEnv gives a test an environment with nothing in it but these variables.
func setEnv(t *testing.T, environ map[string]string) {
	t.Helper()
	for _, line := range os.Environ() {
		name, _, _ := strings.Cut(line, "=")
		if name == "" {
			continue // Windows keeps the folder of each drive under such names
		}
		t.Setenv(name, "") // which brings it back at the end
		if err := os.Unsetenv(name); err != nil {
			t.Fatal(err)
		}
	}
	for name, value := range environ {
		t.Setenv(name, value)
	}
}

func TestLoadWithoutEnvironment(t *testing.T) {
	setEnv(t, nil)
	s, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	if s.Server.Addr != ":8080" || s.Debug || s.LogLevel != slog.LevelInfo || s.AllowedOrigins.String() != "same-host" {
		t.Errorf("Load() = %+v", s)
	}
	if s.Limits.MaxMessage != 64<<10 || s.Server.DrainTimeout != 25*time.Second {
		t.Errorf("the defaults of the runtime are lost: %+v", s)
	}
}

func TestEnvironmentOverrides(t *testing.T) {
	setEnv(t, map[string]string{
		"ADDR":              "127.0.0.1:9000",
		"PORT":              "7000", // ADDR wins
		"ALLOWED_ORIGINS":   "https://a.test, .b.test",
		"DEBUG":             "1",
		"LOG_LEVEL":         "warn",
		"MAX_MESSAGE_BYTES": "1024",
		"PING_INTERVAL":     "1m",
		"COMPRESSION":       "true",
		"TRUSTED_PROXIES":   "10.0.0.0/8,192.0.2.7",
		"DRAIN_TIMEOUT":     "1m30s",
	})
	s, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	if s.Server.Addr != "127.0.0.1:9000" || s.Server.DrainTimeout != 90*time.Second {
		t.Errorf("Server = %+v", s.Server)
	}
	if s.AllowedOrigins.String() != "https://a.test,.b.test" || !s.Debug || s.LogLevel != slog.LevelWarn {
		t.Errorf("AllowedOrigins %q, Debug %v, LogLevel %v", s.AllowedOrigins, s.Debug, s.LogLevel)
	}
	if s.Limits.MaxMessage != 1024 || s.Limits.PingInterval != time.Minute || !s.Limits.Compression {
		t.Errorf("Limits = %+v", s.Limits)
	}
	if len(s.Limits.TrustedProxies) != 2 || s.Limits.TrustedProxies[0] != netip.MustParsePrefix("10.0.0.0/8") {
		t.Errorf("TrustedProxies = %v", s.Limits.TrustedProxies)
	}
}

func TestEmptyVariablesCountAsUnset(t *testing.T) {
	setEnv(t, map[string]string{"ADDR": "", "PORT": "7000", "DEBUG": "", "ALLOWED_ORIGINS": "", "MAX_MESSAGE_BYTES": "", "LOG_LEVEL": ""})
	s, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	if s.Server.Addr != ":7000" || s.Limits.MaxMessage != 64<<10 || s.Debug {
		t.Errorf("Load() = %+v", s)
	}
}

func TestDebugLogsEverythingUnlessTold(t *testing.T) {
	setEnv(t, map[string]string{"DEBUG": "true"})
	if s, err := Load(); err != nil || s.LogLevel != slog.LevelDebug {
		t.Errorf("LogLevel = %v (%v), want debug", s.LogLevel, err)
	}
	setEnv(t, map[string]string{"DEBUG": "true", "LOG_LEVEL": "info"})
	if s, err := Load(); err != nil || s.LogLevel != slog.LevelInfo {
		t.Errorf("LogLevel = %v (%v), want info", s.LogLevel, err)
	}
}

func TestBadValuesAreNamedAllAtOnce(t *testing.T) {
	setEnv(t, map[string]string{
		"PORT":              "http",
		"ALLOWED_ORIGINS":   "*.a.test,b.test:81",
		"DEBUG":             "maybe",
		"LOG_LEVEL":         "loud",
		"MAX_MESSAGE_BYTES": "64k",
		"MAX_CONNECTIONS":   "99999999999",
		"PING_INTERVAL":     "25",
		"TRUSTED_PROXIES":   "10.0.0.0/40",
		"OUTBOUND_BYTES":    "0",
		"DRAIN_WINDOW":      "1m",
	})
	_, err := Load()
	const want = `settings: the environment has bad values:
  PORT="http": want a number from 1 to 65535
  ALLOWED_ORIGINS="*.a.test,b.test:81": "*.a.test" never matches: write ".a.test" for the domain and its subdomains
  ALLOWED_ORIGINS="*.a.test,b.test:81": "b.test:81" is not an origin: a port needs a scheme: write "https://b.test:81" or "http://b.test:81"
  DEBUG="maybe": want true or false
  LOG_LEVEL="loud": want debug, info, warn or error
  MAX_MESSAGE_BYTES="64k": want a whole number, at most 2147483647
  PING_INTERVAL="25": want a duration, for example 10s or 1m30s
  MAX_CONNECTIONS="99999999999": want a whole number, at most 2147483647
  TRUSTED_PROXIES="10.0.0.0/40": "10.0.0.0/40" is neither an address nor a network: write for example 10.0.0.0/8
  OUTBOUND_BYTES=0: want 1 up to 1073741824
  DRAIN_WINDOW=1m0s: want 0s up to DRAIN_TIMEOUT, which is 25s`
	if err == nil || err.Error() != want {
		t.Errorf("Load() error:\n%v\nwant:\n%s", err, want)
	}
}

func TestBadAddrIsNamed(t *testing.T) {
	setEnv(t, map[string]string{"ADDR": "8080"})
	_, err := Load()
	if err == nil || !strings.Contains(err.Error(), `ADDR="8080": want host:port or :port`) {
		t.Errorf("Load() error = %v", err)
	}
}

// extended are settings as a user would add their own.
type extended struct {
	Base
	DatabaseURL string         `env:"DATABASE_URL,required"`
	APIKey      int            `env:"API_KEY"`
	Cache       secretEndpoint `env:"CACHE_URL"`
	Zone        *time.Location `env:"ZONE"`
	Ratio       float64        `env:"RATIO"`
	Workers     uint16         `env:"WORKERS"`
	License     string         `env:"LICENSE_FILE,file"`
}

// secretEndpoint is a type with a parser of its own, which repeats in its error what it was given.
type secretEndpoint struct{}

func (*secretEndpoint) UnmarshalText(text []byte) error {
	return &parseError{string(text)}
}

type parseError struct{ text string }

func (e *parseError) Error() string { return "cannot use " + e.text }

func TestErrorsOfTheUsersOwnSettings(t *testing.T) {
	setEnv(t, map[string]string{
		"API_KEY":      "hunter2",
		"CACHE_URL":    "redis://user:hunter3@cache:6379",
		"RATIO":        "half",
		"WORKERS":      "-1",
		"LICENSE_FILE": "/does/not/exist",
	})
	s := extended{Base: baseDefaults()}
	err := load(&s, &s.Base)
	if err == nil {
		t.Fatal("bad values pass")
	}
	for _, want := range []string{
		"  DATABASE_URL is not set, and has no default\n",
		"  API_KEY=\"***\": want a whole number",
		"  CACHE_URL=\"redis://***@cache:6379\": cannot be read",
		"  RATIO=\"half\": want a number\n",
		"  WORKERS=\"-1\": want a whole number of type uint16, not below 0\n",
		"  LICENSE_FILE: open /does/not/exist",
	} {
		if !strings.Contains(err.Error()+"\n", want) {
			t.Errorf("%q is not in:\n%v", want, err)
		}
	}
	if strings.Contains(err.Error(), "hunter") {
		t.Errorf("a secret is in:\n%v", err)
	}
}

func TestShown(t *testing.T) {
	tests := []struct{ name, value, want string }{
		{"ADDR", "x", "x"},
		{"SESSION_SECRET", "x", "***"},
		{"MONKEY", "x", "x"},
		{"DB_PASSWORD", "", "***"},
		{"REDIS_URL", "redis://u:p@host/0", "redis://***@host/0"},
		{"REDIS_URL", "redis://u:p@ss@host/0", "redis://***@host/0"},
		{"REDIS_URL", "redis://host/0", "redis://host/0"},
		{"LONG", strings.Repeat("x", 300), strings.Repeat("x", 200) + "…"},
	}
	for _, tt := range tests {
		if got := shown(tt.name, tt.value); got != tt.want {
			t.Errorf("shown(%q, %q) = %q, want %q", tt.name, tt.value, got, tt.want)
		}
	}
}

// The README that is emitted names every variable with its default; this holds it to the truth.
func TestReadmeNamesEverySetting(t *testing.T) {
	readme, err := os.ReadFile("../README.md.tmpl")
	if err != nil {
		t.Fatal(err)
	}
	parts := struct { // what only some projects have; the service's name is as the template has it
		Redis   redislayer.Config
		NATS    natslayer.Config
		Session session.Config
		JWT     jwt.Config
	}{redislayer.DefaultConfig("{{.Service}}"), natslayer.DefaultConfig("{{.Service}}"), session.DefaultConfig("{{.Service}}"), jwt.DefaultConfig("{{.Service}}")}
	defaults := defaultsByVariable(reflect.ValueOf(baseDefaults()))
	maps.Copy(defaults, defaultsByVariable(reflect.ValueOf(parts)))
	inWords := map[string]string{
		"ALLOWED_ORIGINS":  "of `wsgen.yaml`, else `same-host`",
		"TRUSTED_PROXIES":  "none",
		"LOG_LEVEL":        "`info`",
		"JWT_KEY":          "none",
		"NATS_CREDENTIALS": "none",
		"JWT_KEY_FILE":     "none",
		"JWT_ISSUER":       "none",
	}
	for name, value := range defaults {
		want := "`" + name + "` (`" + value + "`)"
		if words := inWords[name]; words != "" {
			want = "`" + name + "` (" + words + ")"
		}
		if !strings.Contains(string(readme), want) {
			t.Errorf("the README does not say %s", want)
		}
	}
}

// defaultsByVariable returns the printed value of each field that an environment variable sets.
func defaultsByVariable(v reflect.Value) map[string]string {
	out := make(map[string]string)
	for i := range v.NumField() {
		field := v.Field(i)
		if name := v.Type().Field(i).Tag.Get("env"); name != "" {
			out[name] = fmt.Sprint(field.Interface())
		} else if field.Kind() == reflect.Struct {
			maps.Copy(out, defaultsByVariable(field))
		}
	}
	return out
}
