package imap

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"mailwalk/protocols/dialog"
)

// ClientOptions says how a client behaves. The zero value is fit for use.
type ClientOptions struct {
	// Hooks look on; nil for none.
	Hooks *Hooks
	// ImplicitTLS begins TLS before a word is said, as port 993 has it (RFC 8314
	// §3.2); nil does not.
	ImplicitTLS *tls.Config
	// Timeout is how long the server may be silent while an answer is due. 0 means
	// five minutes.
	Timeout time.Duration
	// MaxLiteral is the most octets that the literals of one response may have
	// together. 0 means 64 MiB.
	MaxLiteral int64
	// MaxAnswer is the most octets that the answer to one command may have. 0 means
	// 256 MiB.
	MaxAnswer int64
	// OnUpdate is told of changes in the selected mailbox that come along with the
	// answers to commands. It must not call the client.
	OnUpdate func(Update)
	// Now is the clock; nil means time.Now.
	Now func() time.Time
}

const (
	defaultClientTimeout = 5 * time.Minute
	defaultClientLiteral = 64 << 20
	defaultClientAnswer  = 256 << 20
	maxResponseLine      = 1 << 20
)

// Client speaks to a server. It is not safe for concurrent use.
//
// A method returns when the command was answered, or when the server was silent for
// the Timeout or to the deadline of its context. To end it before, close the
// connection. After an error that is not a [StatusError] the connection is of no
// more use.
type Client struct {
	opt   ClientOptions
	c     *wire
	state State
	caps  []string
	rev2  bool
	tags  int
	box   *SelectedMailbox
	from  int64 // where the answer to the running command began
}

// StatusError is an answer other than OK.
//
// RFC 9051 §7.1
type StatusError struct {
	Command string // the command's name
	Status  string // NO, BAD or BYE
	Code    string // the response code without brackets and arguments; may be empty
	Text    string // for people
}

func (e *StatusError) Error() string {
	s := e.Command + ": " + e.Status
	if e.Code != "" {
		s += " [" + e.Code + "]"
	}
	return s + " " + e.Text
}

// ErrProtocol says that the server broke the protocol.
var ErrProtocol = errors.New("server broke the protocol")

// Connect reads the greeting of a server on nc. The client does not close nc if it
// fails.
func Connect(ctx context.Context, nc net.Conn, opt ClientOptions) (*Client, error) {
	c := &Client{opt: opt}
	if c.opt.Now == nil {
		c.opt.Now = time.Now
	}
	c.attach(nc)
	if c.opt.ImplicitTLS != nil {
		if err := c.secure(ctx, c.opt.ImplicitTLS); err != nil {
			return nil, fmt.Errorf("imap: %w", err)
		}
	}
	r, err := c.readResponse(ctx, dialog.Greeting)
	if err != nil {
		return nil, fmt.Errorf("greeting: %w", err)
	}
	st, err := r.status()
	if err != nil || r.kind != untaggedResponse {
		return nil, fmt.Errorf("greeting: %w", ErrProtocol)
	}
	switch st.status {
	case "OK":
	case "PREAUTH":
		c.enter(Authenticated)
	default:
		return nil, st.err("greeting")
	}
	c.noteCode(st)
	return c, nil
}

func (c *Client) attach(nc net.Conn) {
	c.c = &wire{Conn: dialog.NewClient(nc, c.opt.Hooks.dialog()), now: c.opt.Now, max: maxResponseLine}
	c.c.Late = func() error { c.writePatience(); return nil }
}

func (c *Client) enter(to State) {
	from := c.state
	c.state = to
	c.opt.Hooks.state(from, to)
}

// State is where the connection stands.
func (c *Client) State() State { return c.state }

// Mailbox is the selected mailbox as it is known now, or nil.
func (c *Client) Mailbox() *SelectedMailbox {
	if c.box == nil {
		return nil
	}
	box := *c.box
	return &box
}

// Has tells whether the server said that it has a capability.
func (c *Client) Has(capability string) bool {
	for _, have := range c.caps {
		if strings.EqualFold(have, capability) {
			return true
		}
	}
	return false
}

// Capabilities are those that the server told of last.
func (c *Client) Capabilities() []string { return append([]string(nil), c.caps...) }

