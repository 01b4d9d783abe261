// Package pcapng writes the frames of a trace as a capture file that Wireshark
// and its like read, in the format of draft-ietf-opsawg-pcapng.
//
// Each link of the walk is an interface of the file. The frames stand in the
// order in which they were put on a link, with the time at which they were: one
// that was lost on the way is there as well, one that was held back does not
// stand further down, and a duplicate is there once more. One that was changed on
// the way is there as it arrived. A comment tells of each of these.
//
// The other comments of a packet are what the walk says just before it leaves,
// and the lines of the dialogue that it carries, C: from the client and S: from
// the server:
//
//	Note: The mail program tells its own provider's server three things …
//	C: MAIL FROM:<alice@acme.test>
//
// Where a segment does not carry on where the one before on its link has ended, a
// comment says why: Wireshark can only guess, and is not always right.
//
//	In truth: fast-retransmission
//
// A packet that crosses two links is two frames. Wireshark takes the second for
// a retransmission of the first when both are in one file, unless it is told to
// keep conversations on different interfaces apart. Analysis of TCP and
// following a stream want the capture of one link: [Options.Link].
package pcapng

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"math"
	"time"

	"mailwalk/sim/trace"
)

// Options say what a capture is to hold. The zero Options make one of all links.
type Options struct {
	// Link is the one link whose frames are written; empty for all. Of a link that
	// carried nothing there is an interface without packets.
	Link string
	// Start is the date and time at which the walk began; when it is zero, 1 January
	// 1970 in UTC, so that the times in the file are those since the walk's start.
	Start time.Time
	// Narrate words a note event; nil for the words for newcomers.
	Narrate func(*trace.Event) string
	// Secrets are what is needed to read TLS connections besides those whose secrets the
	// trace has itself, in the form of the NSS key log: lines such as "CLIENT_RANDOM …".
	// All of them go into the file.
	Secrets []byte
}

// Link is how many frames a link carried.
type Link struct {
	Name   string
	Frames int
}

// ErrTime says that a walk's times cannot be written in nanoseconds since 1970.
var ErrTime = errors.New("a capture file has times from 1970 to 2554 only")

// Capture is what a trace has of frames, ready to be written. It refers to the
// trace, whose later events it does not see.
type Capture struct {
	t      *trace.Trace
	o      Options
	start  uint64 // nanoseconds since 1970
	survey *survey
	links  []string // of the file, by interface number
}

// New looks through a trace for what a capture file begins with. It returns
// [ErrTime], or an error of reading the file that the trace comes from.
func New(t *trace.Trace, o Options) (*Capture, error) {
	s, err := look(t)
	if err != nil {
		return nil, err
	}
	c := &Capture{t: t, o: o, survey: s, links: s.links}
	if o.Link != "" {
		c.links = []string{o.Link}
	}
	if !o.Start.IsZero() {
		seconds := o.Start.Unix()
		if seconds < 0 || uint64(seconds) > (math.MaxUint64-uint64(s.end))/uint64(time.Second)-1 {
			return nil, fmt.Errorf("%w, and the walk starts at %s", ErrTime, o.Start.UTC().Format(time.RFC3339))
		}
		c.start = uint64(seconds)*uint64(time.Second) + uint64(o.Start.Nanosecond())
	}
	return c, nil
}

// Links are the links that carried frames, in the order of their first ones,
// whichever of them go into the file.
func (c *Capture) Links() []Link {
	links := make([]Link, len(c.survey.links))
	for i, name := range c.survey.links {
		links[i] = Link{name, c.survey.seen[name].frames}
	}
	return links
}

// WriteTo implements [io.WriterTo]. The same trace and options make the same
// octets.
func (c *Capture) WriteTo(w io.Writer) (int64, error) {
	buffered := bufio.NewWriterSize(w, 64<<10)
	b := &blockWriter{w: buffered}
	err := c.write(b)
	if err == nil {
		err = buffered.Flush()
	}
	return b.written - int64(buffered.Buffered()), err
}

func (c *Capture) write(b *blockWriter) error {
	if err := c.begin(b); err != nil {
		return err
	}
	numbers := make(map[string]uint32, len(c.links))
	for i, name := range c.links {
		numbers[name] = uint32(i)
	}
	index := c.t.Index()
	origins := make(origins)
	for seq := uint64(1); seq <= c.survey.last; seq++ {
		e, err := event(c.t, seq)
		if err != nil {
			return err
		}
		f, ok := onLink(e)
		if !ok {
			continue
		}
		id := origins.of(c.t, e, f)
		number, ok := numbers[f.Link]
		if !ok {
			continue
		}
		data, err := c.data(e, f)
		if err != nil {
			return err
		}
		if err := b.packet(packet{
			iface: number, time: c.start + uint64(e.At), data: data, id: id,
			comments: c.comments(index, e, f),
		}); err != nil {
			return fmt.Errorf("event %d: %w", seq, err)
		}
	}
	return nil
}

// data are the octets of a frame, as they arrived.
func (c *Capture) data(e *trace.Event, f *trace.PacketBody) ([]byte, error) {
	changed, ok := c.survey.changed[f.Frame]
	if !ok || e.What == trace.Duplicated { // a copy is made of what there is by then
		return f.Data, nil
	}
	later, err := event(c.t, changed)
	if err != nil {
		return nil, err
	}
	return later.Body.(*trace.PacketBody).Data, nil
}

// begin writes all that comes before the packets.
func (c *Capture) begin(b *blockWriter) error {
	h := c.t.Header
	started := "; times count from the walk's start"
	if !c.o.Start.IsZero() {
		started = fmt.Sprintf("; times are virtual: the walk starts at %s", c.o.Start.UTC().Format(time.RFC3339Nano))
	}
	application := "mailwalk"
	if h.Build != "" {
		application += " " + h.Build
	}
	err := b.section(application, fmt.Sprintf("walk %s, seed %d%s", h.Name, h.Seed, started))
	for _, name := range c.links {
		err = errors.Join(err, b.iface(name, c.survey.describe(name)))
	}
	err = errors.Join(err, b.names(c.survey.hosts()))
	for _, keyLog := range [][]byte{c.o.Secrets, c.survey.secrets} {
		if len(keyLog) > 0 {
			err = errors.Join(err, b.tlsSecrets(keyLog))
		}
	}
	return err
}

// onLink is the frame that an event puts on a link, if it does.
func onLink(e *trace.Event) (*trace.PacketBody, bool) {
	b, ok := e.Body.(*trace.PacketBody)
	return b, ok && (e.What == trace.Sent || e.What == trace.Duplicated)
}

// event is the event of that number, which is there unless the trace's file is
// damaged.
func event(t *trace.Trace, seq uint64) (*trace.Event, error) {
	if e := t.At(seq); e != nil {
		return e, nil
	}
	return nil, fmt.Errorf("event %d cannot be read: %w", seq, t.Verify())
}
