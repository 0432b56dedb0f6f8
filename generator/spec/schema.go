package spec

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
)

// The patterns of names and paths, as ECMA-262 has them with the flag u. Package model has the rules themselves, which say more:
// reserved words, names that would clash, routes that overlap.
const (
	servicePattern  = `^[a-z][a-z0-9]*((_|__|-+)[a-z0-9]+)*$`
	modulePattern   = `^[A-Za-z0-9._~+\-]+(/[A-Za-z0-9._~+\-]+)*$`
	consumerPattern = `^(?!.*_consumer$)[a-z][a-z0-9]*(_[a-z0-9]+)*$`
	familyPattern   = `^[A-Za-z0-9._\-]+$`
	durationPattern = `^(?=.*[1-9])([0-9]+h)?([0-9]+m)?([0-9]+s)?$`

	hostPattern   = `\.?([A-Za-z0-9_\-]+(\.[A-Za-z0-9_\-]+)*\.?|\[[0-9A-Fa-f:.]+\])`
	schemePattern = `(?![Ww][Ss][Ss]?:)[A-Za-z][A-Za-z0-9+.\-]*://`
	originPattern = `^(\*|(?![Nn][Uu][Ll][Ll]$)` + hostPattern + `|` + schemePattern + hostPattern + `(:[0-9]+)?/?)$`

	// A segment is a literal, which is neither . nor .. and does not begin like :name, or a parameter; the first is a literal.
	literalPattern = `(?!\.{1,2}(/|$))(?!:[^/])[\p{L}\p{N}\p{M}._~@:+,=\-]+`
	paramPattern   = `\{[A-Za-z][A-Za-z0-9_]{0,63}(:(str|int|slug|uuid|word))?\}`
	restPattern    = `\{[A-Za-z][A-Za-z0-9_]{0,63}:path\}`
	takenPattern   = `(?!/(client/.*|healthz|readyz|metrics)$)`
	pathPattern    = `^` + takenPattern + `/` + literalPattern + `(/(` + literalPattern + `|` + paramPattern + `))*(/|/` + restPattern + `)?$`
)

// Schema returns the JSON Schema of a wsgen.yaml, for editors: indented, with a newline at its end, always the same. Every spec
// that it refuses, Parse or the model refuses too. The contrary does not hold: a schema sees neither the YAML (tabs, anchors,
// duplicate keys) nor how one name goes with another (a route and its consumer, two routes that overlap).
func Schema() []byte {
	line, err := encode(specSchema())
	if err != nil {
		panic(fmt.Sprintf("spec: the schema is a constant, and cannot be written: %v", err)) // a fault in this file
	}
	var b bytes.Buffer
	if err := json.Indent(&b, line, "", "  "); err != nil {
		panic(fmt.Sprintf("spec: the schema is no JSON: %v", err))
	}
	b.WriteByte('\n')
	return b.Bytes()
}

func specSchema() *schema {
	return &schema{
		Draft:       draft,
		Title:       "wsgen.yaml",
		Description: "The routing spec of a WebSocket service: which paths there are, and the code behind each.",
		Type:        "object",
		Required:    []string{"version", "service", "module"},
		Properties: members{
			{"version", &schema{Description: "The version of the spec's grammar.", Type: "integer", Const: 1, Default: 1}},
			{"service", &schema{
				Description: "Names the binary, the folder, the container image and the page.",
				Type:        "string", MaxLength: 64, Pattern: servicePattern, Examples: []string{"updater"},
				PatternErrorMessage: "A service is named with lower-case letters, digits, - and _, starting with a letter.",
			}},
			{"module", &schema{
				Description: "The Go module path of the emitted service, as in the first line of its go.mod.",
				Type:        "string", MaxLength: 255, Pattern: modulePattern, Examples: []string{"example.com/updater"},
				PatternErrorMessage: "A module path is such as example.com/updater, or a single word.",
			}},
			{"routes", routesSchema()},
			{"consumers", consumersSchema()},
			{"streams", streamsSchema()},
			{"settings", settingsSchema()},
		},
		Additional: false,
		// What requires a user needs a setting that says how users are known.
		If: &schema{
			Required: []string{"settings"},
			Properties: members{{"settings", &schema{
				Type: "object", Required: []string{"auth"},
				Properties: members{{"auth", &schema{Enum: Auths()[1:]}}},
			}}},
		},
		Else: &schema{Properties: members{{"consumers", &schema{Additional: &schema{
			Properties:   members{{"auth", false}},
			ErrorMessage: `A user cannot be required where there is no authentication: write "auth: session" or "auth: jwt" under "settings".`,
		}}}}},
	}
}

// section returns the schema of a mapping that may be left empty, whose keys the user chooses.
func section(description, names, message string, most int, value *schema) *schema {
	return &schema{
		Description:   description,
		Type:          []string{"object", "null"},
		PropertyNames: &schema{MaxLength: most, Pattern: names, PatternErrorMessage: message},
		Additional:    value,
	}
}

