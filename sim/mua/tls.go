package mua

import (
	"context"
	"crypto/tls"
	"errors"

	"mailwalk/protocols/dialog"
	"mailwalk/protocols/imap"
	"mailwalk/protocols/pop3"
	"mailwalk/protocols/smtp"
	"mailwalk/sim/secure"
	"mailwalk/sim/trace"
)

// Security is how a mail program connects to its servers.
type Security uint8

// How a mail program connects.
const (
	// InClear does without TLS.
	InClear Security = iota
	// StartTLS begins in clear, and goes on under TLS before it says who its owner is.
	StartTLS
	// ImplicitTLS has TLS begin at once, on ports of its own (RFC 8314 §3).
	ImplicitTLS
)

// ErrNoTLS says that the server does not offer TLS, to a mail program that does not talk
// without it.
var ErrNoTLS = errors.New("the server does not offer TLS, and the mail program does not go on without")

// Ports on which TLS begins at once (RFC 8314 §3).
const (
	submissionsPort = 465
	pop3sPort       = 995
	imapsPort       = 993
)

// session is a connection to a server before its protocol begins.
type session struct {
	*secure.Conn // nil in clear
	program      *Program
	server       string
}

// config is for the handshake.
func (s *session) config() *tls.Config {
	policy := secure.Verify
	if !s.program.Verify {
		policy = secure.Opportunistic
	}
	return s.ClientConfig(s.server, policy)
}

// implicit is the configuration for TLS that begins at once; nil for none.
func (s *session) implicit() *tls.Config {
	if s.program.Security != ImplicitTLS {
		return nil
	}
	return s.config()
}

// hooks look on at the handshake.
func (s *session) hooks() dialog.TLSHooks {
	if s.Conn == nil {
		return dialog.TLSHooks{}
	}
	return dialog.TLSHooks{Done: s.Done}
}

// Choices of a mail program.
const (
	atOnce   = "under TLS from the first octet"
	upgrade  = "under TLS"
	breakOff = "no further"
)

func (p *Program) decideTLS(server, choice, because string, options ...string) {
	p.Recorder.Record(trace.Event{What: trace.ChoseTLS, Body: &trace.DecisionBody{Subject: server, Choice: choice, Options: options, Because: because}})
}

// port is the one for a protocol, as the program connects.
func (p *Program) port(server string, plain, implicit uint16) uint16 {
	if p.Security != ImplicitTLS {
		return plain
	}
	p.decideTLS(server, atOnce, "the mail program is set up so: nothing at all is to be said in clear")
	return implicit
}

// upgrades tells whether the program is to ask for TLS now, which it does of a server
// that offers it; from another one it goes away.
func (s *session) upgrades(command string, offered bool) (bool, error) {
	p := s.program
	switch {
	case p.Security != StartTLS:
		return false, nil
	case !offered:
		p.decideTLS(s.server, breakOff, command+" is not offered, and the mail program is set up not to go on without", upgrade, breakOff)
		return false, ErrNoTLS
	}
	p.decideTLS(s.server, upgrade, command+" is offered, and the mail program is set up to say who its owner is, and anything else, only then", upgrade, breakOff)
	return true, nil
}

// greetSMTP goes through the beginning of a session, under TLS if it is to be.
func (s *session) greetSMTP(ctx context.Context, c *smtp.Client) error {
	if config := s.implicit(); config != nil {
		if err := c.ImplicitTLS(ctx, config); err != nil {
			return err
		}
	}
	if _, err := c.Hello(ctx); err != nil {
		return err
	}
	upgrade, err := s.upgrades("STARTTLS", c.Extensions().Has("STARTTLS"))
	if err != nil {
		// That it goes is known, whatever comes of saying goodbye.
		_, _ = c.Quit(ctx)
	}
	if err != nil || !upgrade {
		return err
	}
	if _, err := c.StartTLS(ctx, s.config()); err != nil {
		return err
	}
	// What the server said in clear may be another's words (RFC 3207 §4.2).
	_, err = c.Hello(ctx)
	return err
}

// upgradePOP3 goes under TLS by STLS, if it is to be.
func (s *session) upgradePOP3(ctx context.Context, c *pop3.Client) error {
	if s.program.Security != StartTLS {
		return nil
	}
	capabilities, err := c.Capa(ctx)
	if err != nil {
		return err
	}
	_, offered := capabilities.Get("STLS")
	if _, err := s.upgrades("STLS", offered); err != nil {
		_ = c.Quit(ctx) // as above
		return err
	}
	if err := c.StartTLS(ctx, s.config()); err != nil {
		return err
	}
	// As for SMTP (RFC 2595 §4).
	_, err = c.Capa(ctx)
	return err
}

// upgradeIMAP goes under TLS by STARTTLS, if it is to be.
func (s *session) upgradeIMAP(ctx context.Context, c *imap.Client) error {
	if s.program.Security != StartTLS {
		return nil
	}
	if _, err := s.upgrades("STARTTLS", c.Has("STARTTLS")); err != nil {
		_ = c.Logout(ctx) // as above
		return err
	}
	if err := c.StartTLS(ctx, s.config()); err != nil {
		return err
	}
	// As for SMTP (RFC 9051 §6.2.1).
	_, err := c.Capability(ctx)
	return err
}
