package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"mailwalk/scenarios"
)

func newCheck() *cobra.Command {
	return &cobra.Command{
		Use:     "check FILE.yaml ...",
		Short:   "Check walks without running them",
		Long:    "Check files of walks: each thing wrong is told with its place and a remedy.\nWarnings do not change the exit code.",
		Example: "mailwalk check my-walk.yaml",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return errors.New("say which files to check")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			wrong := 0
			for _, name := range args {
				sc, err := scenarios.LoadFile(name)
				if err != nil {
					wrong++
					fmt.Fprintln(cmd.ErrOrStderr(), walkError(name, err))
					continue
				}
				for _, p := range sc.Warnings {
					fmt.Fprintln(cmd.ErrOrStderr(), p.Error())
				}
				if _, err := fmt.Fprintf(cmd.OutOrStdout(), "%s: a walk that can be run (%s, %s, %s, %s)\n", name,
					counted(len(sc.Hosts), "host"), counted(len(sc.Mails), "mail"), counted(len(sc.Acts), "act"), counted(len(sc.Expect), "expectation")); err != nil {
					return failure{err}
				}
			}
			if wrong > 0 {
				return fmt.Errorf("%d of %d cannot be run", wrong, len(args))
			}
			return nil
		},
	}
}

// counted is a number of things, with the word for one of them.
func counted(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}
