package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"mailwalk/cmd/mailwalk/tui"
	"mailwalk/scenarios"
	"mailwalk/sim"
	"mailwalk/sim/explain"
)

func newStep() *cobra.Command {
	var (
		v     view
		in    input
		theme string
		ascii bool
		lines bool
		ask   bool
		quiet bool
		wire  string
	)
	cmd := &cobra.Command{
		Use:   "step WALK|FILE.yaml",
		Short: "Step through a walk on a screen, or by lines",
		Long: "Step through a walk: forward one step at a time, back to look again, and into each packet.\n" +
			"Time stands still while you think.\n\n" +
			"With --plain, or without a terminal, the same is a dialogue by lines, for a screen reader or a script:\n" +
			"each line is a command, by the key of the screen or by a word; help lists them.\n\n" + tui.KeyHelp(),
		Example: "mailwalk step first-letter\nmailwalk step first-letter --detail packet --depth engineer\n" +
			"mailwalk step first-letter --plain\nprintf 'step\\nstep\\nback\\nwhy\\nquit\\n' | mailwalk step first-letter",
		Args:              oneWalk,
		ValidArgsFunction: completeWalks,
		RunE: func(cmd *cobra.Command, args []string) error {
			sc, err := loadWalk(args[0], cmd.ErrOrStderr())
			if err != nil {
				return err
			}
			s := screen{scenario: sc, ascii: ascii, prompt: ask, quiet: quiet}
			if s.given, err = in.read(cmd); err != nil {
				return err
			}
			s.given.wire = wire
			if s.grain, err = explain.ParseGrain(v.detail); err != nil {
				return fmt.Errorf("--%w", err)
			}
			if s.depth, err = explain.ParseDepth(v.depth); err != nil {
				return fmt.Errorf("--%w", err)
			}
			if s.theme, err = tui.ParseTheme(theme); err != nil {
				return fmt.Errorf("--%w", err)
			}
			if s.colour, err = v.coloured(cmd.OutOrStdout()); err != nil {
				return err
			}
			if lines || !onTerminal() {
				return stepByLines(cmd.Context(), s, cmd.InOrStdin(), cmd.OutOrStdout())
			}
			return runStep(cmd.Context(), s)
		},
	}
	v.flags(cmd)
	in.flags(cmd)
	wireFlag(cmd, &wire)
	cmd.Flags().StringVar(&theme, "theme", string(tui.Auto), "colours: auto, dark, light or mono")
	cmd.Flags().BoolVar(&quiet, "no-questions", false, "do not ask before answers are shown")
	cmd.Flags().BoolVar(&ascii, "ascii", false, "draw with the characters of ASCII alone")
	cmd.Flags().BoolVar(&lines, "plain", false, "by lines and without a screen; so it is without a terminal too")
	cmd.Flags().BoolVar(&ask, "prompt", false, "by lines: ask for each command, also where the commands come from a file or a pipe")
	complete(cmd, "theme", "auto", "dark", "light", "mono")
	return cmd
}

// screen is what the stepping screen begins with.
type screen struct {
	scenario *scenarios.Scenario
	given    given
	grain    explain.Grain
	depth    explain.Depth
	theme    tui.ThemeName
	colour   bool
	ascii    bool
	prompt   bool
	// quiet tells that the walk asks nothing.
	quiet bool
	// left is set when the person leaves for good; it may be nil.
	left *bool
}

// openScreen makes the world of a walk and shows it until the person leaves.
func openScreen(ctx context.Context, s screen) (err error) {
	w, err := openBench(s.scenario, s.given)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.Close()) }()
	sc := s.scenario
	err = tui.Run(ctx, w, tui.Options{
		Walk:  tui.Walk{Name: sc.Name, Title: sc.Title, Summary: sc.Summary, Objective: sc.Teacher.Objective, Network: networkOf(sc)},
		Grain: s.grain, Depth: s.depth, Theme: s.theme, ASCII: s.ascii, Plain: !s.colour,
		Predictions: sc.Questions(s.given.wire == sim.Loopback), Quiet: s.quiet, Left: s.left,
	})
	if err != nil {
		return failed(err)
	}
	return nil
}
