package smtp

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	"mailwalk/protocols/dialog"
)

// Errors of a client that did not come from the server.
var (
	// ErrCleartext says that a password was not sent over a connection that is not
	// encrypted.
	ErrCleartext = errors.New("smtp: no password over a connection that is not encrypted")
	// ErrNoMechanism says that the server offers no way to authenticate that the
	// client knows.
	ErrNoMechanism = errors.New("smtp: the server offers no known mechanism for AUTH")
	// ErrChallenge says that the server's challenge in AUTH is not BASE64 (RFC 4954
	// §4).
	ErrChallenge = errors.New("smtp: the challenge cannot be decoded")
	// ErrNotCanonical says that a content has a CR or an LF that stands alone, or
	// does not end in CRLF (RFC 5321 §2.3.8 and §4.1.1.4).
	ErrNotCanonical = errors.New("smtp: content does not consist of lines that end in CRLF")
	// ErrNo8Bit says that a content has octets over 127 and the server does not
	// offer 8BITMIME, or MAIL did not say BODY=8BITMIME (RFC 6152 §3).
	ErrNo8Bit = errors.New("smtp: 8-bit content without 8BITMIME")
	// ErrNoUTF8 says that an address or the header is not ASCII and the server does
	// not offer SMTPUTF8, or MAIL did not say it (RFC 6531 §3.2).
	ErrNoUTF8 = errors.New("smtp: address or header that is not ASCII without SMTPUTF8")
	// ErrNoBinary says that a content needs BINARYMIME, and the server does not offer
	// it or BDAT was not asked for (RFC 3030 §3).
	ErrNoBinary = errors.New("smtp: binary content without BINARYMIME and BDAT")
	// ErrLimit says that the server's LIMITS leave no room for a recipient in this
	// session; there may be in another (RFC 9422 §4).
	ErrLimit = errors.New("smtp: the server's limits for the session are reached")
	// ErrOversize says that a content is larger than the server's SIZE.
	ErrOversize = errors.New("smtp: content is larger than the server takes")
	// ErrOutOfStep says that a reply within a transaction is neither a no nor the yes
	// that the command has: 250 to DATA, before there was a content, or 354 after it.
	// Client and server have lost count of the replies, so it says nothing about the
	// mail.
	ErrOutOfStep = errors.New("smtp: reply that belongs to another command")
	// ErrArgument says that an argument cannot be said on a command line.
	ErrArgument = errors.New("smtp: argument cannot be sent")
)

// Timeouts of a client, each for one command. 0 means the value of the RFC.
type Timeouts struct {
	Greeting   time.Duration // 5 minutes, RFC 5321 §4.5.3.2.1
	Command    time.Duration // 5 minutes, RFC 5321 §4.5.3.2.2 and §4.5.3.2.3
	DataStart  time.Duration // 2 minutes, RFC 5321 §4.5.3.2.4
	DataBlock  time.Duration // 3 minutes for each write, RFC 5321 §4.5.3.2.5
	DataFinish time.Duration // 10 minutes, RFC 5321 §4.5.3.2.6
}

func (t Timeouts) orDefaults() Timeouts {
	return Timeouts{
		Greeting:   orDefault(t.Greeting, 5*time.Minute),
		Command:    orDefault(t.Command, 5*time.Minute),
		DataStart:  orDefault(t.DataStart, 2*time.Minute),
		DataBlock:  orDefault(t.DataBlock, 3*time.Minute),
		DataFinish: orDefault(t.DataFinish, 10*time.Minute),
	}
}

// ClientOptions are the settings of a Client. The zero value works.
type ClientOptions struct {
	// Hello is the client's name in EHLO; empty means the address literal of the
	// connection's own address (RFC 5321 §4.1.4).
	Hello string
	// AllowCleartext lets Auth prove who the client is over a connection that is not
	// encrypted.
	AllowCleartext bool
	// Mechanisms are those that Auth may use; nil means all that are known.
	Mechanisms []string
	// Rand is where nonces come from; nil means crypto/rand.
	Rand io.Reader
	// RefuseOversize makes Send fail with ErrOversize before MAIL if the server's
	// SIZE says that it would refuse. Without it the server is asked.
	RefuseOversize bool
	// Undeclared lets octets over 127 go to a server that offers no extension for
	// them, as many programs do. Without it the client refuses, with ErrNo8Bit or
	// ErrNoUTF8.
	Undeclared bool
	// Chunking makes Send use BDAT instead of DATA where the server offers CHUNKING
	// (RFC 3030 §2). ChunkSize is the most octets of a chunk; 0 means
	// DefaultChunkSize.
	Chunking  bool
	ChunkSize int
	// NoPipelining makes Send wait for each answer even where the server would not
	// mind.
	NoPipelining bool
	Timeouts     Timeouts
	// Now is the clock that deadlines are counted from; nil means time.Now.
	Now func() time.Time
	// Hooks look on; they may be nil. An answer from Received is not heeded.
	Hooks *dialog.Hooks
	// TLSHooks look on at the handshake.
	TLSHooks TLSHooks
}

