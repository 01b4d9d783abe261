package trace

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"sync"
	"testing"
	"time"
)

// written is a view in the file's form, to compare views by.
func written(v *View) []byte {
	var p packer
	v.fields(&p)
	return p.dst
}

// TestViewAnywhere holds that the view after any event is the fold of the events
// up to it, in whatever order views are asked for, live and from a file.
func TestViewAnywhere(t *testing.T) {
	live := sampleTrace(60, 3000)
	if live.Len() < 3*minSnapshot {
		t.Fatalf("only %d events", live.Len())
	}
	recorded := open(t, file(t, live))
	want := make(map[uint64][]byte)
	var v View
	for e := range live.All() {
		v.Apply(e)
		if e.Seq%211 == 0 {
			want[e.Seq] = written(&v)
		}
	}
	n := live.Len() / 211 * 211
	for range len(want) {
		n = (n/211*101)%uint64(len(want))*211 + 211
		for name, tr := range map[string]*Trace{"live": live, "recorded": recorded} {
			if got := tr.View(n); got.Seq != n || !bytes.Equal(written(got), want[n]) {
				t.Fatalf("%s: the view after event %d is not the fold of the events before", name, n)
			}
		}
	}
	if n := len(recorded.file.snapshots); n < 2 {
		t.Errorf("the file has %d snapshots", n)
	}
	if got := live.View(0); got.Seq != 0 || got.size() != 0 {
		t.Errorf("the view before the first event has %d entries", got.size())
	}
	if got := live.View(live.Len() + 10); got.Seq != live.Len() {
		t.Errorf("the view beyond the end is of event %d", got.Seq)
	}
}

// TestViewUnchanged holds that what a reader has is not changed by what comes.
func TestViewUnchanged(t *testing.T) {
	tr := sampleTrace(5, 300)
	n := tr.Len() / 2
	v := tr.View(n)
	before := written(v)
	mails, conns := v.Mails(), v.Connections()
	mail, conn := *mails[0], *conns[len(conns)-1]
	later := tr.View(n)
	for e := range tr.Events(n+1, tr.Len()) {
		later.Apply(e)
	}
	if !bytes.Equal(written(v), before) || !reflect.DeepEqual(*mails[0], mail) || !reflect.DeepEqual(*conns[len(conns)-1], conn) {
		t.Error("a view was changed by applying to another")
	}
	for e := range tr.Events(n+1, tr.Len()) {
		v.Apply(e)
	}
	if !reflect.DeepEqual(*mails[0], mail) || !reflect.DeepEqual(*conns[len(conns)-1], conn) {
		t.Error("entries were changed by applying to their view")
	}
	if !bytes.Equal(written(v), written(later)) {
		t.Error("two ways to the same event differ")
	}
}

