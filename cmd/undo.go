package cmd

import "github.com/spf13/cobra"

func newUndoCmd(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "undo",
		Short: "Take back what the last command changed",
		RunE: func(cmd *cobra.Command, _ []string) error {
			return usage("", "%s is not supported by this version", cmd.CommandPath())
		},
	}
}
