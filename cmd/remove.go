package cmd

import "github.com/spf13/cobra"

func newRemoveCmd(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "remove",
		Short: "Take back what add did: a consumer or a route, and what follows from it",
		RunE: func(cmd *cobra.Command, _ []string) error {
			return usage("", "%s is not supported by this version", cmd.CommandPath())
		},
	}
}
