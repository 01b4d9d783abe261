package main

import (
	"os"

	"github.com/charmbracelet/x/term"
	"github.com/spf13/cobra"

	"mailwalk/cmd/mailwalk/tui"
	"mailwalk/scenarios"
	"mailwalk/sim/explain"
)

// onTerminal tells whether there is a terminal to draw on and to read keys from.
func onTerminal() bool {
	return term.IsTerminal(os.Stdin.Fd()) && term.IsTerminal(os.Stdout.Fd()) && os.Getenv("TERM") != "dumb"
}

// chooseAndStep lets a person choose a walk and step through it, and choose again,
// until she has enough, or leaves a walk with its last screen on the terminal. Without
// a terminal it prints the help.
func chooseAndStep(cmd *cobra.Command) error {
	if !onTerminal() || runStep == nil {
		return cmd.Help()
	}
	offers, err := offered()
	if err != nil {
		return failure{err}
	}
	colour, err := (&view{colour: "auto"}).coloured(os.Stdout)
	if err != nil {
		return err
	}
	ctx := cmd.Context()
	for {
		name, err := tui.Choose(ctx, offers, tui.Options{Theme: tui.Auto, Plain: !colour})
		if err != nil || name == "" {
			return err
		}
		sc, err := scenarios.Load(name)
		if err != nil {
			return failure{err}
		}
		left := false
		s := screen{scenario: sc, grain: explain.LineGrain, theme: tui.Auto, colour: colour, left: &left}
		if err := runStep(ctx, s); err != nil || left {
			return err
		}
	}
}

// offered are the walks, as the screen shows them for choosing.
func offered() ([]tui.Offer, error) {
	walks, err := scenarios.List()
	if err != nil {
		return nil, err
	}
	offers := make([]tui.Offer, len(walks))
	for i, s := range walks {
		offers[i] = tui.Offer{
			Walk: tui.Walk{Name: s.Name, Title: s.Title, Summary: s.Summary, Objective: s.Teacher.Objective},
			Part: parts[s.Part], Minutes: s.Teacher.Minutes, ClearsUp: s.Teacher.ClearsUp, Before: s.Teacher.Before,
		}
	}
	return offers, nil
}