func TestReadWhileAppending(t *testing.T) {
	s := &sample{t: New(Header{})}
	var readers sync.WaitGroup
	stop := make(chan bool)
	for range 2 {
		readers.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				n := s.t.Len()
				v := s.t.View(n)
				if v.Seq != n {
					t.Errorf("view of %d instead of %d", v.Seq, n)
				}
				for _, c := range v.Connections() {
					_ = c.State
				}
				for _, m := range s.t.Index().Mails() {
					s.t.Index().Down(m)
				}
				for e := range s.t.Events(max(n, 10)-9, n) {
					if _, err := AppendJSON(nil, e, ""); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	for n := range 10 {
		s.mail(n+1, 1000)
	}
	close(stop)
	readers.Wait()
}

// script folds events that say only what matters.
func script(events ...Event) *View {
	v := new(View)
	for i := range events {
		e := &events[i]
		e.Seq, e.At, e.Kind = uint64(i+1), time.Duration(i+1)*time.Second, e.Body.Kind()
		v.Apply(e)
	}
	return v
}

func TestViewOfMail(t *testing.T) {
	content := &Content{ID: IDOf([]byte("mail")), Size: 4}
	ids := func(hop, queue string) IDs { return IDs{Mail: "1", Hop: hop, Queue: queue} }
	events := []Event{
		{Host: "laptop", What: Composed, IDs: ids("", ""), Body: &MailBody{ReversePath: "a@acme.test", Recipients: []string{"b@globex.test"}, Content: content}},
		{Host: "laptop", What: HopStarts, IDs: ids("1.1", ""), Body: &MailBody{Purpose: Submission, From: "laptop", Toward: "mx"}},
		{Host: "mx", What: Accept, IDs: ids("1.1", ""), Body: &MailBody{}},
		{Host: "mx", What: QueueState, IDs: ids("1.1", "Q1"), Body: &StateBody{Name: "Q1", After: "active", Recipients: []string{"b@globex.test"}}},
		{Host: "mx", What: Queued, IDs: ids("1.1", "Q1"), Body: &MailBody{}},
		{Host: "mx", What: HopStarts, IDs: ids("1.2", "Q1"), Body: &MailBody{Purpose: Relay, From: "mx", Toward: "globex.test"}},
		{Host: "mx", What: Deferred, IDs: ids("1.2", "Q1"), Body: &MailBody{Reason: "451 later"}},
		{Host: "mx", What: QueueState, IDs: ids("1.2", "Q1"), Body: &StateBody{Name: "Q1", Before: "active", After: "deferred", Due: time.Hour}},
		{Host: "mx", What: HopStarts, IDs: ids("1.3", "Q1"), Body: &MailBody{Purpose: Relay, From: "mx", Toward: "globex.test"}},
		{Host: "mx", What: Opening, IDs: IDs{Mail: "1", Hop: "1.3", Conn: "c"}, Body: &ConnectionBody{Client: "mx", Server: "mail.globex.test", Service: "smtp"}},
		{Host: "mx", What: Opened, IDs: IDs{Mail: "1", Hop: "1.3", Conn: "c"}, Body: &ConnectionBody{Client: "mx", Server: "mail.globex.test", Service: "smtp"}},
		{Host: "mx", What: Relayed, IDs: ids("1.3", "Q1"), Body: &MailBody{}},
		{Host: "mx", What: QueueState, IDs: ids("1.3", "Q1"), Body: &StateBody{Name: "Q1", Before: "deferred"}},
		{Host: "store", What: Stored, IDs: ids("1.4", ""), Body: &MailBody{Mailbox: "b@globex.test/INBOX", UID: 3, Content: content}},
		{Host: "store", What: MailboxState, IDs: ids("", ""), Body: &StateBody{Name: "b@globex.test/INBOX", UID: 3, After: "stored", Flags: []string{"\\Seen"}}},
		{Host: "phone", What: Fetched, IDs: ids("1.5", ""), Body: &MailBody{}},
		{Host: "store", What: Deleted, IDs: ids("1.5", ""), Body: &MailBody{Mailbox: "b@globex.test/INBOX", UID: 3}},
	}
	after := func(n int) (*View, *MailView) {
		v := script(events[:n]...)
		return v, v.Mail("1")
	}
	places := func(m *MailView) string {
		var all []string
		for _, c := range m.Copies {
			all = append(all, c.Place+" "+c.Host)
		}
		return fmt.Sprint(all)
	}

	if _, m := after(2); m.Current() == nil || m.Current().ID != "1.1" || places(m) != "[author laptop]" {
		t.Errorf("on its first leg: %+v", m)
	}
	if _, m := after(5); m.Current() != nil || m.Legs[0].State != Done || places(m) != "[author laptop queue mx]" || m.Copies[1].Queue != "Q1" {
		t.Errorf("accepted: %+v", m)
	}
	v, m := after(8)
	if q := v.Queue("mx"); len(q) != 1 || q[0].Status != "deferred" || q[0].Due != time.Hour || q[0].Deferrals != 1 || q[0].Reason != "451 later" || len(q[0].Recipients) != 1 {
		t.Errorf("deferred: %+v", q)
	}
	if m.Legs[1].State != PutOff || m.Legs[1].Toward != "globex.test" {
		t.Errorf("deferred: %+v", m.Legs)
	}
	if _, m := after(11); m.Legs[2].Toward != "mail.globex.test" {
		t.Errorf("connected: leg %+v", m.Legs[2])
	}
	if v, m := after(13); len(v.Queues()) != 0 || places(m) != "[author laptop]" {
		t.Errorf("relayed: %+v, %s", v.Queues(), places(m))
	}
	v, m = after(15)
	boxes := v.Mailboxes()
	if len(boxes) != 1 || len(boxes[0].Messages) != 1 || boxes[0].Messages[0].Flags[0] != "\\Seen" || boxes[0].Messages[0].Size != 4 || boxes[0].Messages[0].Mail != "1" {
		t.Errorf("stored: %+v", boxes)
	}
	if places(m) != "[author laptop mailbox store]" {
		t.Errorf("stored: %s", places(m))
	}
	if v, m = after(17); len(v.Mailboxes()) != 0 || places(m) != "[author laptop device phone]" {
		t.Errorf("deleted: %+v, %s", v.Mailboxes(), places(m))
	}
}

func TestViewOfTheRest(t *testing.T) {
	conn := &ConnectionBody{Client: "a", Server: "b", Service: "smtp"}
	ids := IDs{Conn: "c"}
	packet := func(what, from, to string, r Range) Event {
		return Event{Host: "x", What: what, IDs: ids, Body: &PacketBody{From: from, To: to, Range: &r}}
	}
	v := script(
		Event{Host: "a", What: Opening, IDs: ids, Body: conn},
		Event{Host: "a", What: Opened, IDs: ids, Body: conn},
		Event{Host: "b", What: Accepted, IDs: ids, Body: conn},
		packet(Sent, "a/eth0", "router/eth0", Range{To: 100}),
		packet(Delivered, "a/eth0", "router/eth0", Range{To: 100}),
		packet(Sent, "a/eth0", "router/eth0", Range{To: 100}), // again
		Event{Host: "b", What: SessionState, IDs: ids, Body: &StateBody{Name: "c", After: "mail"}},
		Event{Host: "b", What: Closed, IDs: ids, Body: conn},
		Event{Host: "b", What: Closed, IDs: ids, Body: conn},
		Event{Host: "r", What: Cached, Body: &LookupBody{Name: "x.test.", Type: "A", Until: time.Minute}},
		Event{Host: "r", What: Cached, Body: &LookupBody{Name: "y.test.", Type: "A", Until: time.Minute}},
		Event{Host: "r", What: Expired, Body: &LookupBody{Name: "x.test.", Type: "A"}},
		Event{Host: "a", What: TimerState, Body: &StateBody{Name: "retry", After: "set", Due: time.Hour}},
		Event{Host: "a", What: TimerState, Body: &StateBody{Name: "idle", After: "set", Due: time.Hour}},
		Event{Host: "a", What: TimerState, Body: &StateBody{Name: "retry", Before: "set"}},
		Event{What: HostState, Body: &StateBody{Name: "b", Before: "up", After: "down"}},
	)
	c := v.Connection("c")
	if c.State != Closing || c.ClosedBy != "b" || !c.Accepted || c.Session != "mail" || c.ToServer != (Flow{Sent: 100}) || c.ToClient != (Flow{}) {
		t.Errorf("connection %+v", c)
	}
	if cache := v.Cache("r"); len(cache) != 1 || cache[0].Name != "y.test." || len(v.Cache("")) != 0 {
		t.Errorf("cache %+v", cache)
	}
	if timers := v.Timers(); len(timers) != 1 || timers[0].Name != "idle" {
		t.Errorf("timers %+v", timers)
	}
	up := map[string]bool{}
	for _, h := range v.Hosts() {
		up[h.Name] = h.Up
	}
	if want := map[string]bool{"a": true, "b": false, "r": true, "x": true}; !reflect.DeepEqual(up, want) {
		t.Errorf("hosts %v, want %v", up, want)
	}
	v.Apply(&Event{Seq: 20, Host: "b", Kind: Packet, What: Delivered, IDs: ids, Body: &PacketBody{From: "router/eth1", To: "b/eth0", Range: &Range{To: 100}}})
	v.Apply(&Event{Seq: 21, Host: "a", Kind: Connection, What: Closed, IDs: ids, Body: conn})
	if c := v.Connection("c"); c.State != Closed || c.ToServer.Arrived != 100 {
		t.Errorf("connection %+v", c)
	}
}

func TestSummary(t *testing.T) {
	tr := sampleTrace(3, 3000)
	tr.Append(&Event{Kind: Mail, What: Compared, IDs: IDs{Mail: "1"}, Body: &MailBody{SentHash: "x", ArrivedHash: "x", Same: true}})
	tr.Append(&Event{Kind: Mail, What: Bounced, IDs: IDs{Mail: "2"}, Body: &MailBody{Reason: "no such user"}})
	var frames, octets int
	for e := range tr.All() {
		if b, ok := e.Body.(*PacketBody); ok && e.What == Sent {
			frames++
			octets += len(b.Data)
		}
	}
	s := Summarize(tr)
	if s.Events != tr.Len() || s.Mails != 3 || s.Hops != 9 || s.Connections != 6 || s.Lookup != (LookupSummary{Questions: 3, Queries: 3}) {
		t.Errorf("got %+v", s)
	}
	if s.Packets != (PacketSummary{Frames: frames, Bytes: int64(octets)}) || frames == 0 {
		t.Errorf("packets %+v, want %d of %d octets", s.Packets, frames, octets)
	}
	if len(s.Deliveries) != 3 || s.Deliveries[2].Mailbox != "bob@globex.test/INBOX" || len(s.Compared) != 1 || !s.Compared[0].Same || len(s.Failures) != 1 {
		t.Errorf("got %+v", s)
	}
	if _, err := json.Marshal(s); err != nil {
		t.Error(err)
	}
}
