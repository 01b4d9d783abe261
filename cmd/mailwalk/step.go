package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"mailwalk/scenarios"
	"mailwalk/sim/explain"
)

func newStep() *cobra.Command {
	var (
		v  view
		in input
	)
	cmd := &cobra.Command{
		Use:               "step WALK|FILE.yaml",
		Short:             "Step through a walk on a screen",
		Long:              "Step through a walk: forward one step at a time, back to look again, and into each packet.\nTime stands still while you think.",
		Example:           "mailwalk step first-letter",
		Args:              oneWalk,
		ValidArgsFunction: completeWalks,
		RunE: func(cmd *cobra.Command, args []string) error {
			sc, err := loadWalk(args[0], cmd.ErrOrStderr())
			if err != nil {
				return err
			}
			g, err := in.read(cmd)
			if err != nil {
				return err
			}
			s := screen{scenario: sc, given: g}
			if s.grain, err = explain.ParseGrain(v.detail); err != nil {
				return fmt.Errorf("--%w", err)
			}
			if s.depth, err = explain.ParseDepth(v.depth); err != nil {
				return fmt.Errorf("--%w", err)
			}
			if s.colour, err = v.coloured(cmd.OutOrStdout()); err != nil {
				return err
			}
			return runStep(cmd.Context(), s)
		},
	}
	v.flags(cmd)
	in.flags(cmd)
	return cmd
}

// screen is what the stepping screen begins with.
type screen struct {
	scenario *scenarios.Scenario
	given    given
	grain    explain.Grain
	depth    explain.Depth
	colour   bool
}
