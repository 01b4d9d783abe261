package trace

// fields goes over a view as it is kept in a file.
func (v *View) fields(f fields) {
	f.long("seq", must, &v.Seq)
	f.moment("at", must, &v.At)
	tableFields(f, "hosts", &v.hosts, func(h *HostView) string { return h.Name }, (*HostView).fields)
	tableFields(f, "queues", &v.queues, func(q *QueueEntry) string { return tableKey(q.Host, q.ID) }, (*QueueEntry).fields)
	tableFields(f, "caches", &v.caches, func(c *CacheEntry) string { return tableKey(c.Host, c.Name, c.Type) }, (*CacheEntry).fields)
	tableFields(f, "messages", &v.messages, func(m *Message) string { return messageKey(m.Host, m.Mailbox, m.UID) }, (*Message).fields)
	tableFields(f, "connections", &v.conns, func(c *ConnView) string { return c.ID }, (*ConnView).fields)
	tableFields(f, "mails", &v.mails, func(m *MailView) string { return mailKey(m.ID) }, (*MailView).fields)
	tableFields(f, "timers", &v.timers, func(t *TimerView) string { return tableKey(t.Host, t.Name) }, (*TimerView).fields)
}

// tableFields writes the entries of a table in their order, or reads them into
// an empty one.
func tableFields[V any](f fields, name string, t *table[V], key func(*V) string, entry func(*V, fields)) {
	all := t.sorted()
	n := f.list(name, len(all))
	if n == 0 {
		return
	}
	for i := range n {
		f.next(i)
		if i < len(all) {
			// A way over fields that writes does not change what it goes over.
			entry(all[i], f)
			continue
		}
		v := new(V)
		entry(v, f)
		t.put(key(v), v)
	}
	f.endList()
}

func (h *HostView) fields(f fields) {
	f.str("name", must, &h.Name)
	f.flag("up", must, &h.Up)
	f.moment("since", must, &h.Since)
}

func (q *QueueEntry) fields(f fields) {
	f.str("host", must, &q.Host)
	f.str("id", must, &q.ID)
	f.str("mail", may, &q.Mail)
	f.str("status", must, &q.Status)
	f.strs("recipients", &q.Recipients)
	f.moment("due", may, &q.Due)
	f.moment("since", must, &q.Since)
	f.num("deferrals", may, &q.Deferrals)
	f.str("reason", may, &q.Reason)
}

func (c *CacheEntry) fields(f fields) {
	f.str("host", must, &c.Host)
	f.str("name", must, &c.Name)
	f.str("type", must, &c.Type)
	f.str("rcode", may, &c.RCode)
	recordsField(f, "records", &c.Records)
	f.moment("since", must, &c.Since)
	f.moment("until", must, &c.Until)
}

func (m *Message) fields(f fields) {
	f.str("host", must, &m.Host)
	f.str("mailbox", must, &m.Mailbox)
	f.word("uid", must, &m.UID)
	f.str("mail", may, &m.Mail)
	f.strs("flags", &m.Flags)
	f.num("size", must, &m.Size)
	contentField(f, "content", &m.Content)
	f.moment("since", must, &m.Since)
}

func (c *ConnView) fields(f fields) {
	f.str("id", must, &c.ID)
	f.str("client", must, &c.Client)
	f.str("server", must, &c.Server)
	f.str("clientAddr", may, &c.ClientAddr)
	f.str("serverAddr", may, &c.ServerAddr)
	f.str("service", must, &c.Service)
	f.str("state", must, &c.State)
	f.flag("accepted", may, &c.Accepted)
	f.str("closedBy", may, &c.ClosedBy)
	f.str("session", may, &c.Session)
	f.str("error", may, &c.Error)
	f.num("toServerSent", may, &c.ToServer.Sent)
	f.num("toServerArrived", may, &c.ToServer.Arrived)
	f.num("toClientSent", may, &c.ToClient.Sent)
	f.num("toClientArrived", may, &c.ToClient.Arrived)
	f.moment("since", must, &c.Since)
	f.moment("ended", may, &c.Ended)
	tlsField(f, "tls", &c.TLS)
}

func (t *TimerView) fields(f fields) {
	f.str("host", must, &t.Host)
	f.str("name", must, &t.Name)
	f.moment("due", must, &t.Due)
	f.str("detail", may, &t.Detail)
}

func (m *MailView) fields(f fields) {
	f.str("id", must, &m.ID)
	f.str("reversePath", must, &m.ReversePath)
	f.strs("recipients", &m.Recipients)
	f.str("messageId", may, &m.MessageID)
	f.str("subject", may, &m.Subject)
	contentField(f, "content", &m.Content)
	if n := f.list("legs", len(m.Legs)); n > 0 {
		if len(m.Legs) == 0 {
			m.Legs = make([]Leg, n)
		}
		for i := range m.Legs {
			f.next(i)
			m.Legs[i].fields(f)
		}
		f.endList()
	}
	if n := f.list("copies", len(m.Copies)); n > 0 {
		if len(m.Copies) == 0 {
			m.Copies = make([]Copy, n)
		}
		for i := range m.Copies {
			f.next(i)
			m.Copies[i].fields(f)
		}
		f.endList()
	}
}

func (l *Leg) fields(f fields) {
	f.str("id", must, &l.ID)
	f.str("purpose", must, &l.Purpose)
	f.str("from", must, &l.From)
	f.str("toward", must, &l.Toward)
	f.str("state", must, &l.State)
	f.moment("started", must, &l.Started)
	f.moment("ended", may, &l.Ended)
}

func (c *Copy) fields(f fields) {
	f.str("host", must, &c.Host)
	f.str("place", must, &c.Place)
	f.str("queue", may, &c.Queue)
	f.str("mailbox", may, &c.Mailbox)
	f.word("uid", may, &c.UID)
	f.moment("since", must, &c.Since)
}
