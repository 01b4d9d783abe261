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
	live  bool // somebody waits for each event
}

func newObjects(w io.Writer, grain explain.Grain, live bool) *objects {
	b := bufio.NewWriterSize(w, 64<<10)
	return &objects{w: b, enc: trace.NewEncoder(b, explain.Text), grain: grain, live: live}
}

func (o *objects) begin(*scenarios.Scenario, uint64) error { return nil }

func (o *objects) event(e *trace.Event) error {
	if explain.GrainOf(e) > o.grain {
		return nil
	}
	if err := o.enc.Encode(e); err != nil || !o.live {
		return err
	}
	return o.w.Flush()
}

func (o *objects) close(*scenarios.Scenario, []scenarios.Result) error { return o.w.Flush() }
