package imap

import (
	"bytes"
	"errors"
	"fmt"
	"slices"

	"mailwalk/protocols/dialog"
)

const (
	// maxCommandText bounds a command's lines together.
	maxCommandText = 64 << 10
	// maxLiterals bounds how many literals a command has.
	maxLiterals = 64
	// maxEarlyLiteral bounds a command's literals before login, when nobody has
	// said yet who is asking: names and passwords are short.
	maxEarlyLiteral = 8 << 10
	// maxMinusLiteral is the largest that LITERAL- allows without asking
	// (RFC 7888 §5).
	maxMinusLiteral = 4096
)

// incoming is a command as it was read: its text with the announcements of
// literals in it, and the literals.
type incoming struct {
	tag, verb string
	cmd       *Command
	text      []byte
	args      int // where in text the verb ends
	lits      [][]byte
	// cut says that the text is complete: what follows on the wire is dropped.
	cut bool
	// refusal, if set, answers the command in place of running it.
	refusal reply
}

func (in *incoming) call() *call {
	l := newLexer(in.text, in.lits)
	l.pos = in.args
	return &call{lexer: l, tag: in.tag, verb: in.verb}
}

// refuse keeps the first reason against a command.
func (in *incoming) refuse(r reply) {
	if in.refusal.status == "" && in.refusal.instead == nil {
		in.refusal = r
	}
}

func (in *incoming) refused() bool { return in.refusal.status != "" || in.refusal.instead != nil }

// readCommand reads one command with its literals.
//
// RFC 9051 §2.2.1, §4.3
func (s *session) readCommand() (*incoming, error) {
	in := &incoming{tag: "*"}
	var lit []byte // the literal before the line, not yet told to the hooks
	for first := true; ; first = false {
		line, from, err := s.c.readLine(false)
		announced, at := literalAt(line)
		switch {
		case errors.Is(err, dialog.ErrLineTooLong):
			in.refuse(bad("Command line too long"))
		case errors.Is(err, dialog.ErrBareLineEnd):
			in.refuse(bad("A line ends in CRLF and has no other CR, LF or NUL"))
			at = -1
		case err != nil:
			return nil, err
		}
		s.receiveLine(in, first, line, lit, from)
		if at < 0 {
			return in, nil
		}
		more := false
		if lit, more, err = s.receiveLiteral(in, announced); err != nil || !more {
			return in, err
		}
	}
}

// receiveLine tells the hooks of a line, with the literal before it, and adds what
// they make of it to the command.
func (s *session) receiveLine(in *incoming, first bool, line, lit []byte, from int64) {
	unit := &dialog.Unit{Role: dialog.Continuation, From: from - int64(len(lit))}
	unit.Text = append(lit[:len(lit):len(lit)], line...)
	if first {
		unit.Role = dialog.Command
		in.tag, in.verb, in.args, _ = cutHead(line)
	}
	unit.Secret = in.verb == "LOGIN" ||
		first && in.verb == "AUTHENTICATE" && bytes.Count(line, []byte{' '}) > 1
	text, answer := s.c.Received(unit)
	if answer != nil {
		in.refuse(reply{instead: answer})
	}
	if len(text) < len(lit) {
		in.refuse(bad("A literal was cut short"))
		return
	}
	if len(lit) > 0 {
		in.lits[len(in.lits)-1] = bytes.Clone(text[:len(lit)])
	}
	text = text[len(lit):]
	if in.cut {
		return
	}
	if in.text = append(in.text, text...); len(in.text) > maxCommandText {
		in.refuse(bad("Command too long"))
	}
	if first {
		s.recognise(in)
	}
	if _, at := literalAt(text); at < 0 {
		in.cut = true
		return
	}
	in.text = append(in.text, '\r', '\n')
}

// cutHead reads tag and verb; args is where the verb ends.
func cutHead(line []byte) (tag, verb string, args int, err error) {
	l := newLexer(line, nil)
	tag = l.tag()
	if l.err != nil {
		return "*", "", 0, l.err
	}
	l.sp()
	verb = l.word()
	return tag, verb, l.pos, l.err
}

