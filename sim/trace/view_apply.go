package trace

import (
	"slices"
	"strings"
)

// Apply folds in the next event. Where the state comes from:
//
//   - hosts: any event on a host; state "host", whose After is up or down
//   - queues: state "queue", named by the entry, until After is empty; mail
//     events "queued" and "deferred" add to it
//   - caches: look-up "cached", until "expired"
//   - mailboxes: mail "stored", until "deleted"; state "mailbox", with a UID,
//     changes flags and size, adds a mail that is not there, such as a copy made in
//     the mailbox, and ends the mail when After is empty
//   - connections: connection events; state "session", named by the connection;
//     packets, sockets and lines, for the octets
//   - timers: state "timer", until After is empty
//   - mails: mail events
func (v *View) Apply(e *Event) {
	v.Seq, v.At = e.Seq, e.At
	if e.Host != "" && v.hosts.get(e.Host) == nil {
		h, _ := v.hosts.edit(e.Host)
		*h = HostView{Name: e.Host, Up: true, Since: e.At}
	}
	switch b := e.Body.(type) {
	case *PacketBody:
		v.packet(e, b)
	case *SocketBody:
		v.socket(e, b)
	case *ConnectionBody:
		v.connection(e, b)
	case *LineBody:
		v.line(e, b)
	case *LookupBody:
		v.lookup(e, b)
	case *MailBody:
		v.mail(e, b)
	case *StateBody:
		v.state(e, b)
	}
}

// packet counts a segment at the two ends of its connection: not at the routers
// between, and not twice when it is sent again.
func (v *View) packet(e *Event, b *PacketBody) {
	if b.Range == nil {
		return
	}
	c := v.conns.get(e.Conn)
	if c == nil {
		return
	}
	from, to, flow := c.Client, c.Server, c.ToServer
	if b.Range.FromServer {
		from, to, flow = c.Server, c.Client, c.ToClient
	}
	switch {
	case e.What == Sent && hostOf(b.From) == from:
		flow.Sent = max(flow.Sent, b.Range.To)
	case e.What == Delivered && hostOf(b.To) == to:
		flow.Arrived = max(flow.Arrived, b.Range.To)
	}
	v.flow(e.Conn, c, b.Range.FromServer, flow)
}

// socket counts the octets that an end has handed to its kernel, and those that the
// other end has taken from its own.
func (v *View) socket(e *Event, b *SocketBody) {
	c := v.conns.get(e.Conn)
	if c == nil || b.Range == nil {
		return
	}
	flow := c.ToServer
	if b.Range.FromServer {
		flow = c.ToClient
	}
	flow.Sent = max(flow.Sent, b.Range.To)
	if e.What == Read {
		flow.Arrived = max(flow.Arrived, b.Range.To)
	}
	v.flow(e.Conn, c, b.Range.FromServer, flow)
}

func (v *View) line(e *Event, b *LineBody) {
	c := v.conns.get(e.Conn)
	if c == nil || !Spoken(e.What) {
		return
	}
	flow := c.ToServer
	if b.FromServer {
		flow = c.ToClient
	}
	flow.Sent = max(flow.Sent, b.To)
	if e.What == Received {
		flow.Arrived = max(flow.Arrived, b.To)
	}
	v.flow(e.Conn, c, b.FromServer, flow)
}

// flow puts the count of one direction in place, if it is another.
func (v *View) flow(id string, c *ConnView, fromServer bool, f Flow) {
	before := c.ToServer
	if fromServer {
		before = c.ToClient
	}
	if f == before {
		return
	}
	c, _ = v.conns.edit(id)
	if fromServer {
		c.ToClient = f
	} else {
		c.ToServer = f
	}
	v.sort(c)
}

// sort puts a connection that was edited among those that are open, or takes it
// away.
func (v *View) sort(c *ConnView) {
	if c.over() {
		v.open.remove(c.ID)
	} else {
		v.open.put(c.ID, c)
	}
}

// hostOf is the host of an interface.
func hostOf(iface string) string {
	host, _, _ := strings.Cut(iface, "/")
	return host
}

