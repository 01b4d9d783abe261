package main

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"mailwalk/scenarios"
	"mailwalk/sim/trace"
)

func newVersion() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print what this program was built from",
		Long:  "Print what this program was built from. Traces are the same, byte for byte, for the same build on the same architecture.",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			_, err := fmt.Fprintf(cmd.OutOrStdout(), "mailwalk %s\nbuilt with %s for %s/%s\nwalks: language version %d\ntraces: schema %d\n",
				buildVersion(), runtime.Version(), runtime.GOOS, runtime.GOARCH, scenarios.Version, trace.Schema)
			if err != nil {
				return failure{err}
			}
			return nil
		},
	}
}

// buildVersion is the module's version, with the commit where it is known.
func buildVersion() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	version := info.Main.Version
	if version == "" {
		version = "(devel)"
	}
	commit, changed := "", ""
	for _, s := range info.Settings {
		switch {
		case s.Key == "vcs.revision":
			commit = s.Value
		case s.Key == "vcs.modified" && s.Value == "true":
			changed = ", changed since"
		}
	}
	if len(commit) > 12 {
		commit = commit[:12]
	}
	if commit == "" {
		return version
	}
	return version + " (commit " + commit + changed + ")"
}
