package pop3

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"mailwalk/protocols/dialog"
)

// listingStep is after how many lines of a listing a client that takes what is
// sent gets new time.
const listingStep = 1024

// total is the number of messages that are not marked, and their octets.
func (s *session) total() (count int, size int64) {
	for i, m := range s.messages {
		if !s.deleted[i] {
			count++
			size += m.Size
		}
	}
	return count, size
}

func (s *session) summary() string {
	count, size := s.total()
	return fmt.Sprintf("%s (%d octets)", messagesText(count), size)
}

func messagesText(n int) string {
	if n == 1 {
		return "1 message"
	}
	return strconv.Itoa(n) + " messages"
}

// message finds the message that arg numbers. If there is none, or it is marked
// as deleted, it gives the answer, found is false, and the command is done.
func (s *session) message(arg string) (i int, found bool, err error) {
	n, ok := parseNumber(arg)
	switch {
	case !ok:
		return 0, false, s.refuse("", "a message-number is made of digits")
	case n < 1 || n > len(s.messages):
		return 0, false, s.deny("", fmt.Sprintf("no such message, only %s in maildrop", messagesText(len(s.messages))))
	case s.deleted[n-1]:
		return 0, false, s.deny("", fmt.Sprintf("message %d already deleted", n))
	default:
		return n - 1, true, nil
	}
}

// statCmd gives the drop listing, and nothing more: RFC 1939 §5 strongly
// discourages more.
func (s *session) statCmd(context.Context, []string) error {
	count, size := s.total()
	return s.ok("%d %d", count, size)
}

func (s *session) listCmd(_ context.Context, args []string) error {
	return s.listing(args, s.summary(), func(i int) string {
		return fmt.Sprintf("%d %d", i+1, s.messages[i].Size)
	})
}

func (s *session) uidlCmd(_ context.Context, args []string) error {
	return s.listing(args, "unique-id listing follows", func(i int) string {
		return fmt.Sprintf("%d %s", i+1, s.messages[i].UID)
	})
}

// listing answers LIST and UIDL: with one line for one message, with a line for
// each otherwise. Marked messages are not listed.
func (s *session) listing(args []string, title string, line func(i int) string) error {
	if len(args) == 1 {
		i, found, err := s.message(args[0])
		if err != nil || !found {
			return err
		}
		return s.ok("%s", line(i))
	}
	if err := s.okMore("%s", title); err != nil {
		return err
	}
	for i := range s.messages {
		if i%listingStep == 0 {
			if err := s.armWrite(); err != nil {
				return err
			}
		}
		if s.deleted[i] {
			continue
		}
		if err := s.writePart(line(i), true); err != nil {
			return err
		}
	}
	return s.writeLine(dialog.Reply, ".")
}

func (s *session) retrCmd(ctx context.Context, args []string) error {
	i, found, err := s.message(args[0])
	if err != nil || !found {
		return err
	}
	content, err := s.fetch(ctx, i)
	if err != nil {
		return s.broken("RETR", err, "the message cannot be read")
	}
	if err := s.okMore("%d octets", len(content)); err != nil {
		return err
	}
	return s.sendBody(content)
}

func (s *session) topCmd(ctx context.Context, args []string) error {
	i, found, err := s.message(args[0])
	if err != nil || !found {
		return err
	}
	lines, ok := parseNumber(args[1])
	if !ok {
		return s.refuse("", "a number of lines is made of digits")
	}
	content, err := s.fetch(ctx, i)
	if err != nil {
		return s.broken("TOP", err, "the message cannot be read")
	}
	if err := s.okMore("top of message follows"); err != nil {
		return err
	}
	return s.sendBody(top(content, lines))
}

// fetch gets a message as it will be sent.
func (s *session) fetch(ctx context.Context, i int) ([]byte, error) {
	content, err := s.drop.Content(ctx, i+1)
	if err != nil {
		return nil, fmt.Errorf("message %d: %w", i+1, err)
	}
	content = complete(content)
	if err := checkContent(content, s.messages[i].Size); err != nil {
		return nil, fmt.Errorf("message %d: %w", i+1, err)
	}
	return content, nil
}

// sendBody sends content with its dots stuffed and a lone dot after it
// (RFC 1939 §3).
func (s *session) sendBody(content []byte) error {
	if err := s.conn.WriteDot(content, s.armWrite); err != nil {
		return fmt.Errorf("send a message: %w", err)
	}
	return nil
}

func (s *session) deleCmd(_ context.Context, args []string) error {
	i, found, err := s.message(args[0])
	if err != nil || !found {
		return err
	}
	s.deleted[i] = true
	return s.ok("message %d deleted", i+1)
}

func (s *session) rsetCmd(context.Context, []string) error {
	clear(s.deleted)
	return s.ok("maildrop has %s", s.summary())
}

func (s *session) noopCmd(context.Context, []string) error {
	return s.ok("")
}

// quitCmd ends the session. After a login this is the UPDATE state: what is
// marked is removed (RFC 1939 §6).
func (s *session) quitCmd(ctx context.Context, _ []string) error {
	s.quit = true
	if s.state == Authorization {
		return s.ok("%s signing off", s.srv.signature())
	}
	s.enter(Update)
	var marked []int
	for i, d := range s.deleted {
		if d {
			marked = append(marked, i+1)
		}
	}
	commitErr := s.drop.Commit(ctx, marked)
	// The lock goes before the farewell: a client that logs in again as soon as it
	// reads that must not find its own old lock.
	closeErr := s.release()
	if commitErr != nil {
		err := s.broken("QUIT", commitErr, "some deleted messages not removed")
		return errors.Join(fmt.Errorf("update the maildrop: %w", commitErr), closeErr, err)
	}
	left := "maildrop empty"
	if n := len(s.messages) - len(marked); n > 0 {
		left = messagesText(n) + " left"
	}
	return errors.Join(closeErr, s.ok("%s signing off (%s)", s.srv.signature(), left))
}
