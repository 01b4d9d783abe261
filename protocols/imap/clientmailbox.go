package imap

import (
	"context"
	"encoding/base64"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"mailwalk/protocols/dialog"
)

// SelectedMailbox is what a client knows of the mailbox that it selected.
type SelectedMailbox struct {
	Name           string
	ReadOnly       bool
	Exists         uint32 // messages in it, kept up to date
	Recent         uint32 // of IMAP4rev1
	UIDValidity    uint32
	UIDNext        uint32 // as it was at selection
	Flags          []Flag
	PermanentFlags []Flag
}

// ListEntry is one name that LIST told of.
type ListEntry struct {
	Name       string // in UTF-8
	Delimiter  string // between levels; empty if there are none
	Attributes []string
}

// Capability asks what the server can do.
func (c *Client) Capability(ctx context.Context) ([]string, error) {
	if _, err := c.do(ctx, command{name: "CAPABILITY"}); err != nil {
		return nil, err
	}
	return c.Capabilities(), nil
}

// Noop gives the server an occasion to tell what changed.
func (c *Client) Noop(ctx context.Context) error {
	_, err := c.do(ctx, command{name: "NOOP"})
	return err
}

// ID tells the server the client's name, and returns what the server tells of
// itself: names and values in turn.
//
// RFC 2971 §3.1, §3.2
func (c *Client) ID(ctx context.Context, software string) ([]string, error) {
	var told []string
	_, err := c.do(ctx, command{
		name: "ID",
		args: func(e *encoder) {
			if software == "" {
				e.raw(" NIL")
				return
			}
			e.raw(` ("name" `).str(software).raw(")")
		},
		on: func(r *response) (bool, error) {
			if r.name != "ID" {
				return false, nil
			}
			r.sp()
			for _, v := range r.value().list {
				told = append(told, v.str())
			}
			return true, r.err
		},
	})
	return told, err
}

// Login sends the password as it is. It refuses to do so if the server said
// LOGINDISABLED.
//
// RFC 9051 §6.2.3
func (c *Client) Login(ctx context.Context, user, password string) error {
	if c.Has("LOGINDISABLED") {
		return fmt.Errorf("imap: LOGIN: %w", &StatusError{"LOGIN", "NO", "PRIVACYREQUIRED", "server does not allow it on this connection"})
	}
	return c.authenticated(ctx, command{
		name: "LOGIN", secret: true,
		args: func(e *encoder) { e.sp().str(user).sp().str(password) },
	})
}

// AuthenticatePlain proves who the user is by SASL PLAIN, in one round trip if the
// server can.
//
// RFC 9051 §6.2.2, RFC 4616, RFC 4959
func (c *Client) AuthenticatePlain(ctx context.Context, user, password string) error {
	response := base64.StdEncoding.EncodeToString([]byte("\x00" + user + "\x00" + password))
	cmd := command{name: "AUTHENTICATE PLAIN"}
	if c.Has("SASL-IR") || c.Has("IMAP4rev2") {
		cmd.secret = true
		cmd.args = func(e *encoder) { e.sp().raw(response) }
	} else {
		sent := false
		cmd.more = func() error {
			if sent {
				return fmt.Errorf("second challenge: %w", ErrProtocol)
			}
			sent = true
			if err := c.writeLine(dialog.Continuation, []byte(response), true); err != nil {
				return err
			}
			return c.c.Flush()
		}
	}
	return c.authenticated(ctx, cmd)
}

// authenticated does a command that logs in. What the server could do before may
// no longer hold; it is asked again unless it told by itself.
func (c *Client) authenticated(ctx context.Context, cmd command) error {
	st, err := c.do(ctx, cmd)
	if err != nil {
		return err
	}
	c.enter(Authenticated)
	if st.code == "CAPABILITY" {
		return nil
	}
	_, err = c.Capability(ctx)
	return err
}

// Enable turns on extensions and returns those that the server turned on.
//
// RFC 9051 §6.3.1
func (c *Client) Enable(ctx context.Context, capabilities ...string) ([]string, error) {
	for _, name := range capabilities {
		if !isAtom(name) {
			return nil, fmt.Errorf("imap: ENABLE: capability %q is no atom", name)
		}
	}
	var enabled []string
	_, err := c.do(ctx, command{
		name: "ENABLE",
		args: func(e *encoder) { e.raw(" " + strings.Join(capabilities, " ")) },
		on: func(r *response) (bool, error) {
			if r.name != "ENABLED" {
				return false, nil
			}
			enabled = append(enabled, r.atoms()...)
			return true, r.err
		},
	})
	if err != nil {
		return nil, err
	}
	if slices.ContainsFunc(enabled, func(s string) bool { return strings.EqualFold(s, "IMAP4rev2") }) {
		c.rev2 = true
	}
	return enabled, nil
}

