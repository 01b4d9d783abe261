package imap

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"mailwalk/protocols/dialog"
)

// idle waits for the client to say DONE, and tells meanwhile what changes.
//
// RFC 9051 §6.3.13, RFC 2177 §3
func (s *session) idle(ctx context.Context, c *call) (reply, error) {
	if err := c.end(); err != nil {
		return badSyntax(c.verb, err), nil
	}
	if err := s.say(dialog.Continuation, []byte("+ idling")); err != nil {
		return reply{}, err
	}
	s.c.waker.idle.Store(true)
	defer s.c.waker.idle.Store(false)
	for {
		// What changed before is told at once: changed is cleared before the look,
		// so that nothing that comes after the look is missed.
		s.c.waker.changed.Store(false)
		if err := s.idleUpdate(ctx); err != nil {
			return reply{}, err
		}
		line, from, err := s.c.readLine(true)
		switch {
		case errors.Is(err, errWoken):
			continue
		case errors.Is(err, dialog.ErrLineTooLong), errors.Is(err, dialog.ErrBareLineEnd):
			return bad("IDLE: " + err.Error()), nil
		case err != nil:
			return reply{}, fmt.Errorf("idle: %w", err)
		}
		unit := &dialog.Unit{Role: dialog.Continuation, From: from, Text: append([]byte(nil), line...)}
		text, instead := s.c.Received(unit)
		switch {
		case instead != nil:
			return reply{instead: instead}, nil
		case !strings.EqualFold(string(text), "DONE"):
			return bad("IDLE ends with DONE"), nil
		}
		return ok("IDLE terminated"), nil
	}
}

func (s *session) idleUpdate(ctx context.Context) error {
	if s.box != nil {
		err := s.update(ctx, true)
		var store *storeError
		if errors.As(err, &store) {
			return &byeError{"UNAVAILABLE", "Mailbox cannot be read", err}
		}
		if err != nil {
			return err
		}
	}
	return s.flush()
}
