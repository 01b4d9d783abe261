package lab

import (
	"slices"
	"strings"

	"mailwalk/sim"
	"mailwalk/sim/explain"
	"mailwalk/sim/trace"
)

// lineVerbs are what can be done to a line before it is said, as packetVerbs are to
// a packet.
var lineVerbs = []struct{ name, words, done, asks string }{
	{sim.HoldLine, "hold the line before it is said, until it is let go", "holds", ""},
	{sim.ReleaseLine, "let the line be said", "lets go", ""},
	{sim.DropLine, "have the line not be said", "drops", ""},
	{sim.DelayLine, "have the line be said later", "delays", "by how much, as in 300ms"},
	{sim.DuplicateLine, "have the line be said twice", "doubles", ""},
	{sim.CorruptLine, "change an octet of the line", "damages", ""},
	{sim.AnswerLine, "answer in the server's stead", "answers in place of the server, to", "the lines of the answer; in IMAP without the tag"},
}

// line is the key of the line that the event is about; it is empty when there is
// none.
func (s subject) line() (key string, said bool) {
	switch b := s.e.Body.(type) {
	case *trace.LineBody:
		return s.e.Key, true
	case *trace.ActBody:
		if key, ok := strings.CutPrefix(b.Target, sim.Line("")); ok {
			return key, false
		}
	}
	return "", false
}

func (s subject) lines() []choice {
	key, said := s.line()
	if key == "" {
		return nil
	}
	held := slices.Contains(s.run.world.Held(), key)
	heard, fromServer := strings.HasPrefix(key, "line/received/"), strings.Contains(key, "/server/")
	var list []choice
	for _, v := range lineVerbs {
		c := choice{Verb: Verb{Name: v.name, Words: v.words, Asks: v.asks}, where: before, seq: s.e.Seq}
		if held || !said {
			c.where = now
		}
		switch {
		case v.name == sim.AnswerLine && heard == fromServer:
			c.Not = "only what a server says, or a command that it has received, can be answered in its stead"
		case v.name != sim.AnswerLine && heard:
			c.Not = "a line is touched before it is said; choose the event of its being said"
		case v.name == sim.ReleaseLine:
			c.Not = unless(held, "nobody holds it")
		case v.name == sim.HoldLine:
			c.Not = unless(!held, "it is held")
		}
		c.act = func(given string) (sim.Act, error) {
			a := byLearner(v.name, sim.Line(key), v.done+" the line: "+explain.Text(s.e))
			var err error
			switch v.name {
			case sim.DelayLine:
				a.Delay, err = parseDelay(given)
			case sim.AnswerLine:
				a.Input = []byte(given)
			}
			return a, err
		}
		list = append(list, c)
	}
	return list
}
