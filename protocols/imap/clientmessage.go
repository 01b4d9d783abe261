package imap

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"mailwalk/protocols/dialog"
)

// UpdateKind is what an [Update] tells.
type UpdateKind uint8

// The kinds of updates.
const (
	UpdateExists  UpdateKind = iota // the mailbox has Number messages now
	UpdateRecent                    // Number messages are recent (IMAP4rev1)
	UpdateExpunge                   // message Number is gone; those above move down by one
	UpdateFetch                     // Message has changed, its flags mostly
)

// Update is a change in the selected mailbox.
//
// RFC 9051 §7.4, §7.5
type Update struct {
	Kind    UpdateKind
	Number  uint32
	Message *FetchedMessage // for UpdateFetch
}

// FetchItems says what of messages is wanted. UIDs always are.
type FetchItems struct {
	Flags, InternalDate, Size, Envelope, BodyStructure bool
	// Sections are parts of the content.
	Sections []Section
	// MarkSeen lets the server set \Seen for the sections.
	MarkSeen bool
}

// FetchedMessage is what a server told of a message. What it did not tell is zero.
type FetchedMessage struct {
	Number       uint32 // the sequence number, as it was when the server told it
	UID          uint32
	Flags        []Flag // nil if not told; empty if there are none
	InternalDate time.Time
	Size         int64 // octets
	Envelope     *Envelope
	// BodyStructure is the structure as the RFC writes it, on one line.
	BodyStructure string
	Sections      []FetchedSection
}

// FetchedSection is a part of a message's content.
type FetchedSection struct {
	Name    string // as [Section.String] gives it
	Content []byte
	Present bool // false if the message has no such part
}

// Section returns the content of a section that was asked for.
func (m *FetchedMessage) Section(s Section) ([]byte, bool) {
	name := s.String()
	for _, f := range m.Sections {
		if strings.EqualFold(f.Name, name) {
			return f.Content, f.Present
		}
	}
	return nil, false
}

// Fetch asks for messages by sequence number. RFC 9051 §6.4.5
func (c *Client) Fetch(ctx context.Context, set NumSet, items FetchItems) ([]*FetchedMessage, error) {
	return c.fetch(ctx, "FETCH", set, items)
}

// UIDFetch asks for messages by UID. RFC 9051 §6.4.9
func (c *Client) UIDFetch(ctx context.Context, uids NumSet, items FetchItems) ([]*FetchedMessage, error) {
	return c.fetch(ctx, "UID FETCH", uids, items)
}

func (c *Client) fetch(ctx context.Context, name string, set NumSet, items FetchItems) ([]*FetchedMessage, error) {
	var got []*FetchedMessage
	_, err := c.do(ctx, command{
		name: name,
		args: func(e *encoder) {
			e.raw(" " + set.String() + " ")
			items.write(e)
		},
		on: func(r *response) (bool, error) {
			if r.name != "FETCH" || c.box == nil {
				return false, nil
			}
			got = mergeMessage(got, r.message())
			return true, r.end()
		},
	})
	if err != nil {
		return got, err
	}
	// The server may have told of others' flags meanwhile: those are no answers.
	got = slices.DeleteFunc(got, func(m *FetchedMessage) bool {
		return items.Envelope && m.Envelope == nil || items.BodyStructure && m.BodyStructure == "" ||
			len(m.Sections) < len(items.Sections)
	})
	return got, nil
}

func (it FetchItems) write(e *encoder) {
	e.raw("(UID")
	for _, item := range []struct {
		want bool
		name string
	}{
		{it.Flags, "FLAGS"}, {it.InternalDate, "INTERNALDATE"}, {it.Size, "RFC822.SIZE"},
		{it.Envelope, "ENVELOPE"}, {it.BodyStructure, "BODYSTRUCTURE"},
	} {
		if item.want {
			e.raw(" " + item.name)
		}
	}
	for _, s := range it.Sections {
		if it.MarkSeen {
			e.raw(" BODY[")
		} else {
			e.raw(" BODY.PEEK[")
		}
		s.write(e)
		e.raw("]" + s.partial())
	}
	e.raw(")")
}

