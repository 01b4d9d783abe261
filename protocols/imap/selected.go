package imap

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// selected is the open mailbox as the client knows it. The store may be ahead of
// it: messages keep their numbers until the client was told otherwise.
type selected struct {
	name     string
	box      Mailbox
	readOnly bool
	snap     Snapshot // but for its messages
	msgs     []viewed // the client's message n is msgs[n-1]
	saved    []uint32 // what "$" means: UIDs, ascending

	gone     bool // some of msgs are
	arrived  bool // EXISTS is to be told
	newFlags bool // FLAGS is to be told
}

// viewed is a message as the client knows it.
type viewed struct {
	Message
	gone  bool // removed from the store, and the client was not told yet
	dirty bool // the client does not know the flags
}

// lastUID is what "*" means among UIDs; 0 if there is no message.
func (b *selected) lastUID() uint32 {
	for i := len(b.msgs) - 1; i >= 0; i-- {
		if !b.msgs[i].gone {
			return b.msgs[i].UID
		}
	}
	return 0
}

func (b *selected) recent() int {
	n := 0
	for i := range b.msgs {
		if b.msgs[i].Recent {
			n++
		}
	}
	return n
}

// resolve finds the messages that a command names, as indexes into msgs that
// ascend. The text is not empty if the command is to be answered BAD.
func (b *selected) resolve(set NumSet, uid bool) (found []int, wrong string) {
	switch {
	case set.Saved:
		set, uid = Nums(b.saved...), true
	case !uid:
		// RFC 9051 §9, seq-number: a number above the count, "*" too if there is
		// no message.
		for _, r := range set.Ranges {
			if int64(max(r.From, r.To)) > int64(len(b.msgs)) || len(b.msgs) == 0 {
				return nil, fmt.Sprintf("there are %d messages", len(b.msgs))
			}
		}
	}
	if !uid {
		for _, r := range set.resolve(uint32(len(b.msgs))) {
			for n := r.From; n <= r.To; n++ {
				found = append(found, int(n)-1)
			}
		}
		return found, ""
	}
	in := set.resolve(b.lastUID())
	for i := range b.msgs {
		if !b.msgs[i].gone && in.contains(b.msgs[i].UID) {
			found = append(found, i)
		}
	}
	return found, ""
}

func (b *selected) uids(indexes []int) []uint32 {
	out := make([]uint32, len(indexes))
	for k, i := range indexes {
		out[k] = b.msgs[i].UID
	}
	return out
}

// refresh takes over what the store has, and marks what the client is to be told.
func (b *selected) refresh(ctx context.Context) error {
	snap, err := b.box.Snapshot(ctx, b.snap.Version)
	if err != nil {
		return &storeError{err}
	}
	if snap.Version == b.snap.Version {
		return nil
	}
	if b.snap.Version != 0 && !sameFlags(snap.Flags, b.snap.Flags) {
		b.newFlags = true
	}
	known := len(b.msgs)
	next := snap.Messages
	for i := range b.msgs[:known] {
		v := &b.msgs[i]
		// UIDs ascend: what is below the one looked for was never in the mailbox.
		for len(next) > 0 && next[0].UID < v.UID {
			next = next[1:]
		}
		if len(next) == 0 || next[0].UID != v.UID {
			v.gone, b.gone = true, true
			continue
		}
		if !sameFlags(v.Flags, next[0].Flags) {
			v.Flags, v.dirty = next[0].Flags, true
		}
		next = next[1:]
	}
	for _, m := range next {
		b.msgs = append(b.msgs, viewed{Message: m})
	}
	b.arrived = b.arrived || len(next) > 0
	snap.Messages = nil
	b.snap = snap
	b.readOnly = b.readOnly || snap.ReadOnly
	return nil
}

// storeError is an error of the backend, as opposed to one of the connection.
type storeError struct{ err error }

func (e *storeError) Error() string { return "look at mailbox: " + e.err.Error() }
func (e *storeError) Unwrap() error { return e.err }

// update looks at the mailbox and tells the client what changed.
//
// RFC 9051 §5.2
func (s *session) update(ctx context.Context, mayExpunge bool) error {
	if err := s.box.refresh(ctx); err != nil {
		return err
	}
	return s.announce(mayExpunge)
}

