package plain

import "mailwalk/sim/trace"

func beginsHop(e *trace.Event) bool { return e.Kind == trace.Mail && e.What == trace.HopStarts }

// nextHop goes to where the next hop begins, seen already or not.
func (s *stepper) nextHop(string) string {
	for e := range s.trace.Events(s.now+1, s.shown) {
		if beginsHop(e) {
			s.jump(e.Seq)
			return ""
		}
	}
	return s.onTo(beginsHop)
}

// previousHop goes back to where the hop of the moment begins, or else to the one
// before.
func (s *stepper) previousHop(string) string {
	for seq := s.now; seq > 1; {
		seq--
		if e := s.trace.At(seq); e != nil && beginsHop(e) {
			s.jump(seq)
			return ""
		}
	}
	return "No hop has begun before this. next-hop goes to the next."
}
