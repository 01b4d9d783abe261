package tui

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"mailwalk/sim/explain"
	"mailwalk/sim/trace"
)

// drawn is what a pane draws, checked to fill its place exactly.
func (r *robot) drawn(id paneID, w, h int) string {
	r.t.Helper()
	rows := r.m.panes[id].Render(w, h, true)
	if len(rows) > h {
		r.t.Errorf("%d rows of %d", len(rows), h)
	}
	for i, row := range rows {
		if n := ansi.StringWidth(row); n != w {
			r.t.Errorf("row %d is %d cells wide and not %d: %q", i, n, w, ansi.Strip(row))
		}
		rows[i] = strings.TrimRight(ansi.Strip(row), " ")
	}
	return strings.Join(rows, "\n") + "\n"
}

// twoOffices is a network of two offices with a line between their routers.
func twoOffices() *Network {
	office := func(name string) []NetworkHost {
		on := name + "-net"
		return []NetworkHost{
			{Name: name + "-laptop", Label: "a laptop", Link: on},
			{Name: "mail." + name + ".test", Label: name + "'s mail server", Link: on, Runs: []Program{MailServer, Mailboxes}},
			{Name: "resolver." + name + ".test", Link: on, Runs: []Program{Resolver}},
			{Name: "ns." + name + ".test", Link: on, Runs: []Program{NameServer}},
		}
	}
	return &Network{
		Links: []NetworkLink{
			{Name: "acme-net", Latency: time.Millisecond, Bandwidth: 100e6, MTU: 1500},
			{Name: "globex-net", Latency: 2 * time.Millisecond, Bandwidth: 1_500_000, Loss: 5},
			{Name: "line", Latency: 20 * time.Millisecond},
		},
		Routers: []NetworkRouter{
			{Name: "acme-router", Label: "acme's router", Links: []string{"acme-net", "line"}},
			{Name: "globex-router", Links: []string{"globex-net", "line"}},
		},
		Hosts: append(office("acme"), office("globex")...),
	}
}

// Each machine has a place of its own, on a link that it is on, and nothing
// stands outside of the picture.
func TestChartPlaces(t *testing.T) {
	n := twoOffices()
	for h := range 40 {
		for w := 20; w < 200; w += 7 {
			l := layoutChart(n, w, h)
			if l.tall == 0 {
				continue
			}
			taken := map[[2]int]string{}
			put := func(x, y int, name string) {
				if x < 0 || x >= w || y < 0 || y >= h {
					t.Fatalf("%dx%d: %s is at %d,%d", w, h, name, x, y)
				}
				if other := taken[[2]int{x, y}]; other != "" {
					t.Fatalf("%dx%d: %s is where %s is", w, h, name, other)
				}
				taken[[2]int{x, y}] = name
			}
			hosts := 0
			for i, p := range l.links {
				for _, at := range p.hosts {
					hosts++
					for row := range l.tall {
						put(p.x, at.y+row-(l.tall-1)/2, n.Hosts[at.index].Name)
					}
					if n.Hosts[at.index].Link != n.Links[p.index].Name {
						t.Errorf("%dx%d: %s is on %s", w, h, n.Hosts[at.index].Name, n.Links[p.index].Name)
					}
				}
				if i > 0 && p.x < l.links[i-1].x+l.links[i-1].w {
					t.Errorf("%dx%d: links overlap", w, h)
				}
			}
			for _, b := range l.bars {
				for _, x := range b.joints {
					put(x, b.y, n.Routers[b.index].Name)
				}
			}
			if hosts != len(n.Hosts) || len(l.bars) != len(n.Routers) {
				t.Errorf("%dx%d: %d hosts and %d routers have a place", w, h, hosts, len(l.bars))
			}
		}
	}
	if l := layoutChart(n, 78, 8); l.tall != hostRow {
		t.Errorf("the lower half of a small terminal has no picture: %+v", l)
	}
}

// The line between the routers stands between the offices, though the walk names
// it last.
func TestChartOrder(t *testing.T) {
	n := twoOffices()
	var names []string
	for _, i := range turn(n, groupHosts(n)) {
		names = append(names, n.Links[i].Name)
	}
	if got := strings.Join(names, " "); got != "acme-net line globex-net" {
		t.Error(got)
	}
}

func TestPath(t *testing.T) {
	n := twoOffices()
	for _, c := range []struct{ from, to, want string }{
		{"acme-laptop", "mail.acme.test", "acme-net"},
		{"acme-laptop", "mail.globex.test", "acme-net acme-router line globex-router globex-net"},
		{"acme-laptop", "nobody", ""},
	} {
		if got := strings.Join(n.path(c.from, c.to), " "); got != c.want {
			t.Errorf("from %s to %s: %q", c.from, c.to, got)
		}
	}
}

