package cmd

import "github.com/spf13/cobra"

func newInitCmd(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "init [NAME]",
		Short: "Make a project in a folder that holds something already, adding only",
		RunE: func(cmd *cobra.Command, _ []string) error {
			return usage("", "%s is not supported by this version", cmd.CommandPath())
		},
	}
}