func routesSchema() *schema {
	return section(
		"Path: consumer. A path starts with /; a segment is a literal, {name} or {name:converter}. Converters: str (the default), "+
			"int, slug, uuid, word, and path for the rest of the path. The most specific route wins; the order does not matter.",
		pathPattern,
		"A path is such as /ws/chat or /ws/chat/{room:slug}. It does not start with a parameter, and /, /client/, /healthz, /readyz "+
			"and /metrics are taken.",
		1024,
		&schema{
			Description: `The consumer behind the path, which stands under "consumers".`,
			Type:        "string", MaxLength: 64, Pattern: consumerPattern,
			PatternErrorMessage: consumerMessage,
		})
}

const consumerMessage = "A consumer is named in snake_case, without _consumer at the end."

func consumersSchema() *schema {
	mode := &schema{
		Description: "sync: one handler at a time on a socket, in order. async: handlers overlap.",
		Type:        "string", Enum: modes(),
	}
	long := &schema{
		Type:     "object",
		Required: []string{"mode"},
		Properties: members{
			{"mode", mode},
			{"auth", &schema{Description: "required: nobody but a user is let in. Without it whoever comes.", Type: "string", Enum: []string{"required"}}},
			{"outbound", &schema{
				Description: "What happens when the queue to the page is full. disconnect: the socket is closed. latest: an older message " +
					"makes room. drop: the new one is left out. block: the sender waits.",
				Type: "string", Enum: outbounds(), Default: outbounds()[0],
			}},
			{"concurrency", &schema{
				Description: "Handlers at once on one socket; for async consumers only.",
				Type:        "integer", Minimum: 1, Maximum: maxConcurrency, Default: 16,
			}},
		},
		Additional: false,
		If:         &schema{Required: []string{"mode"}, Properties: members{{"mode", &schema{Const: "sync"}}}},
		Then: &schema{
			Properties:   members{{"concurrency", false}},
			ErrorMessage: "A sync consumer runs one handler at a time: remove this, or make the consumer async.",
		},
	}
	return section("Consumer: mode, or a mapping when there is more to say.", consumerPattern, consumerMessage, 64,
		&schema{Description: "sync or async, or a mapping with mode, auth, outbound and concurrency.", AnyOf: []*schema{mode, long}})
}

func streamsSchema() *schema {
	return section(
		"Families of groups that keep their history: job stands for the group job and every group job:<anything>.",
		familyPattern, "A family is what stands before the first colon of a group's name: letters, digits, -, _ and dots.", 100,
		&schema{
			Type: []string{"object", "null"},
			Properties: members{
				{"history", &schema{
					Description: "How many messages of a group are kept.",
					Type:        "integer", Minimum: 1, Maximum: maxHistory, Default: 1000,
				}},
				{"ttl", &schema{
					Description: "How long a message is kept, from 1s to " + durationText(maxTTL) + ": 90s, 10m, 1h30m.",
					Type:        "string", Pattern: durationPattern, Default: "10m",
					PatternErrorMessage: "A time is a whole number with h, m or s behind it, such as 90s, 10m or 1h30m.",
					ErrorMessage:        "A time has a unit: 90s, 10m or 1h30m.",
				}},
				{"keep", &schema{
					Description: "all: every message. latest: of each key the newest message alone.",
					Type:        "string", Enum: keeps(), Default: keeps()[0],
				}},
			},
			Additional: false,
		})
}

func settingsSchema() *schema {
	return &schema{
		Description: "Defaults of the service, and what code there is.",
		Type:        []string{"object", "null"},
		Properties: members{
			{"allowed_origins", &schema{
				Description: "From which pages the service takes handshakes: https://example.com, example.com, .example.com for the domain " +
					"and its subdomains, or \"*\" for all. Without it a page is let in when it was served under the service's own host " +
					"and port. The environment variable ALLOWED_ORIGINS overrides it.",
				Type: []string{"array", "null"},
				Items: &schema{
					Type: "string", MinLength: 1, Pattern: originPattern, Examples: []string{"https://example.com"},
					PatternErrorMessage: "An origin is such as https://example.com, example.com, .example.com or *.",
				},
			}},
			{"layer", &schema{
				Description: "What carries messages to groups: the memory of the process, a Redis server, or a NATS server with JetStream.",
				Type:        "string", Enum: Layers(), Default: Layers()[0],
			}},
			{"auth", &schema{
				Description: "How users are known: " + strings.Join([]string{"none: not at all", "session: by the cookie of a session",
					"jwt: by a signed token"}, "; ") + ".",
				Type: "string", Enum: Auths(), Default: Auths()[0],
			}},
		},
		Additional: false,
	}
}