// command is one to be sent.
type command struct {
	name   string
	secret bool
	args   func(*encoder) // writes arguments, each with a space before it
	// on sees each untagged response. It returns false for what it does not know.
	on func(*response) (bool, error)
	// more answers a continuation request that no literal waits for.
	more func() error
	// wait, if it says so, gives the moment until which the server may be silent,
	// and late is called then.
	wait func() (until time.Time, waiting bool)
	late func() error
}

// do sends a command and reads its answer.
func (c *Client) do(ctx context.Context, cmd command) (*statusText, error) {
	st, err := c.run(ctx, cmd)
	if err != nil {
		return nil, fmt.Errorf("imap: %s: %w", cmd.name, err)
	}
	if st.status != "OK" {
		return nil, fmt.Errorf("imap: %w", st.err(cmd.name))
	}
	return st, nil
}

func (c *Client) run(ctx context.Context, cmd command) (*statusText, error) {
	if c.state == Logout {
		return nil, net.ErrClosed
	}
	c.tags++
	tag := fmt.Sprintf("A%03d", c.tags)
	e := &encoder{utf8: c.rev2}
	e.raw(tag + " " + cmd.name)
	if cmd.args != nil {
		cmd.args(e)
	}
	c.from = c.c.ReadOffset()
	if st, err := c.send(ctx, tag, e.done(), &cmd); st != nil || err != nil {
		return st, err
	}
	for {
		st, plus, err := c.next(ctx, tag, &cmd)
		if err != nil || st != nil {
			return st, err
		}
		if !plus {
			continue
		}
		if cmd.more == nil {
			return nil, fmt.Errorf("continuation request out of place: %w", ErrProtocol)
		}
		if err := cmd.more(); err != nil {
			return nil, err
		}
	}
}

// send writes a command. If the server answers it while a literal waits to be
// asked for, that answer is returned.
func (c *Client) send(ctx context.Context, tag string, pieces []piece, cmd *command) (*statusText, error) {
	role := dialog.Command
	var before []byte // a literal that goes on one line with what follows it
	for _, p := range pieces {
		text := append(before, p.text...)
		wait := p.has && !c.nonSync(len(p.lit))
		if p.has && !wait {
			text = append(text[:len(text)-1], "+}"...)
		}
		if err := c.writeLine(role, text, cmd.secret); err != nil {
			return nil, err
		}
		if !p.has {
			break
		}
		if wait {
			if err := c.c.Flush(); err != nil {
				return nil, err
			}
			for plus := false; !plus; {
				var st *statusText
				var err error
				if st, plus, err = c.next(ctx, tag, cmd); st != nil || err != nil {
					return st, err
				}
			}
		}
		role, before = dialog.Continuation, nil
		if !p.mail {
			before = append(before, p.lit...)
			continue
		}
		if err := c.c.WriteLiteral(p.lit); err != nil {
			return nil, err
		}
	}
	return nil, c.c.Flush()
}

// nonSync tells whether a literal may be sent without waiting.
//
// RFC 7888 §3, §5; RFC 9051 §4.3
func (c *Client) nonSync(size int) bool {
	return c.Has("LITERAL+") || size <= maxMinusLiteral && (c.Has("LITERAL-") || c.rev2)
}

func (c *Client) writeLine(role dialog.Role, text []byte, secret bool) error {
	c.writePatience()
	return c.c.WriteLine(role, text, secret)
}

// writePatience gives the server time anew to take what is written next.
func (c *Client) writePatience() { c.c.patience(orDefault(c.opt.Timeout, defaultClientTimeout)) }

// next reads one response. It returns the tagged one, or that it was a
// continuation request; untagged ones are dealt with.
func (c *Client) next(ctx context.Context, tag string, cmd *command) (st *statusText, plus bool, err error) {
	r, err := c.await(ctx, cmd)
	if err != nil || r == nil {
		return nil, false, err
	}
	if c.c.ReadOffset()-c.from > orDefault(c.opt.MaxAnswer, defaultClientAnswer) {
		return nil, false, fmt.Errorf("answer too long: %w", ErrProtocol)
	}
	switch r.kind {
	case continuationResponse:
		return nil, true, nil
	case taggedResponse:
		if r.tag != tag {
			return nil, false, fmt.Errorf("tag %q in place of %q: %w", r.tag, tag, ErrProtocol)
		}
		if st, err = r.status(); err != nil {
			return nil, false, err
		}
		c.noteCode(st)
		return st, false, nil
	default:
		return nil, false, c.untagged(r, cmd)
	}
}

