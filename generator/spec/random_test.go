package spec

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// randomSpec returns a spec of the given seed that uses the whole of YAML's liberty, with comments wherever one can stand.
func randomSpec(seed uint64) []byte {
	r := rand.New(rand.NewPCG(seed, 1))
	w := &liberty{r: r}
	heads := []string{"version: 1", "service: \"s\"", "module: 'example.com/m'"}
	sections := []func(){w.routes, w.consumers, w.streams, w.settings}
	if r.IntN(3) == 0 {
		r.Shuffle(len(sections), func(i, j int) { sections[i], sections[j] = sections[j], sections[i] })
	}
	for _, h := range heads {
		w.gap(0)
		w.line(0, h)
	}
	for _, s := range sections {
		if r.IntN(8) > 0 {
			w.gap(0)
			s()
		}
	}
	w.gap(0)
	text := w.b.String()
	if r.IntN(4) == 0 {
		text = strings.ReplaceAll(text, "\n", "\r\n")
	}
	if r.IntN(4) == 0 {
		text = strings.TrimRight(text, "\r\n")
	}
	return []byte(text)
}

// liberty writes a spec in a layout of its own.
type liberty struct {
	r *rand.Rand
	b strings.Builder
	n int // comments so far
}

// comment returns a comment, no two of which are alike.
func (w *liberty) comment() string {
	w.n++
	return fmt.Sprintf("# %d", w.n)
}

// gap writes blank lines and comments, as deep as given or not.
func (w *liberty) gap(indent int) {
	for w.r.IntN(3) == 0 {
		switch w.r.IntN(3) {
		case 0:
			w.b.WriteString("\n")
		case 1:
			w.b.WriteString(strings.Repeat(" ", indent) + w.comment() + "\n")
		default:
			w.b.WriteString(strings.Repeat(" ", w.r.IntN(10)) + w.comment() + "\n")
		}
	}
}

// line writes a line, with a comment behind it or not.
func (w *liberty) line(indent int, text string) {
	w.b.WriteString(strings.Repeat(" ", indent) + text)
	if w.r.IntN(3) == 0 {
		w.b.WriteString(strings.Repeat(" ", 1+w.r.IntN(4)) + w.comment())
	}
	w.b.WriteString(strings.Repeat(" ", w.r.IntN(2)) + "\n")
}

// section writes a section with entries, each given by a key and a value in flow style or none.
func (w *liberty) section(name string, entries [][2]string) {
	if len(entries) == 0 {
		w.line(0, name+": "+[]string{"", "{}", "{ }"}[w.r.IntN(3)])
		w.gap(2)
		return
	}
	if w.r.IntN(4) == 0 {
		w.flow(name, entries)
		return
	}
	w.line(0, name+":")
	indent := 1 + w.r.IntN(4)
	for _, e := range entries {
		w.gap(indent)
		inner, nested := strings.CutPrefix(e[1], "{")
		switch {
		case nested && w.r.IntN(2) == 0:
			w.line(indent, e[0]+":")
			deeper := indent + 1 + w.r.IntN(3)
			for _, pair := range strings.Split(strings.TrimSuffix(inner, "}"), ",") {
				w.gap(deeper)
				w.line(deeper, strings.TrimSpace(pair))
			}
		case !nested && w.r.IntN(6) == 0:
			w.line(indent, e[0]+":")
			w.gap(indent)
			w.line(indent+2, e[1])
		default:
			w.line(indent, e[0]+":  "+e[1])
		}
	}
	w.gap(indent)
}

// flow writes a section in flow style, on one line or several.
func (w *liberty) flow(name string, entries [][2]string) {
	w.b.WriteString(name + ": {")
	for i, e := range entries {
		if w.r.IntN(2) == 0 {
			w.line(0, "")
			w.gap(1)
			w.b.WriteString(" ")
		}
		w.b.WriteString(e[0] + ": " + e[1])
		if i < len(entries)-1 || w.r.IntN(2) == 0 {
			w.b.WriteString(",")
		}
	}
	w.line(0, " }")
}

func (w *liberty) some(all ...[2]string) [][2]string { return all[:w.r.IntN(len(all)+1)] }

func (w *liberty) routes() {
	w.section("routes", w.some([2]string{"/ws/a", "a"}, [2]string{`"/ws/b#c"`, "'b'"}, [2]string{"/ws/é", "a"}))
}

func (w *liberty) consumers() {
	w.section("consumers", w.some([2]string{"a", "sync"}, [2]string{"b", "{ mode: async , concurrency: 3 }"}, [2]string{"'c'", "{mode: sync}"}))
}

func (w *liberty) streams() {
	w.section("streams", w.some([2]string{"job", "{history: 10,ttl: 1h}"}, [2]string{"x", "{}"}))
}

func (w *liberty) settings() {
	w.section("settings", w.some([2]string{"layer", "redis"}, [2]string{"allowed_origins", `[ a.test,"b.test" ]`}, [2]string{"auth", "jwt"}))
}
