package pop3

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"

	"mailwalk/protocols/dialog"
)

// The limits of a client whose options name none.
const (
	DefaultTimeout     = 10 * time.Minute
	DefaultMaxContent  = 64 << 20 // octets
	DefaultMaxMessages = 100_000
)

// Errors of a client, apart from [ServerError].
var (
	// ErrCleartext says that a login was not even tried, because anybody on the
	// way could have read the password.
	ErrCleartext = errors.New("no password over a connection without TLS")
	// ErrArgument says that an argument cannot stand in a command. Nothing was
	// sent.
	ErrArgument = errors.New("argument not allowed")
	// ErrTooLarge says that the server sent more than the options let it.
	ErrTooLarge = errors.New("answer too large")
	// ErrUnusable says that a call failed in a way after which the dialogue cannot
	// go on; only Close is left.
	ErrUnusable = errors.New("connection unusable")
)

// ClientOptions are what may be chosen of a client. The zero value is strict.
type ClientOptions struct {
	// Hooks may be nil.
	Hooks *Hooks
	// ImplicitTLS begins TLS before a word is said, as port 995 has it (RFC 8314
	// §3.1); nil does not.
	ImplicitTLS *tls.Config
	// AllowCleartext lets Login send the password over a connection without TLS
	// (RFC 2595 §2.3).
	AllowCleartext bool
	// Timeout is how long a command may take to be sent, then each line of its
	// answer, or each 32 KiB of a message, to come. Zero means DefaultTimeout. A
	// context's deadline, if earlier, cuts it short; it alone bounds the whole of
	// a long answer.
	Timeout time.Duration
	// MaxContent is the largest message in octets. Zero means DefaultMaxContent.
	MaxContent int64
	// MaxMessages is the longest listing. Zero means DefaultMaxMessages.
	MaxMessages int
	// Now is the clock that deadlines are reckoned by; nil means time.Now.
	Now func() time.Time
}

// Client is the client's end of a session. It is not safe for concurrent use.
//
// An -ERR of the server comes as a *[ServerError]; the session then goes on, as
// it does after [ErrArgument], [ErrCleartext] and a message whose line ends are
// broken ([dialog.ErrBareLineEnd]). After any other error the client is
// unusable and is to be closed; without QUIT the server removes nothing.
//
// The contexts bound the calls by their deadlines. A context that is cancelled
// without one is looked at before a command is sent, not while the answer is
// awaited: to end a call then, Close the client.
type Client struct {
	opts     ClientOptions
	conn     *dialog.Conn
	state    State
	greeting Response
	deadline time.Time // the one that is set
	unusable error
}

// NewClient begins a session on nc and reads the server's greeting. opts may be
// nil. If it fails it closes nc.
func NewClient(ctx context.Context, nc net.Conn, opts *ClientOptions) (*Client, error) {
	c := &Client{}
	if opts != nil {
		c.opts = *opts
	}
	if c.opts.Timeout <= 0 {
		c.opts.Timeout = DefaultTimeout
	}
	if c.opts.MaxContent <= 0 {
		c.opts.MaxContent = DefaultMaxContent
	}
	if c.opts.MaxMessages <= 0 {
		c.opts.MaxMessages = DefaultMaxMessages
	}
	if c.opts.Now == nil {
		c.opts.Now = time.Now
	}
	c.conn = dialog.NewClient(nc, c.opts.Hooks.dialog())
	if c.opts.ImplicitTLS != nil {
		if err := c.secure(ctx, c.opts.ImplicitTLS); err != nil {
			return nil, errors.Join(fmt.Errorf("pop3: %w", err), nc.Close())
		}
	}
	if err := c.readGreeting(ctx); err != nil {
		return nil, errors.Join(err, c.conn.Close())
	}
	c.enter(Authorization)
	return c, nil
}

// readGreeting accepts a positive greeting only (RFC 1939 §4).
func (c *Client) readGreeting(ctx context.Context) error {
	greeting, err := c.readResponse(ctx, dialog.Greeting)
	if err != nil {
		return fmt.Errorf("pop3: greeting: %w", c.cause(ctx, err))
	}
	c.greeting = greeting
	if !c.greeting.OK {
		return &ServerError{Response: c.greeting}
	}
	return nil
}

// Greeting is the server's first line.
func (c *Client) Greeting() Response { return c.greeting }

// State is the session's state as the client knows it.
func (c *Client) State() State { return c.state }

func (c *Client) enter(to State) {
	from := c.state
	c.state = to
	if from != to {
		c.opts.Hooks.state(from, to)
	}
}

// Login gives user name and password (RFC 1939 §7, USER and PASS). A refusal is
// told as [ErrAuth] or [ErrInUse] if the server says which it is.
func (c *Client) Login(ctx context.Context, user, password string) error {
	if !c.opts.AllowCleartext && !private(c.conn.NetConn()) {
		return fmt.Errorf("pop3: login: %w", ErrCleartext)
	}
	// Both are checked before either is sent.
	if err := checkArgument("user name", user, false); err != nil {
		return err
	}
	if err := checkArgument("password", password, true); err != nil {
		return err
	}
	if _, err := c.do(ctx, "USER", "USER "+user); err != nil {
		return err
	}
	if _, err := c.do(ctx, "PASS", "PASS "+password); err != nil {
		return err
	}
	c.enter(Transaction)
	return nil
}