// await reads a response. While a command waits for what may never come, there may
// be none at the end of its time.
func (c *Client) await(ctx context.Context, cmd *command) (*response, error) {
	if cmd.wait == nil {
		return c.readResponse(ctx, "")
	}
	until, waiting := cmd.wait()
	if !waiting {
		return c.readResponse(ctx, "")
	}
	if err := c.waitUntil(ctx, until); err != nil {
		return nil, err
	}
	r, begun, err := c.finishResponse(ctx, "")
	if errors.Is(err, errTimeout) && !begun && !c.c.now().Before(until) {
		return nil, cmd.late()
	}
	return r, err
}

// untagged hands a response to the command, or takes it for what it says of the
// mailbox.
func (c *Client) untagged(r *response, cmd *command) error {
	if cmd.on != nil {
		taken, err := cmd.on(r)
		if err != nil || r.err != nil || taken {
			return asProtocol(err, r.err)
		}
	}
	switch r.name {
	case "OK", "NO", "BAD", "BYE":
		st, err := r.status()
		if err != nil {
			return err
		}
		c.noteCode(st)
		if st.status == "BYE" && cmd.name != "LOGOUT" {
			c.enter(Logout)
			return st.err(cmd.name)
		}
		return nil
	case "CAPABILITY":
		c.caps = r.atoms()
		return asProtocol(nil, r.err)
	case "FLAGS":
		if c.box != nil {
			r.sp()
			c.box.Flags = r.flagList()
		}
		return asProtocol(nil, r.err)
	}
	u, is, err := c.readUpdate(r)
	if err != nil || !is {
		return err
	}
	c.applyUpdate(u)
	if c.opt.OnUpdate != nil {
		c.opt.OnUpdate(u)
	}
	return nil
}

// asProtocol marks an error of the grammar as the server's.
func asProtocol(err, syntax error) error {
	if err == nil {
		err = syntax
	}
	var se *SyntaxError
	if errors.As(err, &se) && !errors.Is(err, ErrProtocol) {
		return fmt.Errorf("%w: %w", ErrProtocol, err)
	}
	return err
}

// noteCode remembers what a response code says for good.
func (c *Client) noteCode(st *statusText) {
	if st.code == "CAPABILITY" {
		c.caps = strings.Fields(st.args)
	}
}

// StartTLS puts the rest of the dialogue into TLS.
//
// RFC 9051 §6.2.1
func (c *Client) StartTLS(ctx context.Context, config *tls.Config) error {
	if _, err := c.do(ctx, command{name: "STARTTLS"}); err != nil {
		return err
	}
	if c.c.Buffered() > 0 {
		// Words in the clear behind the answer are nobody's: RFC 9051 §11.3.
		return fmt.Errorf("imap: STARTTLS: data before TLS: %w", ErrProtocol)
	}
	if err := c.secure(ctx, config); err != nil {
		return fmt.Errorf("imap: STARTTLS: %w", err)
	}
	c.caps = nil // those before TLS may be another's words
	return nil
}

// secure makes the handshake and begins the dialogue anew within TLS. After one that
// failed nothing can be said any more.
func (c *Client) secure(ctx context.Context, config *tls.Config) error {
	until := c.opt.Now().Add(orDefault(c.opt.Timeout, defaultClientTimeout))
	if d, has := ctx.Deadline(); has && d.Before(until) {
		until = d
	}
	conn := dialog.TLSClient(c.c.NetConn(), config, c.opt.Now)
	before := dialog.Cleartext{FromClient: c.c.WriteOffset(), FromServer: c.c.ReadOffset()}
	if _, err := conn.Secure(ctx, until, c.opt.Hooks.tls(), before); err != nil {
		c.enter(Logout)
		return err
	}
	c.attach(conn)
	return nil
}

// Disconnect closes the connection without a word of the protocol; within TLS it says
// that TLS ends.
func (c *Client) Disconnect() error {
	c.enter(Logout)
	if err := c.c.Conn.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
		return fmt.Errorf("imap: close: %w", err)
	}
	return nil
}

// patience sets the moment by which the server has to say something.
func (c *Client) patience(ctx context.Context) error {
	return c.waitUntil(ctx, c.c.now().Add(orDefault(c.opt.Timeout, defaultClientTimeout)))
}

func (c *Client) waitUntil(ctx context.Context, t time.Time) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if d, has := ctx.Deadline(); has && d.Before(t) {
		t = d
	}
	c.c.until(t)
	return nil
}
