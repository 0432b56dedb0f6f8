package render

import (
	"errors"
	"strings"
	"testing"
)

func TestRaiseMod(t *testing.T) {
	const head = "module example.com/updater\n\n"
	tests := []struct {
		name, existing, want string
	}{
		{"whole", wantedMod, wantedMod},
		{
			"lower versions are raised where they stand, newer ones stay",
			"// mine\n" + head + "go 1.23.4 // mine\n\nrequire (\n\tgithub.com/gorilla/websocket v1.5.0 // mine\n\tz.org/z v1.0.0\n)\nrequire github.com/caarlos0/env/v11 v11.9.0\n",
			"// mine\n" + head + "go 1.24 // mine\n\nrequire (\n\tgithub.com/gorilla/websocket v1.5.3 // mine\n\tz.org/z v1.0.0\n)\nrequire github.com/caarlos0/env/v11 v11.9.0\n",
		},
		{
			"a newer go and its toolchain stay, and what is missing is added",
			head + "go 1.26.1\n\ntoolchain go1.26.2\n\nrequire github.com/gorilla/websocket v1.4.0 // indirect\n",
			head + "go 1.26.1\n\ntoolchain go1.26.2\n\nrequire github.com/gorilla/websocket v1.5.3 // indirect\n\nrequire (\n\tgithub.com/caarlos0/env/v11 v11.3.1\n)\n",
		},
		{
			"no go directive, CRLF",
			"module example.com/updater // mine\r\n\r\nrequire (\r\n\tgithub.com/gorilla/websocket v1.5.0\r\n\tgithub.com/caarlos0/env/v11 v11.3.1\r\n)\r\n",
			"module example.com/updater // mine\r\n\r\ngo 1.24\r\n\r\nrequire (\r\n\tgithub.com/gorilla/websocket v1.5.3\r\n\tgithub.com/caarlos0/env/v11 v11.3.1\r\n)\r\n",
		},
		{
			"the module alone, without a final newline",
			"module example.com/updater",
			"module example.com/updater\n\ngo 1.24\n\nrequire (\n\tgithub.com/caarlos0/env/v11 v11.3.1\n\tgithub.com/gorilla/websocket v1.5.3\n)\n",
		},
		{
			"a module that is replaced in this one version stays, one that is replaced in all is raised",
			head + "go 1.24\n\nrequire (\n\tgithub.com/caarlos0/env/v11 v11.0.0\n\tgithub.com/gorilla/websocket v1.5.0\n)\n\n" +
				"replace github.com/gorilla/websocket v1.5.0 => ../fork\nreplace (\n\tgithub.com/caarlos0/env/v11 => ../env\n)\n",
			head + "go 1.24\n\nrequire (\n\tgithub.com/caarlos0/env/v11 v11.3.1\n\tgithub.com/gorilla/websocket v1.5.0\n)\n\n" +
				"replace github.com/gorilla/websocket v1.5.0 => ../fork\nreplace (\n\tgithub.com/caarlos0/env/v11 => ../env\n)\n",
		},
		{
			"an odd module line",
			"module (\n\texample.com/updater\n)\nrequire github.com/caarlos0/env/v11 v11.3.1\nrequire github.com/gorilla/websocket v1.5.3",
			"module (\n\texample.com/updater\n)\nrequire github.com/caarlos0/env/v11 v11.3.1\nrequire github.com/gorilla/websocket v1.5.3\n\ngo 1.24\n",
		},
		{
			"a pseudo-version below is raised, one above stays",
			head + "go 1.24\n\nrequire (\n\tgithub.com/caarlos0/env/v11 v11.3.1-0.20240101000000-0123456789ab\n\tgithub.com/gorilla/websocket v1.5.4-0.20240101000000-0123456789ab\n)\n",
			head + "go 1.24\n\nrequire (\n\tgithub.com/caarlos0/env/v11 v11.3.1\n\tgithub.com/gorilla/websocket v1.5.4-0.20240101000000-0123456789ab\n)\n",
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := raiseMod([]byte(wantedMod), []byte(test.existing))
			if err != nil {
				t.Fatal(err)
			}
			if string(got) != test.want {
				t.Errorf("got:\n%s\nwant:\n%s", got, test.want)
			}
			again, err := raiseMod([]byte(wantedMod), got)
			if err != nil || string(again) != string(got) {
				t.Errorf("the second run changed it to:\n%s\n%v", again, err)
			}
		})
	}
}

func TestRaiseModWithoutAFileIsTheWholeText(t *testing.T) {
	got, err := raiseMod([]byte(wantedMod), nil)
	if err != nil || string(got) != wantedMod {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestRaiseRefuses(t *testing.T) {
	var refused *RefusedError
	if _, err := raiseMod([]byte(wantedMod), []byte("module example.com/other\n")); !errors.As(err, &refused) {
		t.Errorf("go.mod of another module: %v", err)
	}
	if _, err := raiseSum([]byte(wantedSum), []byte("<<<<<<< HEAD\n")); !errors.As(err, &refused) {
		t.Errorf("half merged go.sum: %v", err)
	}
}

func TestRaiseSum(t *testing.T) {
	const lower = "github.com/gorilla/websocket v1.5.0 h1:x=\r\ngithub.com/gorilla/websocket v1.5.0/go.mod h1:y=\r\n"
	higher := strings.ReplaceAll(lower, "v1.5.0", "v1.6.0")
	env, ws := wantedSum[:strings.Index(wantedSum, "github.com/gorilla")], wantedSum[strings.Index(wantedSum, "github.com/gorilla"):]
	crlf := func(s string) string { return strings.ReplaceAll(s, "\n", "\r\n") }
	for name, test := range map[string][2]string{
		"whole":            {wantedSum, wantedSum},
		"a lower version":  {lower, lower + crlf(env) + crlf(ws)},
		"a higher version": {higher, higher + crlf(env)},
		"both":             {lower + higher, lower + higher + crlf(env)},
	} {
		got, err := raiseSum([]byte(wantedSum), []byte(test[0]))
		if err != nil || string(got) != test[1] {
			t.Errorf("%s: got\n%q, %v\nwant\n%q", name, got, err, test[1])
		}
		again, err := raiseSum([]byte(wantedSum), got)
		if err != nil || string(again) != string(got) {
			t.Errorf("%s: the second run changed it to %q, %v", name, again, err)
		}
	}
}

// TestProjectRaises: the files of a project that can be raised are the ones that need it.
func TestProjectRaises(t *testing.T) {
	for _, f := range files(t, chatProject()) {
		if want := f.Path == "go.mod" || f.Path == "go.sum"; (f.Raise != nil) != want {
			t.Errorf("%s can be raised: %v", f.Path, !want)
		}
	}
}
