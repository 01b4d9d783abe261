package tui

import (
	"cmp"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"mailwalk/sim/explain"
	"mailwalk/sim/trace"
)

// wires is what the events shown so far tell of the network: which machines there
// are and in what order they stand side by side, which links, and what is under
// way on them at any moment. It grows with what has been shown.
type wires struct {
	trace *trace.Trace
	// hosts are all machines: who asks another stands beside it, and a mail goes
	// from left to right. asker is beside whom a machine was put.
	hosts []string
	known map[string]bool
	asker map[string]string
	// owners are those who sent first from an address; routers send what others sent.
	owners  map[netip.Addr]string
	routers map[string]bool
	// runs are the kinds of programs that were seen at work on a host.
	runs   map[string][]Program
	links  []*wireLink
	byName map[string]*wireLink
	// things counts what is known of machines and links: while it is the same, so is the
	// picture.
	things int
	// picture is the network as it was known when there were so many things.
	picture  *Network
	pictured int
	// off and cut are when machines and links went off and on again.
	off, cut map[string][]change
	// first are the first sequence numbers of TCP, by connection and sender.
	first map[stream]uint32

	open  map[uint64]flight
	kept  []flights
	since int // events after the last of kept
}

// wireLink is a link, and the machines that were seen on it.
type wireLink struct {
	name    string
	members []string
	known   map[string]bool
}

// change is a moment at which something broke or was whole again.
type change struct {
	seq  uint64
	down bool
}

// stream is one direction of a connection.
type stream struct {
	conn string
	from netip.AddrPort
}

// flight is a frame that is under way.
type flight struct {
	frame uint64
	// sent is the event of its sending.
	sent   uint64
	copies int
	held   bool
	// what befell it on its way: delayed, corrupted and so on; often empty.
	what string
}

// flights are the frames that were under way after an event.
type flights struct {
	seq  uint64
	open []flight
}

// leastKept is the least number of events between two lists of flights
// that are kept.
const leastKept = 256

func newWires(t *trace.Trace) *wires {
	return &wires{
		trace: t, known: map[string]bool{}, asker: map[string]string{}, owners: map[netip.Addr]string{}, routers: map[string]bool{}, runs: map[string][]Program{},
		byName: map[string]*wireLink{}, off: map[string][]change{}, cut: map[string][]change{}, first: map[stream]uint32{},
		open: map[uint64]flight{},
	}
}

// add takes in the next event.
func (w *wires) add(e *trace.Event) {
	w.learn(e)
	if w.since++; w.since >= max(leastKept, len(w.open)) {
		w.since = 0
		w.kept = append(w.kept, flights{e.Seq, inOrder(w.open)})
	}
}

func (w *wires) learn(e *trace.Event) {
	switch b := e.Body.(type) {
	case *trace.PacketBody:
		w.packet(e, b)
		return
	case *trace.ConnectionBody:
		w.meet(b.Client, "")
		w.meet(b.Server, "")
		switch b.Service {
		case "smtp", "submission", "submissions":
			w.works(b.Server, MailServer)
		case "pop3", "pop3s", "imap", "imaps":
			w.works(b.Server, Mailboxes)
		}
	case *trace.LookupBody:
		w.meet(e.Host, "")
		switch e.What {
		case trace.Asked:
			w.meet(w.server(b), e.Host)
			w.works(w.server(b), Resolver)
		case trace.Query:
			w.meet(w.server(b), e.Host)
			w.works(e.Host, Resolver)
			w.works(w.server(b), NameServer)
		}
	case *trace.MailBody:
		if e.What == trace.HopStarts {
			w.meet(b.From, "")
		}
	case *trace.StateBody:
		if e.What == trace.HostState {
			name := b.Name
			if name == "" {
				name = e.Host
			}
			w.off[name] = append(w.off[name], change{e.Seq, b.After != "up"})
		}
	case *trace.ActBody:
		w.act(e, b)
	}
	w.meet(e.Host, "")
}

// works takes down that a host runs a program.
func (w *wires) works(name string, p Program) {
	if name != "" && !slices.Contains(w.runs[name], p) {
		w.runs[name] = append(w.runs[name], p)
		w.things++
	}
}

// server is the host of a name server that is asked.
func (w *wires) server(b *trace.LookupBody) string {
	if h := w.owners[b.ServerAddr.Addr()]; h != "" {
		return h
	}
	return strings.TrimSuffix(b.Server, ".")
}

// meet gives a machine its place: beside who asks it, else at the end.
func (w *wires) meet(name, asker string) {
	if name == "" || w.known[name] {
		return
	}
	w.known[name] = true
	w.things++
	at := len(w.hosts)
	if asker != "" && w.known[asker] {
		w.asker[name] = asker
		for at = slices.Index(w.hosts, asker) + 1; at < len(w.hosts) && w.under(w.hosts[at], asker); {
			at++
		}
	}
	w.hosts = slices.Insert(w.hosts, at, name)
}