func (v *View) connection(e *Event, b *ConnectionBody) {
	c, found := v.conns.edit(e.Conn)
	if !found {
		c.ID, c.Since, c.State = e.Conn, e.At, Opening
	}
	c.Client, c.Server, c.Service = b.Client, b.Server, b.Service
	if b.ClientAddr.IsValid() {
		c.ClientAddr = b.ClientAddr.String()
	}
	if b.ServerAddr.IsValid() {
		c.ServerAddr = b.ServerAddr.String()
	}
	if b.Error != "" {
		c.Error = b.Error
	}
	switch e.What {
	case Secured, NotSecured:
		// The server does not see how its certificate is checked.
		if c.TLS == nil || b.TLS != nil && (b.TLS.Checked != "" || c.TLS.Checked == "") {
			c.TLS = b.TLS
		}
	case Opened:
		if c.State == Opening {
			c.State = Opened
		}
	case Accepted:
		c.Accepted = true
	case Closed:
		switch {
		case c.over():
		case c.ClosedBy == "":
			c.State, c.ClosedBy = Closing, e.Host
		case c.ClosedBy != e.Host:
			c.State, c.Ended = Closed, e.At
		}
	case Refused, Failed, Reset:
		c.State, c.Ended = e.What, e.At
	}
	v.sort(c)
	// A leg that knew but the domain it goes toward has found the host.
	if m := v.mails.get(mailKey(e.Mail)); m != nil && e.What == Opened && e.Hop != "" {
		if i := slices.IndexFunc(m.Legs, func(l Leg) bool { return l.ID == e.Hop }); i >= 0 && m.Legs[i].Toward != b.Server {
			m, _ := v.mails.edit(mailKey(e.Mail))
			m.Legs = slices.Clone(m.Legs)
			m.Legs[i].Toward = b.Server
		}
	}
}

// over tells whether nothing more can come of a connection.
func (c *ConnView) over() bool {
	return c.State == Closed || c.State == Refused || c.State == Failed || c.State == Reset
}

func (v *View) lookup(e *Event, b *LookupBody) {
	key := tableKey(e.Host, b.Name, b.Type)
	switch e.What {
	case Cached:
		c, _ := v.caches.edit(key)
		*c = CacheEntry{Host: e.Host, Name: b.Name, Type: b.Type, RCode: b.RCode, Records: b.Records, Since: e.At, Until: b.Until}
	case Expired:
		v.caches.remove(key)
	}
}

func (v *View) state(e *Event, b *StateBody) {
	switch e.What {
	case HostState:
		name := b.Name
		if name == "" {
			name = e.Host
		}
		h, _ := v.hosts.edit(name)
		*h = HostView{Name: name, Up: b.After == "up", Since: e.At}
	case QueueState:
		v.queueState(e, b)
	case MailboxState:
		v.mailboxState(e, b)
	case SessionState:
		id := e.Conn
		if id == "" {
			id = b.Name
		}
		if v.conns.get(id) != nil {
			c, _ := v.conns.edit(id)
			c.Session = b.After
			v.sort(c)
		}
	case TimerState:
		key := tableKey(e.Host, b.Name)
		if b.After == "" {
			v.timers.remove(key)
			return
		}
		t, _ := v.timers.edit(key)
		*t = TimerView{Host: e.Host, Name: b.Name, Due: b.Due, Detail: b.Detail}
	}
}

func (v *View) queueState(e *Event, b *StateBody) {
	id := e.Queue
	if id == "" {
		id = b.Name
	}
	key := tableKey(e.Host, id)
	if b.After == "" {
		mail := e.Mail
		if q := v.queues.get(key); q != nil && mail == "" {
			mail = q.Mail
		}
		v.queues.remove(key)
		v.dropCopies(mail, func(c Copy) bool { return c.Place == InQueue && c.Host == e.Host && (c.Queue == id || c.Queue == "") })
		return
	}
	q, found := v.queues.edit(key)
	if !found {
		q.Host, q.ID, q.Since = e.Host, id, e.At
	}
	if e.Mail != "" {
		q.Mail = e.Mail
	}
	q.Status, q.Due = b.After, b.Due
	if b.Recipients != nil {
		q.Recipients = b.Recipients
	}
}

func (v *View) mailboxState(e *Event, b *StateBody) {
	if b.UID == 0 {
		return // the mailbox as a whole
	}
	key := messageKey(e.Host, b.Name, b.UID)
	if b.After == "" {
		v.removeMessage(e.Host, b.Name, b.UID)
		return
	}
	m, found := v.messages.edit(key)
	if !found {
		m.Host, m.Mailbox, m.UID, m.Since = e.Host, b.Name, b.UID, e.At
		m.Mail = e.Mail
		if v.mails.get(mailKey(e.Mail)) != nil {
			whole, _ := v.mails.edit(mailKey(e.Mail))
			whole.put(Copy{Host: e.Host, Place: InMailbox, Mailbox: b.Name, UID: b.UID, Since: e.At})
		}
	}
	m.Flags = b.Flags
	if b.Size != 0 {
		m.Size = b.Size
	}
}

