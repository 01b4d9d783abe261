package dialog

import (
	"bufio"
	"errors"
	"io"
	"net"
)

// Errors of reading a line. The line was read to its end: the next call reads
// the next line.
var (
	// ErrLineTooLong says that a line was longer than the limit.
	ErrLineTooLong = errors.New("line too long")
	// ErrBareLineEnd says that a CR or an LF stood alone: only the two together
	// end a line (RFC 5321 §2.3.8).
	ErrBareLineEnd = errors.New("bare CR or LF")
)

// Conn is one end of a dialogue. It is not safe for concurrent use.
type Conn struct {
	// Late, if it is not nil, is called when a hook had a unit wait, before it is
	// written: a deadline that was set before may be over.
	Late func() error

	nc     net.Conn
	server bool
	hooks  *Hooks
	r      *bufio.Reader
	w      *bufio.Writer
	rOff   int64 // bytes handed out of r
	wOff   int64 // bytes put into w
	long   []byte
	full   bool // the last read within a content filled the buffer
}

const (
	readBuffer    = 4 << 10
	contentBuffer = 64 << 10
	writeBuffer   = 4 << 10
)

// NewServer returns the server's end of a dialogue on nc. hooks may be nil.
func NewServer(nc net.Conn, hooks *Hooks) *Conn { return newConn(nc, true, hooks) }

// NewClient returns the client's end of a dialogue on nc. hooks may be nil.
func NewClient(nc net.Conn, hooks *Hooks) *Conn { return newConn(nc, false, hooks) }

func newConn(nc net.Conn, server bool, hooks *Hooks) *Conn {
	return &Conn{
		nc: nc, server: server, hooks: hooks,
		r: bufio.NewReaderSize(nc, readBuffer),
		w: bufio.NewWriterSize(nc, writeBuffer),
	}
}

// NetConn is the connection beneath, for deadlines and addresses.
func (c *Conn) NetConn() net.Conn { return c.nc }

// Hooked tells whether anybody looks on, so that content need not be gathered
// for nobody.
func (c *Conn) Hooked() bool { return c.hooks != nil }

// Buffered is the number of bytes that were read from the connection and not
// yet handed out: what a client sent without waiting.
func (c *Conn) Buffered() int { return c.r.Buffered() }

// ReadOffset is the number of bytes handed out so far.
func (c *Conn) ReadOffset() int64 { return c.rOff }

// WriteOffset is the number of bytes written so far, flushed or not.
func (c *Conn) WriteOffset() int64 { return c.wOff }

// fill waits for octets when all that came is handed out. A content that does not
// fit the buffer gets a larger one for the rest of the session: who only says
// commands does with the small one.
func (c *Conn) fill() ([]byte, error) {
	if c.r.Size() < contentBuffer && c.full {
		c.r = bufio.NewReaderSize(c.nc, contentBuffer)
	}
	b, err := c.r.Peek(1)
	c.full = c.r.Buffered() >= readBuffer
	return b, err
}

// ReadLine reads one line and returns it without its CRLF, in a slice that is
// valid until the next read. max is the longest line in octets, CRLF included.
//
// It does not tell the hooks: the caller knows the line's role and calls
// [Conn.Received].
//
// A line that ends in LF alone is returned with ErrBareLineEnd, as is one with
// a CR inside; a line over max is read to its end, cut, and returned with
// ErrLineTooLong. Any other error is the connection's; what was read of an
// unfinished line is returned with it, cut at max.
func (c *Conn) ReadLine(max int) ([]byte, error) {
	c.long = c.long[:0]
	tooLong := false
	for {
		part, err := c.r.ReadSlice('\n')
		c.rOff += int64(len(part))
		switch {
		case err == nil && len(c.long) == 0 && !tooLong && len(part) <= max:
			return trimLine(part)
		case err == nil || errors.Is(err, bufio.ErrBufferFull):
			if room := max - len(c.long); len(part) > room {
				tooLong = true
				part = part[:max0(room)]
			}
			c.long = append(c.long, part...)
			if err != nil {
				continue
			}
			if tooLong {
				return c.long, ErrLineTooLong
			}
			return trimLine(c.long)
		default:
			return append(c.long, part[:min(len(part), max0(max-len(c.long)))]...), err
		}
	}
}

func max0(n int) int {
	if n < 0 {
		return 0
	}
	return n
}

func trimLine(b []byte) ([]byte, error) {
	b = b[:len(b)-1]
	if len(b) == 0 || b[len(b)-1] != '\r' {
		return b, ErrBareLineEnd
	}
	b = b[:len(b)-1]
	for _, ch := range b {
		if ch == '\r' {
			return b, ErrBareLineEnd
		}
	}
	return b, nil
}

// Read reads raw bytes, as an IMAP literal needs. It implements io.Reader.
func (c *Conn) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.rOff += int64(n)
	return n, err
}

// Received tells the hooks of a unit that the peer sent and returns the text to
// act upon and the answer to give in the program's stead, nil for none. u.Text
// or u.Content and u.From must be set; To is taken from the read offset.
func (c *Conn) Received(u *Unit) (text []byte, answer []string) {
	if c.hooks == nil {
		return u.Text, nil
	}
	u.FromServer = !c.server
	u.To = c.rOff
	answer = c.hooks.received(u)
	return u.Text, answer
}

// Write puts raw bytes into the write buffer, as an IMAP literal needs. It does
// not tell the hooks. It implements io.Writer.
func (c *Conn) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	c.wOff += int64(n)
	return n, err
}

// Flush sends what was written.
func (c *Conn) Flush() error { return c.w.Flush() }

// Close closes the connection without flushing.
func (c *Conn) Close() error { return c.nc.Close() }

var (
	_ io.Reader = (*Conn)(nil)
	_ io.Writer = (*Conn)(nil)
)
