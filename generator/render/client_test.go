package render

import (
	"path"
	"regexp"
	"strings"
	"testing"

	"wsgen/generator/model"
)

// The marks tell the type checker what may be left out of a constructor.
func TestClientRouteMarks(t *testing.T) {
	a, b := model.Param{Name: "a", JSType: "string"}, model.Param{Name: "b", JSType: "number"}
	route := func(path string, params ...model.Param) *model.Route {
		r := &model.Route{Path: path}
		for _, p := range params {
			r.Segments = append(r.Segments, model.Segment{Param: &p})
		}
		return r
	}
	c := &model.Consumer{Mode: model.Sync, Routes: []*model.Route{
		route("/none"), route("/ab", a, b), route("/ba", b, a), route("/a", a),
	}}
	want := []struct {
		path, params, paramsMark, optionsMark string
	}{
		{"/none", "Record<string, never>", "?", "?"},
		{"/ab", "{ a: string; b: number }", "", ""}, // the names of /ba, in another order
		{"/ba", "{ b: number; a: string }", "", ""},
		{"/a", "{ a: string }", "", "?"},
	}
	for i, r := range newClientSocket(c).Routes {
		w := want[i]
		if r.Path != w.path || r.ParamsType != w.params || r.ParamsMark() != w.paramsMark || r.OptionsMark() != w.optionsMark {
			t.Errorf("%s: got %q %q %q, want %q %q %q", r.Path, r.ParamsType, r.ParamsMark(), r.OptionsMark(), w.params, w.paramsMark, w.optionsMark)
		}
	}
	c.Routes = append(c.Routes, route("/nothing"))
	if first := newClientSocket(c).Routes[0]; first.ParamsMark() != "" || first.OptionsMark() != "" {
		t.Errorf("two routes without parameters: got %q %q, want both required", first.ParamsMark(), first.OptionsMark())
	}
}

func TestClientBase(t *testing.T) {
	for mode, want := range map[model.Mode]string{model.Sync: "Socket", model.Async: "AsyncSocket"} {
		if got := newClientSocket(&model.Consumer{Mode: mode}).Base(); got != want {
			t.Errorf("%s: got %s, want %s", mode, got, want)
		}
	}
}

// What stands in quotes in the client can be anything that the spec allows in a path, and must stay inside its quotes.
func TestQuoteJS(t *testing.T) {
	for _, s := range []string{`"`, `\`, "</script>", "\u2028", "a\nb", "'", "fünf"} {
		got, err := quoteJS(s)
		if err != nil {
			t.Fatal(err)
		}
		inner := strings.TrimSuffix(strings.TrimPrefix(got, `"`), `"`)
		for _, bad := range []string{"\n", "\u2028", "<", `"`} {
			if strings.Contains(strings.ReplaceAll(inner, `\"`, ""), bad) {
				t.Errorf("%q becomes %s, which holds %q", s, got, bad)
			}
		}
	}
}

// What the client declares by itself is no name for a consumer's class, in the code and in the types.
func TestNoConsumerIsCalledLikeWhatTheClientDeclares(t *testing.T) {
	declared := regexp.MustCompile(`(?:class|interface|const|type) (\w+)Socket\b`)
	found := 0
	for _, f := range files(t, emptyProject()) {
		if path.Dir(f.Path) != "client" {
			continue
		}
		for _, match := range declared.FindAllSubmatch(renderNew(t, f), -1) {
			found++
			if name, err := model.ConsumerName(string(match[1])); err == nil {
				t.Errorf("%s declares %sSocket, and so does a consumer %s", f.Path, match[1], name)
			}
		}
	}
	if found == 0 {
		t.Error("no declaration is found")
	}
}
