package imap

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"

	"mailwalk/protocols/dialog"
)

// passwordsAllowed tells whether a password may cross this connection.
//
// RFC 9051 §11.7
func (s *session) passwordsAllowed() bool { return s.encrypted || s.srv.AllowCleartext }

func noPrivacy() reply {
	return no("PRIVACYREQUIRED", "A password needs TLS here")
}

// login is the command that carries a password as it is.
//
// RFC 9051 §6.2.3
func (s *session) login(ctx context.Context, c *call) (reply, error) {
	c.sp()
	user := c.astring()
	c.sp()
	password := c.astring()
	if err := c.end(); err != nil {
		return badSyntax(c.verb, err), nil
	}
	if !s.passwordsAllowed() {
		return noPrivacy(), nil
	}
	return s.logIn(ctx, c.verb, user, password), nil
}

func (s *session) logIn(ctx context.Context, verb, user, password string) reply {
	u, err := s.srv.Backend.Login(ctx, user, password)
	if errors.Is(err, ErrCredentials) {
		// RFC 9051 §11.7: not which of the two is wrong.
		s.hooks.fault(verb, err)
		return no("AUTHENTICATIONFAILED", "Authentication failed")
	}
	if err != nil {
		return s.failure(verb, err)
	}
	s.user = u
	s.enter(Authenticated)
	return okCode("CAPABILITY "+s.capabilities(), "Logged in")
}

// authenticate has one mechanism, PLAIN (RFC 4616).
//
// RFC 9051 §6.2.2
func (s *session) authenticate(ctx context.Context, c *call) (reply, error) {
	c.sp()
	mechanism := c.word()
	var initial []byte
	if c.ok() && !c.atEnd() {
		c.sp()
		initial = []byte(c.take(isBase64Char, "base64"))
	}
	if err := c.end(); err != nil {
		return badSyntax(c.verb, err), nil
	}
	if mechanism != "PLAIN" {
		return no("CANNOT", "No such mechanism"), nil
	}
	if !s.passwordsAllowed() {
		return noPrivacy(), nil
	}

	if initial == nil {
		// RFC 9051 §6.2.2: an empty challenge, the space behind "+" included.
		if err := s.say(dialog.Continuation, []byte("+ ")); err != nil {
			return reply{}, err
		}
		if err := s.flush(); err != nil {
			return reply{}, err
		}
		line, instead, err := s.readResponse(true)
		switch {
		case errors.Is(err, dialog.ErrLineTooLong), errors.Is(err, dialog.ErrBareLineEnd):
			return bad("AUTHENTICATE: " + err.Error()), nil
		case err != nil:
			return reply{}, fmt.Errorf("read response: %w", err)
		case instead != nil:
			return reply{instead: instead}, nil
		case string(line) == "*":
			return bad("AUTHENTICATE cancelled"), nil
		}
		initial = line
	} else if string(initial) == "=" {
		initial = nil // RFC 9051 §6.2.2: present, and of no length
	}
	return s.plain(ctx, c.verb, initial), nil
}

// readResponse reads a line that continues a command. The line is the caller's.
func (s *session) readResponse(secret bool) (line []byte, instead []string, err error) {
	line, from, err := s.c.readLine(false)
	if err != nil {
		return nil, nil, err
	}
	unit := &dialog.Unit{Role: dialog.Continuation, From: from, Text: bytes.Clone(line), Secret: secret}
	text, instead := s.c.Received(unit)
	return text, instead, nil
}

func isBase64Char(c byte) bool { return isAlnum(c) || c == '+' || c == '/' || c == '=' }

// plain decides on a response of PLAIN: authorization identity, NUL,
// authentication identity, NUL, password (RFC 4616 §2).
func (s *session) plain(ctx context.Context, verb string, response []byte) reply {
	message, err := base64.StdEncoding.Strict().DecodeString(string(response))
	if err != nil {
		return bad("AUTHENTICATE: response is not base64")
	}
	parts := bytes.Split(message, []byte{0})
	if len(parts) != 3 || len(parts[1]) == 0 {
		return bad("AUTHENTICATE: response is not a PLAIN message")
	}
	actFor, user, password := string(parts[0]), string(parts[1]), string(parts[2])
	if actFor != "" && actFor != user {
		return no("AUTHORIZATIONFAILED", "Nobody acts for another here")
	}
	return s.logIn(ctx, verb, user, password)
}

// startTLS puts the rest of the session into TLS.
//
// RFC 9051 §6.2.1
func (s *session) startTLS(ctx context.Context, c *call) (reply, error) {
	if err := c.end(); err != nil {
		return badSyntax(c.verb, err), nil
	}
	switch {
	case s.encrypted:
		return bad("TLS is in use"), nil
	case s.srv.TLSConfig == nil:
		return no("CANNOT", "TLS is not set up here"), nil
	}
	r := ok("Begin TLS negotiation now")
	r.then = func() error { return s.negotiate(ctx) }
	return r, nil
}

// negotiate makes the handshake. What came in the clear behind the command is taken
// for its beginning: commands that somebody slipped in there make it fail.
func (s *session) negotiate(ctx context.Context) error {
	before := dialog.Cleartext{FromClient: s.c.ReadOffset(), FromServer: s.c.WriteOffset(), Early: s.c.Buffered()}
	early := make([]byte, before.Early)
	if _, err := io.ReadFull(s.c.Conn, early); err != nil {
		return fmt.Errorf("starttls: %w", err)
	}
	conn := dialog.TLSServer(s.c.NetConn(), early, s.srv.TLSConfig, s.now)
	// It is part of the login, and as long as that may take.
	until := s.started.Add(orDefault(s.srv.LoginTimeout, defaultLoginTimeout))
	if _, err := conn.Secure(ctx, until, s.hooks.tls(), before); err != nil {
		return fmt.Errorf("starttls: %w", err)
	}
	s.attach(conn)
	s.encrypted = true
	return nil
}
