package tui

import (
	"slices"

	"charm.land/lipgloss/v2"

	"mailwalk/sim/explain"
	"mailwalk/sim/trace"
)

// tint is what octets belong to. Each has a colour of its own; the tree of fields
// says the same in words.
type tint int

const (
	plainTint tint = iota
	linkTint
	netTint
	carryTint // TCP, UDP, ICMP
	clientTint
	serverTint
	dnsTint
	headTint
	freshTint // added by the last hop
)

func (s *stage) tintStyle(t tint) lipgloss.Style {
	switch t {
	case linkTint:
		return s.theme.packet
	case netTint:
		return s.theme.choice
	case carryTint:
		return s.theme.conn
	case clientTint:
		return s.theme.client
	case serverTint:
		return s.theme.server
	case dnsTint:
		return s.theme.lookup
	case headTint:
		return s.theme.mail.Bold(false)
	case freshTint:
		return s.theme.good
	}
	return s.theme.text
}

// part is a row of the tree: a layer, a field, a line, or a packet, and the octets
// [from, to) that it stands for.
type part struct {
	depth       int
	name, value string
	// note says more of the value; means what the field is for.
	note, means string
	from, to    int
	// bit and bits are those of a field that is not of whole octets.
	bit, bits int
	check     trace.Check
	tint      tint
	// seq is the event of a line or a packet, 0 for what is none.
	seq uint64
	// refers tells that it is elsewhere, and that the octets have a meaning here too.
	refers bool
}

func (p *part) has(at int) bool { return p.from <= at && at < p.to }

// octets are the bytes of a step, and what they mean.
type octets struct {
	// title says what they are, origin how the step comes by them when they are not
	// its own.
	title, origin string
	data          []byte
	tree          []part
	// tints colour ranges that do not overlap, in their order. Where one begins that
	// is marked, a rule stands in the dump.
	tints []tinted
}

type tinted struct {
	from, to int
	tint     tint
	marked   bool
}

// tintAt is the range that an octet lies in.
func (o *octets) tintAt(at int) tinted {
	i, found := slices.BinarySearchFunc(o.tints, at, func(t tinted, at int) int { return t.from - at })
	if !found {
		i--
	}
	if i < 0 || at >= o.tints[i].to {
		return tinted{}
	}
	return o.tints[i]
}

// partAt is the row of the narrowest part that has an octet, the outer one of two
// that are equally narrow, but for a line; -1 for none.
func (o *octets) partAt(at int) int {
	best := -1
	for i := range o.tree {
		p := &o.tree[i]
		if !p.has(at) || p.refers {
			continue
		}
		if best < 0 {
			best = i
			continue
		}
		// A line tells more than the payload that it fills.
		wide, was := p.to-p.from, o.tree[best].to-o.tree[best].from
		if wide < was || wide == was && p.seq != 0 {
			best = i
		}
	}
	return best
}

// add appends parts and their tint.
func (o *octets) add(parts ...part) { o.tree = append(o.tree, parts...) }

func (o *octets) paint(from, to int, t tint, marked bool) {
	if from < to {
		o.tints = append(o.tints, tinted{from, to, t, marked})
	}
}

// layers adds what a frame's headers say.
func (o *octets) layers(b *trace.PacketBody) {
	for _, l := range trace.Decode(o.data) {
		t, name := layerTint(l.Name), l.Name
		if l.Quoted {
			name += ", quoted"
		}
		o.add(part{
			name: name, value: explain.Octets(int64(l.Length)), note: l.Note, means: meaning(l.Name, "", l.Source),
			from: l.Offset, to: l.Offset + l.Length, tint: t,
		})
		for _, f := range l.Fields {
			o.field(l.Name, &f, 1, t)
		}
		if l.Name != "Payload" || l.Quoted {
			o.paint(l.Offset, l.Offset+l.Length, t, false)
		}
	}
}

func (o *octets) field(layer string, f *trace.Field, depth int, t tint) {
	o.add(part{
		depth: depth, name: f.Name, value: f.Value, note: f.Note, means: meaning(layer, f.Name, ""),
		from: f.Offset, to: f.Offset + f.Length, bit: f.Bit, bits: f.Bits, check: f.Check, tint: t,
	})
	for i := range f.Parts {
		o.field(layer, &f.Parts[i], depth+1, t)
	}
}

func layerTint(name string) tint {
	switch name {
	case "Ethernet", "ARP", "Padding":
		return linkTint
	case "TCP", "UDP", "ICMP", "ICMPv6":
		return carryTint
	case "Payload":
		return plainTint
	}
	return netTint
}