// checkArgument makes sure that what stands in a command is one argument, and
// that the command is no longer than may be (RFC 2449 §3, §4). what names it in
// the error, in which its value never stands.
func checkArgument(what, s string, spaces bool) error {
	const room = MaxCommand - len("USER ") - len("\r\n")
	switch i := strings.IndexFunc(s, func(r rune) bool { return notVisible(r) && !(spaces && r == ' ') }); {
	case s == "":
		return fmt.Errorf("pop3: %w: the %s is empty", ErrArgument, what)
	case i >= 0:
		return fmt.Errorf("pop3: %w: the %s has something else than printable ASCII at octet %d", ErrArgument, what, i)
	case len(s) > room:
		return fmt.Errorf("pop3: %w: the %s is longer than %d octets", ErrArgument, what, room)
	default:
		return nil
	}
}

// Capa asks for the capabilities (RFC 2449 §5). A server that does not know the
// command gives a *ServerError.
func (c *Client) Capa(ctx context.Context) (Capabilities, error) {
	return listing(ctx, c, "CAPA", parseCapability)
}

// Stat is the number of messages that are not marked as deleted, and their
// octets.
func (c *Client) Stat(ctx context.Context) (count int, size int64, err error) {
	r, err := c.do(ctx, "STAT", "STAT")
	if err != nil {
		return 0, 0, err
	}
	count, size, err = parseDropListing(r.Text)
	if err != nil {
		return 0, 0, c.spoil(ctx, "STAT", err)
	}
	return count, size, nil
}

// List gives the sizes of all messages that are not marked as deleted.
func (c *Client) List(ctx context.Context) ([]ScanListing, error) {
	return listing(ctx, c, "LIST", parseScanListing)
}

// ListMessage gives the size of one message.
func (c *Client) ListMessage(ctx context.Context, msg int) (ScanListing, error) {
	return single(ctx, c, "LIST", msg, parseScanListing, func(l ScanListing) int { return l.Message })
}

// UIDL gives the unique-ids of all messages that are not marked as deleted.
func (c *Client) UIDL(ctx context.Context) ([]UniqueID, error) {
	return listing(ctx, c, "UIDL", parseUniqueID)
}

// UIDLMessage gives the unique-id of one message.
func (c *Client) UIDLMessage(ctx context.Context, msg int) (UniqueID, error) {
	return single(ctx, c, "UIDL", msg, parseUniqueID, func(l UniqueID) int { return l.Message })
}

// Retr fetches a message: what the maildrop holds, octet by octet, with CRLF
// line ends. Only a message whose last line had no CRLF comes with one more
// than it had: the protocol has no way to leave it out (RFC 1939 §3).
func (c *Client) Retr(ctx context.Context, msg int) ([]byte, error) {
	return c.content(ctx, "RETR", msg, "")
}

// Top fetches a message's header, the empty line after it and the first lines
// of its body.
func (c *Client) Top(ctx context.Context, msg, lines int) ([]byte, error) {
	if lines < 0 {
		return nil, fmt.Errorf("pop3: TOP: %w: %d lines", ErrArgument, lines)
	}
	return c.content(ctx, "TOP", msg, " "+strconv.Itoa(lines))
}

func (c *Client) content(ctx context.Context, verb string, msg int, more string) ([]byte, error) {
	if _, err := c.doMessage(ctx, verb, msg, more); err != nil {
		return nil, err
	}
	content, err := c.readContent(ctx)
	switch {
	case errors.Is(err, dialog.ErrBareLineEnd):
		return nil, fmt.Errorf("pop3: %s: %w", verb, err)
	case err != nil:
		return nil, c.spoil(ctx, verb, err)
	default:
		return content, nil
	}
}

// readContent reads a message to its lone dot. With dialog.ErrBareLineEnd it
// was read to its end.
func (c *Client) readContent(ctx context.Context) ([]byte, error) {
	const step = 32 << 10
	d := c.conn.NewDotReader()
	var content []byte
	for next := 0; ; {
		if len(content) >= next {
			next = len(content) + step
			if err := c.arm(ctx); err != nil {
				return nil, err
			}
		}
		content = slices.Grow(content, step)
		n, err := d.Read(content[len(content) : len(content)+step])
		content = content[:len(content)+n]
		atEnd := errors.Is(err, io.EOF) || errors.Is(err, dialog.ErrBareLineEnd)
		switch {
		case err != nil && !atEnd:
			return nil, fmt.Errorf("read: %w", err)
		case int64(len(content)) > c.opts.MaxContent:
			return nil, fmt.Errorf("%w: a message of more than %d octets", ErrTooLarge, c.opts.MaxContent)
		case atEnd:
			c.conn.Received(&dialog.Unit{Role: dialog.Body, From: d.From(), Content: content})
			if errors.Is(err, io.EOF) {
				err = nil
			}
			return content, err
		}
	}
}