// List lists the mailboxes whose names match a pattern below a reference.
//
// RFC 9051 §6.3.9
func (c *Client) List(ctx context.Context, reference, pattern string) ([]ListEntry, error) {
	var out []ListEntry
	_, err := c.do(ctx, command{
		name: "LIST",
		args: func(e *encoder) {
			e.sp().mailbox(reference).sp()
			if !c.rev2 {
				pattern = encodeUTF7(pattern)
			}
			e.str(pattern)
		},
		on: func(r *response) (bool, error) {
			if r.name != "LIST" {
				return false, nil
			}
			out = append(out, c.listEntry(r))
			return true, r.err
		},
	})
	return out, err
}

func (c *Client) listEntry(r *response) ListEntry {
	var entry ListEntry
	r.sp()
	r.list(0, func() { entry.Attributes = append(entry.Attributes, string(r.flag())) })
	r.sp()
	entry.Delimiter, _ = r.nstring()
	r.sp()
	entry.Name = c.mailboxName(r.astring())
	return entry // extended data may follow: RFC 9051 §7.3.1
}

// mailboxCommand does a command whose arguments are mailboxes.
func (c *Client) mailboxCommand(ctx context.Context, name string, mailboxes ...string) error {
	_, err := c.do(ctx, command{name: name, args: func(e *encoder) {
		for _, m := range mailboxes {
			e.sp().mailbox(m)
		}
	}})
	return err
}

// Create makes a mailbox. RFC 9051 §6.3.4
func (c *Client) Create(ctx context.Context, name string) error {
	return c.mailboxCommand(ctx, "CREATE", name)
}

// Delete removes a mailbox with its messages. RFC 9051 §6.3.5
func (c *Client) Delete(ctx context.Context, name string) error {
	return c.mailboxCommand(ctx, "DELETE", name)
}

// Rename renames a mailbox. RFC 9051 §6.3.6
func (c *Client) Rename(ctx context.Context, from, to string) error {
	return c.mailboxCommand(ctx, "RENAME", from, to)
}

// Subscribe puts a mailbox on the user's list. RFC 9051 §6.3.7
func (c *Client) Subscribe(ctx context.Context, name string) error {
	return c.mailboxCommand(ctx, "SUBSCRIBE", name)
}

// Unsubscribe takes a mailbox off the user's list. RFC 9051 §6.3.8
func (c *Client) Unsubscribe(ctx context.Context, name string) error {
	return c.mailboxCommand(ctx, "UNSUBSCRIBE", name)
}

// Status counts what is in a mailbox. items are names of RFC 9051 §6.3.11, such as
// "MESSAGES"; without any, MESSAGES, UNSEEN, UIDNEXT and UIDVALIDITY are asked for.
func (c *Client) Status(ctx context.Context, name string, items ...string) (MailboxStatus, error) {
	if len(items) == 0 {
		items = []string{"MESSAGES", "UNSEEN", "UIDNEXT", "UIDVALIDITY"}
	}
	for _, item := range items {
		if !isAtom(item) {
			return MailboxStatus{}, fmt.Errorf("imap: STATUS: item %q is no atom", item)
		}
	}
	var out MailboxStatus
	_, err := c.do(ctx, command{
		name: "STATUS",
		args: func(e *encoder) { e.sp().mailbox(name).raw(" (" + strings.Join(items, " ") + ")") },
		on: func(r *response) (bool, error) {
			if r.name != "STATUS" {
				return false, nil
			}
			r.sp()
			of := c.mailboxName(r.astring())
			r.sp()
			st := r.statusList()
			if of == name || strings.EqualFold(of, name) && of == Inbox {
				out = st
			}
			return true, r.err
		},
	})
	return out, err
}

func (r *response) statusList() MailboxStatus {
	var st MailboxStatus
	r.list(0, func() {
		item := r.word()
		r.sp()
		switch item {
		case "MESSAGES":
			st.Messages = r.number()
		case "UNSEEN":
			st.Unseen = r.number()
		case "DELETED":
			st.Deleted = r.number()
		case "RECENT":
			st.Recent = r.number()
		case "UIDNEXT":
			st.UIDNext = r.number()
		case "UIDVALIDITY":
			st.UIDValidity = r.number()
		case "SIZE":
			st.Size = r.number64()
		default:
			r.value()
		}
	})
	return st
}

// Select opens a mailbox. RFC 9051 §6.3.2
func (c *Client) Select(ctx context.Context, name string) (*SelectedMailbox, error) {
	return c.open(ctx, "SELECT", name)
}

// Examine opens a mailbox for reading only. RFC 9051 §6.3.3
func (c *Client) Examine(ctx context.Context, name string) (*SelectedMailbox, error) {
	return c.open(ctx, "EXAMINE", name)
}