// mergeMessage puts what was told of one message in several responses together.
func mergeMessage(list []*FetchedMessage, m *FetchedMessage) []*FetchedMessage {
	for _, have := range list {
		if m.UID == 0 || have.UID != m.UID {
			continue
		}
		have.Number = m.Number
		if m.Flags != nil {
			have.Flags = m.Flags
		}
		if !m.InternalDate.IsZero() {
			have.InternalDate = m.InternalDate
		}
		have.Size = max(have.Size, m.Size)
		if m.Envelope != nil {
			have.Envelope = m.Envelope
		}
		if m.BodyStructure != "" {
			have.BodyStructure = m.BodyStructure
		}
		have.Sections = append(have.Sections, m.Sections...)
		return list
	}
	return append(list, m)
}

// message reads the data of a FETCH response.
//
// RFC 9051 §7.5.2
func (r *response) message() *FetchedMessage {
	m := &FetchedMessage{Number: r.num}
	r.sp()
	r.list(1, func() {
		item := r.label()
		if (item == "BODY" || item == "BINARY") && r.peek() == '[' {
			name := r.section().String()
			if r.accept('<') { // the origin of a range
				r.number64()
				r.expect('>')
			}
			r.sp()
			content, present := r.nstring()
			m.Sections = append(m.Sections, FetchedSection{name, []byte(content), present})
			return
		}
		if item == "BINARY.SIZE" {
			r.section()
		}
		r.sp()
		switch item {
		case "UID":
			m.UID = r.nzNumber()
		case "FLAGS":
			m.Flags = r.flagList()
		case "INTERNALDATE":
			m.InternalDate = r.dateTime()
		case "RFC822.SIZE":
			m.Size = r.number64()
		case "ENVELOPE":
			m.Envelope = r.envelope()
		case "BODY", "BODYSTRUCTURE":
			m.BodyStructure = r.value().String()
		default:
			r.value()
		}
	})
	return m
}

// envelope reads what writeEnvelope writes.
func (r *response) envelope() *Envelope {
	at := r.pos
	v := r.value()
	if r.err != nil {
		return nil
	}
	if len(v.list) != 10 {
		r.pos = at
		r.fail("an envelope")
		return nil
	}
	f := v.list
	return &Envelope{
		Date: f[0].str(), Subject: f[1].str(),
		From: addressList(f[2]), Sender: addressList(f[3]), ReplyTo: addressList(f[4]),
		To: addressList(f[5]), Cc: addressList(f[6]), Bcc: addressList(f[7]),
		InReplyTo: f[8].str(), MessageID: f[9].str(),
	}
}

func addressList(v value) []Address {
	var out []Address
	for _, a := range v.list {
		if len(a.list) != 4 {
			continue
		}
		f := a.list
		addr := Address{Name: f[0].str(), Route: f[1].str(), Mailbox: f[2].str(), Host: f[3].str()}
		switch {
		case f[3].isNil() && f[2].isNil():
			addr.Mark = GroupEnd
		case f[3].isNil():
			addr.Mark = GroupBegin
		}
		out = append(out, addr)
	}
	return out
}

// readUpdate reads an untagged response that tells of a change. It is none if it
// is not known, or if no mailbox is selected (RFC 9051 §11.3).
func (c *Client) readUpdate(r *response) (Update, bool, error) {
	if c.box == nil {
		return Update{}, false, nil
	}
	u := Update{Number: r.num}
	switch r.name {
	case "EXISTS":
		u.Kind = UpdateExists
	case "RECENT":
		u.Kind = UpdateRecent
	case "EXPUNGE":
		u.Kind = UpdateExpunge
		if r.num == 0 || r.num > c.box.Exists {
			return u, false, fmt.Errorf("EXPUNGE of message %d: %w", r.num, ErrProtocol)
		}
	case "FETCH":
		u.Kind = UpdateFetch
		u.Message = r.message()
	default:
		return u, false, nil
	}
	return u, true, asProtocol(nil, r.end())
}

