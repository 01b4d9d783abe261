package dialog

import (
	"bytes"
	"errors"
	"io"
)

// Dot-stuffing lets a line protocol carry any lines: a lone dot ends the
// content, so a line that begins with a dot is sent with one more in front
// (RFC 5321 §4.5.2 for SMTP's DATA, RFC 1939 §3 for POP3's answers).

// ErrContentTooLarge says that content went over its limit. It was read to its
// true end.
var ErrContentTooLarge = errors.New("content too large")

// DotReader reads content up to the line with the lone dot and takes the
// stuffed dots out.
type DotReader struct {
	c     *Conn
	bol   bool // at the beginning of a line
	cr    bool // the last octet was a CR
	bare  bool // a CR or an LF stood alone
	nul   bool // there was a NUL
	done  bool
	start int64
	look  falseEnd
}

// NewDotReader returns a reader of the content that begins at the next byte.
func (c *Conn) NewDotReader() *DotReader {
	return &DotReader{c: c, bol: true, start: c.rOff}
}

// From is the offset in the stream at which the content began.
func (d *DotReader) From() int64 { return d.start }

// FalseEnd is the first place at which a careless reader might have taken the
// content for ended: the dot and what stands around it in place of a CRLF on either
// side. It is nil if there is none in what was read.
func (d *DotReader) FalseEnd() []byte { return d.look.found }

// NUL tells whether there was a NUL in what was read.
func (d *DotReader) NUL() bool { return d.nul }

// Read implements io.Reader. It ends with io.EOF after CRLF.CRLF and with
// io.ErrUnexpectedEOF if the connection ends before. Only CRLF ends a line: what
// stands around a bare CR or LF is handed on as it is, and at the true end
// ErrBareLineEnd takes the place of io.EOF, so that nobody mistakes the content
// for good and nothing of it is taken for a command (SMTP smuggling).
func (d *DotReader) Read(p []byte) (int, error) {
	if d.done {
		return 0, d.end()
	}
	n := 0
	for n < len(p) {
		if n > 0 && d.c.r.Buffered() == 0 {
			return n, nil
		}
		if d.bol {
			end, err := d.lineStart()
			if err != nil {
				return n, unexpected(err)
			}
			if end {
				d.done = true
				return n, d.end()
			}
			d.bol = false
		}
		m, err := d.copyLines(p[n:])
		n += m
		if err != nil {
			return n, unexpected(err)
		}
	}
	return n, nil
}

func (d *DotReader) end() error {
	if d.bare {
		return ErrBareLineEnd
	}
	return io.EOF
}

// lineStart deals with a dot at the beginning of a line: it is the end, or
// stuffed and dropped.
func (d *DotReader) lineStart() (end bool, err error) {
	b, err := d.c.r.Peek(1)
	if err != nil || b[0] != '.' {
		return false, err
	}
	b, err = d.c.r.Peek(3)
	if len(b) == 3 && b[1] == '\r' && b[2] == '\n' {
		d.discard(3)
		return true, nil
	}
	// ".\n" and ".\rX" are no end; Peek fails on them only when the peer stops
	// there, and then there is no end to find.
	if err != nil && (len(b) < 2 || b[1] == '\r') {
		return false, err
	}
	d.look.pass(b[:1], d.bare || d.nul)
	d.discard(1)
	return false, nil
}

func (d *DotReader) discard(n int) {
	m, _ := d.c.r.Discard(n) // these were peeked: it cannot fail
	d.c.rOff += int64(m)
}

// copyLines copies buffered octets, as many as fit, up to the end of a line behind
// which a dot stands.
func (d *DotReader) copyLines(p []byte) (int, error) {
	if d.c.r.Buffered() == 0 {
		if _, err := d.c.fill(); err != nil {
			return 0, err
		}
	}
	b, _ := d.c.r.Peek(min(d.c.r.Buffered(), len(p)))
	n := copy(p, b[:d.scan(b)])
	d.discard(n)
	return n, nil
}

