package imap

import (
	"context"
	"strings"
)

// store is STORE and UID STORE.
//
// RFC 9051 §6.4.6
func (s *session) store(ctx context.Context, c *call) (reply, error) {
	c.sp()
	set := c.numSet()
	c.sp()
	op, silent := c.storeItem()
	c.sp()
	flags := c.storeFlags()
	if err := c.end(); err != nil {
		return badSyntax(c.verb, err), nil
	}
	found, wrong := s.box.resolve(set, c.uid)
	switch {
	case wrong != "":
		return bad(c.verb + ": " + wrong), nil
	case s.box.readOnly:
		return readOnly, nil
	case len(found) == 0:
		return ok(c.verb + " completed"), nil
	}

	expected := make([][]Flag, len(found))
	for k, i := range found {
		expected[k] = op.Apply(s.box.msgs[i].Flags, flags)
	}
	if err := s.box.box.SetFlags(ctx, s.box.uids(found), op, flags); err != nil {
		return s.failure(c.verb, err), nil
	}
	if err := s.box.refresh(ctx); err != nil {
		return s.failure(c.verb, err), nil
	}
	result := ok(c.verb + " completed")
	for k, i := range found {
		v := &s.box.msgs[i]
		switch {
		case v.gone:
			result.code = "EXPUNGEISSUED"
		case !silent:
			if err := s.tellMessageFlags(i, c.uid); err != nil {
				return reply{}, err
			}
		case sameFlags(v.Flags, expected[k]):
			// The client has worked this out by itself. What came out otherwise
			// stays marked and is told with the other changes.
			v.dirty = false
		}
	}
	return result, nil
}

func (l *lexer) storeItem() (op FlagOp, silent bool) {
	at := l.pos
	switch {
	case l.accept('+'):
		op = FlagsAdd
	case l.accept('-'):
		op = FlagsRemove
	}
	name, silent := strings.CutSuffix(l.word(), ".SILENT")
	if l.ok() && name != "FLAGS" {
		l.pos = at
		l.fail("FLAGS")
	}
	return op, silent
}

// storeFlags reads a list of flags, with or without parentheses.
func (l *lexer) storeFlags() []Flag {
	at := l.pos
	var flags []Flag
	if l.peek() == '(' {
		flags = l.flagList()
	} else {
		for l.ok() {
			flags = append(flags, l.flag())
			if l.atEnd() {
				break
			}
			l.sp()
		}
	}
	for _, f := range flags {
		// RFC 9051 §9: \Recent is no flag that a client sets.
		if f == FlagRecent || f == FlagWildcard {
			l.pos = at
			l.fail("flags that can be set")
		}
	}
	return flags
}
