package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"mailwalk/sim"
	"mailwalk/sim/explain"
	"mailwalk/sim/trace"
)

func newRerun() *cobra.Command {
	var (
		v   view
		out outputs
	)
	cmd := &cobra.Command{
		Use:   "rerun FILE",
		Short: "Run a recorded walk again and compare",
		Long: "Run the walk of a recorded trace again: the same seed and files, and what visitors and learners did is done again\n" +
			"at its place, with nobody there. The exit code is 0 when each event is the same as in the recording, 1 when not.",
		Example: "mailwalk serve first-letter --record class.trace\nmailwalk rerun class.trace",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return fmt.Errorf("give one trace file, not %d", len(args))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			return rerun(cmd.Context(), args[0], &v, out, cmd.OutOrStdout())
		},
	}
	v.flags(cmd, "plain", "json")
	cmd.Flags().StringVar(&out.record, "record", "", "keep the new trace in a file")
	out.pcap.flags(cmd, walkOfTrace)
	return cmd
}

// rerun runs a recorded walk again, as far as the recording goes.
func rerun(ctx context.Context, name string, v *view, files outputs, out io.Writer) (err error) {
	before, file, err := openTrace(name)
	if err != nil {
		return err
	}
	defer file.Close()
	sc, err := walkOf(before)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	again, err := sim.Again(before, buildVersion())
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	w := ended{again}
	defer func() { err = errors.Join(err, w.Close()) }()
	t, err := newTelling(sc, w, v, files, out)
	if err != nil {
		return err
	}
	if err := t.begin(); err != nil {
		return errors.Join(err, t.abandon())
	}
	cmp := comparison{before: before}
	err = t.tell(ctx, func(ctx context.Context) error {
		// A recording that was broken off is run again up to there.
		for w.Trace().Len() < before.Len() && w.Step() {
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			if err := cmp.upTo(w.Trace()); err != nil {
				return err
			}
		}
		return nil
	})
	if err := errors.Join(err, t.keep()); err != nil {
		return failed(err)
	}
	if err := t.show.close(sc, judgement{}); err != nil {
		return failure{err}
	}
	return cmp.verdict(name, w.Trace())
}

// comparison finds the first difference of two traces.
type comparison struct {
	before *trace.Trace
	seen   uint64
	differ uint64 // the first event that does; 0 for none
}

// upTo compares what has come since the last time.
func (c *comparison) upTo(now *trace.Trace) error {
	for ; c.seen < min(now.Len(), c.before.Len()) && c.differ == 0; c.seen++ {
		same, err := c.same(now, c.seen+1)
		if err != nil {
			return fmt.Errorf("event %d: %w", c.seen+1, err)
		}
		if !same {
			c.differ = c.seen + 1
		}
	}
	return nil
}

func (c *comparison) same(now *trace.Trace, seq uint64) (bool, error) {
	old := c.before.At(seq)
	if old == nil {
		return false, c.before.Verify()
	}
	a, err := trace.AppendJSON(nil, old, "")
	if err != nil {
		return false, err
	}
	b, err := trace.AppendJSON(nil, now.At(seq), "")
	return bytes.Equal(a, b), err
}

func (c *comparison) verdict(name string, now *trace.Trace) error {
	built := c.before.Header.Build
	hint := ""
	if own := buildVersion(); built != own {
		hint = fmt.Sprintf("; it was recorded by mailwalk %s, and this is %s", built, own)
	}
	switch {
	case c.differ != 0:
		return failure{fmt.Errorf("%s: event %d is another one now%s\n  then: %s\n  now:  %s", name, c.differ, hint, explain.Text(c.before.At(c.differ)), explain.Text(now.At(c.differ)))}
	case now.Len() < c.before.Len():
		return failure{fmt.Errorf("%s: it has %d events, and now there are %d%s", name, c.before.Len(), now.Len(), hint)}
	}
	return nil
}