// scan returns how much of b, which has an octet at least, may be copied at once,
// and keeps track of its line ends.
func (d *DotReader) scan(b []byte) (n int) {
	if d.cr && b[0] != '\n' {
		d.bare = true
	}
	crs := 0 // that belong to a line's end
	for n < len(b) {
		i := bytes.IndexByte(b[n:], '\n')
		if i < 0 {
			n, d.bol = len(b), false
			break
		}
		i += n
		n = i + 1
		switch {
		case i > 0 && b[i-1] == '\r':
			crs++
			d.bol = true
		case i == 0 && d.cr:
			d.bol = true
		default:
			d.bare = true
			d.bol = false
		}
		if d.bol && n < len(b) && b[n] == '.' {
			break
		}
	}
	b = b[:n]
	d.cr = b[n-1] == '\r'
	if d.cr {
		crs++ // what follows it is not known yet
	}
	if bytes.Count(b, cr) != crs {
		d.bare = true
	}
	d.nul = d.nul || bytes.IndexByte(b, 0) >= 0
	d.look.pass(b, d.bare || d.nul)
	return n
}

var cr = []byte("\r")

func unexpected(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// ReadDot reads content to its end into memory. Content over max octets is read
// to its end and dropped, with ErrContentTooLarge; max 0 means no limit.
func (c *Conn) ReadDot(max int64) ([]byte, error) {
	d := c.NewDotReader()
	var buf bytes.Buffer
	limit := max
	if limit <= 0 {
		limit = 1<<63 - 2
	}
	n, err := io.Copy(&buf, io.LimitReader(d, limit+1))
	if err == nil && n > limit {
		_, err = io.Copy(io.Discard, d)
		if err == nil {
			err = ErrContentTooLarge
		}
		return nil, err
	}
	return buf.Bytes(), err
}

// DotWriter writes content with dots stuffed.
type DotWriter struct {
	c   *Conn
	bol bool
	cr  bool
}

// NewDotWriter returns a writer of content. Close ends it with the lone dot.
// The content must have CRLF line ends; a last line without one gets it.
func (c *Conn) NewDotWriter() *DotWriter { return &DotWriter{c: c, bol: true} }

// Write implements io.Writer.
func (d *DotWriter) Write(p []byte) (int, error) {
	total := 0
	for len(p) > 0 {
		if d.bol && p[0] == '.' {
			if _, err := d.c.Write([]byte{'.'}); err != nil {
				return total, err
			}
		}
		lines := p[:d.lines(p)]
		n, err := d.c.Write(lines)
		total += n
		if err != nil {
			return total, err
		}
		p = p[len(lines):]
	}
	return total, nil
}

// lines returns how much of p, which has an octet at least, may be written at once:
// up to the end of a line behind which a dot stands, or all of it.
func (d *DotWriter) lines(p []byte) int {
	n := 0
	for {
		i := bytes.Index(p[n:], dotAfterLF)
		if i < 0 {
			n = len(p)
			break
		}
		n += i + 1
		if n > 1 && p[n-2] == '\r' || n == 1 && d.cr {
			break
		}
	}
	cr := n > 1 && p[n-2] == '\r' || n == 1 && d.cr
	d.bol = p[n-1] == '\n' && cr
	d.cr = p[n-1] == '\r'
	return n
}

var dotAfterLF = []byte("\n.")

// Close writes the end of the content, CRLF.CRLF, of which the first CRLF is
// the content's own if it has one. It does not flush.
func (d *DotWriter) Close() error {
	end := ".\r\n"
	if !d.bol {
		end = "\r\n.\r\n"
	}
	_, err := io.WriteString(d.c, end)
	return err
}

// DotSize is the number of octets that content takes on the wire: stuffed dots
// and the end included.
func DotSize(content []byte) int64 {
	n := int64(len(content)) + 3
	if !bytes.HasSuffix(content, []byte("\r\n")) && len(content) > 0 {
		n += 2
	}
	if len(content) > 0 && content[0] == '.' {
		n++
	}
	return n + int64(bytes.Count(content, []byte("\r\n.")))
}
