package cmd

import "github.com/spf13/cobra"

func newSchemaCmd(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "schema",
		Short: "Print the JSON Schema of wsgen.yaml",
		RunE: func(cmd *cobra.Command, _ []string) error {
			return usage("", "%s is not supported by this version", cmd.CommandPath())
		},
	}
}
