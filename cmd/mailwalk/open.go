package main

import (
	"errors"

	"github.com/spf13/cobra"

	"mailwalk/scenarios"
	"mailwalk/sim"
)

// openSim makes the world of a walk, for a face that needs no more of it.
func openSim(sc *scenarios.Scenario, g given) (world, error) {
	w, err := newSim(sc, g)
	if err != nil {
		return nil, err
	}
	return ended{w}, nil
}

// ended is a world of whose trace nothing is wanted once it is closed.
type ended struct{ *sim.World }

// Close ends the world and closes its trace.
func (w ended) Close() error { return errors.Join(w.World.Close(), w.Trace().Close()) }

// newSim makes the world of a walk, with what a person gave it.
func newSim(sc *scenarios.Scenario, g given) (*sim.World, error) { return sim.New(sc, g.options()) }

// options are what a person gave, as a world takes it.
func (g given) options() sim.Options {
	o := sim.Options{
		Seed: g.seed, From: g.from, To: g.to, Subject: g.subject, Text: g.text, Build: buildVersion(),
		Wire: g.wire, Doors: g.doors, Idle: g.idle,
	}
	if g.message != nil {
		o.Message = &sim.File{Name: g.message.name, Content: g.message.content}
	}
	for _, f := range g.attach {
		o.Attach = append(o.Attach, sim.File{Name: f.name, Content: f.content})
	}
	return o
}

// wireFlag adds the flag that says what carries the packets.
func wireFlag(cmd *cobra.Command, wire *string) {
	cmd.Flags().StringVar(wire, "wire", sim.Virtual, "virtual: a network in the process, packet by packet; or loopback: the machine's own sockets on 127.0.0.0/8")
	complete(cmd, "wire", sim.Virtual, sim.Loopback)
}

var _ world = ended{}