func (v *View) removeMessage(host, mailbox string, uid uint32) {
	key := messageKey(host, mailbox, uid)
	m := v.messages.get(key)
	if m == nil {
		return
	}
	v.messages.remove(key)
	v.dropCopies(m.Mail, func(c Copy) bool {
		return c.Place == InMailbox && c.Host == host && c.Mailbox == mailbox && c.UID == uid
	})
}

func (v *View) mail(e *Event, b *MailBody) {
	if e.What == Deleted {
		v.removeMessage(e.Host, b.Mailbox, b.UID)
		return
	}
	if e.Mail == "" || e.What == NoneFound {
		return
	}
	m, found := v.mails.edit(mailKey(e.Mail))
	if !found {
		m.ID, m.ReversePath, m.Recipients = e.Mail, b.ReversePath, b.Recipients
	}
	if b.MessageID != "" {
		m.MessageID = b.MessageID
	}
	if b.Subject != "" {
		m.Subject = b.Subject
	}
	if b.Content != nil {
		m.Content = b.Content
	}
	switch e.What {
	case Composed:
		m.put(Copy{Host: e.Host, Place: AtAuthor, Since: e.At})
	case HopStarts:
		m.Legs = append(slices.Clip(m.Legs), Leg{
			ID: e.Hop, Purpose: b.Purpose, From: b.From, Toward: b.Toward, State: UnderWay, Started: e.At,
		})
	case Accept:
		m.put(Copy{Host: e.Host, Place: InQueue, Queue: e.Queue, Since: e.At})
		m.end(e, Done)
	case Queued:
		m.put(Copy{Host: e.Host, Place: InQueue, Queue: e.Queue, Since: e.At})
	case Relayed:
		m.end(e, Done)
	case Deferred:
		m.end(e, PutOff)
		if e.Queue != "" && v.queues.get(tableKey(e.Host, e.Queue)) != nil {
			q, _ := v.queues.edit(tableKey(e.Host, e.Queue))
			q.Deferrals++
			q.Reason = b.Reason
		}
	case Stored:
		m.put(Copy{Host: e.Host, Place: InMailbox, Mailbox: b.Mailbox, UID: b.UID, Since: e.At})
		m.end(e, Done)
		msg, found := v.messages.edit(messageKey(e.Host, b.Mailbox, b.UID))
		if !found {
			msg.Since = e.At
		}
		msg.Host, msg.Mailbox, msg.UID, msg.Mail = e.Host, b.Mailbox, b.UID, e.Mail
		if b.Content != nil {
			msg.Content, msg.Size = b.Content, b.Content.Size
		}
	case Fetched:
		m.put(Copy{Host: e.Host, Place: OnDevice, Mailbox: b.Mailbox, UID: b.UID, Since: e.At})
		m.end(e, Done)
	case Bounced, Undeliverable, Unsent:
		m.end(e, NotWorking)
	}
}

// put adds a copy, or says more of one that is in the same place.
func (m *MailView) put(c Copy) {
	m.Copies = slices.Clone(m.Copies)
	for i := range m.Copies {
		if o := &m.Copies[i]; o.Host == c.Host && o.Place == c.Place && o.Mailbox == c.Mailbox && o.UID == c.UID &&
			(o.Queue == c.Queue || o.Queue == "" || c.Queue == "") {
			if c.Queue != "" {
				o.Queue = c.Queue
			}
			return
		}
	}
	m.Copies = append(m.Copies, c)
}

// end ends the leg that an event is on, if it is under way or was put off.
func (m *MailView) end(e *Event, state string) {
	for i := range m.Legs {
		if l := &m.Legs[i]; l.ID == e.Hop && (l.State == UnderWay || l.State == PutOff) {
			m.Legs = slices.Clone(m.Legs)
			m.Legs[i].State, m.Legs[i].Ended = state, e.At
			return
		}
	}
}

// dropCopies takes away the copies of a mail that are gone.
func (v *View) dropCopies(mail string, gone func(Copy) bool) {
	m := v.mails.get(mailKey(mail))
	if m == nil || !slices.ContainsFunc(m.Copies, gone) {
		return
	}
	m, _ = v.mails.edit(mailKey(mail))
	m.Copies = slices.DeleteFunc(slices.Clone(m.Copies), gone)
}
