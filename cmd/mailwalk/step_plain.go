package main

import (
	"context"
	"errors"
	"io"
	"os"

	"github.com/charmbracelet/x/term"

	"mailwalk/cmd/mailwalk/plain"
	"mailwalk/cmd/mailwalk/tui"
	"mailwalk/scenarios"
	"mailwalk/sim"
	"mailwalk/sim/lab"
	"mailwalk/sim/trace"
)

// stepByLines makes the world of a walk and has a person step through it by lines.
func stepByLines(ctx context.Context, s screen, in io.Reader, out io.Writer) (err error) {
	typed := readsKeys(in)
	w, err := openTouched(s.scenario, s.given, typed)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.Close()) }()
	sc := s.scenario
	err = plain.Step(ctx, w, in, out, plain.StepOptions{
		Walk:   walkWords(sc, w.Trace().Header.Seed),
		Places: places(sc), Grain: s.grain, Depth: s.depth,
		Prompt: typed || s.prompt, Echo: !typed,
		Predictions: sc.Questions(s.given.wire == sim.Loopback), Ask: (typed || s.prompt) && !s.quiet,
		Expected: func(t *trace.Trace) []plain.Expectation {
			return judged(sc, judgeBy(sc, t))
		},
	})
	if err != nil {
		return failed(err)
	}
	return nil
}

// openTouched makes the world of a walk that hands can reach into. It has doors where
// somebody types; a script gets the same answers each time.
func openTouched(sc *scenarios.Scenario, g given, doors bool) (tui.World, error) {
	if doors {
		return openBench(sc, g)
	}
	return lab.Open(sc, g.options())
}

// readsKeys tells whether what is read is typed on a terminal, which shows it.
func readsKeys(in io.Reader) bool {
	f, ok := in.(*os.File)
	return ok && term.IsTerminal(f.Fd())
}

// places are the machines of a walk's network: its routers, then its hosts.
func places(sc *scenarios.Scenario) []plain.Place {
	var all []plain.Place
	for _, r := range sc.Routers {
		p := plain.Place{Name: r.Name, Label: r.Label, Router: true}
		for _, j := range r.Joins {
			p.Links = append(p.Links, j.Link)
		}
		all = append(all, p)
	}
	for _, h := range sc.Hosts {
		p := plain.Place{Name: h.Name, Label: h.Label, Links: []string{h.Link}}
		for _, r := range []struct {
			is   bool
			name string
		}{
			{h.Runs.MTA != nil, "mail server"}, {h.Runs.Mailboxes != nil, "mailboxes"},
			{h.Runs.Resolver != nil, "resolver"}, {h.Runs.DNS != nil, "name server"},
		} {
			if r.is {
				p.Runs = append(p.Runs, r.name)
			}
		}
		all = append(all, p)
	}
	return all
}
