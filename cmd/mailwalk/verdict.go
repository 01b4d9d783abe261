package main

import (
	"errors"
	"fmt"
	"strings"

	"mailwalk/scenarios"
	"mailwalk/sim"
	"mailwalk/sim/explain"
	"mailwalk/sim/trace"
)

// judgement is what became of what a walk expects.
type judgement struct {
	results []scenarios.Result
	// own says that the mail was a person's and not the walk's, so that the walk
	// cannot know what becomes of it.
	own bool
}

// judgeBy holds a trace that has come to its end to what its walk expects.
func judgeBy(sc *scenarios.Scenario, t *trace.Trace) judgement {
	g := t.Header.Given
	own := g.Message != "" || g.From != "" || g.Subject != "" || g.Text != "" || len(g.To) > 0 || len(g.Attach) > 0
	return judgement{scenarios.Check(expected(sc, t), t.All()), own}
}

// missed counts what did not hold.
func (j judgement) missed() int {
	n := 0
	for _, r := range j.results {
		if !r.Held {
			n++
		}
	}
	return n
}

// verdict is nil when all that a walk expects has happened. Where it expects nothing,
// and where a person's own mail fared otherwise than the walk's, it is nil when no mail
// was bounced or left with its sender. printed tells that what did not happen stands in
// the print already.
func verdict(sc *scenarios.Scenario, j judgement, failures []trace.Failure, printed bool) error {
	results, missed := j.results, j.missed()
	if j.own && missed > 0 {
		results, missed = nil, 0
	}
	var b strings.Builder
	for _, r := range results {
		if r.Held {
			continue
		}
		if printed {
			continue
		}
		want, why := worded(r)
		fmt.Fprintf(&b, "\n  %s: %s\n    %s", place(sc, r.Expect.Pos), want, why)
		if r.Nearest != nil {
			fmt.Fprintf(&b, "\n    nearest: event %d, %s", r.Nearest.Seq, explain.Text(r.Nearest))
		}
	}
	lost := ""
	if len(failures) > 0 {
		f := failures[0]
		lost = explain.OneLine(fmt.Sprintf("mail %s did not arrive: %s: %s", f.Mail, f.Host, f.Reason))
	}
	switch {
	case missed > 0 && lost != "":
		return failure{fmt.Errorf("%s; %d of the %d things that the walk expects did not happen%s", lost, missed, len(results), b.String())}
	case missed > 0:
		return failure{fmt.Errorf("%d of the %d things that the walk expects did not happen%s", missed, len(results), b.String())}
	case len(results) == 0 && lost != "":
		return failure{errors.New(lost)}
	}
	return nil
}

// expected are the expectations that can be judged by a trace: none if visitors
// could join in.
func expected(sc *scenarios.Scenario, t *trace.Trace) []*scenarios.Expect {
	switch g := t.Header.Given; {
	case g.Doors:
		return nil
	case g.Wire == sim.Loopback:
		return scenarios.WithoutPackets(sc.Expect)
	}
	return sc.Expect
}

// worded is what was to be, in the walk's own words where it has some, and why
// it did not hold.
func worded(r scenarios.Result) (want, missed string) {
	if r.Expect.Says == "" {
		return r.Want, r.Missed
	}
	return r.Expect.Says, r.Missed
}
