package main

import (
	"context"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"mailwalk/scenarios"
	"mailwalk/sim/trace"
)

func newReplay() *cobra.Command {
	var v view
	cmd := &cobra.Command{
		Use:     "replay FILE",
		Short:   "Print a recorded trace",
		Long:    "Print a trace that mailwalk run --record has kept: the same as that run printed, from the file alone.\nNothing is run again.",
		Example: "mailwalk run first-letter --record first.trace\nmailwalk replay first.trace --detail packet",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return fmt.Errorf("give one trace file, not %d", len(args))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			return replay(cmd.Context(), args[0], &v, cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	v.flags(cmd, "plain", "json")
	return cmd
}

// openTrace opens a recorded trace. The file has to stay open as long as the
// trace is used.
func openTrace(name string) (*trace.Trace, io.Closer, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", name, bare(err))
	}
	info, err := f.Stat()
	if err != nil {
		f.Close()
		return nil, nil, fmt.Errorf("%s: %w", name, bare(err))
	}
	t, err := trace.Open(f, info.Size())
	if err != nil {
		f.Close()
		return nil, nil, fmt.Errorf("%s: %w", name, err)
	}
	return t, f, nil
}

func replay(ctx context.Context, name string, v *view, w, warnings io.Writer) error {
	t, file, err := openTrace(name)
	if err != nil {
		return err
	}
	defer file.Close()
	sc, err := walkOf(t)
	if err != nil {
		// A trace of another version of the language still shows what happened.
		fmt.Fprintf(warnings, "mailwalk: %s: its walk cannot be read, so it is not checked against what it expects: %v\n", name, err)
		sc = &scenarios.Scenario{Name: t.Header.Name, Title: t.Header.Name}
	}
	s, err := v.open(w, t.Bodies.Get)
	if err != nil {
		return err
	}
	if err := s.begin(sc, t.Header.Seed); err != nil {
		return failure{err}
	}
	var count trace.Counter
	for seq := uint64(1); seq <= t.Len(); seq++ {
		e := t.At(seq)
		if e == nil {
			return failure{fmt.Errorf("%s: event %d cannot be read: %w", name, seq, t.Verify())}
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		count.Add(e)
		if err := s.event(e); err != nil {
			return failure{err}
		}
	}
	j := judgeBy(sc, t)
	if err := s.close(sc, j); err != nil {
		return failure{err}
	}
	if err := t.Unfinished(); err != nil {
		return failure{fmt.Errorf("%s: %w", name, err)}
	}
	if t.Header.Given.Doors {
		return nil // what visitors do is their own affair
	}
	return verdict(sc, j, count.Summary().Failures, v.format == "plain")
}
