package cmd

import "github.com/spf13/cobra"

func newDoctorCmd(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "doctor",
		Short: "Say what is wrong with the machine or the project, and what to do",
		RunE: func(cmd *cobra.Command, _ []string) error {
			return usage("", "%s is not supported by this version", cmd.CommandPath())
		},
	}
}
