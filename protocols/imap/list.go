package imap

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
)

// listCommand is what LIST is given.
//
// RFC 9051 §6.3.9
type listCommand struct {
	extended               bool
	subscribed, specialUse bool // selection
	recursive              bool
	reference              string
	patterns               []string
	withSubscribed         bool // return
	withChildren, withUse  bool
	status                 []string
}

const maxPatterns = 16

func (l *lexer) listCommand(utf8 bool) listCommand {
	var p listCommand
	l.sp()
	if l.peek() == '(' {
		p.extended = true
		at := l.pos
		l.list(0, func() {
			at := l.pos
			switch l.word() {
			case "SUBSCRIBED":
				p.subscribed, p.withSubscribed = true, true
			case "SPECIAL-USE": // RFC 6154 §2
				p.specialUse, p.withUse = true, true
			case "RECURSIVEMATCH":
				p.recursive = true
			case "REMOTE": // there are no remote mailboxes: nothing to add
			default:
				l.pos = at
				l.fail("a selection option")
			}
		})
		if l.ok() && p.recursive && !p.subscribed && !p.specialUse {
			l.pos = at
			l.fail("an option besides RECURSIVEMATCH") // RFC 9051 §6.3.9.1
		}
		l.sp()
	}
	at := l.pos
	p.reference = l.mailboxName(l.astring(), utf8, at)
	l.sp()
	pattern := func() {
		at := l.pos
		p.patterns = append(p.patterns, l.mailboxName(l.listMailbox(), utf8, at))
		if len(p.patterns) > maxPatterns {
			l.fail("fewer patterns")
		}
	}
	if l.peek() == '(' {
		p.extended = true
		l.list(1, pattern)
	} else {
		pattern()
	}
	if l.ok() && !l.atEnd() {
		p.extended = true
		l.sp()
		if !l.wordIs("RETURN") {
			l.fail("RETURN")
		}
		l.sp()
		l.list(0, func() { l.listReturn(&p) })
	}
	return p
}

// listReturn reads a return option.
//
// RFC 9051 §6.3.9.2
func (l *lexer) listReturn(p *listCommand) {
	at := l.pos
	switch l.word() {
	case "SUBSCRIBED":
		p.withSubscribed = true
	case "CHILDREN":
		p.withChildren = true
	case "SPECIAL-USE":
		p.withUse = true
	case "STATUS":
		l.sp()
		p.status = l.statusItems()
	default:
		l.pos = at
		l.fail("a return option")
	}
}

// listName is a name of the hierarchy, be it a mailbox or not.
type listName struct {
	MailboxInfo
	implied bool // a level above a mailbox, and nothing else
}

// hierarchy returns the names of a user, in a fixed order, with the levels between
// that are none by themselves.
func hierarchy(infos []MailboxInfo) []listName {
	var out []listName
	known := map[string]bool{} // looked up only
	for _, info := range infos {
		if !known[info.Name] {
			known[info.Name] = true
			out = append(out, listName{MailboxInfo: info})
		}
	}
	for _, info := range infos {
		for _, name := range parents(info.Name) {
			if !known[name] {
				known[name] = true
				out = append(out, listName{MailboxInfo: MailboxInfo{Name: name}, implied: true})
			}
		}
	}
	slices.SortFunc(out, func(a, b listName) int {
		if (a.Name == Inbox) != (b.Name == Inbox) {
			if a.Name == Inbox {
				return -1
			}
			return 1
		}
		return cmp.Compare(a.Name, b.Name)
	})
	return out
}

// below returns the names under a name.
func below(names []listName, parent string) []listName {
	var out []listName
	for _, n := range names {
		if strings.HasPrefix(n.Name, parent+delimiter) {
			out = append(out, n)
		}
	}
	return out
}

func (p *listCommand) matches(name string) bool {
	for _, pattern := range p.patterns {
		if pattern != "" && matchPattern(p.reference+pattern, name) {
			return true
		}
	}
	return false
}

// matchesLevel tells whether a name matches a pattern that also asks for levels
// of hierarchy.
func (p *listCommand) matchesLevel(name string) bool {
	for _, pattern := range p.patterns {
		if strings.HasSuffix(pattern, "%") && matchPattern(p.reference+pattern, name) {
			return true
		}
	}
	return false
}

// selects tells whether a name meets the selection options.
func (p *listCommand) selects(n listName) bool {
	switch {
	case n.implied:
		return false
	case p.subscribed && !n.Subscribed, p.specialUse && len(n.SpecialUse) == 0:
		return false
	case !p.subscribed && n.NonExistent:
		return false
	}
	return true
}

func (p *listCommand) selecting() bool { return p.subscribed || p.specialUse }

