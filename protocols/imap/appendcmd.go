package imap

import (
	"bytes"
	"context"
	"fmt"
	"time"
)

// append stores a message. Its size was checked before the literal was asked for.
//
// RFC 9051 §6.3.12
func (s *session) append(ctx context.Context, c *call) (reply, error) {
	c.sp()
	name := c.mailbox(s.rev2)
	c.sp()
	var flags []Flag
	if c.peek() == '(' {
		flags = c.storeFlags()
		c.sp()
	}
	var date time.Time
	if c.peek() == '"' {
		date = c.dateTime()
		c.sp()
	}
	content := c.literal()
	if err := c.end(); err != nil {
		return badSyntax(c.verb, err), nil
	}
	switch {
	case len(content) == 0:
		return no("CANNOT", "A message is not empty"), nil
	case bytes.IndexByte(content, 0) >= 0:
		return no("CANNOT", "A message has no NUL"), nil // RFC 9051 §9, literal
	}
	validity, uid, err := s.user.Append(ctx, name, content, flags, date)
	if err != nil {
		return s.destinationFailure(c.verb, err), nil
	}
	return okCode(fmt.Sprintf("APPENDUID %d %d", validity, uid), "APPEND completed"), nil
}