// trip is a trace in which packets travel, get lost, are held and copied, a
// link is cut and a host goes off.
func trip() *trace.Trace {
	t := trace.New(trace.Header{})
	at := time.Duration(0)
	add := func(host, what string, body trace.Body) {
		at += 500 * time.Microsecond
		t.Append(&trace.Event{At: at, Host: host, Kind: body.Kind(), What: what, Body: body, IDs: trace.IDs{Conn: "acme-laptop>mail.globex.test:25#1"}})
	}
	frame := func(n uint64, link, from, to string) *trace.PacketBody {
		return &trace.PacketBody{Frame: n, Link: link, From: from + "/eth0", To: to + "/eth0", Head: trace.Head{
			Proto: "TCP", Flags: "S", SrcPort: 4000, DstPort: 25, Seq: 7,
		}}
	}
	one, two, three := frame(1, "acme-net", "acme-laptop", "acme-router"), frame(2, "line", "acme-router", "globex-router"), frame(3, "globex-net", "globex-router", "mail.globex.test")
	add("acme-laptop", trace.Sent, one)
	add("acme-laptop", trace.Delivered, one)
	add("acme-router", trace.Sent, two)
	add("", "hold", &trace.ActBody{By: "learner", Target: "frame 2"})
	add("", "release", &trace.ActBody{By: "learner", Target: "frame 2"})
	add("acme-router", trace.Duplicated, two)
	add("globex-router", trace.Delivered, two)
	add("globex-router", trace.Sent, three)
	lost := *three
	lost.Why = "the walk has it so"
	add("globex-router", trace.Dropped, &lost)
	add("globex-router", trace.Delivered, two)
	add("", "cut", &trace.ActBody{By: "learner", Target: "line"})
	add("mail.globex.test", trace.HostState, &trace.StateBody{Name: "mail.globex.test", Before: "up", After: "down"})
	add("", "mend", &trace.ActBody{By: "learner", Target: "line"})
	add("mail.globex.test", trace.HostState, &trace.StateBody{Name: "mail.globex.test", Before: "down", After: "up"})
	at += 10 * time.Minute
	again := frame(4, "acme-net", "acme-laptop", "acme-router")
	again.Analysis = trace.Retransmission
	add("acme-laptop", trace.Sent, again)
	add("acme-laptop", trace.Delayed, again)
	add("acme-laptop", trace.Corrupted, again)
	add("acme-router", trace.Delivered, again)
	return t
}

func TestWhatIsUnderWay(t *testing.T) {
	tr := trip()
	w := newWires(tr)
	for e := range tr.All() {
		w.add(e)
	}
	var got []string
	for seq := range tr.Len() + 1 {
		row := ""
		for _, f := range w.flying(seq) {
			row += fmt.Sprintf(" %d x%d", f.frame, f.copies)
			if f.held {
				row += " held"
			}
		}
		got = append(got, row)
	}
	want := []string{"", " 1 x1", "", " 2 x1", " 2 x1 held", " 2 x1", " 2 x2", " 2 x1", " 2 x1 3 x1", " 2 x1", "", "", "", "", "", " 4 x1", " 4 x1", " 4 x1", ""}
	if !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
	for seq, down := range map[uint64]bool{10: false, 11: true, 12: true, 13: false} {
		if isDown(w.cut["line"], seq) != down {
			t.Errorf("event %d: the line is cut: %v", seq, !down)
		}
	}
	if !isDown(w.off["mail.globex.test"], 13) || isDown(w.off["mail.globex.test"], 14) {
		t.Error("when the host is off")
	}
}

// What is under way comes out the same from the lists that are kept as from all
// events before.
func TestFlyingFromAnywhere(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	tr := trace.New(trace.Header{})
	var open []uint64
	for n := uint64(1); tr.Len() < 3000; {
		b := &trace.PacketBody{Link: "net", From: "a/eth0", To: "b/eth0"}
		what := trace.Sent
		if len(open) > 0 && rng.IntN(100) < 49 {
			i := rng.IntN(len(open))
			b.Frame, what = open[i], trace.Delivered
			open = slices.Delete(open, i, i+1)
		} else {
			b.Frame = n
			open = append(open, n)
			n++
		}
		tr.Append(&trace.Event{Kind: trace.Packet, What: what, Body: b})
	}
	w := newWires(tr)
	now := map[uint64]flight{}
	var all [][]flight
	for e := range tr.All() {
		w.add(e)
		fly(now, e, e.Body.(*trace.PacketBody))
		all = append(all, inOrder(now))
	}
	if len(w.kept) < 4 {
		t.Fatalf("%d lists are kept", len(w.kept))
	}
	for i, want := range all {
		if got := w.flying(uint64(i) + 1); !slices.Equal(got, want) {
			t.Fatalf("after event %d: %v and not %v", i+1, got, want)
		}
	}
}

func TestMapMarksWhatIsBroken(t *testing.T) {
	r := newRobot(t, Recorded(trip()), 120, 40, Options{Grain: explain.PacketGrain, Walk: Walk{Network: twoOffices()}})
	r.press("5", "z").step(4).sees("held", "1 packet under way")
	r.step(5).sees("✗ lost")
	r.step(3).sees("✗ cut", "✗ off", "Nothing is under way.")
	r.step(2).misses("✗ cut", "✗ off")
}

