package scenarios

import (
	"fmt"

	"mailwalk/sim/trace"
)

func (c *checker) faults() {
	for i, f := range c.s.Faults {
		field := fmt.Sprintf("faults[%d]", i)
		c.anchor(field, &f.Anchor)
		c.fault(field, f)
	}
}

// fault checks that a fault is done to one thing, and fits it.
func (c *checker) fault(field string, f *Fault) {
	packets, lines := !f.Packet.IsZero(), !f.Line.IsZero()
	given := 0
	for _, is := range []bool{f.Host != "", f.Link != "", packets, lines, f.Zone != ""} {
		if is {
			given++
		}
	}
	if given != 1 {
		c.fail(field, "write one of host, link, packet, line and zone", "a fault is done to one thing")
		return
	}
	verbs := []FaultVerb{Drop, Delay, Duplicate, Corrupt, Reorder, Reset}
	switch {
	case f.Host != "":
		verbs = []FaultVerb{SwitchOff, SwitchOn, Crash}
		if machines := keys(c.s.Hosts); c.s.Host(f.Host) == nil {
			c.fail(field+".host", meant(f.Host, machines), "there is no host %s", f.Host)
		}
	case f.Link != "":
		verbs = []FaultVerb{Cut, Mend}
		if links := keys(c.s.Links); c.s.Link(f.Link) == nil {
			c.fail(field+".link", meant(f.Link, links), "there is no link %s", f.Link)
		}
	case f.Zone != "":
		verbs = []FaultVerb{Change}
		c.faultZone(field, f)
	case lines:
		verbs = []FaultVerb{Drop, Delay, Duplicate, Corrupt, Answer}
		c.faultLine(field, f)
	default:
		c.selector(field+".packet", f.Packet)
		if f.Packet.Kind() != trace.Packet || f.Packet.Step() != trace.Sent {
			c.fail(field+".packet", "begin it with packet.sent", "packets are spoiled when they are sent")
		}
	}
	if f.Zone == "" && c.given(field+".records") {
		c.fail(field+".records", "leave it out", "only a zone has records")
	}
	c.faultVerb(field, f, verbs)
	c.faultAnswer(field, f)
	c.faultCount(field, f, packets || lines)
}

// faultLine checks which lines are meant.
func (c *checker) faultLine(field string, f *Fault) {
	c.selector(field+".line", f.Line)
	step := f.Line.Step()
	switch {
	case f.Line.Kind() != trace.Line || step != trace.Sent && step != trace.Received:
		c.fail(field+".line", "begin it with line.sent", "lines are spoiled before they are said")
	case step == trace.Received && f.Does != Answer:
		c.fail(field+".line", "begin it with line.sent", "what was received has been said: it can only be answered")
	}
}

// faultAnswer checks what is answered in a server's stead.
func (c *checker) faultAnswer(field string, f *Fault) {
	switch _, err := AnswerLines(f.With); {
	case f.Does != Answer && c.given(field+".with"):
		c.fail(field+".with", "leave it out", "only answer has words")
	case f.Does != Answer:
	case f.With == "":
		c.fail(field+".with", `write with: "451 4.3.0 Try again later"`, "it is not said what the answer is")
	case err != nil:
		c.fail(field+".with", "write lines of printable ASCII, 510 octets long at most", "%v", err)
	}
}

func (c *checker) faultVerb(field string, f *Fault, verbs []FaultVerb) {
	fits := false
	var names []string
	for _, v := range verbs {
		fits = fits || v == f.Does
		names = append(names, string(v))
	}
	if !fits {
		c.fail(field+".does", meant(string(f.Does), names), "%s cannot be done to it", f.Does)
	}
	switch {
	case f.Does == Delay && f.By <= 0:
		c.fail(field+".by", "write by: 200ms", "it is not said how long the delay is")
	case f.Does != Delay && f.By != 0:
		c.fail(field+".by", "leave by out", "only delay takes time")
	}
	if lasts := f.Does != SwitchOn && f.Does != Crash && f.Does != Mend && f.Does != Change; f.For != 0 && !lasts {
		c.fail(field+".for", "leave for out", "%s is done once and does not last", f.Does)
	}
}

// faultCount checks how many packets or lines are meant.
func (c *checker) faultCount(field string, f *Fault, counted bool) {
	ways := 0
	for _, is := range []bool{f.Every != 0, f.Percent != 0, f.Packet.Counted() || f.Line.Counted()} {
		if is {
			ways++
		}
	}
	switch {
	case !counted && ways > 0:
		c.fail(field, "leave every and percent out", "only packets and lines are counted")
	case ways > 1:
		c.fail(field, "choose one", "every, percent and nth stand together")
	case f.Every < 0:
		c.fail(field+".every", "write a number from 1", "%d is no count", f.Every)
	case f.Percent < 0 || f.Percent > 100:
		c.fail(field+".percent", "write a number from 1 to 100", "%d is no part of a hundred", f.Percent)
	}
}
