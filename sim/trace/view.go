package trace

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// View is the state of the walk's world after some event: queues, caches,
// mailboxes, connections, timers, hosts, and where each mail is. It is folded
// from the events alone. The zero View is the state before the first event.
//
// The lists that its methods return are sorted and made for the caller; what
// they point to is never changed, not by Apply either, and must not be changed
// by the caller. A View may be read by several goroutines while none applies
// events to it.
type View struct {
	// Seq and At are the number and the time of the last event folded in.
	Seq uint64
	At  time.Duration

	hosts    table[HostView]
	queues   table[QueueEntry]
	caches   table[CacheEntry]
	messages table[Message]
	conns    table[ConnView]
	open     table[ConnView] // those of conns that are not over
	mails    table[MailView]
	timers   table[TimerView]
}

// HostView is a host that something happened on.
type HostView struct {
	Name string
	Up   bool
	// Since is when it went up or down.
	Since time.Duration
}

// QueueEntry is a mail that waits in an MTA's queue.
type QueueEntry struct {
	Host string
	// ID is the queue entry's own, Mail the walk's number of the mail.
	ID, Mail string
	// Status is the queue's name for it: active, deferred.
	Status string
	// Recipients are those it still waits for.
	Recipients []string
	// Due is when it is tried next.
	Due time.Duration
	// Since is when it came into the queue.
	Since time.Duration
	// Deferrals is how often it was put off, Reason why it was the last time.
	Deferrals int64
	Reason    string
}

// CacheEntry is a record set, or its absence, that a resolver knows.
type CacheEntry struct {
	Host       string
	Name, Type string
	// RCode is NXDOMAIN for a name that does not exist.
	RCode   string
	Records []Record
	Since   time.Duration
	// Until is when it expires.
	Until time.Duration
}

// Message is a mail in a mailbox.
type Message struct {
	Host string
	// Mailbox is user@domain/folder, UID the mail's number in it.
	Mailbox string
	UID     uint32
	Mail    string
	Flags   []string
	Size    int64
	// Content is nil when no event told it.
	Content *Content
	Since   time.Duration
}

// Mailbox is a mailbox and the mails in it, in the order of their UIDs.
type Mailbox struct {
	Host, Name string
	Messages   []*Message
}

// Closing is the state of a connection that one end has closed. The other states
// are [Opening], [Opened], [Refused], [Failed], [Closed] and [Reset].
const Closing = "closing"

// ConnView is a TCP connection, open or past.
type ConnView struct {
	ID                     string
	Client, Server         string // hosts
	ClientAddr, ServerAddr string // address and port
	Service                string
	State                  string
	// Accepted tells that the server's program took it.
	Accepted bool
	// ClosedBy is the host whose program closed its end first.
	ClosedBy string
	// Session is the state of the server's protocol machine.
	Session string
	Error   string
	// TLS is what the handshake has come to, as it was seen last; nil as long as all is
	// in clear.
	TLS *TLS
	// ToServer and ToClient are the octets of the two streams so far.
	ToServer, ToClient Flow
	Since              time.Duration
	// Ended is when it was refused, failed, closed at both ends or reset.
	Ended time.Duration
}

// Flow counts the octets of one direction of a connection, from the first of its
// stream to the last that was seen.
type Flow struct {
	// Sent were put on the wire, or written where no packets are to be seen;
	// Arrived reached the other end.
	Sent, Arrived int64
}

// TimerView is a timer that is set.
type TimerView struct {
	Host, Name string
	Due        time.Duration
	Detail     string
}

// MailView is a mail, its way so far, and where copies of it are.
type MailView struct {
	ID          string
	ReversePath string
	Recipients  []string
	MessageID   string
	Subject     string
	// Content is the mail as it was when it was seen last.
	Content *Content
	Legs    []Leg
	Copies  []Copy
}

// States of a leg.
const (
	UnderWay   = "under way"
	Done       = "done"
	PutOff     = "deferred"
	NotWorking = "failed"
)

// Leg is one hop of a mail's way.
type Leg struct {
	// ID is the hop's.
	ID      string
	Purpose string
	// From and Toward are hosts; Toward is a domain until the host is known.
	From, Toward string
	State        string
	Started      time.Duration
	Ended        time.Duration
}

// Places of a copy of a mail.
const (
	AtAuthor  = "author"  // in the mail program it was written in
	InQueue   = "queue"   // in an MTA's hands
	InMailbox = "mailbox" // in the store behind POP3 and IMAP
	OnDevice  = "device"  // on a device that fetched it
)

