package main

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"mailwalk/scenarios"
	"mailwalk/sim/trace"
	"mailwalk/sim/trace/pcapng"
)

func newExport() *cobra.Command {
	var (
		pcap pcapOptions
		v    view
	)
	cmd := &cobra.Command{
		Use:     "export FILE.trace --pcap FILE",
		Short:   "Write the packets of a recorded trace for Wireshark",
		Long:    "Write the packets of a trace that mailwalk run --record has kept to a capture file, with the walk's\nwords and the lines that a packet carries as its comments. Nothing is run again.\n\n" + pcapHelp,
		Example: "mailwalk run first-letter --record first.trace\nmailwalk export first.trace --pcap first.pcapng\nmailwalk export first.trace --pcap acme.pcapng --link acme-net",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return fmt.Errorf("give one trace file, not %d", len(args))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			return export(args[0], pcap, &v, cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	pcap.flags(cmd, walkOfTrace)
	v.depthFlag(cmd)
	return cmd
}

func export(name string, o pcapOptions, v *view, out, warnings io.Writer) error {
	if o.file == "" {
		return errors.New("say with --pcap where the packets go")
	}
	t, file, err := openTrace(name)
	if err != nil {
		return err
	}
	defer file.Close()
	sc, err := walkOf(t)
	if err != nil {
		fmt.Fprintf(warnings, "mailwalk: %s: its walk cannot be read, so the packets' times count from 1970: %v\n", name, err)
		sc = &scenarios.Scenario{Name: t.Header.Name}
	}
	options, err := o.options(sc, v)
	if err != nil {
		return err
	}
	c, err := pcapng.New(t, options)
	if err != nil {
		return failure{fmt.Errorf("%s: %w", name, err)}
	}
	if err := o.check(sc, c.Links()); err != nil {
		return err
	}
	p := &pcapFile{name: o.file}
	if err := p.create(name); err != nil {
		return err
	}
	if err := p.save(c); err != nil {
		return err
	}
	if _, err := fmt.Fprintf(out, "%s: %s\n", o.file, captured(c.Links(), o.link)); err != nil {
		return failure{err}
	}
	if err := t.Unfinished(); err != nil {
		return failure{fmt.Errorf("%s: %w", name, err)}
	}
	return nil
}

// walkOf is the walk that a trace is of.
func walkOf(t *trace.Trace) (*scenarios.Scenario, error) {
	return scenarios.Parse(t.Header.Name+".yaml", []byte(t.Header.Scenario))
}

// walkOfTrace is the walk that a trace in a file is of.
func walkOfTrace(name string) (*scenarios.Scenario, error) {
	t, file, err := openTrace(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return walkOf(t)
}

// captured tells how many packets of which links are in a capture.
func captured(links []pcapng.Link, only string) string {
	var parts []string
	total := 0
	for _, l := range links {
		if only == "" || l.Name == only {
			total += l.Frames
			parts = append(parts, fmt.Sprintf("%s %d", l.Name, l.Frames))
		}
	}
	if total == 0 {
		return "no packets"
	}
	return fmt.Sprintf("%d packets (%s)", total, strings.Join(parts, ", "))
}
