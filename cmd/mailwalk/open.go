package main

import (
	"mailwalk/scenarios"
	"mailwalk/sim"
)

// openSim makes the world of a walk, with what a person gave it.
func openSim(sc *scenarios.Scenario, g given) (world, error) {
	o := sim.Options{Seed: g.seed, From: g.from, To: g.to, Subject: g.subject, Text: g.text, Build: buildVersion()}
	if g.message != nil {
		o.Message = &sim.File{Name: g.message.name, Content: g.message.content}
	}
	for _, f := range g.attach {
		o.Attach = append(o.Attach, sim.File{Name: f.name, Content: f.content})
	}
	w, err := sim.New(sc, o)
	if err != nil {
		return nil, err
	}
	return w, nil
}

var _ world = (*sim.World)(nil)
