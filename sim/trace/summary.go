package trace

import "time"

// Summary is what a run comes to.
type Summary struct {
	Events uint64        `json:"events"`
	Mails  int           `json:"mails"`
	Hops   int           `json:"hops"`
	Lookup LookupSummary `json:"lookups"`
	// Connections were asked for, successfully or not.
	Connections int           `json:"connections"`
	Packets     PacketSummary `json:"packets"`
	// Time is the virtual time of the last event.
	Time       time.Duration `json:"-"`
	Deliveries []Arrival     `json:"deliveries,omitempty"`
	// Compared are the comparisons of what arrived with what was sent.
	Compared []Comparison `json:"compared,omitempty"`
	// Failures are the mails that were bounced or could not be sent.
	Failures []Failure `json:"failures,omitempty"`
}

// LookupSummary counts what was done to find things in the DNS.
type LookupSummary struct {
	// Questions were asked by programs of their resolvers, Queries by resolvers of
	// name servers, CacheHits not, for the answer was known.
	Questions int `json:"questions"`
	Queries   int `json:"queries"`
	CacheHits int `json:"cacheHits"`
}

// PacketSummary counts the frames on the links. One that crosses two links is
// two frames.
type PacketSummary struct {
	Frames int `json:"frames"`
	// Bytes are the octets of all frames with their Ethernet headers.
	Bytes int64 `json:"bytes"`
	// Lost were sent, or duplicated, and dropped.
	Lost int `json:"lost"`
}

// Arrival is a mail that was put into a mailbox.
type Arrival struct {
	Seq     uint64        `json:"seq"`
	Mail    string        `json:"mail"`
	Host    string        `json:"host"`
	Mailbox string        `json:"mailbox"`
	UID     uint32        `json:"uid"`
	At      time.Duration `json:"-"`
}

// Comparison is what arrived against what was sent.
type Comparison struct {
	Seq     uint64 `json:"seq"`
	Mail    string `json:"mail"`
	Host    string `json:"host"`
	Sent    string `json:"sentSha256"`
	Arrived string `json:"arrivedSha256"`
	Same    bool   `json:"same"`
}

// Failure is a mail that did not get where it was to go.
type Failure struct {
	Seq        uint64   `json:"seq"`
	Mail       string   `json:"mail"`
	Host       string   `json:"host"`
	What       string   `json:"what"`
	Recipients []string `json:"recipients,omitempty"`
	Reason     string   `json:"reason"`
}

// Counter makes a Summary of events as they come. The zero Counter is ready.
type Counter struct {
	sum       Summary
	mails     map[string]bool
	hops      map[string]bool
	lastFrame uint64
}

// Summarize makes the summary of all events of a trace.
func Summarize(t *Trace) Summary {
	var c Counter
	for e := range t.All() {
		c.Add(e)
	}
	return c.Summary()
}

// Summary is that of the events so far.
func (c *Counter) Summary() Summary { return c.sum }

// Add counts an event.
func (c *Counter) Add(e *Event) {
	if c.mails == nil {
		c.mails, c.hops = map[string]bool{}, map[string]bool{}
	}
	c.sum.Events++
	c.sum.Time = e.At
	if e.Mail != "" && !c.mails[e.Mail] {
		c.mails[e.Mail] = true
		c.sum.Mails++
	}
	if e.Hop != "" && !c.hops[e.Hop] {
		c.hops[e.Hop] = true
		c.sum.Hops++
	}
	switch b := e.Body.(type) {
	case *PacketBody:
		c.packet(e, b)
	case *LookupBody:
		switch e.What {
		case Asked:
			c.sum.Lookup.Questions++
		case Query:
			c.sum.Lookup.Queries++
		case CacheHit:
			c.sum.Lookup.CacheHits++
		}
	case *ConnectionBody:
		if e.What == Opening {
			c.sum.Connections++
		}
	case *MailBody:
		c.mail(e, b)
	}
}

func (c *Counter) packet(e *Event, b *PacketBody) {
	p := &c.sum.Packets
	switch e.What {
	case Sent, Duplicated:
		p.Bytes += int64(len(b.Data))
	case Dropped:
		p.Lost++
	}
	if b.Frame > c.lastFrame { // they are numbered as they are sent
		c.lastFrame = b.Frame
		p.Frames++
	}
}

func (c *Counter) mail(e *Event, b *MailBody) {
	switch e.What {
	case Stored:
		c.sum.Deliveries = append(c.sum.Deliveries, Arrival{
			Seq: e.Seq, Mail: e.Mail, Host: e.Host, Mailbox: b.Mailbox, UID: b.UID, At: e.At,
		})
	case Compared:
		c.sum.Compared = append(c.sum.Compared, Comparison{
			Seq: e.Seq, Mail: e.Mail, Host: e.Host, Sent: b.SentHash, Arrived: b.ArrivedHash, Same: b.Same,
		})
	case Bounced, Undeliverable, Unsent:
		c.sum.Failures = append(c.sum.Failures, Failure{
			Seq: e.Seq, Mail: e.Mail, Host: e.Host, What: e.What, Recipients: b.Recipients, Reason: b.Reason,
		})
	}
}
