package mailbox

import (
	"strings"

	"mailwalk/protocols/message"
	"mailwalk/sim/trace"
)

// delivery is what is told of a mail that arrives.
type delivery struct {
	recipient string
	content   []byte
}

// The states of a mail in a mailbox, and of a mailbox.
const (
	stored  = "stored"
	present = "present"
	absent  = "absent"
)

// tell records what changes came to.
func (a *account) tell(effects []effect) {
	for _, e := range effects {
		switch e.kind {
		case added:
			if e.arrives != nil {
				a.tellStored(e)
			}
			a.tellMessage(e, "", stored, "")
		case flagged:
			a.tellMessage(e, stored, stored, difference(e.before, e.msg.flags))
		case removed:
			if e.goes {
				a.tellDeleted(e)
			}
			a.tellMessage(e, stored, "", "")
		case made:
			a.tellMailbox(e.name, absent, present, "it was made")
		case dropped:
			a.tellMailbox(e.name, present, absent, "it was taken away")
		}
	}
}

func (a *account) tellStored(e effect) {
	body := a.describe(e, e.arrives.content)
	body.Recipients = []string{e.arrives.recipient}
	content := a.store.rec.Trace().Bodies.Put(e.arrives.content)
	body.Content = &content
	a.record(trace.Stored, e.msg.Mail, body)
}

// tellArrived is tellStored for a mail of which the delivery was not told.
func (a *account) tellArrived(e effect) {
	data, err := a.read(e.msg.content)
	if err != nil {
		return // its file is missing: whoever wants to read it is told
	}
	e.arrives = &delivery{recipient: a.address, content: data}
	a.tellStored(e)
}

func (a *account) tellDeleted(e effect) {
	data, err := a.read(e.msg.content)
	if err != nil {
		data = nil // the event then has no header: the mail is gone all the same
	}
	a.record(trace.Deleted, e.msg.Mail, a.describe(e, data))
}

func (a *account) describe(e effect, data []byte) *trace.MailBody {
	h := message.ParseHeader(data)
	return &trace.MailBody{
		ReversePath: e.msg.From, MessageID: h.Get("Message-ID"), Subject: h.Get("Subject"),
		Mailbox: a.path(e.name), UID: e.msg.uid,
	}
}

func (a *account) tellMessage(e effect, before, after, detail string) {
	b := &trace.StateBody{Name: a.path(e.name), Before: before, After: after, UID: e.msg.uid, Detail: detail}
	if after != "" {
		b.Flags, b.Size = flagStrings(e.msg.flags), e.msg.Size
	}
	a.record(trace.MailboxState, e.msg.Mail, b)
}

func (a *account) tellMailbox(name, before, after, detail string) {
	a.record(trace.MailboxState, "", &trace.StateBody{Name: a.path(name), Before: before, After: after, Detail: detail})
}

// record records an event about a mail. A session may be about another mail than
// those that it changes: the event then has neither that mail nor its leg.
func (a *account) record(what, mail string, b trace.Body) {
	rec := a.store.rec
	e := trace.Event{Host: a.store.host.Name(), What: what, IDs: trace.IDs{Mail: mail}, Body: b}
	if mail == rec.MailHere() {
		rec.Record(e)
		return
	}
	scope := rec.Scope()
	before := *scope
	*scope = trace.Scope{IDs: trace.IDs{Conn: a.conn}, Host: before.Host, Cause: before.Cause}
	before.Cause = rec.Record(e).Seq
	*scope = before
}

// tellFound records what a start has found otherwise than the trace has it: a
// change may have reached the disk when the host went down before it was told.
func (a *account) tellFound() {
	if !a.begun {
		return
	}
	t := a.store.rec.Trace()
	view := t.View(t.Len())
	type key struct {
		mailbox string
		uid     uint32
	}
	told := map[key]*trace.Message{} // looked up only
	var order []*trace.Message
	for _, b := range view.Mailboxes() {
		if b.Host != a.store.host.Name() {
			continue
		}
		for _, m := range b.Messages {
			told[key{b.Name, m.UID}] = m
			order = append(order, m)
		}
	}
	for _, b := range a.boxes {
		for _, m := range b.messages {
			k := key{a.path(b.name), m.uid}
			e := effect{box: b, name: b.name, msg: m}
			if was := told[k]; was == nil {
				if m.Delivery != "" {
					a.tellArrived(e)
				}
				a.tellMessage(e, "", stored, "found on the disk")
			} else if d := difference(flagsOf(was.Flags), m.flags); d != "" {
				a.tellMessage(e, stored, stored, d+", found on the disk")
			}
			delete(told, k)
		}
	}
	for _, m := range order {
		if told[key{m.Mailbox, m.UID}] != nil && strings.HasPrefix(m.Mailbox, a.path("")) {
			a.record(trace.MailboxState, m.Mail, &trace.StateBody{Name: m.Mailbox, Before: stored, UID: m.UID, Detail: "its removal was found on the disk"})
		}
	}
}
