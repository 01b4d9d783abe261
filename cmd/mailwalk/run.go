package main

import (
	"context"
	"errors"
	"io"

	"github.com/spf13/cobra"

	"mailwalk/scenarios"
	"mailwalk/sim/trace"
)

func newRun() *cobra.Command {
	var (
		v    view
		in   input
		file string
		pcap pcapOptions
	)
	cmd := &cobra.Command{
		Use:               "run WALK|FILE.yaml",
		Short:             "Run a walk and print its story",
		Long:              "Run a walk to its end and print what happens, each step with its reason the first time it comes.\nThe exit code is 0 when all that the walk expects has happened.\n\n" + pcapHelp,
		Example:           "mailwalk run first-letter\nmailwalk run first-letter --detail packet --depth engineer\nmailwalk run first-letter --message hello.eml --record hello.trace\nmailwalk run first-letter --pcap acme.pcapng --link acme-net\nmailwalk run first-letter --format json | jq .text",
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
			return run(cmd.Context(), sc, g, &v, outputs{record: file, pcap: pcap}, cmd.OutOrStdout())
		},
	}
	v.flags(cmd, "plain", "json")
	in.flags(cmd)
	cmd.Flags().StringVar(&file, "record", "", "keep the trace in a file, for mailwalk replay")
	pcap.flags(cmd, loadNamed)
	return cmd
}

// outputs are the files that a run leaves.
type outputs struct {
	record string
	pcap   pcapOptions
}

// run runs a walk to its end and shows it on out while it goes.
func run(ctx context.Context, sc *scenarios.Scenario, g given, v *view, files outputs, out io.Writer) (err error) {
	w, err := openWorld(sc, g)
	if err != nil {
		return err
	}
	defer func() {
		if cerr := w.Close(); cerr != nil {
			err = errors.Join(err, failure{cerr})
		}
	}()
	t := w.Trace()
	s, err := v.open(out, t.Bodies.Get)
	if err != nil {
		return err
	}
	pcap, err := files.pcap.prepare(sc, v)
	if err != nil {
		return err
	}
	rec, err := newRecord(files.record, t)
	if err != nil {
		return err
	}
	if err := pcap.create(files.record); err != nil {
		return errors.Join(err, rec.close())
	}
	if err := s.begin(sc, t.Header.Seed); err != nil {
		return errors.Join(failure{err}, rec.close(), pcap.close())
	}
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	// A face or a file that fails ends the walk.
	var count trace.Counter
	w.Listen(func(e *trace.Event) {
		if context.Cause(ctx) != nil {
			return
		}
		count.Add(e)
		if err := errors.Join(s.event(e), rec.event(e)); err != nil {
			stop(failure{err})
		}
	})
	err = w.Run(ctx)
	if cause := context.Cause(ctx); cause != nil {
		err = cause
	}
	err = errors.Join(err, rec.close(), pcap.write(t))
	if err != nil {
		return failed(err)
	}
	results := scenarios.Check(sc.Expect, t.All())
	if err := s.close(sc, results); err != nil {
		return failure{err}
	}
	return verdict(sc, results, count.Summary().Failures, v.format == "plain")
}

// failed makes an error one of the run; an interrupt stays one.
func failed(err error) error {
	if errors.Is(err, context.Canceled) {
		return err
	}
	return failure{err}
}