// under tells whether a machine was put beside another, or beside one that was.
func (w *wires) under(name, asker string) bool {
	for name != "" && name != asker {
		name = w.asker[name]
	}
	return name == asker
}

func (w *wires) packet(e *trace.Event, b *trace.PacketBody) {
	from, to := machine(b.From), machine(b.To)
	w.meet(from, "")
	w.meet(to, from)
	w.joined(b.Link, from)
	w.joined(b.Link, to)
	if e.What == trace.Sent && b.Why == "" && b.Head.Src.IsValid() {
		if owner, known := w.owners[b.Head.Src]; !known {
			w.owners[b.Head.Src] = from
		} else if owner != from && !w.routers[from] {
			w.routers[from] = true
			w.things++
		}
		if strings.Contains(b.Head.Flags, "S") && e.Conn != "" {
			w.first[stream{e.Conn, netip.AddrPortFrom(b.Head.Src, b.Head.SrcPort)}] = b.Head.Seq
		}
	}
	fly(w.open, e, b)
}

// joined takes down that a machine is on a link.
func (w *wires) joined(link, name string) {
	if link == "" || name == "" {
		return
	}
	l := w.byName[link]
	if l == nil {
		l = &wireLink{name: link, known: map[string]bool{}}
		w.byName[link] = l
		w.links = append(w.links, l)
		w.things++
	}
	if !l.known[name] {
		l.known[name] = true
		l.members = append(l.members, name)
		w.things++
	}
}

// act takes in what a person does to links and frames.
func (w *wires) act(e *trace.Event, b *trace.ActBody) {
	switch e.What {
	case "cut", "mend":
		w.cut[b.Target] = append(w.cut[b.Target], change{e.Seq, e.What == "cut"})
	case "hold", "release":
		hold(w.open, e, b)
	}
}

// hold marks a frame that a person holds, or lets go.
func hold(open map[uint64]flight, e *trace.Event, b *trace.ActBody) {
	text, _ := strings.CutPrefix(b.Target, "frame ")
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		return
	}
	if f, ok := open[n]; ok {
		f.held = e.What == "hold"
		open[n] = f
	}
}

// fly changes what is under way by an event of a packet.
func fly(open map[uint64]flight, e *trace.Event, b *trace.PacketBody) {
	f, ok := open[b.Frame]
	switch e.What {
	case trace.Sent:
		if b.To == "" || b.To == b.From {
			return // to nobody in particular, or over no wire
		}
		f = flight{frame: b.Frame, sent: e.Seq, copies: 1}
	case trace.Delivered, trace.Dropped:
		if f.copies--; f.copies <= 0 {
			delete(open, b.Frame)
			return
		}
	case trace.Duplicated:
		f.copies++
		f.what = e.What
	default:
		f.what = e.What
	}
	if ok || e.What == trace.Sent {
		open[b.Frame] = f
	}
}

func inOrder(open map[uint64]flight) []flight {
	list := make([]flight, 0, len(open))
	for _, f := range open {
		list = append(list, f)
	}
	slices.SortFunc(list, func(a, b flight) int { return cmp.Compare(a.sent, b.sent) })
	return list
}

// flying are the frames that are under way after an event, in the order of their
// sending.
func (w *wires) flying(seq uint64) []flight {
	i, found := slices.BinarySearchFunc(w.kept, seq, func(k flights, seq uint64) int { return cmp.Compare(k.seq, seq) })
	if !found {
		i--
	}
	open := map[uint64]flight{}
	from := uint64(1)
	if i >= 0 {
		from = w.kept[i].seq + 1
		for _, f := range w.kept[i].open {
			open[f.frame] = f
		}
	}
	for e := range w.trace.Events(from, seq) {
		switch b := e.Body.(type) {
		case *trace.PacketBody:
			fly(open, e, b)
		case *trace.ActBody:
			if e.What == "hold" || e.What == "release" {
				hold(open, e, b)
			}
		}
	}
	return inOrder(open)
}

// isDown tells whether what changes say is down after an event.
func isDown(changes []change, seq uint64) bool {
	i, found := slices.BinarySearchFunc(changes, seq, func(c change, seq uint64) int { return cmp.Compare(c.seq, seq) })
	if !found {
		i--
	}
	return i >= 0 && changes[i].down
}

// ends are the hosts of a connection.
func ends(conn string) (client, server string) {
	if conn == "" {
		return "", ""
	}
	return explain.Ends(conn)
}

// machine is that of an interface.
func machine(iface string) string {
	name, _, _ := strings.Cut(iface, "/")
	return name
}
