package cmd

import "github.com/spf13/cobra"

func newRenameCmd(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "rename",
		Short: "Give a consumer another name, in the spec and in the code",
		RunE: func(cmd *cobra.Command, _ []string) error {
			return usage("", "%s is not supported by this version", cmd.CommandPath())
		},
	}
}