func (c *Client) applyUpdate(u Update) {
	switch u.Kind {
	case UpdateExists:
		c.box.Exists = u.Number
	case UpdateRecent:
		c.box.Recent = u.Number
	case UpdateExpunge:
		c.box.Exists--
	}
}

// Store changes flags by sequence number, and returns the messages with their new
// flags unless silent. RFC 9051 §6.4.6
func (c *Client) Store(ctx context.Context, set NumSet, op FlagOp, flags []Flag, silent bool) ([]*FetchedMessage, error) {
	return c.store(ctx, "STORE", set, op, flags, silent)
}

// UIDStore changes flags by UID. RFC 9051 §6.4.9
func (c *Client) UIDStore(ctx context.Context, uids NumSet, op FlagOp, flags []Flag, silent bool) ([]*FetchedMessage, error) {
	return c.store(ctx, "UID STORE", uids, op, flags, silent)
}

func (c *Client) store(ctx context.Context, name string, set NumSet, op FlagOp, flags []Flag, silent bool) ([]*FetchedMessage, error) {
	if err := checkFlags(flags); err != nil {
		return nil, fmt.Errorf("imap: %s: %w", name, err)
	}
	var got []*FetchedMessage
	_, err := c.do(ctx, command{
		name: name,
		args: func(e *encoder) {
			e.raw(" " + set.String() + " " + op.prefix() + "FLAGS")
			if silent {
				e.raw(".SILENT")
			}
			e.sp().flags(flags)
		},
		on: func(r *response) (bool, error) {
			if r.name != "FETCH" || c.box == nil {
				return false, nil
			}
			got = append(got, r.message())
			return true, r.end()
		},
	})
	return got, err
}

// Search returns the sequence numbers of the messages that meet all keys, in
// ascending order as servers send them. RFC 9051 §6.4.4
func (c *Client) Search(ctx context.Context, keys ...SearchKey) ([]uint32, error) {
	return c.search(ctx, "SEARCH", keys)
}

// UIDSearch returns the UIDs of the messages that meet all keys. RFC 9051 §6.4.9
func (c *Client) UIDSearch(ctx context.Context, keys ...SearchKey) ([]uint32, error) {
	return c.search(ctx, "UID SEARCH", keys)
}

// maxFound bounds the numbers that a search may return.
const maxFound = 1 << 22

func (c *Client) search(ctx context.Context, name string, keys []SearchKey) ([]uint32, error) {
	if len(keys) == 0 {
		keys = []SearchKey{{Op: "ALL"}}
	}
	charset := ""
	for _, k := range keys {
		if err := k.check(0); err != nil {
			return nil, fmt.Errorf("imap: %s: %w", name, err)
		}
		if !c.rev2 && k.hasUTF8() {
			charset = " CHARSET UTF-8" // RFC 3501 §6.4.4: the default is US-ASCII
		}
	}
	var found []uint32
	_, err := c.do(ctx, command{
		name: name,
		args: func(e *encoder) {
			e.raw(charset).sp()
			join(e, keys, func(k SearchKey) { k.write(e) })
		},
		on: func(r *response) (bool, error) {
			switch r.name {
			case "SEARCH":
				for r.ok() && !r.atEnd() && len(found) < maxFound {
					if r.sp(); r.atEnd() {
						break // some servers leave a space at the end
					}
					found = append(found, r.nzNumber())
				}
			case "ESEARCH":
				found = append(found, r.esearch(maxFound-len(found))...)
			default:
				return false, nil
			}
			return true, r.err
		},
	})
	return found, err
}

func (k SearchKey) hasUTF8() bool {
	return strings.ContainsFunc(k.Text, func(r rune) bool { return r > '~' }) ||
		slices.ContainsFunc(k.Keys, SearchKey.hasUTF8)
}

