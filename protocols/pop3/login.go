package pop3

import (
	"context"
	"errors"
	"slices"

	"mailwalk/protocols/dialog"
)

// userCmd names the maildrop. Each name is good: an -ERR for some would tell
// which names exist (RFC 1939 §13). A second USER takes the place of the first,
// so that somebody who mistyped a name may type it again.
func (s *session) userCmd(_ context.Context, args []string) error {
	if !s.mayLogin {
		return s.refuseCleartext()
	}
	s.named = args[0]
	return s.ok("send PASS")
}

// passCmd logs in: it locks and opens the maildrop (RFC 1939 §4).
func (s *session) passCmd(ctx context.Context, args []string) error {
	if !s.mayLogin {
		return s.refuseCleartext()
	}
	user := s.named
	s.named = ""
	if user == "" {
		return s.refuse("", "PASS comes right after USER")
	}
	drop, err := s.srv.Backend.Open(ctx, user, args[0])
	switch {
	case err == nil:
	case errors.Is(err, ErrAuth):
		return s.refuse(CodeAuth, "user name or password is wrong")
	case errors.Is(err, ErrInUse):
		return s.deny(CodeInUse, "another session holds the maildrop")
	default:
		return s.broken("PASS", err, "the maildrop cannot be opened")
	}
	s.drop = drop
	s.messages = slices.Clone(drop.Messages())
	if err := checkMessages(s.messages); err != nil {
		// A lock must be given back before the command is rejected (RFC 1939 §4).
		closeErr := s.release()
		return errors.Join(closeErr, s.broken("PASS", err, "the maildrop cannot be read"))
	}
	s.deleted = make([]bool, len(s.messages))
	s.enter(Transaction)
	return s.ok("maildrop has %s", s.summary())
}

// refuseCleartext keeps passwords off a wire that others can read (RFC 2595
// §2.3). The login goes against the server's policy, and that is what the code
// AUTH is for (RFC 3206 §5); since each name is refused alike, it gives none
// away.
func (s *session) refuseCleartext() error {
	return s.refuse(CodeAuth, "no passwords over a connection without TLS")
}

// capaCmd lists the capabilities. All but STLS are the same in both states (RFC 2449
// §5).
func (s *session) capaCmd(context.Context, []string) error {
	if err := s.okMore("capability list follows"); err != nil {
		return err
	}
	for _, line := range s.capabilities() {
		if err := s.writePart(line, true); err != nil {
			return err
		}
	}
	return s.writeLine(dialog.Reply, ".")
}

func (s *session) capabilities() []string {
	list := []string{
		"TOP",            // RFC 2449 §6.1
		"RESP-CODES",     // RFC 2449 §6.4
		"AUTH-RESP-CODE", // RFC 3206 §6
		"PIPELINING",     // RFC 2449 §6.6
		"UIDL",           // RFC 2449 §6.8
	}
	if s.mayLogin {
		list = slices.Insert(list, 1, "USER") // RFC 2449 §6.2
	}
	if s.state == Authorization && s.offersTLS() {
		list = append(list, "STLS") // RFC 2595 §4: in this state alone
	}
	if s.srv.Software != "" {
		list = append(list, "IMPLEMENTATION "+s.srv.Software) // RFC 2449 §6.9
	}
	return list
}