// announce tells what is marked. EXPUNGE comes first, since it changes the numbers
// of all that follows.
func (s *session) announce(mayExpunge bool) error {
	b := s.box
	if mayExpunge && b.gone {
		if err := s.tellExpunged(); err != nil {
			return err
		}
	}
	if b.newFlags {
		b.newFlags = false
		if err := s.tellFlags(); err != nil {
			return err
		}
	}
	if b.arrived {
		b.arrived = false
		if err := s.tellExists(); err != nil {
			return err
		}
	}
	for i := range b.msgs {
		if v := &b.msgs[i]; v.dirty && !v.gone {
			// RFC 9051 §7.5.2: a FETCH that nobody asked for has the UID in it.
			if err := s.tellMessageFlags(i, true); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *session) tellExpunged() error {
	b := s.box
	b.gone = false
	seq := 1
	for i := range b.msgs {
		if !b.msgs[i].gone {
			seq++
			continue
		}
		if err := s.tell("%d EXPUNGE", seq); err != nil {
			return err
		}
	}
	b.msgs = slices.DeleteFunc(b.msgs, func(v viewed) bool { return v.gone })
	return nil
}

// tellExists tells the size of the mailbox, and in IMAP4rev1 how many messages are
// recent (RFC 3501 §7.3.2).
func (s *session) tellExists() error {
	if err := s.tell("%d EXISTS", len(s.box.msgs)); err != nil || s.rev2 {
		return err
	}
	return s.tell("%d RECENT", s.box.recent())
}

func (s *session) tellFlags() error {
	if err := s.send(s.untagged("FLAGS ").flags(s.box.snap.Flags)); err != nil {
		return err
	}
	return s.tellPermanentFlags()
}

func (s *session) tellPermanentFlags() error {
	e := s.untagged("OK [PERMANENTFLAGS ")
	if s.box.readOnly {
		return s.send(e.flags(nil).raw("] No permanent flags permitted"))
	}
	return s.send(e.flags(s.box.snap.PermanentFlags).raw("] Flags that are kept"))
}

// tellMessageFlags tells the flags of a message.
func (s *session) tellMessageFlags(i int, withUID bool) error {
	v := &s.box.msgs[i]
	v.dirty = false
	e := s.untagged(fmt.Sprintf("%d FETCH (", i+1))
	if withUID {
		e.raw("UID ").number(int64(v.UID)).sp()
	}
	return s.send(s.flagsItem(e, v).raw(")"))
}

func (s *session) flagsItem(e *encoder, v *viewed) *encoder {
	flags := v.Flags
	if v.Recent && !s.rev2 {
		flags = append(slices.Clone(flags), FlagRecent)
	}
	return e.raw("FLAGS ").flags(flags)
}

// deselect closes the selected mailbox, if there is one. What becomes of it is the
// backend's affair: the client is done with it.
func (s *session) deselect(verb string) {
	if s.box == nil {
		return
	}
	if err := s.box.box.Close(); err != nil {
		s.hooks.fault(verb, err)
	}
	s.box = nil
}

// selectMailbox is SELECT and EXAMINE. If it fails, no mailbox is selected.
//
// RFC 9051 §6.3.2, §6.3.3; RFC 3501 §6.3.1
func (s *session) selectMailbox(ctx context.Context, c *call) (reply, error) {
	c.sp()
	again := *c.lexer
	name, given := c.mailbox(s.rev2), again.astring()
	if err := c.end(); err != nil {
		return badSyntax(c.verb, err), nil
	}
	if s.box != nil {
		s.deselect(c.verb)
		s.enter(Authenticated)
		if s.rev2 {
			if err := s.tell("OK [CLOSED] Previous mailbox is now closed"); err != nil {
				return reply{}, err
			}
		}
	}
	box, err := s.user.Open(ctx, name, c.verb == "EXAMINE", s.c.waker.notify)
	if err != nil {
		return s.failure(c.verb, err), nil
	}
	s.box = &selected{name: name, box: box, readOnly: c.verb == "EXAMINE"}
	if err := s.box.refresh(ctx); err != nil {
		s.deselect(c.verb)
		return s.failure(c.verb, err), nil
	}
	s.box.arrived = false
	if err := s.tellSelected(ctx, given); err != nil {
		return reply{}, err
	}
	s.enter(Selected)
	if s.box.readOnly {
		return okCode("READ-ONLY", c.verb+" completed"), nil
	}
	return okCode("READ-WRITE", c.verb+" completed"), nil
}

// tellSelected tells what the client has to know of a mailbox that it selected.
func (s *session) tellSelected(ctx context.Context, given string) error {
	b := s.box
	if err := s.tellExists(); err != nil {
		return err
	}
	if err := s.send(s.untagged("FLAGS ").flags(b.snap.Flags)); err != nil {
		return err
	}
	unseen := slices.IndexFunc(b.msgs, func(v viewed) bool { return !HasFlag(v.Flags, FlagSeen) })
	if unseen >= 0 && !s.rev2 { // of IMAP4rev1
		if err := s.tell("OK [UNSEEN %d] First unseen message", unseen+1); err != nil {
			return err
		}
	}
	if err := s.tell("OK [UIDVALIDITY %d] UIDs valid", b.snap.UIDValidity); err != nil {
		return err
	}
	if err := s.tell("OK [UIDNEXT %d] Predicted next UID", b.snap.UIDNext); err != nil {
		return err
	}
	if err := s.tellPermanentFlags(); err != nil || !s.rev2 {
		return err
	}
	return s.tellSelectedName(ctx, given)
}

// tellSelectedName sends the LIST response that IMAP4rev2 has in a selection, with
// the name that the client gave if that was another way to write it.
//
// RFC 9051 §6.3.2, §6.3.9.7
func (s *session) tellSelectedName(ctx context.Context, given string) error {
	infos, err := s.user.List(ctx)
	if err != nil {
		s.hooks.fault("SELECT", err)
		infos = nil
	}
	n := listName{MailboxInfo: MailboxInfo{Name: s.box.name}}
	names := hierarchy(infos)
	for _, other := range names {
		if other.Name == n.Name {
			n = other
		}
	}
	p := listCommand{}
	e := s.untagged("LIST (" + strings.Join(p.attributes(n, true, below(names, n.Name)), " "))
	e.raw(`) "` + delimiter + `" `).mailbox(n.Name)
	if n.Name == Inbox && given != Inbox {
		e.raw(` ("OLDNAME" (`).astring(given).raw("))")
	}
	return s.send(e)
}

// close removes the messages marked deleted, says nothing of it, and deselects.
//
// RFC 9051 §6.4.1
func (s *session) close(ctx context.Context, c *call) (reply, error) {
	if err := c.end(); err != nil {
		return badSyntax(c.verb, err), nil
	}
	if !s.box.readOnly {
		if err := s.box.box.Expunge(ctx, nil); err != nil {
			return s.failure(c.verb, err), nil
		}
	}
	s.deselect(c.verb)
	s.enter(Authenticated)
	return ok("CLOSE completed"), nil
}

// unselect deselects and removes nothing.
//
// RFC 9051 §6.4.2
func (s *session) unselect(_ context.Context, c *call) (reply, error) {
	if err := c.end(); err != nil {
		return badSyntax(c.verb, err), nil
	}
	s.deselect(c.verb)
	s.enter(Authenticated)
	return ok("UNSELECT completed"), nil
}

var readOnly = no("READ-ONLY", "Mailbox is read-only")

// expunge is EXPUNGE and UID EXPUNGE. What is gone is told before the reply, as
// after every command of this kind.
//
// RFC 9051 §6.4.3, §6.4.9
func (s *session) expunge(ctx context.Context, c *call) (reply, error) {
	var uids []uint32
	if c.uid {
		c.sp()
		set := c.numSet()
		if c.ok() {
			found, _ := s.box.resolve(set, true)
			uids = s.box.uids(found)
		}
	}
	if err := c.end(); err != nil {
		return badSyntax(c.verb, err), nil
	}
	if s.box.readOnly {
		return readOnly, nil
	}
	if !c.uid || len(uids) > 0 {
		if err := s.box.box.Expunge(ctx, uids); err != nil {
			return s.failure(c.verb, err), nil
		}
	}
	return ok(c.verb + " completed"), nil
}