// Without words of the walk the network is what its packets have shown, and
// nothing of it is shown before.
func TestMapFromTheTraceAlone(t *testing.T) {
	r := newRobot(t, Recorded(trip()), 120, 40, Options{Grain: explain.PacketGrain})
	r.press("5", "z").step(1).sees("acme-net", "acme-laptop").misses("globex")
	r.step(9).sees("line", "globex-net", "mail.globex.test", "◇ globex-router")
}

func TestMaps(t *testing.T) {
	for _, size := range [][2]int{{58, 6}, {78, 7}, {78, 16}, {118, 30}, {198, 50}} {
		for _, ascii := range []bool{false, true} {
			r := newRobot(t, Recorded(trip()), 120, 40, Options{Grain: explain.PacketGrain, Walk: Walk{Network: twoOffices()}, ASCII: ascii})
			r.press("5").step(8)
			name := "map-" + strconv.Itoa(size[0]) + "x" + strconv.Itoa(size[1])
			if ascii {
				name += "-ascii"
			}
			golden(t, name+".txt", r.drawn(mapPane, size[0], size[1]))
		}
	}
	r := newRobot(t, firstLetter(), 120, 40, Options{Grain: explain.LineGrain})
	golden(t, "map-letter.txt", r.press("5").stepTo("the mail lies in the mailbox").drawn(mapPane, 118, 30))
}

// Whatever hosts are called: the panes fill their places.
func TestPicturesOfAnything(t *testing.T) {
	texts := []string{"日本語のホスト", "\U0001F1E9", "\U0001F469\u200d\U0001F4BB", "a\x1b[2Jb", "e\u0301", strings.Repeat("x", 300), "\u202e", "a/b", ""}
	rng := rand.New(rand.NewPCG(3, 4))
	for range 30 {
		tr := trace.New(trace.Header{})
		pick := func() string { return texts[rng.IntN(len(texts))] }
		for range 20 {
			body := []trace.Body{
				&trace.PacketBody{Frame: uint64(rng.IntN(4)), Link: pick(), From: pick(), To: pick(), Why: pick(), Data: []byte(pick()), Head: trace.Head{Proto: []string{"TCP", "UDP", "ARP", ""}[rng.IntN(4)], Flags: "SAFR"[:rng.IntN(4)], SrcPort: uint16(rng.IntN(2) * 53), Len: rng.IntN(9)}},
				&trace.LineBody{Text: pick()}, &trace.ConnectionBody{Client: pick(), Server: pick(), Error: pick()},
				&trace.LookupBody{Name: pick(), Type: pick(), Server: pick()}, &trace.MailBody{From: pick(), Toward: pick(), Purpose: pick()},
				&trace.StateBody{Name: pick(), After: pick()}, &trace.ActBody{Target: pick(), Detail: pick()}, &trace.DecisionBody{Choice: pick()}, &trace.NoteBody{Newcomer: pick()},
			}[rng.IntN(9)]
			whats := []string{trace.Sent, trace.Delivered, trace.Dropped, trace.Duplicated, trace.HopStarts, trace.Accept, trace.Opened, trace.Refused, trace.Asked, trace.Referral, trace.Resolved, trace.HostState, "cut"}
			tr.Append(&trace.Event{
				At: time.Duration(rng.IntN(1e9)) * time.Duration(tr.Len()), Host: pick(), Kind: body.Kind(), What: whats[rng.IntN(len(whats))], Body: body,
				IDs: trace.IDs{Conn: pick() + ">" + pick() + ":1#1", Hop: pick(), Mail: pick(), Lookup: pick()},
			})
		}
		r := newRobot(t, Recorded(tr), 80, 24, Options{Grain: explain.PacketGrain, ASCII: rng.IntN(2) == 0})
		for range 20 {
			r.step(1)
			for _, id := range []paneID{ladderPane, mapPane} {
				r.drawn(id, 1+rng.IntN(120), 1+rng.IntN(40))
			}
			if t.Failed() {
				t.FailNow()
			}
		}
	}
}

// A step is drawn as fast late in a long walk as early in it.
func BenchmarkLadderAndMap(b *testing.B) {
	for _, n := range []int{1_000, 1_000_000} {
		for _, id := range []paneID{ladderPane, mapPane} {
			b.Run(fmt.Sprintf("events=%d/%s", n, strings.Fields(paneNames[id])[0]), func(b *testing.B) {
				m := New(Recorded(packets(n)), Options{Grain: explain.PacketGrain, Theme: Dark})
				m.Update(tea.WindowSizeMsg{Width: 120, Height: 40})
				m.look(uint64(n - 10))
				m.focusOn(id)
				keys := [2]tea.KeyPressMsg{special["left"], special["space"]}
				b.ResetTimer()
				for i := range b.N {
					_, cmd := m.Update(keys[i%2])
					for cmd != nil {
						_, cmd = m.Update(cmd())
					}
					m.View()
				}
			})
		}
	}
}
