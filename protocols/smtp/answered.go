package smtp

import (
	"fmt"
	"io"

	"mailwalk/protocols/dialog"
)

// This file follows the answers that a hook gave in the server's stead; the
// rules stand at Hooks.

// answered sends a hook's answer to a command and follows its code.
func (s *session) answered(line []byte, answer []string) error {
	code := answerCode(answer)
	if cmd, err := ParseCommand(line); err == nil {
		s.verb = cmd.Verb
		if cmd.Verb == "BDAT" {
			return s.answeredChunk(cmd.Arg, answer)
		}
		if follow := s.followed(cmd, code); follow != nil {
			if err := s.say(answer); err != nil {
				return err
			}
			return follow()
		}
	}
	return s.sayLast(answer, code)
}

// followed moves the session to where the code says the client believes it to
// be. If more is to be read, it returns how.
func (s *session) followed(cmd Command, code int) func() error {
	info, known := LookupCommand(cmd.Verb)
	inPlace := known && info.States.Has(s.state)
	switch verb, class := cmd.Verb, code/100; {
	case verb == "DATA" && class == 3:
		return s.dataUnasked
	case verb == "STARTTLS" && class == 2:
		return s.secureUnasked
	case verb == "AUTH" && class == 3:
		return s.authUnasked
	case class != 2 || !inPlace:
	case verb == "EHLO" || verb == "HELO":
		peer := s.peer
		peer.ESMTP = verb == "EHLO"
		if name := helloName(cmd.Arg); CheckHello(name) == nil {
			peer.Hello = name
		}
		s.greeted(peer)
	case verb == "RSET":
		s.forget(true)
	case verb == "AUTH":
		s.peer.Authenticated = true
	case verb == "MAIL":
		if from, params, r := s.parseMail(cmd.Arg); r == nil {
			s.began(from, params)
		}
	case verb == "RCPT":
		if to, params, r := s.parseRcpt(cmd.Arg); r == nil {
			s.addressed(to, params)
		}
	case verb == "QUIT":
		s.finish(nil)
	}
	return nil
}

// dataUnasked reads the content that a hook's 354 has called for. Without an
// envelope nobody is there to take it.
func (s *session) dataUnasked() error {
	take, back := s.toBackend, StateReady
	if s.state != StateRcpt {
		if s.state != StateMail {
			back = s.state
		}
		s.forget(true)
		take = func(io.Reader) (string, error) {
			return "", NewReply(503, Enhanced{5, 5, 1}, "Bad sequence of commands, no MAIL and RCPT before the content")
		}
	}
	s.to(StateData)
	reply, err := s.content(take)
	if err != nil {
		return err
	}
	if s.state != StateEnd {
		s.to(back)
	}
	if reply == nil {
		return nil
	}
	return s.reply(s.count(reply))
}

// authUnasked reads the response that a hook's 334 has called for. What it
// answers to is unknown here, so it cannot be right.
func (s *session) authUnasked() error {
	u, _, err := s.readLine(dialog.Continuation, maxResponseLine)
	if err != nil {
		return s.lost("read response", err)
	}
	if _, answer := s.c.Received(u); answer != nil {
		return s.answeredAuth(answer)
	}
	return s.reply(s.count(BadCredentials()))
}

// answeredAuth sends a hook's answer to a response and follows its code.
func (s *session) answeredAuth(answer []string) error {
	code := answerCode(answer)
	if code/100 == 2 {
		s.peer.Authenticated = true
	}
	return s.sayLast(answer, code)
}

// answeredContent sends a hook's answer to a content.
func (s *session) answeredContent(answer []string) error {
	return s.sayLast(answer, answerCode(answer))
}

// sayLast sends an answer after which the session goes on, or ends with 421.
func (s *session) sayLast(answer []string, code int) error {
	s.follow421(code)
	if err := s.say(answer); err != nil {
		return err
	}
	return s.flushAfter(s.verb)
}

func (s *session) follow421(code int) {
	if code == 421 && s.state != StateEnd {
		s.finish(fmt.Errorf("smtp: %w with 421", ErrAnswered))
	}
}

// say writes lines as they are.
func (s *session) say(lines []string) error {
	if err := s.writeLines(dialog.Reply, lines); err != nil {
		return step("write reply", err)
	}
	return nil
}

// answerCode returns the code of an answer, 0 if it has none.
func answerCode(answer []string) int {
	if len(answer) == 0 {
		return 0
	}
	l, err := parseReplyLine([]byte(answer[len(answer)-1]))
	if err != nil || !l.last {
		return 0
	}
	return l.code
}