// Limits of what a client reads. A reply line has 512 octets (RFC 5321
// §4.5.3.1.5), but longer ones are met with.
const (
	maxClientLine  = 2048 // octets
	maxReplyLines  = 256
	maxCommandSent = 512 // octets, RFC 5321 §4.5.3.1.4
)

// Client is an SMTP client on one connection. It is not safe for concurrent use.
//
// A method that asks the server something returns its reply; if that says no, or
// is not what the command has for an answer, the error wraps the *Reply. Any
// other error means that no answer came: after an error of the connection only
// Close is of use.
//
// A ctx that has ended makes a method fail before it sends; its deadline is one
// for the connection. To end a wait, set a deadline in the past on the
// connection or close it.
type Client struct {
	c    *dialog.Conn
	out  *outlet
	opts ClientOptions
	t    Timeouts

	greeted    bool
	broken     error // why nothing may be said any more
	extensions Extensions
	body       Body // of the MAIL in force
	utf8       bool // whether it said SMTPUTF8
	used       usage
}

// outlet is the connection as the dialogue writes it: each write has a time-out
// of its own (RFC 5321 §4.5.3.2.5).
type outlet struct {
	net.Conn
	now     func() time.Time
	timeout time.Duration
	limit   time.Time // the context's, zero for none
}

func (o *outlet) Write(p []byte) (int, error) {
	if err := o.SetWriteDeadline(earlier(o.now().Add(o.timeout), o.limit)); err != nil {
		return 0, err
	}
	return o.Conn.Write(p)
}

func earlier(t, limit time.Time) time.Time {
	if !limit.IsZero() && limit.Before(t) {
		return limit
	}
	return t
}

// NewClient returns a client on nc. It sends and reads nothing yet.
func NewClient(nc net.Conn, opts ClientOptions) *Client {
	t := opts.Timeouts.orDefaults()
	now := opts.Now
	out := &outlet{Conn: nc, now: func() time.Time { return clock(now) }, timeout: t.DataBlock}
	return &Client{c: dialog.NewClient(out, opts.Hooks), out: out, opts: opts, t: t}
}

// Close closes the connection without a word.
func (c *Client) Close() error { return c.out.Conn.Close() }

// Extensions returns what the server offered to EHLO, in its order.
func (c *Client) Extensions() Extensions { return c.extensions }

// Greeting reads the server's greeting, which it sends unasked (RFC 5321 §3.1).
func (c *Client) Greeting(ctx context.Context) (*Reply, error) {
	if err := c.begin(ctx); err != nil {
		return nil, step("greeting", err)
	}
	c.greeted = true
	r, err := c.readReply(dialog.Greeting, c.t.Greeting, false)
	return expect("greeting", r, err, 2)
}

// Hello says EHLO and, to a server that does not know it, HELO (RFC 5321 §3.2).
// It reads the greeting if that was not done.
func (c *Client) Hello(ctx context.Context) (*Reply, error) {
	if !c.greeted {
		if _, err := c.Greeting(ctx); err != nil {
			return nil, err
		}
	}
	name := c.opts.Hello
	if name == "" {
		name = literalOf(c.out.LocalAddr())
	}
	if err := CheckHello(name); err != nil {
		return nil, fmt.Errorf("EHLO: %w: %w", ErrArgument, err)
	}
	r, err := c.command(ctx, "EHLO "+name, false)
	if err == nil && r.Positive() {
		c.extensions = ParseExtensions(r)
		return r, nil
	}
	// 50z: the server does not understand (RFC 5321 §4.2.1). Anything else is a no
	// to this client, in whichever words.
	if err != nil || r.Code/10 != 50 {
		return expect("EHLO", r, err, 2)
	}
	c.extensions = nil
	r, err = c.command(ctx, "HELO "+name, false)
	return expect("HELO", r, err, 2)
}

// Mail begins a transaction (RFC 5321 §4.1.1.2).
func (c *Client) Mail(ctx context.Context, from Path, params MailParams) (*Reply, error) {
	line, err := mailLine(from, params)
	if err != nil {
		return nil, err
	}
	if !from.IsASCII() && !params.UTF8 && !c.opts.Undeclared {
		return nil, step("MAIL", ErrNoUTF8)
	}
	c.body, c.utf8 = params.Body, params.UTF8
	r, err := c.command(ctx, line, true)
	if err == nil && r.Positive() {
		c.used.mails++
	}
	return expect("MAIL", r, err, 2)
}

// Rcpt adds a recipient (RFC 5321 §4.1.1.3).
func (c *Client) Rcpt(ctx context.Context, to Path, params RcptParams) (*Reply, error) {
	line, err := rcptLine(to, params)
	if err != nil {
		return nil, err
	}
	if !to.IsASCII() && !c.utf8 && !c.opts.Undeclared {
		return nil, step("RCPT", ErrNoUTF8)
	}
	r, err := c.command(ctx, line, true)
	if err == nil && r.Positive() {
		c.used.domain(c.Limits(), to.Domain)
	}
	return expect("RCPT", r, err, 2)
}