// Dele marks a message as deleted. It is removed by Quit, and by nothing else.
func (c *Client) Dele(ctx context.Context, msg int) error {
	_, err := c.doMessage(ctx, "DELE", msg, "")
	return err
}

// Rset takes all marks away.
func (c *Client) Rset(ctx context.Context) error {
	_, err := c.do(ctx, "RSET", "RSET")
	return err
}

// Noop does nothing.
func (c *Client) Noop(ctx context.Context) error {
	_, err := c.do(ctx, "NOOP", "NOOP")
	return err
}

// Quit ends the session, has the server remove what is marked, and closes the
// connection whatever comes of it. Unless it returns nil, some messages that
// were marked may still be there.
func (c *Client) Quit(ctx context.Context) error {
	if c.state == Transaction && c.unusable == nil {
		c.enter(Update)
	}
	_, err := c.do(ctx, "QUIT", "QUIT")
	return errors.Join(err, c.Close())
}

// Close closes the connection. Without Quit before it, the server removes
// nothing. Closing twice does nothing more.
func (c *Client) Close() error {
	if c.state == Closed {
		return nil
	}
	c.enter(Closed)
	if c.unusable == nil {
		c.unusable = errors.New("client is closed")
	}
	if err := c.conn.Close(); err != nil {
		return fmt.Errorf("pop3: close: %w", err)
	}
	return nil
}

// do sends a command and reads the first line of its answer.
func (c *Client) do(ctx context.Context, verb, line string) (Response, error) {
	if c.unusable != nil {
		return Response{}, fmt.Errorf("pop3: %s: %w: %w", verb, ErrUnusable, c.unusable)
	}
	if err := ctx.Err(); err != nil {
		return Response{}, fmt.Errorf("pop3: %s: %w", verb, err)
	}
	r, err := c.exchange(ctx, line)
	if err != nil {
		return Response{}, c.spoil(ctx, verb, err)
	}
	if !r.OK {
		return Response{}, &ServerError{Verb: verb, Response: r}
	}
	return r, nil
}

// doMessage does a command whose first argument is a message-number.
func (c *Client) doMessage(ctx context.Context, verb string, msg int, more string) (Response, error) {
	if msg < 1 {
		return Response{}, fmt.Errorf("pop3: %s: %w: message-number %d", verb, ErrArgument, msg)
	}
	return c.do(ctx, verb, verb+" "+strconv.Itoa(msg)+more)
}

func (c *Client) exchange(ctx context.Context, line string) (Response, error) {
	if err := c.conn.WriteLine(dialog.Command, []byte(line), secret([]byte(line))); err != nil {
		return Response{}, fmt.Errorf("send: %w", err)
	}
	// Only now: a hook may have held the command for as long as it liked.
	if err := c.arm(ctx); err != nil {
		return Response{}, err
	}
	if err := c.conn.Flush(); err != nil {
		return Response{}, fmt.Errorf("send: %w", err)
	}
	return c.readResponse(ctx, dialog.Reply)
}

func (c *Client) readResponse(ctx context.Context, role dialog.Role) (Response, error) {
	line, err := c.readLine(ctx, role)
	if err != nil {
		return Response{}, err
	}
	return ParseResponse(line)
}

func (c *Client) readLine(ctx context.Context, role dialog.Role) ([]byte, error) {
	if err := c.arm(ctx); err != nil {
		return nil, err
	}
	from := c.conn.ReadOffset()
	line, err := c.conn.ReadLine(MaxResponse)
	whole := err == nil || errors.Is(err, dialog.ErrLineTooLong) || errors.Is(err, dialog.ErrBareLineEnd)
	if whole {
		line, _ = c.conn.Received(&dialog.Unit{Role: role, From: from, Text: line})
	}
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		return nil, fmt.Errorf("read: %w", err)
	}
	return line, nil
}

// arm sets the deadline of what comes next, if it is another than before.
func (c *Client) arm(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	deadline := c.opts.Now().Add(c.opts.Timeout)
	if d, ok := ctx.Deadline(); ok && d.Before(deadline) {
		deadline = d
	}
	if deadline.Equal(c.deadline) {
		return nil
	}
	if err := c.conn.NetConn().SetDeadline(deadline); err != nil {
		return fmt.Errorf("set the deadline: %w", err)
	}
	c.deadline = deadline
	return nil
}

// spoil notes that the dialogue cannot go on because of err.
func (c *Client) spoil(ctx context.Context, verb string, err error) error {
	c.unusable = fmt.Errorf("%s: %w", verb, c.cause(ctx, err))
	return fmt.Errorf("pop3: %w", c.unusable)
}

// cause puts the context's error beside a time-out that the context brought
// about.
func (c *Client) cause(ctx context.Context, err error) error {
	if !timedOut(err) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	if d, ok := ctx.Deadline(); ok && !c.opts.Now().Before(d) {
		return fmt.Errorf("%w: %w", context.DeadlineExceeded, err)
	}
	return err
}
