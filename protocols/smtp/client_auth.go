package smtp

import (
	"context"
	"fmt"
	"strings"

	"mailwalk/protocols/dialog"
)

// Auth proves who the client is, with the first of PLAIN and LOGIN that the
// server offers (RFC 4954 §4). Both show the password to whoever reads along, so
// the connection must be encrypted unless the options allow otherwise.
func (c *Client) Auth(ctx context.Context, creds Credentials) (*Reply, error) {
	if !isTLS(c.out.Conn) && !c.opts.AllowCleartext {
		return nil, step("AUTH", ErrCleartext)
	}
	if strings.ContainsRune(creds.Identity+creds.User+creds.Password, 0) {
		return nil, step("AUTH", fmt.Errorf("%w: NUL in credentials", ErrArgument))
	}
	params, _ := c.extensions.Lookup("AUTH")
	offered := strings.Fields(upper(params))
	for _, m := range saslClients {
		for _, name := range offered {
			if name == m.name && (creds.Identity == "" || m.hasIdentity) {
				if err := c.begin(ctx); err != nil {
					return nil, step("AUTH", err)
				}
				r, err := m.run(c, creds)
				return expect("AUTH", r, err, 2)
			}
		}
	}
	return nil, step("AUTH", ErrNoMechanism)
}

// saslClients are the mechanisms known, the better before the worse.
var saslClients = []struct {
	name        string
	hasIdentity bool
	run         func(*Client, Credentials) (*Reply, error)
}{
	{"PLAIN", true, plainClient},
	{"LOGIN", false, loginClient},
}

// plainClient is PLAIN (RFC 4616 §2), with the initial response where it fits on
// the command line (RFC 4954 §4).
func plainClient(c *Client, creds Credentials) (*Reply, error) {
	response := encodeResponse(encodePlain(creds))
	line := "AUTH PLAIN " + response
	if len(line)+len("\r\n") <= maxCommandSent {
		return c.exchange(dialog.Command, line)
	}
	r, err := c.exchange(dialog.Command, "AUTH PLAIN")
	if err != nil || !r.Intermediate() {
		return r, err
	}
	return c.exchange(dialog.Continuation, response)
}

// loginClient is LOGIN, which no RFC defines: the server asks twice, and what it
// asks means nothing.
func loginClient(c *Client, creds Credentials) (*Reply, error) {
	r, err := c.exchange(dialog.Command, "AUTH LOGIN")
	for _, text := range []string{creds.User, creds.Password} {
		if err != nil || !r.Intermediate() {
			return r, err
		}
		r, err = c.exchange(dialog.Continuation, encodeResponse(text))
	}
	return r, err
}

// exchange sends one line of AUTH and reads the reply.
func (c *Client) exchange(role dialog.Role, line string) (*Reply, error) {
	secret := role == dialog.Continuation || isAuthLine([]byte(line))
	if err := c.c.WriteLine(role, []byte(line), secret); err != nil {
		return nil, err
	}
	r, err := c.readReply(dialog.Reply, c.t.Command, true)
	if err != nil || !r.Intermediate() {
		return r, err
	}
	if _, ok := decodeResponse([]byte(r.Text())); !ok {
		return c.cancel()
	}
	return r, nil
}

// cancel ends an exchange whose challenge makes no sense (RFC 4954 §4).
func (c *Client) cancel() (*Reply, error) {
	if err := c.c.WriteLine(dialog.Continuation, []byte("*"), false); err != nil {
		return nil, err
	}
	r, err := c.readReply(dialog.Reply, c.t.Command, true)
	if err != nil {
		return nil, err
	}
	return r, fmt.Errorf("%w: %w", ErrChallenge, r)
}
