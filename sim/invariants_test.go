package sim

import (
	"fmt"
	"slices"
	"testing"

	"mailwalk/scenarios"
	"mailwalk/sim/trace"
)

// TestInvariants: what must hold of every trace.
func TestInvariants(t *testing.T) {
	for _, name := range scenarios.Names() {
		t.Run(name, func(t *testing.T) {
			tr := runWalk(t, name, Options{}).Trace()
			t.Run("order", func(t *testing.T) { checkOrder(t, tr) })
			t.Run("causes", func(t *testing.T) { checkCauses(t, tr) })
			t.Run("lines cover the streams", func(t *testing.T) { checkLines(t, tr) })
			t.Run("packets carry the lines", func(t *testing.T) { checkPackets(t, tr) })
			t.Run("mails", func(t *testing.T) { checkMails(t, tr) })
		})
	}
}

// checkOrder: numbers and times ascend, and no two events have one key.
func checkOrder(t *testing.T, tr *trace.Trace) {
	seen := map[string]uint64{}
	var last *trace.Event
	for e := range tr.All() {
		if last != nil && (e.Seq != last.Seq+1 || e.At < last.At) {
			t.Fatalf("event %d at %v follows %d at %v", e.Seq, e.At, last.Seq, last.At)
		}
		if before, ok := seen[e.Key]; ok {
			t.Errorf("events %d and %d have the key %s", before, e.Seq, e.Key)
		}
		seen[e.Key] = e.Seq
		last = e
	}
}

// checkCauses: causes come before, and only what people do and what the walk says
// comes from nothing.
func checkCauses(t *testing.T, tr *trace.Trace) {
	for e := range tr.All() {
		for _, c := range e.Causes {
			if c == 0 || c >= e.Seq {
				t.Errorf("event %d has the cause %d", e.Seq, c)
			}
		}
		if len(e.Causes) == 0 && e.Kind != trace.Act && e.Kind != trace.Note {
			t.Errorf("event %d, %s, comes from nothing", e.Seq, e.Key)
		}
	}
	// From the mail's arrival the causes lead back to the one who sent it.
	for e := range tr.All() {
		if e.What != trace.Stored || e.Kind != trace.Mail {
			continue
		}
		steps := map[string]bool{}
		for at := e; len(at.Causes) > 0; at = tr.At(at.Causes[0]) {
			steps[string(at.Kind)+"."+at.What] = true
		}
		for _, want := range []string{"mail.composed", "mail.accepted", "line.sent", "packet.sent", "packet.delivered", "line.received"} {
			if !steps[want] {
				t.Errorf("no %s on the way back from event %d", want, e.Seq)
			}
		}
	}
}

type stream struct {
	conn       string
	fromServer bool
	what       string
}

// checkLines: the lines that an end says, and those that the other hears, follow
// one another without a gap, and are the same.
func checkLines(t *testing.T, tr *trace.Trace) {
	end := map[stream]int64{}
	said := map[stream][]string{}
	for e := range tr.All() {
		b, ok := e.Body.(*trace.LineBody)
		if !ok || !trace.Spoken(e.What) {
			continue
		}
		s := stream{e.Conn, b.FromServer, e.What}
		if b.From != end[s] || b.To <= b.From {
			t.Errorf("event %d: the line has the range %d-%d, the one before ended at %d", e.Seq, b.From, b.To, end[s])
		}
		end[s] = b.To
		text := b.Text
		if b.Content != nil {
			text = string(b.Content.ID)
		}
		said[s] = append(said[s], fmt.Sprint(b.From, b.To, b.Role, text))
	}
	for s, lines := range said {
		if s.what == trace.Received {
			s.what = trace.Sent
			if !slices.Equal(said[s], lines) {
				t.Errorf("%s: what was heard is not what was said", s.conn)
			}
		}
	}
}

// checkPackets: each line was carried by packets that cover it, and each packet
// with data carries lines. In TLS it is records that packets carry, and those the
// lines: the octets of a line are others than those of the connection.
func checkPackets(t *testing.T, tr *trace.Trace) {
	inTLS := map[string]bool{}
	for _, c := range tr.View(tr.Len()).Connections() {
		inTLS[c.ID] = c.TLS != nil
	}
	for e := range tr.All() {
		if inTLS[e.Conn] {
			continue
		}
		switch b := e.Body.(type) {
		case *trace.LineBody:
			if e.What != trace.Received {
				continue
			}
			at := b.From
			for _, c := range e.Causes {
				if p, ok := tr.At(c).Body.(*trace.PacketBody); ok {
					if p.Range == nil || !p.Range.Overlaps(b.Range) || tr.At(c).What != trace.Delivered || tr.At(c).Host != e.Host {
						t.Errorf("event %d did not come by packet %d", e.Seq, c)
						continue
					}
					at = max(at, p.Range.To)
				}
			}
			if at < b.To {
				t.Errorf("event %d: the packets end at %d, the line at %d", e.Seq, at, b.To)
			}
		case *trace.PacketBody:
			if e.What != trace.Sent || b.Range == nil || len(e.Causes) == 0 {
				continue
			}
			cause := tr.At(e.Causes[0])
			line, isLine := cause.Body.(*trace.LineBody)
			if !isLine && cause.What == trace.Delivered {
				continue // a router passes it on
			}
			if !isLine || !line.Overlaps(*b.Range) {
				t.Errorf("packet %d carries no line", e.Seq)
			}
		}
	}
}

// checkMails: at the end no mail is on its way and no queue holds one, and looking
// back shows a mail in one place after the other.
func checkMails(t *testing.T, tr *trace.Trace) {
	v := tr.View(tr.Len())
	if q := v.Queues(); len(q) > 0 {
		t.Errorf("left in queues: %+v", q)
	}
	for _, m := range v.Mails() {
		for _, l := range m.Legs {
			if l.State == trace.UnderWay {
				t.Errorf("mail %s is still on leg %s", m.ID, l.ID)
			}
		}
		if len(m.Copies) == 0 {
			t.Errorf("mail %s is nowhere", m.ID)
		}
	}
	crashed := map[string]bool{}
	for e := range tr.All() {
		if b, ok := e.Body.(*trace.StateBody); ok && e.What == trace.HostState && b.After == "down" {
			crashed[b.Name] = true
		}
	}
	for _, c := range v.Connections() {
		switch {
		case c.State == trace.Failed: // it never came about: its server was off
			continue
		case c.State == trace.Closed:
		// The end that lost its power has not said goodbye, and never will.
		case c.State == trace.Closing && (crashed[c.Client] || crashed[c.Server]):
		default:
			t.Errorf("connection %s is %s", c.ID, c.State)
		}
		if c.ToServer.Sent != c.ToServer.Arrived || c.ToClient.Sent != c.ToClient.Arrived {
			t.Errorf("connection %s: %+v %+v", c.ID, c.ToServer, c.ToClient)
		}
	}
}