// esearch reads the numbers of ALL in an ESEARCH response (RFC 9051 §7.3.4).
func (r *response) esearch(most int) []uint32 {
	var found []uint32
	for r.ok() && !r.atEnd() {
		r.sp()
		if r.peek() == '(' {
			r.value() // the tag
			continue
		}
		switch r.word() {
		case "UID":
		case "ALL":
			r.sp()
			found = append(found, r.uidSet(most-len(found))...)
		default:
			r.sp()
			r.value()
		}
	}
	return found
}

// Expunge removes the messages marked deleted. What is gone is told to OnUpdate.
//
// RFC 9051 §6.4.3
func (c *Client) Expunge(ctx context.Context) error {
	_, err := c.do(ctx, command{name: "EXPUNGE"})
	return err
}

// UIDExpunge removes those of the given messages that are marked deleted.
//
// RFC 9051 §6.4.9
func (c *Client) UIDExpunge(ctx context.Context, uids NumSet) error {
	_, err := c.do(ctx, command{name: "UID EXPUNGE", args: func(e *encoder) { e.raw(" " + uids.String()) }})
	return err
}

// UIDCopy copies messages to a mailbox and tells which went where, if the server
// does. RFC 9051 §6.4.7
func (c *Client) UIDCopy(ctx context.Context, uids NumSet, dest string) (CopyResult, error) {
	return c.transfer(ctx, "UID COPY", uids, dest)
}

// UIDMove moves messages to a mailbox. RFC 9051 §6.4.8
func (c *Client) UIDMove(ctx context.Context, uids NumSet, dest string) (CopyResult, error) {
	return c.transfer(ctx, "UID MOVE", uids, dest)
}

func (c *Client) transfer(ctx context.Context, name string, uids NumSet, dest string) (CopyResult, error) {
	var res CopyResult
	note := func(st *statusText) error {
		if st.code != "COPYUID" {
			return nil
		}
		l := newLexer([]byte(st.args), nil)
		res.UIDValidity = l.nzNumber()
		l.sp()
		res.Source = l.uidSet(maxFound)
		l.sp()
		res.Dest = l.uidSet(maxFound)
		if err := l.end(); err != nil || len(res.Source) != len(res.Dest) {
			return fmt.Errorf("COPYUID %q: %w", st.args, ErrProtocol)
		}
		return nil
	}
	st, err := c.do(ctx, command{
		name: name,
		args: func(e *encoder) { e.raw(" " + uids.String() + " ").mailbox(dest) },
		on: func(r *response) (bool, error) {
			if r.name != "OK" {
				return false, nil
			}
			st, err := r.status()
			if err != nil {
				return true, err
			}
			return true, note(st)
		},
	})
	if err != nil {
		return CopyResult{}, err
	}
	if err := note(st); err != nil {
		return CopyResult{}, fmt.Errorf("imap: %s: %w", name, err)
	}
	return res, nil
}

// idleAtMost is when IDLE is to be given up and begun anew (RFC 9051 §6.3.13).
const idleAtMost = 29 * time.Minute

// Idle waits while the server tells what changes, and hands each change to on, until
// on returns true or 29 minutes have passed. It then says DONE.
//
// RFC 9051 §6.3.13, RFC 2177
func (c *Client) Idle(ctx context.Context, on func(Update) (stop bool)) error {
	end := c.c.now().Add(idleAtMost)
	idling, done := false, false
	finish := func() error {
		if done || !idling {
			return nil
		}
		done = true
		if err := c.writeLine(dialog.Continuation, []byte("DONE"), false); err != nil {
			return err
		}
		return c.c.Flush()
	}
	stop := false
	cmd := command{
		name: "IDLE",
		more: func() error {
			if idling {
				return fmt.Errorf("second continuation request: %w", ErrProtocol)
			}
			idling = true
			if stop {
				return finish()
			}
			return nil
		},
		on: func(r *response) (bool, error) {
			u, is, err := c.readUpdate(r)
			if err != nil || !is {
				return false, err
			}
			c.applyUpdate(u)
			if !stop && on(u) {
				stop = true
				return true, finish()
			}
			return true, nil
		},
	}
	cmd.wait = func() (time.Time, bool) { return end, idling && !done }
	cmd.late = finish
	_, err := c.do(ctx, cmd)
	return err
}
