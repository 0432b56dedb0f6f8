package cmd

import (
	"slices"
	"strings"

	"wsgen/generator/model"
	"wsgen/generator/render"
	"wsgen/generator/spec"
)

// modes returns the modes of a consumer, as they are written.
func modes() []string { return []string{string(model.Sync), string(model.Async)} }

// defaultEntry returns the consumer of which only the name is known.
func defaultEntry(name string) render.SpecEntry {
	return render.SpecEntry{Consumer: name, Mode: string(model.Sync), Path: defaultPath(name)}
}

// defaultPath returns where a consumer is reached where nobody says otherwise.
func defaultPath(name string) string { return "/ws/" + name }

// parseEntry reads NAME[:mode[:path]]. What is left out, or left empty, is the default.
func parseEntry(arg string) (render.SpecEntry, error) {
	parts := strings.SplitN(arg, ":", 3) // a path may have colons of its own
	name, err := model.ConsumerName(parts[0])
	if err != nil {
		return render.SpecEntry{}, usage("", "--consumer: %s", err)
	}
	entry := defaultEntry(name)
	if len(parts) > 1 && parts[1] != "" {
		if err := checkMode(parts[1]); err != nil {
			return entry, usage("write --consumer NAME[:mode[:path]], as in chat:async:/ws/chat", "--consumer %s: %s", spec.Quote(arg), err)
		}
		entry.Mode = parts[1]
	}
	if len(parts) > 2 && parts[2] != "" {
		entry.Path = parts[2]
	}
	return entry, nil
}

// checkMode returns an error for what is not a mode.
func checkMode(mode string) error {
	if slices.Contains(modes(), mode) {
		return nil
	}
	wayOut := "it is sync or async"
	if near := spec.Suggest(mode, modes()); near != "" {
		wayOut = "did you mean " + near + "?"
	}
	return usage(wayOut, "unknown mode %s", spec.Quote(mode))
}
