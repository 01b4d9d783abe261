package main

import (
	"bufio"
	"io"

	"mailwalk/scenarios"
	"mailwalk/sim/explain"
	"mailwalk/sim/trace"
)

// objects is the JSON format: one event a line, and nothing else.
type objects struct {
	w     *bufio.Writer
	enc   *trace.Encoder
	grain explain.Grain
	// filter leaves out what it does not let through.
	filter trace.Filter
	live   bool // somebody waits for each event
}

func newObjects(w io.Writer, grain explain.Grain, filter trace.Filter, live bool) *objects {
	b := bufio.NewWriterSize(w, 64<<10)
	return &objects{w: b, enc: trace.NewEncoder(b, explain.Text), grain: grain, filter: filter, live: live}
}

func (o *objects) begin(*scenarios.Scenario, uint64) error { return nil }

func (o *objects) event(e *trace.Event) error {
	if !o.filter.Match(e) || explain.GrainOf(e) > o.grain && !o.filter.Names(e) {
		return nil
	}
	if err := o.enc.Encode(e); err != nil || !o.live {
		return err
	}
	return o.w.Flush()
}

func (o *objects) close(*scenarios.Scenario, judgement) error { return o.w.Flush() }
