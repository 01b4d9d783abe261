package main

import (
	"context"
	"errors"
	"io"

	"mailwalk/scenarios"
	"mailwalk/sim/trace"
)

// outputs are the files that a run leaves.
type outputs struct {
	record string
	pcap   pcapOptions
}

// telling shows a world's trace while it grows, and keeps it in files.
type telling struct {
	walk  *scenarios.Scenario
	world world
	show  show
	rec   *record
	pcap  *pcapFile
	count trace.Counter
}

// newTelling makes the files and begins to show. An error leaves nothing open.
func newTelling(sc *scenarios.Scenario, w world, v *view, files outputs, out io.Writer) (*telling, error) {
	t := &telling{walk: sc, world: w}
	tr := w.Trace()
	var err error
	if t.show, err = v.open(out, tr.Bodies.Get); err != nil {
		return nil, err
	}
	if t.pcap, err = files.pcap.prepare(sc, v); err != nil {
		return nil, err
	}
	if t.rec, err = newRecord(files.record, tr); err != nil {
		return nil, err
	}
	if err := t.pcap.create(files.record); err != nil {
		return nil, errors.Join(err, t.rec.close())
	}
	return t, nil
}

// begin says what walk it is.
func (t *telling) begin() error {
	if err := t.show.begin(t.walk, t.world.Trace().Header.Seed); err != nil {
		return failure{err}
	}
	return nil
}

// tell shows and keeps what happens while drive runs the world. A face or a file
// that fails ends that.
func (t *telling) tell(ctx context.Context, drive func(ctx context.Context) error) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	t.world.Listen(func(e *trace.Event) {
		if context.Cause(ctx) != nil {
			return
		}
		t.count.Add(e)
		if err := errors.Join(t.show.event(e), t.rec.event(e)); err != nil {
			stop(failure{err})
		}
	})
	err := drive(ctx)
	if cause := context.Cause(ctx); cause != nil {
		err = cause
	}
	return err
}

// keep completes the files.
func (t *telling) keep() error {
	return errors.Join(t.rec.close(), t.pcap.write(t.world.Trace()))
}

// abandon gives the files up.
func (t *telling) abandon() error { return errors.Join(t.rec.close(), t.pcap.close()) }