// recognise finds the command and whether the state allows it, so that no literal
// is asked for in vain.
//
// RFC 9051 §3
func (s *session) recognise(in *incoming) {
	var err error
	in.tag, in.verb, in.args, err = cutHead(in.text)
	switch {
	case len(in.text) == 0:
		in.refuse(bad("Empty command line"))
		return
	case err != nil:
		in.refuse(bad("A command begins with a tag and a name"))
		return
	}
	in.cmd = findCommand(in.verb)
	switch {
	case in.cmd == nil:
		in.refuse(bad("No such command"))
	case !slices.Contains(in.cmd.States, s.state):
		in.refuse(bad(in.verb + " is not allowed in state " + s.state.String()))
	}
}

// receiveLiteral asks for and reads the literal that a line announced, within the
// limits. more says that the command goes on behind it; lit is a literal that is
// told to the hooks with the line to come.
func (s *session) receiveLiteral(in *incoming, a announcement) (lit []byte, more bool, err error) {
	message := in.verb == "APPEND" && !isFirstArgument(in)
	s.checkLiteral(in, a, message)
	if in.refused() || in.cut {
		if !a.nonSync {
			// The tagged reply takes the place of the continuation request.
			return nil, false, nil
		}
		// RFC 7888 §4: the literal comes, wanted or not.
		if a.size > s.appendLimit() || s.state == NotAuthenticated && a.size > maxEarlyLiteral {
			return nil, false, &byeError{"TOOBIG", "Literal too large", nil}
		}
		in.cut = true
		return nil, true, s.c.skip(a.size, s.progress)
	}

	if !a.nonSync {
		if err := s.say(dialog.Continuation, []byte("+ Ready for literal data")); err != nil {
			return nil, false, err
		}
		if err := s.flush(); err != nil {
			return nil, false, err
		}
	}
	from := s.c.ReadOffset()
	if lit, err = s.c.readLiteral(a.size, s.progress); err != nil {
		return nil, false, fmt.Errorf("literal: %w", err)
	}
	in.lits = append(in.lits, lit)
	if !message {
		return lit, true, nil
	}
	if _, answer := s.c.Received(&dialog.Unit{Role: dialog.Body, From: from, Content: lit}); answer != nil {
		in.refuse(reply{instead: answer})
	}
	return nil, true, nil
}

// isFirstArgument tells whether the announcement at the end of the text stands
// where the first argument does: in APPEND, the mailbox.
func isFirstArgument(in *incoming) bool {
	text := bytes.TrimSuffix(in.text, []byte("\r\n"))
	_, at := literalAt(text)
	return at >= 0 && at <= in.args+1
}

// checkLiteral refuses a command whose next literal goes over a limit, before it
// is read.
func (s *session) checkLiteral(in *incoming, a announcement, message bool) {
	total := a.size
	for _, lit := range in.lits {
		total += int64(len(lit))
	}
	limit := orDefault(s.srv.MaxLiteral, defaultMaxLiteral)
	if s.state == NotAuthenticated {
		limit = min(limit, maxEarlyLiteral)
	}
	switch {
	case a.binary:
		in.refuse(bad("literal8 is not taken from clients"))
	case len(in.lits) >= maxLiterals:
		in.refuse(bad("Too many literals"))
	case message && a.nonSync && !s.srv.LiteralPlus && a.size > maxMinusLiteral:
		in.refuse(reply{status: statusBAD, code: "TOOBIG",
			text: "A literal over 4096 octets waits for the continuation request"}) // RFC 7888 §5
	case message && a.size > s.appendLimit():
		in.refuse(no("TOOBIG", "Message is over the limit")) // RFC 7889 §4
	case message:
	case a.nonSync && !s.srv.LiteralPlus && a.size > maxMinusLiteral:
		in.refuse(bad("A literal over 4096 octets waits for the continuation request"))
	case a.size > limit || total > limit:
		in.refuse(bad("Literal too large"))
	}
}

func (s *session) appendLimit() int64 {
	return orDefault(s.srv.AppendLimit, defaultAppendLimit)
}
