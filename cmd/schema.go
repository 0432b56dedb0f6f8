package cmd

import (
	"encoding/json"

	"github.com/spf13/cobra"

	"wsgen/generator/spec"
)

func newSchemaCmd(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "schema",
		Short: "Print the JSON Schema of wsgen.yaml",
		Long: `Print the JSON Schema (draft-07) of wsgen.yaml. A project has it as .wsgen/schema.json, and a new spec names it in its first
line, so that an editor with a YAML language server completes and checks the spec as it is typed. For a spec that was there
before, put this line at its top:

  # yaml-language-server: $schema=.wsgen/schema.json`,
		Args: noArgs,
		RunE: func(*cobra.Command, []string) error {
			a.report.Schema = json.RawMessage(spec.Schema())
			a.resultf("%s", spec.Schema())
			return nil
		},
	}
}
