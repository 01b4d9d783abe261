package imap

import (
	"context"
	"strings"
)

// oneMailbox reads the arguments of a command that takes a mailbox alone.
func (s *session) oneMailbox(c *call) (string, error) {
	c.sp()
	name := c.mailbox(s.rev2)
	return name, c.end()
}

var cannotManage = no("CANNOT", "Mailboxes here are fixed")

// create makes a mailbox.
//
// RFC 9051 §6.3.4
func (s *session) create(ctx context.Context, c *call) (reply, error) {
	name, err := s.oneMailbox(c)
	if err != nil {
		return badSyntax(c.verb, err), nil
	}
	// A delimiter at the end says that names below will follow; none is needed.
	name = strings.TrimSuffix(name, delimiter)
	if why := badName(name); why != "" {
		return no("CANNOT", why), nil
	}
	if name == Inbox {
		return no("ALREADYEXISTS", "There is always an INBOX"), nil
	}
	m, can := s.user.(Manager)
	if !can {
		return cannotManage, nil
	}
	if err := m.Create(ctx, name); err != nil {
		return s.failure(c.verb, err), nil
	}
	return ok("CREATE completed"), nil
}

// delete removes a mailbox.
//
// RFC 9051 §6.3.5
func (s *session) delete(ctx context.Context, c *call) (reply, error) {
	name, err := s.oneMailbox(c)
	if err != nil {
		return badSyntax(c.verb, err), nil
	}
	if name == Inbox {
		return no("CANNOT", "INBOX cannot be deleted"), nil
	}
	if s.box != nil && s.box.name == name {
		return no("INUSE", "Mailbox is selected"), nil
	}
	m, can := s.user.(Manager)
	if !can {
		return cannotManage, nil
	}
	if err := m.Delete(ctx, name); err != nil {
		return s.failure(c.verb, err), nil
	}
	return ok("DELETE completed"), nil
}

// rename renames a mailbox.
//
// RFC 9051 §6.3.6
func (s *session) rename(ctx context.Context, c *call) (reply, error) {
	c.sp()
	from := c.mailbox(s.rev2)
	c.sp()
	to := c.mailbox(s.rev2)
	if err := c.end(); err != nil {
		return badSyntax(c.verb, err), nil
	}
	if why := badName(to); why != "" {
		return no("CANNOT", why), nil
	}
	switch {
	case to == Inbox:
		return no("ALREADYEXISTS", "There is always an INBOX"), nil
	case strings.HasPrefix(to, from+delimiter) && from != Inbox:
		return no("CANNOT", "A mailbox cannot move below itself"), nil
	case s.box != nil && from != Inbox && (s.box.name == from || strings.HasPrefix(s.box.name, from+delimiter)):
		return no("INUSE", "Mailbox is selected"), nil
	}
	m, can := s.user.(Manager)
	if !can {
		return cannotManage, nil
	}
	if err := m.Rename(ctx, from, to); err != nil {
		return s.failure(c.verb, err), nil
	}
	return ok("RENAME completed"), nil
}

// subscribe is SUBSCRIBE and UNSUBSCRIBE.
//
// RFC 9051 §6.3.7, §6.3.8
func (s *session) subscribe(ctx context.Context, c *call) (reply, error) {
	name, err := s.oneMailbox(c)
	if err != nil {
		return badSyntax(c.verb, err), nil
	}
	sub, can := s.user.(Subscriber)
	if !can {
		return no("CANNOT", "Subscriptions are not kept here"), nil
	}
	if c.verb == "SUBSCRIBE" {
		err = sub.Subscribe(ctx, name)
	} else {
		err = sub.Unsubscribe(ctx, name)
	}
	if err != nil {
		return s.failure(c.verb, err), nil
	}
	return ok(c.verb + " completed"), nil
}

// statusItems reads a list of STATUS items, in upper case.
//
// RFC 9051 §6.3.11; RECENT: RFC 3501 §6.3.10; APPENDLIMIT: RFC 7889 §3.1
func (l *lexer) statusItems() []string {
	var items []string
	l.list(1, func() {
		at := l.pos
		switch item := l.word(); item {
		case "MESSAGES", "UIDNEXT", "UIDVALIDITY", "UNSEEN", "DELETED", "SIZE", "RECENT", "APPENDLIMIT":
			items = append(items, item)
		default:
			l.pos = at
			l.fail("a status item")
		}
	})
	return items
}

func (s *session) status(ctx context.Context, c *call) (reply, error) {
	c.sp()
	name := c.mailbox(s.rev2)
	c.sp()
	items := c.statusItems()
	if err := c.end(); err != nil {
		return badSyntax(c.verb, err), nil
	}
	st, err := s.user.Status(ctx, name)
	if err != nil {
		return s.failure(c.verb, err), nil
	}
	return ok("STATUS completed"), s.sendStatus(name, items, st)
}

func (s *session) sendStatus(name string, items []string, st MailboxStatus) error {
	e := s.untagged("STATUS ").mailbox(name).raw(" (")
	join(e, items, func(item string) {
		e.raw(item).sp()
		switch item {
		case "MESSAGES":
			e.number(int64(st.Messages))
		case "UIDNEXT":
			e.number(int64(st.UIDNext))
		case "UIDVALIDITY":
			e.number(int64(st.UIDValidity))
		case "UNSEEN":
			e.number(int64(st.Unseen))
		case "DELETED":
			e.number(int64(st.Deleted))
		case "RECENT":
			e.number(int64(st.Recent))
		case "SIZE":
			e.number(st.Size)
		case "APPENDLIMIT":
			e.number(s.appendLimit())
		}
	})
	return s.send(e.raw(")"))
}
