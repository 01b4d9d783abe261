package mua

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"mailwalk/protocols/imap"
	"mailwalk/protocols/pop3"
	"mailwalk/protocols/sasl"
	"mailwalk/protocols/smtp"
	"mailwalk/sim/trace"
)

// ErrPassword says that a server does not let the person in with any password that
// was typed.
var ErrPassword = errors.New("user name or password is wrong")

// logIn tries what is typed as the password, one after the other as the program
// asks again. What lets the person in is kept.
func (p *Program) logIn(server string, try func(password string) error) error {
	var refused error
	for i, password := range p.Passwords {
		if i > 0 {
			p.decide(trace.AskAgain, p.Address, "the password is asked for again", fmt.Sprintf("%s has refused the one before: %v", server, refused))
		}
		err := try(password)
		switch {
		case err == nil:
			p.Passwords = []string{password}
			return nil
		case !wrongPassword(err):
			return err
		}
		refused = err
	}
	return fmt.Errorf("%s says: %w (%w)", server, ErrPassword, refused)
}

// wrongPassword tells whether a server has refused a password, and may take
// another on the same connection.
func wrongPassword(err error) bool {
	var reply *smtp.Reply
	var status *imap.StatusError
	return errors.As(err, &reply) && reply.Code == smtp.BadCredentials().Code ||
		errors.Is(err, pop3.ErrAuth) ||
		errors.As(err, &status) && status.Code == "AUTHENTICATIONFAILED"
}

// authenticate logs in for sending.
func (p *Program) authenticate(ctx context.Context, c *smtp.Client) error {
	creds := smtp.Credentials{User: p.Address}
	chosen, err := c.Mechanism(creds)
	if err != nil {
		return err
	}
	p.tellMechanism(c.Extensions(), chosen)
	return p.logIn(p.Submission, func(password string) error {
		creds.Password = password
		_, err := c.Auth(ctx, creds)
		return err
	})
}

// tellMechanism records how the program came to a mechanism. Where all that the
// server offers show the password, there was nothing to weigh.
func (p *Program) tellMechanism(offered smtp.Extensions, chosen sasl.Mechanism) {
	var options []string
	hides := false
	for _, m := range sasl.Mechanisms() {
		if slices.Contains(offered.Words("AUTH"), m.Name) {
			options = append(options, m.Name)
			hides = hides || !m.ShowsPassword
		}
	}
	because := "it shows the password, as all do that both know"
	switch {
	case p.Mechanism != "":
		because = "the mail program is set up to use it and no other"
	case !hides:
		return
	case chosen.ProvesServer:
		because = "of those that both know it gives away least: the password is not sent, and the server has to prove itself too"
	case !chosen.ShowsPassword:
		because = "of those that both know it gives away least: the password is not sent"
	}
	p.decide(trace.ChoseMechanism, p.Submission, chosen.Name, because, options...)
}

func (p *Program) decide(what, subject, choice, because string, options ...string) {
	p.Recorder.Record(trace.Event{What: what, Body: &trace.DecisionBody{Subject: subject, Choice: choice, Options: options, Because: because}})
}
