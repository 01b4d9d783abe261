package smtp

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"mailwalk/protocols/dialog"
	"mailwalk/protocols/sasl"
)

// Auth proves who the client is (RFC 4954 §4), with the first of the mechanisms in
// [sasl.Mechanisms] that the server offers, the options allow and the credentials
// fit. The connection must be encrypted unless the options say otherwise.
//
// A refusal is not followed by another mechanism: one that fails where a better
// one was offered may be what somebody on the way is after. An error that is
// [sasl.ErrServer] says that the server is not who it should be.
func (c *Client) Auth(ctx context.Context, creds Credentials) (*Reply, error) {
	if !isTLS(c.out.Conn) && !c.opts.AllowCleartext {
		return nil, step("AUTH", ErrCleartext)
	}
	if strings.ContainsRune(creds.Identity+creds.User+creds.Password, 0) {
		return nil, step("AUTH", fmt.Errorf("%w: NUL in credentials", ErrArgument))
	}
	mechanism, err := c.Mechanism(creds)
	if err != nil {
		return nil, err
	}
	x, err := sasl.NewClient(mechanism.Name, creds, sasl.ClientOptions{Rand: randOr(c.opts.Rand)})
	if err != nil {
		return nil, step("AUTH", fmt.Errorf("%w: %w", ErrArgument, err))
	}
	if err := c.begin(ctx); err != nil {
		return nil, step("AUTH", err)
	}
	r, err := c.authenticate(mechanism.Name, x)
	return expect("AUTH", r, err, 2)
}

// Mechanism returns the one that Auth will use for the credentials. The error is
// ErrNoMechanism.
func (c *Client) Mechanism(creds Credentials) (sasl.Mechanism, error) {
	offered := c.extensions.Words("AUTH")
	for _, m := range sasl.Mechanisms() {
		allowed := c.opts.Mechanisms == nil || slices.Contains(c.opts.Mechanisms, m.Name)
		if allowed && slices.Contains(offered, m.Name) && (creds.Identity == "" || m.HasIdentity) {
			return m, nil
		}
	}
	return sasl.Mechanism{}, step("AUTH", ErrNoMechanism)
}

// authenticate runs an exchange, with the initial response where it fits on the
// command line (RFC 4954 §4).
func (c *Client) authenticate(mechanism string, x sasl.Client) (*Reply, error) {
	initial, err := x.Start()
	if err != nil {
		return nil, err
	}
	line := "AUTH " + mechanism
	if full := line + " " + encodeInitial(initial); initial != nil && len(full)+len("\r\n") <= maxCommandSent {
		line, initial = full, nil
	}
	r, err := c.say(dialog.Command, line)
	for err == nil && r.Intermediate() {
		challenge, ok := decodeResponse(r.Text())
		if !ok {
			return c.cancel(ErrChallenge)
		}
		response := initial
		if initial = nil; response == nil {
			if response, err = x.Next(challenge); err != nil {
				return c.cancel(err)
			}
		}
		r, err = c.say(dialog.Continuation, encodeResponse(response))
	}
	if err == nil && r.Positive() {
		err = x.Finish()
	}
	return r, err
}

// say sends one line of AUTH and reads the reply.
func (c *Client) say(role dialog.Role, line string) (*Reply, error) {
	secret := role == dialog.Continuation || isAuthLine([]byte(line))
	if err := c.c.WriteLine(role, []byte(line), secret); err != nil {
		return nil, err
	}
	return c.readReply(dialog.Reply, c.t.Command, true)
}

// cancel ends an exchange in which the server makes no sense (RFC 4954 §4).
func (c *Client) cancel(why error) (*Reply, error) {
	if err := c.c.WriteLine(dialog.Continuation, []byte("*"), false); err != nil {
		return nil, fmt.Errorf("%w: %w", why, err)
	}
	r, err := c.readReply(dialog.Reply, c.t.Command, true)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", why, err)
	}
	return r, fmt.Errorf("%w: %w", why, r)
}
