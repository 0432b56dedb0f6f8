package cmd

import "github.com/spf13/cobra"

func newAddRouteCmd(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "route PATH",
		Short: "Add a route to a consumer",
		RunE: func(cmd *cobra.Command, _ []string) error {
			return usage("", "%s is not supported by this version", cmd.CommandPath())
		},
	}
}
