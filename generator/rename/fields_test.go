package rename

import (
	"fmt"
	"testing"
)

// Fields are found by what they mean: in the package and its tests, in packages that import it, through values and embedding; not
// a field, or a method, of something else that has the name.
func TestFields(t *testing.T) {
	r := request([]File{
		params("ChatParams"),
		{Path: "consumers/chat.go", Text: []byte("package consumers\n\ntype ChatConsumer struct{ p ChatParams }\n\n" +
			"func (c *ChatConsumer) Room() string { return c.p.Room }\n\ntype own struct{ Room int }\n\nvar _ = own{Room: 1}.Room\n")},
		{Path: "consumers/chat_test.go", Text: []byte("package consumers_test\n\nimport \"example.com/m/consumers\"\n\n" +
			"var _ = consumers.ChatParams{Room: \"a\", Route: \"b\"}\n\nvar _ = []consumers.ChatParams{{}, {\"a\", \"b\"}}\n")},
		{Path: "lab/lab.go", Text: []byte("package lab\n\nimport \"example.com/m/consumers\"\n\ntype deep struct{ consumers.ChatParams }\n\n" +
			"func f(d *deep) { d.Room = d.Route }\n")},
		{Path: "lab/bad.go", Text: []byte("package lab\n\nRoom\n")},
		{Path: "far/far.go", Text: []byte("package far\n\ntype ChatParams struct{ Room int }\n\nvar _ = ChatParams{Room: 1}\n")},
	})
	want := `consumers/chat.go:5: func (c *ChatConsumer) Room() string { return c.p.Room }: gone
consumers/chat_test.go:5: var _ = consumers.ChatParams{Room: "a", Route: "b"}: gone
consumers/chat_test.go:7: var _ = []consumers.ChatParams{{}, {"a", "b"}}: gone
lab/lab.go:7: func f(d *deep) { d.Room = d.Route }: gone
`
	if got := doubtText(Result{Doubts: Fields(r, "ChatParams", []string{"Room"}, "gone")}); got != want {
		t.Errorf("found\n%swant\n%s", got, want)
	}
	if got := Fields(r, "ChatParams", nil, "gone"); len(got) > 0 {
		t.Error(fmt.Sprint(got))
	}
	if got := Fields(r, "NoSuchType", []string{"Room"}, "gone"); len(got) > 0 {
		t.Error(fmt.Sprint(got))
	}
}
