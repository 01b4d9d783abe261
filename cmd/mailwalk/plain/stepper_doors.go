package plain

import "mailwalk/cmd/mailwalk/tui"

// doors opens the doors of the world and tells how one comes in.
func (s *stepper) doors(string) string {
	v, ok := s.world.(tui.Visited)
	if !ok {
		return "There are no doors here: they open while somebody types the commands, and in mailwalk serve."
	}
	signs, err := v.OpenDoors()
	if err != nil {
		return "The doors stay shut: " + err.Error() + "."
	}
	s.arrivals = v.Arrivals()
	s.say("The doors are open, on this machine alone. In another terminal:")
	for _, d := range signs {
		s.item(d.Name + ":")
		s.out.put(hanging + hanging + d.Command) // in one line, so that it can be copied
	}
	return ""
}

// admit lets in who stands before the doors, and tells what they did.
func (s *stepper) admit() {
	v := s.world.(tui.Visited)
	for s.ctx.Err() == nil && v.Admit() {
	}
	if s.trace.Len() == s.taken {
		return
	}
	s.over, s.summed = false, true // what the walk came to is not summed up twice
	s.out.newline()
	s.say("A visitor is here. An empty line lets time go on; the visitor's own clock does not wait: dig gives up after five seconds, others after some thirty.")
	if s.past() {
		return
	}
	for s.err == nil && s.taken < s.trace.Len() {
		if e := s.take(); e != nil && s.sees(e) {
			s.p.settle()
		}
	}
	s.look(s.taken)
}
