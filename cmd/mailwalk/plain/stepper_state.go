package plain

import (
	"bytes"
	"slices"
	"strconv"
	"strings"
	"time"

	"mailwalk/sim/explain"
	"mailwalk/sim/trace"
)

// state tells what lasts at the moment: mailboxes, queues, connections, what
// resolvers know, timers and hosts that are off.
func (s *stepper) state(string) string {
	at := "The state at the beginning:"
	if s.event != nil {
		at = "The state after " + eventName(s.now) + ", at " + moment(s.view.At) + ":"
	}
	lines := s.out.lines
	s.say(at)
	s.mailboxes()
	s.queues()
	s.connections()
	s.devices()
	s.caches()
	s.timers()
	for _, h := range s.view.Hosts() {
		if !h.Up {
			s.say(h.Name + " is switched off, since " + moment(h.Since))
		}
	}
	if s.out.lines == lines+1 {
		s.say("All is at rest: no connection, no mail in a queue or mailbox, nothing known to a resolver.")
	}
	return ""
}

func (s *stepper) mailboxes() {
	for _, b := range s.view.Mailboxes() {
		s.say("mailbox " + b.Name + " on " + b.Host + ": " + plural(len(b.Messages), "mail", "mails"))
		for _, m := range b.Messages {
			about := "UID " + strconv.FormatUint(uint64(m.UID), 10)
			if m.Mail != "" {
				about += ", mail " + m.Mail
			}
			if m.Size > 0 {
				about += ", " + explain.Octets(m.Size)
			}
			if len(m.Flags) > 0 {
				about += ", flags " + strings.Join(m.Flags, " ")
			} else {
				about += ", no flags"
			}
			s.item(about)
		}
	}
}

// devices tells which mails are on the machines where people write and read.
func (s *stepper) devices() {
	on := map[string][]string{}
	var names []string
	for _, m := range s.view.Mails() {
		for _, c := range m.Copies {
			about := "mail " + m.ID + ", " + m.Subject + ": "
			switch c.Place {
			case trace.AtAuthor:
				about += "written here"
			case trace.OnDevice:
				about += fetchedFrom(m, c)
			default:
				continue
			}
			if on[c.Host] == nil {
				names = append(names, c.Host)
			}
			on[c.Host] = append(on[c.Host], about)
		}
	}
	for _, name := range names {
		s.say("device " + name + ": " + plural(len(on[name]), "mail", "mails"))
		for _, about := range on[name] {
			s.item(about)
		}
	}
}

// fetchedFrom says where a copy on a device comes from, and whether it is there still.
func fetchedFrom(m *trace.MailView, c trace.Copy) string {
	about := "fetched from " + c.Mailbox
	if c.UID > 0 {
		about += ", UID " + strconv.FormatUint(uint64(c.UID), 10)
	}
	if !slices.ContainsFunc(m.Copies, func(o trace.Copy) bool {
		return o.Place == trace.InMailbox && o.Mailbox == c.Mailbox && (c.UID == 0 || o.UID == c.UID)
	}) {
		about += ", no longer on the server"
	}
	return about
}

func (s *stepper) queues() {
	for _, q := range s.view.Queues() {
		about := "queue of " + q.Host + ": mail " + q.Mail + ", " + q.Status
		if q.Due > s.view.At {
			about += ", next try " + s.in(q.Due)
		}
		s.say(about)
		for _, r := range q.Recipients {
			s.item("waits for " + r)
		}
		if q.Reason != "" {
			s.item("put off " + plural(int(q.Deferrals), "time", "times") + ": " + q.Reason)
		}
	}
}

// in is how far off a moment is.
func (s *stepper) in(due time.Duration) string {
	if due <= s.view.At {
		return "now"
	}
	return "in " + explain.Span(due-s.view.At)
}

func (s *stepper) connections() {
	ended := 0
	for _, c := range s.view.Connections() {
		switch c.State {
		case trace.Opening, trace.Opened, trace.Closing:
		default:
			ended++
			continue
		}
		about := "connection from " + c.Client + " to " + c.Server + ", " + c.Service + ": " + c.State
		if c.Session != "" {
			about += ", session " + c.Session
		}
		s.say(about)
		if t := c.TLS; t != nil && t.Version != "" && t.Alert == "" {
			s.item("inside " + t.Version)
		}
		s.item(flow(c.ToServer) + " to the server")
		s.item(flow(c.ToClient) + " to the client")
	}
	if ended > 0 {
		s.say(plural(ended, "connection is", "connections are") + " over")
	}
}

// flow is what has arrived of a stream, and of how much when that is not all.
func flow(f trace.Flow) string {
	if f.Arrived == f.Sent {
		return explain.Octets(f.Arrived)
	}
	return explain.Grouped(f.Arrived) + " of " + explain.Octets(f.Sent)
}

