package tui

import "mailwalk/sim/trace"

// devices are the machines on which mails were written and to which they were fetched:
// what somebody has there.
type devices struct {
	all   []*device // in the order in which they were met
	named map[string]*device
	known map[deviceCopy]bool
}

// device is a machine at which somebody writes and reads.
type device struct {
	name string
	met  uint64   // the event by which it was met
	seqs []uint64 // the events by which mails came there
}

// deviceCopy is a mail on a device.
type deviceCopy struct{ host, mail string }

func newDevices() *devices {
	return &devices{named: map[string]*device{}, known: map[deviceCopy]bool{}}
}

// add takes in the next event that tells of a mail.
func (d *devices) add(e *trace.Event) {
	if e.What != trace.Composed && e.What != trace.Fetched && e.What != trace.NoneFound {
		return
	}
	on := d.named[e.Host]
	if on == nil {
		on = &device{name: e.Host, met: e.Seq}
		d.named[e.Host] = on
		d.all = append(d.all, on)
	}
	if c := (deviceCopy{e.Host, e.Mail}); e.What != trace.NoneFound && !d.known[c] {
		d.known[c] = true
		on.seqs = append(on.seqs, e.Seq)
	}
}
