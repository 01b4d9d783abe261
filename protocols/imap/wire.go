package imap

import (
	"bytes"
	"errors"
	"io"
	"net"
	"sync/atomic"
	"time"

	"mailwalk/protocols/dialog"
)

// maxLine is the longest line in octets that a command may have besides its
// literals. RFC 2683 §3.2.1.5 asks for 8000 at least.
const maxLine = 8192

// maxSkip is how much of a line that is too long is read to find its end.
const maxSkip = 1 << 20

var (
	errWoken   = errors.New("woken")
	errNoEnd   = errors.New("line without an end")
	longAgo    = time.Unix(1, 0)
	errTimeout = errors.New("peer is silent")
)

// waker interrupts a blocked read.
type waker struct {
	nc      net.Conn
	idle    atomic.Bool // the session waits for updates
	changed atomic.Bool // there are some
}

// notify may be called from any goroutine. It is right in every interleaving with
// wire.read: changed is set before the deadline is moved, and read looks at changed
// after it set a deadline of its own. So either read sees changed, or its deadline
// was there first and is replaced.
func (w *waker) notify() {
	w.changed.Store(true)
	if w.idle.Load() {
		// A connection that takes no deadline is closed: the session's own read
		// finds that out.
		_ = w.nc.SetReadDeadline(longAgo)
	}
}

// wire reads lines and literals. A deadline that passes in the middle of a line
// loses nothing: the next call goes on where the last one stopped.
type wire struct {
	*dialog.Conn
	now      func() time.Time
	deadline time.Time // of reads; zero for none
	waker    *waker    // nil if nobody wakes
	max      int       // octets of a line without its LF

	line    []byte
	from    int64  // where line began
	skipped int    // octets of line that were too many
	tail    []byte // the last of them
}

// until sets the moment at which reads fail. A connection that takes no deadline is
// closed: what it brought before can still be read, and then the read says so.
func (w *wire) until(t time.Time) {
	w.deadline = t
	_ = w.NetConn().SetReadDeadline(t)
}

// patience sets the moment at which writes fail. As with until, the write itself
// tells of a closed connection.
func (w *wire) patience(d time.Duration) {
	_ = w.NetConn().SetWriteDeadline(w.now().Add(d))
}

// read reads what is there, at least one octet. It fails with errWoken if it may
// be woken and was, and with errTimeout at the deadline. A read that was woken for
// a session that no longer waits is tried again.
func (w *wire) read(p []byte, wakeable bool) (int, error) {
	for {
		if wakeable && w.waker != nil && w.waker.changed.Load() {
			return 0, errWoken
		}
		n, err := w.Conn.Read(p)
		if n > 0 {
			return n, nil
		}
		if err == nil {
			return 0, io.ErrNoProgress
		}
		var ne net.Error
		if !errors.As(err, &ne) || !ne.Timeout() {
			return 0, err
		}
		if !w.deadline.IsZero() && !w.now().Before(w.deadline) {
			return 0, errTimeout
		}
		w.until(w.deadline)
	}
}

// readLine reads a line and returns it without its CRLF, and where in the stream
// it began. The line is valid until the next call. Errors that leave the stream
// usable are dialog.ErrLineTooLong and dialog.ErrBareLineEnd; after errWoken the
// call is to be repeated. A line that is too long is cut in its middle: its end may
// announce a literal, which would else be taken for commands.
func (w *wire) readLine(wakeable bool) ([]byte, int64, error) {
	var octet [1]byte
	for {
		if len(w.line) == 0 {
			w.from = w.ReadOffset()
		}
		if _, err := w.read(octet[:], wakeable); err != nil {
			return nil, 0, err
		}
		if octet[0] == '\n' {
			break
		}
		if len(w.line) <= w.max {
			w.line = append(w.line, octet[0])
			continue
		}
		if w.skipped++; w.skipped > maxSkip {
			return nil, 0, errNoEnd
		}
		if len(w.tail) > 2*maxAnnouncement {
			w.tail = append(w.tail[:0], w.tail[len(w.tail)-maxAnnouncement:]...)
		}
		w.tail = append(w.tail, octet[0])
	}
	line := w.line
	w.line = w.line[:0]
	if len(line) > w.max {
		line = append(line[:w.max], w.tail...)
		w.tail, w.skipped = w.tail[:0], 0
		return bytes.TrimSuffix(line, []byte{'\r'}), w.from, dialog.ErrLineTooLong
	}
	n := len(line) - 1
	if n < 0 || line[n] != '\r' {
		return line, w.from, dialog.ErrBareLineEnd
	}
	line = line[:n]
	for _, c := range line {
		if c == '\r' || c == 0 { // RFC 9051 §9, note 3: NUL is in literals alone
			return line, w.from, dialog.ErrBareLineEnd
		}
	}
	return line, w.from, nil
}

// readLiteral reads size octets. progress is called after each piece, so that a
// slow sender who goes on is not taken for a silent one.
func (w *wire) readLiteral(size int64, progress func() error) ([]byte, error) {
	// Memory grows with what arrives, not with what was announced.
	b := make([]byte, 0, min(size, 64<<10))
	for int64(len(b)) < size {
		if len(b) == cap(b) {
			b = append(b, 0)[:len(b)]
		}
		room := b[len(b):min(int64(cap(b)), size)]
		n, err := w.read(room, false)
		if err != nil {
			return nil, unexpectedEOF(err)
		}
		b = b[:len(b)+n]
		if err := progress(); err != nil {
			return nil, err
		}
	}
	return b, nil
}

// skip reads size octets and drops them.
func (w *wire) skip(size int64, progress func() error) error {
	var buf [4096]byte
	for size > 0 {
		n, err := w.read(buf[:min(size, int64(len(buf)))], false)
		if err != nil {
			return unexpectedEOF(err)
		}
		size -= int64(n)
		if err := progress(); err != nil {
			return err
		}
	}
	return nil
}

func unexpectedEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// write puts a response into the write buffer. The first line has the role given,
// what follows a literal the role rest.
func (w *wire) write(pieces []piece, role, rest dialog.Role) error {
	for _, p := range pieces {
		if err := w.WritePart(role, p.text, p.has); err != nil {
			return err
		}
		role = rest
		if !p.has {
			return nil
		}
		if err := w.WriteLiteral(p.lit); err != nil {
			return err
		}
	}
	return nil
}
