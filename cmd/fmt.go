package cmd

import "github.com/spf13/cobra"

func newFmtCmd(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "fmt [FILE]",
		Short: "Lay the spec out in the canonical way; every comment stays",
		RunE: func(cmd *cobra.Command, _ []string) error {
			return usage("", "%s is not supported by this version", cmd.CommandPath())
		},
	}
}
