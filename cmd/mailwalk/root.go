package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"mailwalk/sim/near"
)

func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:   "mailwalk",
		Short: "See how a mail gets from a sender to an inbox, step by step",
		Long: "mailwalk runs a walk: a small internet with real SMTP, DNS, POP3 and IMAP servers and clients in it,\n" +
			"in which a person writes a mail and another reads it. Every packet, look-up, line and hop can be seen.",
		Example: "# The whole way of a mail, with the reasons\nmailwalk run first-letter\n\n" +
			"# What walks there are\nmailwalk list\n\n" +
			"# Your own mail, packet by packet\nmailwalk run first-letter --message hello.eml --detail packet",
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return nil
			}
			return unknownCommand(cmd, args[0])
		},
		RunE: func(cmd *cobra.Command, _ []string) error { return chooseAndStep(cmd) },
	}
	root.AddCommand(newList(), newCheck(), newRun(), newServe(), newReplay(), newRerun(), newExport(), newVersion())
	if runStep != nil {
		root.AddCommand(newStep())
	}
	root.SetFlagErrorFunc(flagError)
	return root
}

// flagError words a mistake with a flag as a person would.
func flagError(cmd *cobra.Command, err error) error {
	var unknown *pflag.NotExistError
	var invalid *pflag.InvalidValueError
	switch {
	case errors.As(err, &unknown):
		var names []string
		cmd.Flags().VisitAll(func(f *pflag.Flag) { names = append(names, f.Name) })
		if meant := near.Name(unknown.GetSpecifiedName(), names); meant != "" {
			return fmt.Errorf("%w; did you mean --%s?", err, meant)
		}
		return fmt.Errorf("%w; %s --help shows the flags", err, cmd.CommandPath())
	case errors.As(err, &invalid) && invalid.GetFlag().Value.Type() == "uint64":
		return fmt.Errorf("--%s %q: it is a whole number, 0 or more", invalid.GetFlag().Name, invalid.GetValue())
	}
	return err
}

func unknownCommand(root *cobra.Command, word string) error {
	var names []string
	for _, c := range root.Commands() {
		if c.IsAvailableCommand() {
			names = append(names, c.Name())
		}
	}
	if meant := near.Name(word, names); meant != "" {
		return fmt.Errorf("there is no command %q; did you mean %q?", word, "mailwalk "+meant)
	}
	return fmt.Errorf("there is no command %q; the commands are %s", word, strings.Join(names, ", "))
}

// oneWalk asks for exactly one argument.
func oneWalk(cmd *cobra.Command, args []string) error {
	switch len(args) {
	case 0:
		return errors.New("say which walk: " + cmd.UseLine() + "; mailwalk list shows them")
	case 1:
		return nil
	}
	return fmt.Errorf("one walk at a time, not %d", len(args))
}