func (s *stepper) caches() {
	host := ""
	for _, c := range s.view.Caches() {
		if c.Host != host {
			host = c.Host
			s.say(host + " knows:")
		}
		var data []string
		for _, r := range c.Records {
			data = append(data, r.Data)
		}
		about := strings.Join(data, ", ")
		switch {
		case c.RCode == "NXDOMAIN":
			about = "does not exist"
		case len(data) == 0:
			about = "has none"
		}
		left := "expired"
		if c.Until > s.view.At {
			left = explain.Span((c.Until - s.view.At).Truncate(time.Second)) + " left"
		}
		s.item(c.Name + " " + c.Type + " " + about + ", " + left)
	}
}

func (s *stepper) timers() {
	all := s.view.Timers()
	slices.SortStableFunc(all, func(a, b *trace.TimerView) int { return int(a.Due - b.Due) })
	for _, t := range all {
		s.say("timer of " + t.Host + ", " + t.Name + ": " + s.in(t.Due))
	}
}

// spoken is the mail that the moment is about, or the last one there is.
func (s *stepper) spoken() *trace.MailView {
	if s.event == nil {
		return nil
	}
	if m := s.view.Mail(s.event.Mail); m != nil {
		return m
	}
	if all := s.view.Mails(); len(all) > 0 {
		return all[len(all)-1]
	}
	return nil
}

// standing says where a copy of a mail is.
func standing(c trace.Copy) string {
	switch c.Place {
	case trace.AtAuthor:
		return "as the author's own copy"
	case trace.InQueue:
		return "in the queue"
	case trace.InMailbox:
		return "in the mailbox " + c.Mailbox
	}
	return "on the device"
}

const mailLines = 60 // lines of a mail that are told

// mail tells the mail as it is at the moment: where it is, its envelope, what was
// added last, and its lines.
func (s *stepper) mail(string) string {
	m := s.spoken()
	if m == nil {
		return "There is no mail yet. An empty line goes on."
	}
	about := "mail " + m.ID
	if m.Subject != "" {
		about += ", " + m.Subject
	}
	s.say(about)
	from := m.ReversePath
	if from == "" {
		from = "nobody"
	}
	s.say("envelope: from " + from + ", to " + listed(m.Recipients))
	for _, c := range m.Copies {
		s.say("at " + c.Host + ", " + standing(c) + ", since " + moment(c.Since))
	}
	for _, l := range m.Legs {
		s.say("leg " + l.ID + ", " + l.Purpose + ", from " + l.From + " toward " + l.Toward + ": " + l.State)
	}
	if m.Content == nil {
		return ""
	}
	added := s.added(m.ID)
	s.list("added last:", added)
	if data, ok := s.trace.Bodies.Get(m.Content.ID); ok {
		s.say("It is " + explain.Octets(m.Content.Size) + ". Its header, an empty line, its text:")
		s.text(data)
	}
	return ""
}

// added are the fields that were put in front of a mail last.
func (s *stepper) added(mail string) []string {
	seqs := s.index.Events(trace.Node{Level: trace.MailLevel, ID: mail})
	for _, seq := range slices.Backward(seqs) {
		e := s.trace.At(seq)
		if e == nil || seq > s.now {
			continue
		}
		if b, ok := e.Body.(*trace.MailBody); ok && len(b.Added) > 0 {
			return b.Added
		}
	}
	return nil
}

// text tells the lines of a mail.
func (s *stepper) text(data []byte) {
	lines := bytes.SplitN(bytes.TrimSuffix(data, []byte("\r\n")), []byte("\r\n"), mailLines+1)
	rest := 0
	if len(lines) > mailLines {
		rest = bytes.Count(lines[mailLines], []byte("\r\n")) + 1
		lines = lines[:mailLines]
	}
	for _, l := range lines {
		s.item(string(bytes.ToValidUTF8(l, []byte("\uFFFD"))))
	}
	if rest > 0 {
		s.say(plural(rest, "more line", "more lines"))
	}
}

// lookups tells the look-up that the moment belongs to, or the last one before,
// and how it went so far.
func (s *stepper) lookups(string) string {
	id := ""
	for seq := s.now; seq > 0 && id == ""; seq-- {
		if e := s.trace.At(seq); e != nil {
			id = e.Lookup
		}
	}
	if id == "" {
		return "Nothing has been looked up yet. filter lookup, then run 1, goes on to the first look-up."
	}
	said := false
	for _, seq := range s.index.Events(trace.Node{Level: trace.LookupLevel, ID: id}) {
		e := s.trace.At(seq)
		if e == nil || seq > s.now {
			continue
		}
		b, ok := e.Body.(*trace.LookupBody)
		if !ok {
			continue
		}
		if !said {
			s.say("look-up of " + b.Name + " " + b.Type + ":")
			said = true
		}
		here := ""
		if seq == s.now {
			here = "this step, "
		}
		s.item(here + moment(e.At) + ": " + explain.Text(e))
	}
	s.caches()
	return ""
}
