package virtual

import (
	"fmt"
	"math/rand/v2"
	"time"

	"mailwalk/sim/wire"
)

// LinkConfig says what a link is like. The zero LinkConfig is a link that takes no
// time, has no limits and loses nothing.
type LinkConfig struct {
	// Latency is how long a frame is under way from one end to the other.
	Latency time.Duration
	// Jitter makes the latency vary: that of each frame is drawn evenly from
	// Latency-Jitter to Latency+Jitter. It is at most as long as Latency.
	Jitter time.Duration
	// Reorder lets a frame with a shorter latency overtake those that the same
	// interface sent before it. Without it a frame waits at the far end for those,
	// as one cable keeps the order.
	Reorder bool
	// Bandwidth is in bits a second, for each interface; 0 is without limit.
	Bandwidth int64
	// Queue is how many frames may wait at an interface while one before them is
	// being put on the link. A frame that finds so many there is lost. 0 is without
	// limit. Without a bandwidth no frame has to wait.
	Queue int
	// Loss is how many frames of 1,000 are lost.
	Loss int
	// MTU is the largest IP packet in octets; 0 stands for 1500.
	MTU uint32
}

// Link is an Ethernet segment: what one interface sends, the addressed others
// receive after the link's latency.
type Link struct {
	net    *Net
	name   string
	cfg    LinkConfig
	ifaces []*iface
	cut    bool
	jitter *rand.Rand
	loss   *rand.Rand
}

// AddLink makes a link.
func (n *Net) AddLink(name string, cfg LinkConfig) *Link {
	if cfg.MTU == 0 {
		cfg.MTU = 1500
	}
	l := &Link{
		net: n, name: name, cfg: cfg,
		jitter: rand.New(wire.Stream(n.cfg.Seed, 0, name, "jitter")),
		loss:   rand.New(wire.Stream(n.cfg.Seed, 0, name, "loss")),
	}
	n.links = append(n.links, l)
	return l
}

// travel is how long the next frame is under way.
func (l *Link) travel() time.Duration {
	if l.cfg.Jitter == 0 {
		return l.cfg.Latency
	}
	return l.cfg.Latency - l.cfg.Jitter + time.Duration(l.jitter.Int64N(2*int64(l.cfg.Jitter)+1))
}

// loses says why the next frame gets lost on the link; it is empty when the frame
// does not.
func (l *Link) loses() string {
	lost := l.cfg.Loss > 0 && l.loss.IntN(1000) < l.cfg.Loss
	switch {
	case l.cut:
		return "the link " + l.name + " is cut"
	case lost:
		return "the link " + l.name + " loses " + perCent(l.cfg.Loss) + " of its packets"
	}
	return ""
}

// perCent writes so many of 1,000 with at most one decimal.
func perCent(perMille int) string {
	if perMille%10 == 0 {
		return fmt.Sprintf("%d %%", perMille/10)
	}
	return fmt.Sprintf("%d.%d %%", perMille/10, perMille%10)
}

// egress is what waits at an interface to be put on a link with a bandwidth.
type egress struct {
	free  time.Duration   // when the last frame will have left
	begin []time.Duration // when each of those that wait begins to leave, in order
}

// put adds a frame of so many octets, and returns how long from now it begins to
// leave and will have left; false when the queue is full.
func (q *egress) put(now time.Duration, octets int, cfg *LinkConfig) (waits, left time.Duration, ok bool) {
	if cfg.Bandwidth == 0 {
		return 0, 0, true
	}
	for len(q.begin) > 0 && q.begin[0] <= now {
		q.begin = q.begin[1:]
	}
	if cfg.Queue > 0 && len(q.begin) >= cfg.Queue {
		return 0, 0, false
	}
	begin := max(q.free, now)
	q.free = begin + time.Duration(int64(octets)*8*int64(time.Second)/cfg.Bandwidth)
	if begin > now {
		q.begin = append(q.begin, begin)
	}
	return begin - now, q.free - now, true
}
