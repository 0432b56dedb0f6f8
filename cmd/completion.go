package cmd

import "github.com/spf13/cobra"

func newCompletionCmd(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "completion SHELL",
		Short: "Print the completion script of a shell",
		RunE: func(cmd *cobra.Command, _ []string) error {
			return usage("", "%s is not supported by this version", cmd.CommandPath())
		},
	}
}
