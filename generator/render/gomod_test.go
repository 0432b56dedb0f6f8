package render

import (
	"errors"
	"strings"
	"testing"
)

const wantedMod = `module example.com/updater

go 1.24

require (
	github.com/caarlos0/env/v11 v11.3.1
	github.com/gorilla/websocket v1.5.3
)
`

func TestSpliceMod(t *testing.T) {
	tests := []struct {
		name, existing, want string
	}{
		{"whole", wantedMod, wantedMod},
		{
			"newer and older versions stay",
			"module example.com/updater\n\ngo 1.26\n\nrequire github.com/gorilla/websocket v1.6.0\nrequire github.com/caarlos0/env/v11 v11.0.0\n",
			"module example.com/updater\n\ngo 1.26\n\nrequire github.com/gorilla/websocket v1.6.0\nrequire github.com/caarlos0/env/v11 v11.0.0\n",
		},
		{
			"into the first block, odd order and comments kept",
			"// mine\nmodule example.com/updater\n\nrequire (\n\tz.org/z v1.0.0 // last first\n\n\ta.org/a v1.0.0\n\t// the end\n)\n\nrequire (\n\tb.org/b v1.0.0 // indirect\n)\n",
			"// mine\nmodule example.com/updater\n\nrequire (\n\tz.org/z v1.0.0 // last first\n\n\ta.org/a v1.0.0\n\t// the end\n" +
				"\tgithub.com/caarlos0/env/v11 v11.3.1\n\tgithub.com/gorilla/websocket v1.5.3\n)\n\nrequire (\n\tb.org/b v1.0.0 // indirect\n)\n",
		},
		{
			"one is missing, the other is only indirect",
			"module example.com/updater\nrequire github.com/gorilla/websocket v1.5.3 // indirect\n",
			"module example.com/updater\nrequire github.com/gorilla/websocket v1.5.3 // indirect\n\nrequire (\n\tgithub.com/caarlos0/env/v11 v11.3.1\n)\n",
		},
		{
			"no requirement, no final newline",
			"module example.com/updater",
			"module example.com/updater\n\nrequire (\n\tgithub.com/caarlos0/env/v11 v11.3.1\n\tgithub.com/gorilla/websocket v1.5.3\n)\n",
		},
		{
			"CRLF, and a replacement",
			"module example.com/updater\r\nreplace a.org/a => ../a\r\nrequire (\r\n\tgithub.com/gorilla/websocket v1.5.3\r\n)\r\n",
			"module example.com/updater\r\nreplace a.org/a => ../a\r\nrequire (\r\n\tgithub.com/gorilla/websocket v1.5.3\r\n\tgithub.com/caarlos0/env/v11 v11.3.1\r\n)\r\n",
		},
		{
			"an empty block",
			"module example.com/updater\nrequire ()\n",
			"module example.com/updater\nrequire ()\n\nrequire (\n\tgithub.com/caarlos0/env/v11 v11.3.1\n\tgithub.com/gorilla/websocket v1.5.3\n)\n",
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := spliceMod([]byte(wantedMod), []byte(test.existing))
			if err != nil {
				t.Fatal(err)
			}
			if string(got) != test.want {
				t.Errorf("got:\n%s\nwant:\n%s", got, test.want)
			}
			again, err := spliceMod([]byte(wantedMod), got)
			if err != nil {
				t.Fatal(err)
			}
			if string(again) != string(got) {
				t.Errorf("the second run changed it to:\n%s", again)
			}
		})
	}
}

func TestSpliceModWithoutAFileIsTheWholeText(t *testing.T) {
	got, err := spliceMod([]byte(wantedMod), nil)
	if err != nil || string(got) != wantedMod {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestSpliceModRefuses(t *testing.T) {
	tests := []struct {
		name, existing string
		want           string
	}{
		{"an empty file", "", "go.mod: the file has no module line: add `module example.com/updater` as its first line"},
		{"another module", "// mine\nmodule example.com/other\n",
			"go.mod:2: the module is example.com/other, but wsgen.yaml says example.com/updater: write the same path in both"},
		{"a broken file", "module example.com/updater\nrequire (\n", "go.mod:3: the file cannot be read: syntax error (unterminated block started at go.mod:2:1): mend it"},
		{"conflict markers", "<<<<<<< HEAD\nmodule example.com/updater\n=======\n",
			"go.mod:1: the file holds the two sides of a git merge: resolve the merge"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := spliceMod([]byte(wantedMod), []byte(test.existing))
			var refused *RefusedError
			if !errors.As(err, &refused) || err.Error() != test.want {
				t.Errorf("got error\n%v\nand want\n%s\nbeside\n%s", err, test.want, got)
			}
		})
	}
}

const wantedSum = `github.com/caarlos0/env/v11 v11.3.1 h1:aaa=
github.com/caarlos0/env/v11 v11.3.1/go.mod h1:bbb=
github.com/gorilla/websocket v1.5.3 h1:ccc=
github.com/gorilla/websocket v1.5.3/go.mod h1:ddd=
`

func TestSpliceSum(t *testing.T) {
	tests := []struct {
		name, existing, want string
	}{
		{"whole", wantedSum, wantedSum},
		{"empty", "", wantedSum},
		{
			"another version only: go.mod asks for that one",
			"github.com/gorilla/websocket v1.6.0 h1:x=\ngithub.com/gorilla/websocket v1.6.0/go.mod h1:y=\n",
			"github.com/gorilla/websocket v1.6.0 h1:x=\ngithub.com/gorilla/websocket v1.6.0/go.mod h1:y=\n" + wantedSum[:strings.Index(wantedSum, "github.com/gorilla")],
		},
		{
			"one of the two lines of our version is lost, CRLF",
			"z.org/z v1.0.0 h1:z=\r\ngithub.com/gorilla/websocket v1.5.3/go.mod h1:ddd=\r\ngithub.com/caarlos0/env/v11 v11.9.0 h1:n=",
			"z.org/z v1.0.0 h1:z=\r\ngithub.com/gorilla/websocket v1.5.3/go.mod h1:ddd=\r\ngithub.com/caarlos0/env/v11 v11.9.0 h1:n=\r\ngithub.com/gorilla/websocket v1.5.3 h1:ccc=\r\n",
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := spliceSum([]byte(wantedSum), []byte(test.existing))
			if err != nil {
				t.Fatal(err)
			}
			if string(got) != test.want {
				t.Errorf("got:\n%s\nwant:\n%s", got, test.want)
			}
		})
	}
}

func TestSpliceSumRefusesConflictMarkers(t *testing.T) {
	_, err := spliceSum([]byte(wantedSum), []byte("z.org/z v1.0.0 h1:z=\n<<<<<<< HEAD\n"))
	if err == nil || !strings.Contains(err.Error(), "go.sum:2") {
		t.Errorf("got error %v, want one at go.sum:2", err)
	}
}
