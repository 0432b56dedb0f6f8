package cmd

import (
	"context"

	"github.com/spf13/cobra"
)

// version is wsgen's own. It is a constant because the build info of a checkout only says "(devel)".
const version = "0.2.0"

type versionOptions struct{ *app }

func newVersionCmd(a *app) *cobra.Command {
	o := &versionOptions{app: a}
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version of wsgen",
		Args:  noArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return runVersion(cmd.Context(), o) },
	}
}

func runVersion(_ context.Context, o *versionOptions) error {
	o.report.Version = version
	o.resultf("wsgen %s\n", version)
	return nil
}
