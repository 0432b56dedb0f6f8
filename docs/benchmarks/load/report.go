package main

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// A line is a figure in the report.
type line struct {
	figure, title, unit string
	goal                float64 // what the emitted service may take of what the hub takes; 0: no goal, or an absolute one
	note                string  // the goal, where it is not a ratio
}

// costs are the figures that are told as ratios.
func costs() []line {
	return []line{
		{"memory, 5000 idle", "memory of an idle socket, at 5,000", "KiB", 0.36, ""},
		{"memory, 10000 idle", "memory of an idle socket, at 10,000", "KiB", 0.36, ""},
		{"broadcast, 8 undelivered", "broadcast to 1,000, at most 8 undelivered, a delivery", "µs", 0.30, ""},
		{"broadcast, bursts of 16", "the same, 16 in a burst", "µs", 0.10, ""},
		{"broadcast, 1 undelivered", "the same, at most 1 undelivered", "µs", 1.0, ""},
		{"echo, depth 1", "echo, depth 1, a message", "µs", 0.95, ""},
		{"echo, depth 16", "echo, depth 16, a message", "µs", 0.16, ""},
		{"handshake", "handshake", "µs", 1.1, ""},
		{"ping", "ping and answer of an idle socket, at 10,000", "µs", 0, ""},
	}
}

// others are the figures that are told as they are.
func others() []line {
	return []line{
		{"goroutines", "goroutines of an idle socket", "", 0, "≤ 1"},
		{"ping, a second", "pings of an idle socket every 25 s, a second", "µs", 0, ""},
		{"idle, heap", "heap of the server in use, by idle socket", "KiB", 0, ""},
		{"idle, stacks", "stacks of its goroutines, by idle socket", "KiB", 0, ""},
		{"allocations", "allocations in 1,000 deliveries", "", 0, "≤ 10"},
		{"writes, broadcast, 8 undelivered", "system calls that write, in 1,000 deliveries, at most 8 undelivered", "", 0, ""},
		{"writes, broadcast, bursts of 16", "the same, 16 in a burst", "", 0, ""},
		{"stuck, after the bound", "readers that never read: let go, after the server's bound", "s", 0, "≤ 3 s"},
		{"stuck, let go", "readers that never read: let go, after they had joined", "s", 0, ""},
		{"stuck, memory", "memory that each of them took at most", "MiB", 0, "≤ 2 MiB"},
		{"stuck, others hit", "rounds in which another reader lost something", "", 0, "0"},
		{"stuck, rate", "messages a second that reached the other readers, of 1,000", "", 0, ""},
		{"stuck, 99 % without", "99 % of deliveries without them within", "ms", 0, ""},
		{"stuck, 99 % with", "99 % of deliveries beside them within", "ms", 0, "unchanged"},
		{"back at once, 99 %", "10,000 back at once: 99 % within", "ms", 0, ""},
		{"back at once, refused", "of these, refused", "", 0, "0"},
	}
}

// weights are the figures of a service as a program.
func weights() []line {
	return []line{
		{"binary", "binary", "MiB", 0, ""},
		{"binary, stripped", "the same, built with `-ldflags=\"-s -w\"`", "MiB", 0, ""},
		{"build, cold", "first `go build`, where nothing is compiled yet", "s", 0, ""},
		{"build, warm", "first `go build`, where all but its own packages is", "s", 0, ""},
		{"tests, first", "first `go test ./...` after that", "s", 0, ""},
		{"tests, again", "`go test -count=1 ./...` from then on", "s", 0, ""},
	}
}

// tables returns the figures in Markdown.
func (f *figures) tables() string {
	var b strings.Builder
	if f.Date != "" {
		fmt.Fprintf(&b, "%s, medians of %d rounds. %s.\n", f.Date, f.Rounds, f.Machine)
	}
	var names []string
	for _, c := range peers()[1:] {
		names = append(names, c.name)
	}
	f.table(&b, "what it costs | goal | "+hub+" | "+strings.Join(names, " | "), costs(), func(l line) []string {
		cells := []string{"", f.absolute(l, hub)}
		if l.goal > 0 {
			cells[0] = fmt.Sprintf("≤ %.2f ×", l.goal)
		}
		for _, name := range names {
			cells = append(cells, f.times(l, name))
		}
		return cells
	})
	f.table(&b, "what happens | goal | "+hub+" | "+strings.Join(names, " | "), others(), func(l line) []string {
		cells := []string{l.note, f.absolute(l, hub)}
		for _, name := range names {
			cells = append(cells, f.absolute(l, name))
		}
		return cells
	})
	names = []string{emitted}
	for _, c := range forms() {
		names = append(names, c.name)
	}
	f.table(&b, "emitted | goal | wsgen.1 sync | "+strings.Join(names[1:], " | "), costs()[2:7], func(l line) []string {
		cells := []string{fmt.Sprintf("≤ %.2f ×", l.goal)}
		for _, name := range names {
			cells = append(cells, f.times(l, name))
		}
		return cells
	})
	f.table(&b, "what its developer has | "+hub+" | "+emitted, weights(), func(l line) []string {
		return []string{f.absolute(l, hub), f.absolute(l, emitted)}
	})
	return b.String()
}

// table writes one table of those lines that were measured, if any were.
func (f *figures) table(b *strings.Builder, titles string, lines []line, cells func(line) []string) {
	lines = slices.DeleteFunc(lines, func(l line) bool { return f.Medians[l.figure] == nil })
	if len(lines) == 0 {
		return
	}
	if b.Len() > 0 {
		b.WriteString("\n")
	}
	fmt.Fprintf(b, "| %s |\n|---|%s\n", titles, strings.Repeat("--:|", strings.Count(titles, "|")))
	for _, l := range lines {
		fmt.Fprintf(b, "| %s | %s |\n", l.title, strings.Join(cells(l), " | "))
	}
}

// absolute returns a figure with its unit.
func (f *figures) absolute(l line, contestant string) string {
	value, ok := f.Medians[l.figure][contestant]
	if !ok {
		return "–"
	}
	return strings.TrimSpace(number(value) + " " + l.unit)
}

// times returns a figure as a ratio to the hub's.
func (f *figures) times(l line, contestant string) string {
	ratio, ok := f.ratio(l.figure, contestant)
	if !ok {
		return f.absolute(l, contestant)
	}
	return fmt.Sprintf("%.2f × (%s)", ratio, number(f.Medians[l.figure][contestant]))
}

// number writes a value with what digits matter.
func number(v float64) string {
	switch {
	case v == math.Trunc(v) || v >= 100:
		return fmt.Sprintf("%.0f", v)
	case v >= 10:
		return fmt.Sprintf("%.1f", v)
	}
	return fmt.Sprintf("%.2f", v)
}

// beside returns the ratios of a short look beside those of the last whole run.
func (f *figures) beside(last *figures) string {
	var b strings.Builder
	f.table(&b, "the emitted service by the "+hub+" | now | "+last.Date+" | goal", costs(), func(l line) []string {
		return []string{f.times(l, emitted), last.times(l, emitted), fmt.Sprintf("≤ %.2f ×", l.goal)}
	})
	f.table(&b, "the emitted service | now | "+last.Date+" | goal", others(), func(l line) []string {
		return []string{f.absolute(l, emitted), last.absolute(l, emitted), l.note}
	})
	return b.String()
}
