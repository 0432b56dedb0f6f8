package spec

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// draft is the dialect of the schema. Language servers for YAML read it best: most of them know no later one.
const draft = "http://json-schema.org/draft-07/schema#"

// schema is a JSON Schema, with the keywords that the schema of a spec needs
// (https://json-schema.org/draft-07/json-schema-validation). Two are no part of the standard: editors show errorMessage and
// patternErrorMessage instead of words of their own, and every validator takes them for annotations.
type schema struct {
	Draft       string `json:"$schema,omitempty"`
	Title       string `json:"title,omitempty"`
	Description string `json:"description,omitempty"`

	Type     any      `json:"type,omitempty"` // a string, or a []string of several
	Const    any      `json:"const,omitempty"`
	Enum     []string `json:"enum,omitempty"`
	Default  any      `json:"default,omitempty"`
	Examples []string `json:"examples,omitempty"`

	MinLength int    `json:"minLength,omitempty"`
	MaxLength int    `json:"maxLength,omitempty"`
	Pattern   string `json:"pattern,omitempty"` // as in ECMA-262 with the flag u
	Minimum   int    `json:"minimum,omitempty"`
	Maximum   int    `json:"maximum,omitempty"`

	Properties    members  `json:"properties,omitempty"`
	PropertyNames *schema  `json:"propertyNames,omitempty"`
	Additional    any      `json:"additionalProperties,omitempty"` // false, or a *schema
	Required      []string `json:"required,omitempty"`
	Items         *schema  `json:"items,omitempty"`

	AnyOf []*schema `json:"anyOf,omitempty"`
	If    *schema   `json:"if,omitempty"`
	Then  *schema   `json:"then,omitempty"`
	Else  *schema   `json:"else,omitempty"`

	ErrorMessage        string `json:"errorMessage,omitempty"`
	PatternErrorMessage string `json:"patternErrorMessage,omitempty"`
}

// members are the properties of an object, in the order in which an editor is to offer them.
type members []member

type member struct {
	name   string
	schema any // a *schema; or false, for what must not be there
}

// MarshalJSON returns the members as one object. An error is one of the values below them.
func (ms members) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, m := range ms {
		if i > 0 {
			b.WriteByte(',')
		}
		text, err := encode(m.schema)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", m.name, err)
		}
		fmt.Fprintf(&b, "%q:%s", m.name, text)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// encode returns v as JSON on one line. Unlike json.Marshal it leaves <, > and & as they are.
func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	return bytes.TrimSpace(b.Bytes()), err
}