func (s *session) list(ctx context.Context, c *call) (reply, error) {
	p := c.listCommand(s.rev2)
	if err := c.end(); err != nil {
		return badSyntax(c.verb, err), nil
	}
	if !p.extended && p.patterns[0] == "" {
		// A request for the delimiter and the root of the reference.
		return ok("LIST completed"), s.tell(`LIST (\Noselect) "%s" ""`, delimiter)
	}
	infos, err := s.user.List(ctx)
	if err != nil {
		return s.failure(c.verb, err), nil
	}
	names := hierarchy(infos)
	for _, n := range names {
		if err := s.listOne(ctx, &p, n, below(names, n.Name)); err != nil {
			return reply{}, err
		}
	}
	return ok("LIST completed"), nil
}

// listOne tells of a name if LIST asks for it. children are the names below it.
func (s *session) listOne(ctx context.Context, p *listCommand, n listName, children []listName) error {
	if !p.matches(n.Name) {
		return nil
	}
	selected := p.selects(n)
	childInfo := p.recursive && p.childInfo(selected, children)
	level := n.implied && !p.selecting() && p.matchesLevel(n.Name) &&
		slices.ContainsFunc(children, p.selects)
	if !selected && !childInfo && !level {
		return nil
	}

	var st MailboxStatus
	withStatus := p.status != nil && selected && !n.NoSelect && !n.NonExistent
	if withStatus {
		var err error
		if st, err = s.user.Status(ctx, n.Name); err != nil {
			// RFC 9051 §6.3.9.2: no STATUS then, and the name cannot be selected.
			s.hooks.fault("LIST", err)
			withStatus = false
			n.NoSelect = n.NoSelect || errors.Is(err, ErrNoMailbox)
		}
	}
	e := s.untagged("LIST (")
	e.raw(strings.Join(p.attributes(n, s.rev2, children), " "))
	e.raw(`) "` + delimiter + `" `).mailbox(n.Name)
	if childInfo {
		var by []string
		if p.subscribed {
			by = append(by, `"SUBSCRIBED"`)
		}
		if p.specialUse {
			by = append(by, `"SPECIAL-USE"`)
		}
		e.raw(` ("CHILDINFO" (` + strings.Join(by, " ") + `))`)
	}
	if err := s.send(e); err != nil || !withStatus {
		return err
	}
	return s.sendStatus(n.Name, p.status, st)
}

// childInfo tells whether a name is to be told of for what lies below it: a
// selected name for any name selected there, another one only if one of those is
// not told of by itself.
//
// RFC 9051 §6.3.9.6
func (p *listCommand) childInfo(selected bool, children []listName) bool {
	return slices.ContainsFunc(children, func(n listName) bool {
		return p.selects(n) && (selected || !p.matches(n.Name))
	})
}

// attributes are those of RFC 9051 §7.3.1.
func (p *listCommand) attributes(n listName, rev2 bool, children []listName) []string {
	var out []string
	hasChildren := slices.ContainsFunc(children, func(c listName) bool { return !c.NonExistent && !c.implied })
	missing := n.NonExistent || n.implied
	switch {
	case missing && (rev2 || p.extended):
		out = append(out, `\NonExistent`)
	case missing || n.NoSelect:
		out = append(out, `\Noselect`)
	}
	if n.NoInferiors {
		out = append(out, `\Noinferiors`)
	}
	switch {
	case hasChildren && (p.withChildren || n.implied && (rev2 || p.extended)):
		out = append(out, `\HasChildren`)
	case p.withChildren && !n.NoInferiors: // which says the same, and more
		out = append(out, `\HasNoChildren`)
	}
	if n.Subscribed && p.withSubscribed {
		out = append(out, `\Subscribed`)
	}
	if p.withUse || rev2 {
		out = append(out, n.SpecialUse...)
	}
	return out
}

// lsub is of IMAP4rev1. A level above followed mailboxes that is not followed
// itself is listed where "%" ends at it.
//
// RFC 3501 §6.3.9
func (s *session) lsub(ctx context.Context, c *call) (reply, error) {
	p := c.listCommand(s.rev2)
	if c.ok() && p.extended {
		c.fail("no options")
	}
	if err := c.end(); err != nil {
		return badSyntax(c.verb, err), nil
	}
	infos, err := s.user.List(ctx)
	if err != nil {
		return s.failure(c.verb, err), nil
	}
	infos = slices.DeleteFunc(slices.Clone(infos), func(i MailboxInfo) bool { return !i.Subscribed })
	for _, n := range hierarchy(infos) {
		flags := ""
		if n.implied {
			flags = `\Noselect`
		}
		if !p.matches(n.Name) || n.implied && !p.matchesLevel(n.Name) {
			continue
		}
		if err := s.send(s.untagged("LSUB (" + flags + `) "` + delimiter + `" `).mailbox(n.Name)); err != nil {
			return reply{}, err
		}
	}
	return ok("LSUB completed"), nil
}