// Data sends a content (RFC 5321 §4.1.1.4), which must consist of lines that end
// in CRLF; leading dots are stuffed here. It is checked before DATA is said,
// since a content that was begun cannot be taken back.
func (c *Client) Data(ctx context.Context, content []byte) (*Reply, error) {
	if c.body == BodyBinaryMIME {
		return nil, step("DATA", ErrNoBinary)
	}
	if err := c.checkContent(content); err != nil {
		return nil, err
	}
	if err := c.begin(ctx); err != nil {
		return nil, step("DATA", err)
	}
	if err := c.write("DATA"); err != nil {
		return nil, step("DATA", err)
	}
	r, err := c.readReply(dialog.Reply, c.t.DataStart, true)
	if r, err = expect("DATA", r, err, 3); err != nil {
		return r, err
	}
	return c.content(content)
}

// content sends a content after 354 and returns the verdict.
func (c *Client) content(content []byte) (*Reply, error) {
	if err := c.c.WriteDot(content, nil); err != nil {
		return nil, step("content", err)
	}
	r, err := c.readReply(dialog.Reply, c.t.DataFinish, true)
	return expect("content", r, err, 2)
}

// Reset forgets the transaction (RFC 5321 §4.1.1.5).
func (c *Client) Reset(ctx context.Context) (*Reply, error) {
	r, err := c.command(ctx, "RSET", true)
	return expect("RSET", r, err, 2)
}

// Noop asks for a sign of life (RFC 5321 §4.1.1.9).
func (c *Client) Noop(ctx context.Context) (*Reply, error) {
	r, err := c.command(ctx, "NOOP", true)
	return expect("NOOP", r, err, 2)
}

// Verify asks whether a user or mailbox exists (RFC 5321 §4.1.1.6). 252 says
// neither yes nor no.
func (c *Client) Verify(ctx context.Context, what string) (*Reply, error) {
	if err := checkArgument(what); err != nil {
		return nil, step("VRFY", err)
	}
	r, err := c.command(ctx, "VRFY "+what, true)
	return expect("VRFY", r, err, 2)
}

// Quit ends the session and closes the connection (RFC 5321 §4.1.1.10).
func (c *Client) Quit(ctx context.Context) (*Reply, error) {
	r, err := c.command(ctx, "QUIT", true)
	r, err = expect("QUIT", r, err, 2)
	if cerr := c.Close(); err == nil && cerr != nil {
		err = step("close", cerr)
	}
	return r, err
}

// command sends a line and reads the reply to it.
func (c *Client) command(ctx context.Context, line string, enhanced bool) (*Reply, error) {
	if err := c.begin(ctx); err != nil {
		return nil, err
	}
	if err := c.write(line); err != nil {
		return nil, err
	}
	return c.readReply(dialog.Reply, c.t.Command, enhanced)
}

// begin takes over a method's context.
func (c *Client) begin(ctx context.Context) error {
	if c.broken != nil {
		return c.broken
	}
	c.out.limit, _ = ctx.Deadline()
	return ctx.Err()
}

// write puts a command line into the buffer.
func (c *Client) write(line string) error {
	return c.c.WriteLine(dialog.Command, []byte(line), false)
}

// readReply sends what is buffered and reads one reply.
func (c *Client) readReply(role dialog.Role, timeout time.Duration, enhanced bool) (*Reply, error) {
	if err := c.c.Flush(); err != nil {
		return nil, err
	}
	deadline := earlier(c.out.now().Add(timeout), c.out.limit)
	if err := c.out.SetReadDeadline(deadline); err != nil {
		return nil, err
	}
	var lines [][]byte
	for {
		if len(lines) == maxReplyLines {
			return nil, fmt.Errorf("%w: more than %d lines", ErrReplySyntax, maxReplyLines)
		}
		line, last, err := c.readReplyLine(role)
		if err != nil {
			return nil, err
		}
		lines = append(lines, line)
		if last {
			return ParseReply(lines, enhanced)
		}
	}
}

func (c *Client) readReplyLine(role dialog.Role) (line []byte, last bool, err error) {
	from := c.c.ReadOffset()
	line, err = c.c.ReadLine(maxClientLine)
	if err != nil {
		return nil, false, fmt.Errorf("read reply: %w", unexpected(err))
	}
	line = append([]byte(nil), line...) // it is valid until the next read only
	line, _ = c.c.Received(&dialog.Unit{Role: role, From: from, Text: line})
	l, err := parseReplyLine(line)
	return line, l.last, err
}

// expect makes an error of a reply that is not of the class that the command
// has for a yes: 2 or 3.
func expect(what string, r *Reply, err error, class int) (*Reply, error) {
	if err != nil {
		return nil, step(what, err)
	}
	if r.Code/100 != class {
		return r, step(what, r)
	}
	return r, nil
}

var _ io.Closer = (*Client)(nil)