// Copy is one copy of a mail.
type Copy struct {
	Host  string
	Place string
	// Queue is the queue entry of a copy in a queue; Mailbox and UID are those of
	// a copy in a mailbox, and for one on a device those it was fetched from, 0 where
	// the protocol (POP3) has no such number.
	Queue   string
	Mailbox string
	UID     uint32
	Since   time.Duration
}

// Current is the leg that the mail is on, nil when it is on none.
func (m *MailView) Current() *Leg {
	for i := len(m.Legs) - 1; i >= 0; i-- {
		if m.Legs[i].State == UnderWay {
			return &m.Legs[i]
		}
	}
	return nil
}

// Hosts are the hosts that something happened on, by name.
func (v *View) Hosts() []*HostView { return v.hosts.sorted() }

// Queues are all queue entries, by host, then in the order of their ids.
func (v *View) Queues() []*QueueEntry { return v.queues.sorted() }

// Queue are the queue entries of one host.
func (v *View) Queue(host string) []*QueueEntry { return v.queues.under(host) }

// Caches are the cached record sets of all resolvers, by host, name and type.
func (v *View) Caches() []*CacheEntry { return v.caches.sorted() }

// Cache are the cached record sets of one host.
func (v *View) Cache(host string) []*CacheEntry { return v.caches.under(host) }

// Mailboxes are the mailboxes that have had a mail, by host and name. One that
// was emptied is not among them.
func (v *View) Mailboxes() []*Mailbox {
	var boxes []*Mailbox
	for _, m := range v.messages.sorted() {
		if n := len(boxes); n == 0 || boxes[n-1].Host != m.Host || boxes[n-1].Name != m.Mailbox {
			boxes = append(boxes, &Mailbox{Host: m.Host, Name: m.Mailbox})
		}
		last := boxes[len(boxes)-1]
		last.Messages = append(last.Messages, m)
	}
	return boxes
}

// Connections are all connections, open and past, in the order in which they
// began.
func (v *View) Connections() []*ConnView {
	all := v.conns.sorted()
	slices.SortStableFunc(all, func(a, b *ConnView) int { return cmp.Compare(a.Since, b.Since) })
	return all
}

// Open are the connections that are being opened, open or being closed, in the
// order in which they began.
func (v *View) Open() []*ConnView {
	open := v.open.sorted()
	slices.SortStableFunc(open, func(a, b *ConnView) int { return cmp.Compare(a.Since, b.Since) })
	return open
}

// Ended is the number of connections that were refused, failed, closed at both ends
// or reset.
func (v *View) Ended() int { return v.conns.count - v.open.count }

// Connection is that of an id, nil if there is none.
func (v *View) Connection(id string) *ConnView { return v.conns.get(id) }

// Mails are all mails, in the order of their numbers.
func (v *View) Mails() []*MailView { return v.mails.sorted() }

// LastMail is the one with the highest number, nil if there is none.
func (v *View) LastMail() *MailView { return v.mails.last() }

// Mail is that of a number, nil if there is none.
func (v *View) Mail(id string) *MailView { return v.mails.get(mailKey(id)) }

// Timers are the timers that are set, by host and name.
func (v *View) Timers() []*TimerView { return v.timers.sorted() }

// size is the number of entries.
func (v *View) size() int {
	return v.hosts.count + v.queues.count + v.caches.count + v.messages.count +
		v.conns.count + v.mails.count + v.timers.count
}

// freeze makes v safe to clone by several goroutines. It may not be applied to
// any more.
func (v *View) freeze() *View {
	v.hosts.share()
	v.queues.share()
	v.caches.share()
	v.messages.share()
	v.conns.share()
	v.open.share()
	v.mails.share()
	v.timers.share()
	return v
}

// clone returns a copy of a frozen view that can be applied to.
func (v *View) clone() *View {
	c := *v
	return &c
}

const keySep = 0

// tableKey joins parts so that they sort part by part.
func tableKey(parts ...string) string { return strings.Join(parts, string(rune(keySep))) }

// mailKey sorts mails by their numbers.
func mailKey(id string) string {
	if len(id) >= 1<<8 {
		return "\xff" + id
	}
	return string([]byte{byte(len(id))}) + id
}

// messageKey sorts the messages of a mailbox by UID.
func messageKey(host, mailbox string, uid uint32) string {
	n := strconv.FormatUint(uint64(uid), 10)
	return tableKey(host, mailbox, "0000000000"[len(n):]+n)
}