func (c *Client) open(ctx context.Context, verb, name string) (*SelectedMailbox, error) {
	box := &SelectedMailbox{Name: name, ReadOnly: verb == "EXAMINE"}
	// What is open is closed by the attempt, whether it succeeds or not.
	c.deselected()
	st, err := c.do(ctx, command{
		name: verb,
		args: func(e *encoder) { e.sp().mailbox(name) },
		on:   func(r *response) (bool, error) { return c.readSelection(r, box) },
	})
	if err != nil {
		return nil, err
	}
	if st.code == "READ-ONLY" {
		box.ReadOnly = true
	}
	c.box = box
	c.enter(Selected)
	return c.Mailbox(), nil
}

// readSelection reads what a server tells of a mailbox that is being selected.
func (c *Client) readSelection(r *response, box *SelectedMailbox) (bool, error) {
	switch r.name {
	case "EXISTS":
		box.Exists = r.num
	case "RECENT":
		box.Recent = r.num
	case "FLAGS":
		r.sp()
		box.Flags = r.flagList()
	case "LIST":
		c.listEntry(r)
	case "OK":
		st, err := r.status()
		if err != nil {
			return true, err
		}
		return true, box.note(st)
	default:
		return false, nil
	}
	return true, r.err
}

func (box *SelectedMailbox) note(st *statusText) error {
	l := newLexer([]byte(st.args), nil)
	switch st.code {
	case "UIDVALIDITY":
		box.UIDValidity = l.nzNumber()
	case "UIDNEXT":
		box.UIDNext = l.nzNumber()
	case "PERMANENTFLAGS":
		box.PermanentFlags = l.flagList()
	case "CLOSED":
		// What was told before was of the mailbox that is closed by now.
		*box = SelectedMailbox{Name: box.Name, ReadOnly: box.ReadOnly}
	default:
		return nil
	}
	return l.end()
}

func (c *Client) deselected() {
	if c.state == Selected {
		c.box = nil
		c.enter(Authenticated)
	}
}

// Close removes the messages marked deleted and closes the mailbox. RFC 9051 §6.4.1
func (c *Client) Close(ctx context.Context) error {
	_, err := c.do(ctx, command{name: "CLOSE"})
	if err == nil {
		c.deselected()
	}
	return err
}

// Unselect closes the mailbox and removes nothing. RFC 9051 §6.4.2
func (c *Client) Unselect(ctx context.Context) error {
	_, err := c.do(ctx, command{name: "UNSELECT"})
	if err == nil {
		c.deselected()
	}
	return err
}

// Append stores a message in a mailbox and returns where, or zeros if the server
// does not tell. A zero date leaves the date to the server.
//
// RFC 9051 §6.3.12
func (c *Client) Append(ctx context.Context, name string, content []byte, flags []Flag, date time.Time) (uidValidity, uid uint32, err error) {
	for _, capability := range c.caps {
		limit, has := strings.CutPrefix(strings.ToUpper(capability), "APPENDLIMIT=")
		if !has {
			continue
		}
		if n, err := strconv.ParseInt(limit, 10, 64); err == nil && int64(len(content)) > n {
			// RFC 7889 §2: known beforehand, so nothing is sent.
			return 0, 0, fmt.Errorf("imap: %w", &StatusError{"APPEND", "NO", "TOOBIG",
				fmt.Sprintf("message has %d octets, server takes %d", len(content), n)})
		}
	}
	if err := checkFlags(flags); err != nil {
		return 0, 0, fmt.Errorf("imap: APPEND: %w", err)
	}
	st, err := c.do(ctx, command{name: "APPEND", args: func(e *encoder) {
		e.sp().mailbox(name).sp()
		if len(flags) > 0 {
			e.flags(flags).sp()
		}
		if !date.IsZero() {
			e.quoted(formatDateTime(date)).sp()
		}
		e.message(content)
	}})
	if err != nil || st.code != "APPENDUID" {
		return 0, 0, err
	}
	l := newLexer([]byte(st.args), nil)
	uidValidity = l.nzNumber()
	l.sp()
	uid = l.nzNumber()
	if err := l.end(); err != nil {
		return 0, 0, fmt.Errorf("imap: APPEND: %w: %w", ErrProtocol, err)
	}
	return uidValidity, uid, nil
}

func checkFlags(flags []Flag) error {
	for _, f := range flags {
		if name := strings.TrimPrefix(string(f), `\`); !isAtom(name) || f.Is(FlagRecent) {
			return fmt.Errorf("flag %q cannot be set", f)
		}
	}
	return nil
}

// Logout ends the session. It does not close the connection.
//
// RFC 9051 §6.1.3
func (c *Client) Logout(ctx context.Context) error {
	_, err := c.do(ctx, command{name: "LOGOUT"})
	if err == nil {
		c.box = nil
		c.enter(Logout)
	}
	return err
}
