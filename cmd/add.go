package cmd

import (
	"github.com/spf13/cobra"
)

func newAddCmd(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "add",
		Short: "Add to the spec and to everything that follows from it",
		Args:  subcommandArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return usage("try: wsgen add consumer NAME", "there is nothing named to add")
		},
	}
	cmd.SuggestionsMinimumDistance = 2
	cmd.AddCommand(newAddConsumerCmd(a), newAddRouteCmd(a))
	return cmd
}
