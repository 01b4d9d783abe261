package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"mailwalk/scenarios"
	"mailwalk/sim"
	"mailwalk/sim/clock"
	"mailwalk/sim/doors"
)

// serving is how a walk is served.
type serving struct {
	view   view
	in     input
	out    outputs
	wire   string
	ports  uint16
	speed  string
	idle   bool
	ca     string
	walk   *scenarios.Scenario
	given  given
	plan   []doors.Open
	tempo  clock.Speed
	stdout io.Writer
}

func newServe() *cobra.Command {
	var s serving
	cmd := &cobra.Command{
		Use:   "serve WALK|FILE.yaml",
		Short: "Open a walk's servers to dig, swaks, curl and mail programs",
		Long: "Run a walk in real time with its doors open: each server of each host can be reached at a port of 127.0.0.1,\n" +
			"by any program on this machine. What such a visitor does is told like everything else, until Ctrl-C ends it.\n" +
			"Nothing listens on any other address.",
		Example:           "mailwalk serve first-letter\nmailwalk serve first-letter --idle --record class.trace\nmailwalk rerun class.trace",
		Args:              oneWalk,
		ValidArgsFunction: completeWalks,
		RunE: func(cmd *cobra.Command, args []string) error {
			var err error
			if s.walk, err = loadWalk(args[0], cmd.ErrOrStderr()); err != nil {
				return err
			}
			if s.given, err = s.in.read(cmd); err != nil {
				return err
			}
			if s.tempo, err = clock.ParseSpeed(s.speed); err != nil {
				return fmt.Errorf("--%w", err)
			}
			if s.plan, err = doors.Plan(sim.DoorsOf(s.walk), s.ports); err != nil {
				return fmt.Errorf("--ports %d: %w", s.ports, err)
			}
			if len(s.plan) == 0 {
				return fmt.Errorf("%s has no servers that a visitor could come to", s.walk.Name)
			}
			if s.ca != "" && !s.walk.SpeaksTLS() {
				return fmt.Errorf("--ca %s: no server of %s speaks TLS, so it has no certification authority", s.ca, s.walk.Name)
			}
			s.given.wire, s.given.doors, s.given.idle = s.wire, true, s.idle
			s.stdout = cmd.OutOrStdout()
			return s.run(cmd.Context())
		},
	}
	s.view.flags(cmd, "plain", "json")
	s.view.live = true
	s.in.flags(cmd)
	wireFlag(cmd, &s.wire)
	f := cmd.Flags()
	f.Uint16Var(&s.ports, "ports", 2000, "added to each server's port; the second server of a kind is 1000 further on. With 0 the machine chooses")
	f.StringVar(&s.speed, "speed", "1", "how fast the walk's time goes: 1 is real time, 10 ten times as fast, max as fast as can be while no visitor is there")
	f.BoolVar(&s.idle, "idle", false, "the walk's own people do nothing; its servers wait for visitors")
	f.StringVar(&s.out.record, "record", "", "keep the trace in a file, for mailwalk replay and rerun")
	f.StringVar(&s.ca, "ca", "", "write the certificate of the walk's certification authority to a file (PEM), for programs that are to trust its servers")
	s.out.pcap.flags(cmd, loadNamed)
	return cmd
}

// run opens the doors and tells what happens until ctx ends.
func (s *serving) run(ctx context.Context) (err error) {
	w, err := newSim(s.walk, s.given)
	if err != nil {
		return err
	}
	// The doors are shut before the world ends.
	defer func() { err = errors.Join(err, w.Close(), w.Trace().Close()) }()
	open, err := doors.Serve(w, s.plan)
	if err != nil {
		var taken *doors.TakenError
		if errors.As(err, &taken) {
			other := ""
			if _, bad := doors.Plan(sim.DoorsOf(s.walk), s.ports+10000); bad == nil && s.ports+10000 > s.ports {
				other = fmt.Sprintf("--ports %d, or ", s.ports+10000)
			}
			err = fmt.Errorf("%w; end that program, or choose other ports: %s--ports 0 to let the machine choose", err, other)
		}
		return failure{err}
	}
	defer func() { err = errors.Join(err, open.Close()) }()
	t, err := newTelling(s.walk, w, &s.view, s.out, s.stdout)
	if err != nil {
		return err
	}
	if s.ca != "" {
		if err := os.WriteFile(s.ca, w.Authority(), 0o644); err != nil {
			return errors.Join(failure{fmt.Errorf("--ca %s: %w", s.ca, bare(err))}, t.abandon())
		}
	}
	if err := errors.Join(s.announce(open.Doors), t.begin()); err != nil {
		return errors.Join(failure{err}, t.abandon())
	}
	err = t.tell(ctx, func(ctx context.Context) error { return w.Play(ctx, s.tempo) })
	if errors.Is(err, context.Canceled) {
		err = nil // Ctrl-C is how it ends
	}
	if err = errors.Join(err, t.keep()); err != nil {
		return failed(err)
	}
	if err := t.show.close(s.walk, judgement{}); err != nil {
		return failure{err}
	}
	return nil
}

// announce says where the doors are.
func (s *serving) announce(open []doors.Open) error {
	if s.view.format == "json" {
		return json.NewEncoder(s.stdout).Encode(doorList(s.walk, open))
	}
	_, err := io.WriteString(s.stdout, doorTable(s.walk, open, s.ca))
	return err
}

// doorList is the table of doors as JSON: one object, before the first event.
func doorList(sc *scenarios.Scenario, open []doors.Open) any {
	type door struct {
		Host    string `json:"host"`
		Service string `json:"service"`
		Network string `json:"network"`
		Port    uint16 `json:"port"`
		At      string `json:"at"`
		Command string `json:"command"`
	}
	list := make([]door, len(open))
	for i, o := range open {
		list[i] = door{o.Host, o.Service, o.Network, o.Inside.Port(), o.At.String(), doors.Command(sc, o)}
	}
	return map[string]any{"kind": "doors", "doors": list}
}
