package scenarios

import (
	"errors"
	"fmt"
	"slices"

	"mailwalk/sim/trace"
)

// NeedsPackets says why a walk cannot be run where single packets can be neither
// seen nor touched, as on the machine's own loopback interface. It is nil for a
// walk that can.
func (s *Scenario) NeedsPackets() error {
	var errs []error
	needs := func(at Position, what string) {
		errs = append(errs, fmt.Errorf("%s:%d:%d: %s", s.File, at.Line, at.Column, what))
	}
	for _, f := range s.Faults {
		switch {
		case !f.Packet.IsZero():
			needs(f.Pos, "something is done to single packets")
		case f.Link != "":
			needs(f.Pos, "a link is cut")
		case f.After.Kind() == trace.Packet:
			needs(f.Pos, "a packet is waited for")
		}
	}
	for _, a := range s.Acts {
		if a.After.Kind() == trace.Packet {
			needs(a.Pos, "a packet is waited for")
		}
	}
	return errors.Join(errs...)
}

// NeedsPackets tells whether an expectation speaks of packets, or of the time that
// links take: on the machine's own loopback interface there are neither.
func (e *Expect) NeedsPackets() bool {
	return slices.ContainsFunc(append([]trace.Selector{e.Happens, e.Never, e.After, e.Before}, e.InOrder...), func(s trace.Selector) bool {
		return s.Kind() == trace.Packet || s.Uses("at")
	})
}

// WithoutPackets are the expectations that can be judged where no packets are
// seen.
func WithoutPackets(all []*Expect) []*Expect {
	return slices.DeleteFunc(slices.Clone(all), (*Expect).NeedsPackets)
}
