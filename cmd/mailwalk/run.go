package main

import (
	"context"
	"errors"
	"io"

	"github.com/spf13/cobra"

	"mailwalk/scenarios"
)

func newRun() *cobra.Command {
	var (
		v    view
		in   input
		file string
		pcap pcapOptions
		wire string
	)
	cmd := &cobra.Command{
		Use:               "run WALK|FILE.yaml",
		Short:             "Run a walk and print its story",
		Long:              "Run a walk to its end and print what happens, each step with its reason the first time it comes.\nThe exit code is 0 when all that the walk expects has happened.\n\n" + pcapHelp,
		Example:           "mailwalk run first-letter\nmailwalk run first-letter --detail packet --depth engineer\nmailwalk run first-letter --message hello.eml --record hello.trace\nmailwalk run first-letter --pcap acme.pcapng --link acme-net\nmailwalk run first-letter --filter 'line.sent verb=RCPT'\nmailwalk run first-letter --format json | jq .text",
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
			g.wire = wire
			return run(cmd.Context(), sc, g, &v, outputs{record: file, pcap: pcap}, cmd.OutOrStdout())
		},
	}
	v.flags(cmd, "plain", "json")
	in.flags(cmd)
	wireFlag(cmd, &wire)
	cmd.Flags().StringVar(&file, "record", "", "keep the trace in a file, for mailwalk replay")
	pcap.flags(cmd, loadNamed)
	return cmd
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
	t, err := newTelling(sc, w, v, files, out)
	if err != nil {
		return err
	}
	if err := t.begin(); err != nil {
		return errors.Join(err, t.abandon())
	}
	if err := errors.Join(t.tell(ctx, w.Run), t.keep()); err != nil {
		return failed(err)
	}
	j := judgeBy(sc, w.Trace())
	if err := t.show.close(sc, j); err != nil {
		return failure{err}
	}
	return verdict(sc, j, t.count.Summary().Failures, v.format == "plain")
}

// failed makes an error one of the run; an interrupt stays one.
func failed(err error) error {
	if errors.Is(err, context.Canceled) {
		return err
	}
	return failure{err}
}
