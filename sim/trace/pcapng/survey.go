package pcapng

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"mailwalk/sim/trace"
)

// survey is what has to be known of a whole trace before its first packet is
// written.
type survey struct {
	last  uint64        // the number of the last event
	end   time.Duration // its time
	links []string      // in the order of their first frames
	seen  map[string]*linkSeen
	names map[netip.Addr]string
	// secrets open the TLS connections; each line is there once.
	secrets []byte
	opened  map[string]bool
	notes   map[uint64][]uint64 // note events, by the packet event that they go with
	// By the number of the frame: what befell it, whether it was put on the link more
	// than once, and the event in which it was changed.
	fates   map[uint64][]fate
	copied  map[uint64]bool
	changed map[uint64]uint64
}

// linkSeen is what is known of a link.
type linkSeen struct {
	frames     int
	interfaces []string // sorted
}

// look surveys a trace.
func look(t *trace.Trace) (*survey, error) {
	s := &survey{
		last: t.Len(), seen: map[string]*linkSeen{}, names: map[netip.Addr]string{},
		notes: map[uint64][]uint64{}, fates: map[uint64][]fate{}, copied: map[uint64]bool{}, changed: map[uint64]uint64{},
	}
	waiting := placer{last: map[string]uint64{}, place: s.notes}
	for seq := uint64(1); seq <= s.last; seq++ {
		e, err := event(t, seq)
		if err != nil {
			return nil, err
		}
		s.end = e.At
		switch b := e.Body.(type) {
		case *trace.PacketBody:
			if _, ok := onLink(e); ok {
				s.frame(e, b)
				waiting.packet(e)
			}
			s.befall(e, b)
		case *trace.ConnectionBody:
			s.name(b.ClientAddr.Addr(), b.Client)
			s.name(b.ServerAddr.Addr(), b.Server)
			s.open(b.TLS)
		case *trace.NoteBody:
			waiting.note(e)
		}
	}
	waiting.end()
	return s, nil
}

// open takes over the secrets of a TLS connection, which both its ends know.
func (s *survey) open(t *trace.TLS) {
	if t == nil {
		return
	}
	if s.opened == nil {
		s.opened = map[string]bool{}
	}
	for _, line := range t.Secrets {
		if !s.opened[line] {
			s.opened[line] = true
			s.secrets = append(append(s.secrets, line...), '\n')
		}
	}
}

func (s *survey) frame(e *trace.Event, b *trace.PacketBody) {
	l := s.seen[b.Link]
	if l == nil {
		l = new(linkSeen)
		s.seen[b.Link] = l
		s.links = append(s.links, b.Link)
	}
	l.frames++
	for _, name := range []string{b.From, b.To} {
		if i, found := slices.BinarySearch(l.interfaces, name); name != "" && !found {
			l.interfaces = slices.Insert(l.interfaces, i, name)
		}
	}
	// Nobody passes on what was not sent before: who is the first to send from an
	// address is its owner.
	s.name(b.Head.Src, e.Host)
}

// befall notes what became of a frame after it was sent.
func (s *survey) befall(e *trace.Event, b *trace.PacketBody) {
	if f, ok := fateOf(e.What, b); ok {
		s.fates[b.Frame] = append(s.fates[b.Frame], f)
	}
	switch e.What {
	case trace.Duplicated:
		s.copied[b.Frame] = true
	case trace.Corrupted:
		s.changed[b.Frame] = e.Seq
	}
}

// name notes whose an address is, if it is anybody's and not known yet.
func (s *survey) name(a netip.Addr, host string) {
	a = a.Unmap()
	if !a.IsValid() || a.IsUnspecified() || a.IsLoopback() || a.IsMulticast() || host == "" || host == a.String() {
		return
	}
	if _, known := s.names[a]; !known {
		s.names[a] = host
	}
}

// addrName is an address and whose it is.
type addrName struct {
	addr netip.Addr
	name string
}

// hosts are the addresses and whose they are, sorted by address.
func (s *survey) hosts() []addrName {
	var all []addrName
	for a, name := range s.names {
		all = append(all, addrName{a, name})
	}
	slices.SortFunc(all, func(a, b addrName) int { return cmp.Or(a.addr.Compare(b.addr), cmp.Compare(a.name, b.name)) })
	return all
}

// describedInterfaces is how many interfaces of a link are named in its
// description.
const describedInterfaces = 20

// describe says what is on a link.
func (s *survey) describe(link string) string {
	l := s.seen[link]
	switch {
	case l == nil:
		return "carried nothing"
	case len(l.interfaces) > describedInterfaces:
		return fmt.Sprintf("joins %s and %d more", strings.Join(l.interfaces[:describedInterfaces], ", "), len(l.interfaces)-describedInterfaces)
	}
	return "joins " + strings.Join(l.interfaces, ", ")
}

// placer finds the packet that a note goes with: the next that the note's host
// sends, or the next of all when it has no host; when none comes any more, the
// last one before.
type placer struct {
	waiting []*trace.Event
	last    map[string]uint64 // packet events, by host; under "" the last of all
	place   map[uint64][]uint64
}

func (p *placer) note(e *trace.Event) { p.waiting = append(p.waiting, e) }

func (p *placer) packet(e *trace.Event) {
	p.last[e.Host], p.last[""] = e.Seq, e.Seq
	p.waiting = slices.DeleteFunc(p.waiting, func(n *trace.Event) bool {
		mine := n.Host == "" || n.Host == e.Host
		if mine {
			p.place[e.Seq] = append(p.place[e.Seq], n.Seq)
		}
		return mine
	})
}

func (p *placer) end() {
	for _, n := range p.waiting {
		at, ok := p.last[n.Host]
		if !ok {
			at = p.last[""]
		}
		p.place[at] = append(p.place[at], n.Seq)
	}
}
