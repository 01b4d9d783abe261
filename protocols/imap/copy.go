package imap

import (
	"context"
	"fmt"
	"strings"
)

// copy is COPY and MOVE, with UID or without.
//
// RFC 9051 §6.4.7, §6.4.8
func (s *session) copy(ctx context.Context, c *call) (reply, error) {
	c.sp()
	set := c.numSet()
	c.sp()
	dest := c.mailbox(s.rev2)
	if err := c.end(); err != nil {
		return badSyntax(c.verb, err), nil
	}
	found, wrong := s.box.resolve(set, c.uid)
	move := strings.HasSuffix(c.verb, "MOVE")
	switch {
	case wrong != "":
		return bad(c.verb + ": " + wrong), nil
	case move && s.box.readOnly:
		return readOnly, nil
	case len(found) == 0:
		return ok(c.verb + " completed, no such messages"), nil
	}
	transfer := s.box.box.Copy
	if move {
		transfer = s.box.box.Move
	}
	res, err := transfer(ctx, s.box.uids(found), dest)
	if err != nil {
		return s.destinationFailure(c.verb, err), nil
	}
	if len(res.Source) == 0 {
		return ok(c.verb + " completed, no such messages"), nil
	}
	code := fmt.Sprintf("COPYUID %d %s %s", res.UIDValidity, formatNums(res.Source), formatNums(res.Dest))
	if move {
		// RFC 9051 §6.4.8: before the EXPUNGE responses, which follow with the
		// other changes.
		return ok(c.verb + " completed"), s.tell("OK [%s] Moved", code)
	}
	return okCode(code, c.verb+" completed"), nil
}
