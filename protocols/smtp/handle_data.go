package smtp

import (
	"bytes"
	"errors"
	"io"

	"mailwalk/protocols/dialog"
)

// data takes the content (RFC 5321 §4.1.1.4).
func (s *session) data(string) (*Reply, error) {
	if s.env.Params.Body == BodyBinaryMIME {
		return NewReply(503, Enhanced{5, 5, 1}, "Bad sequence of commands, BINARYMIME needs BDAT"), nil // RFC 3030 §3
	}
	s.to(StateData)
	start := NewReply(354, Enhanced{}, "Start mail input; end with <CRLF>.<CRLF>")
	if err := s.writeReply(dialog.Reply, start); err != nil {
		return nil, step("write reply", err)
	}
	if err := s.c.Flush(); err != nil { // RFC 2920 §3.2, even if the client runs ahead
		return nil, step("write reply", err)
	}
	return s.content(s.toBackend)
}

func (s *session) toBackend(r io.Reader) (string, error) {
	peer := s.peer
	peer.UTF8 = s.env.Params.UTF8
	return s.backend.Data(s.ctx, peer, s.env, r)
}

// content reads a content to its true end, whatever take makes of it, so that
// nothing in it can be mistaken for a command. The envelope is used up by it
// (RFC 5321 §4.1.1.4).
func (s *session) content(take func(io.Reader) (string, error)) (*Reply, error) {
	s.in.content()
	r := newContentReader(s.c, s.srv.maxSize())
	text, err := take(r)
	r.drain()
	s.forget(false)
	s.oddContent(r.dots, r.bare)
	switch {
	case r.lost():
		return nil, s.lost("read content", unexpected(r.err))
	case errors.Is(r.err, ErrAnswered):
		if err != nil && !errors.Is(err, ErrAnswered) {
			s.hooks.failed(s.verb, err)
		}
		return nil, s.answeredContent(r.answer)
	case r.err != io.EOF:
		reply, _ := asReply(r.err) // all other errors are dealt with above
		return reply, nil
	}
	return s.verdict(text, err), nil
}

// verdict is the reply to a whole content, after the backend's word on it.
func (s *session) verdict(text string, err error) *Reply {
	if reply := s.refused(err, localError()); reply != nil {
		return reply
	}
	if text == "" {
		text = "OK"
	}
	return NewReply(250, Enhanced{2, 0, 0}, "%s", text)
}

// contentReader is the content as the backend reads it. 8-bit octets are handed
// on whatever BODY= said: what was received is to be taken for valid (RFC 5321
// §2.4).
type contentReader struct {
	c      *dialog.Conn
	dots   *dialog.DotReader
	room   int64         // octets until the content is too large
	kept   *bytes.Buffer // for the hooks; nil if nobody looks on
	ended  bool          // the lone dot was read
	bare   bool          // a CR or an LF stood alone
	err    error         // why the content is over: io.EOF, a *Reply, ErrAnswered, or the connection's
	answer []string      // of a hook
}

func newContentReader(c *dialog.Conn, limit int64) *contentReader {
	r := &contentReader{c: c, dots: c.NewDotReader(), room: limit}
	if c.Hooked() {
		r.kept = new(bytes.Buffer)
	}
	return r
}

// Read returns io.EOF only for a content that may be kept.
func (r *contentReader) Read(p []byte) (int, error) {
	if r.err != nil {
		return 0, r.err
	}
	n, err := r.dots.Read(p)
	n = r.keep(p[:n])
	if err != nil {
		r.finish(err)
	}
	if r.err != nil && n == 0 {
		return 0, r.err
	}
	return n, nil
}

// keep counts and keeps octets, and returns how many of them there was room for.
func (r *contentReader) keep(b []byte) int {
	if int64(len(b)) > r.room {
		b = b[:r.room]
		r.err = tooLarge()
	}
	r.room -= int64(len(b))
	if r.kept != nil {
		r.kept.Write(b)
	}
	return len(b)
}

// finish is called when the stream has no more of the content.
func (r *contentReader) finish(err error) {
	switch {
	case err == io.EOF:
		r.ended = true
		if r.dots.NUL() {
			err = nulOctet()
		}
	case errors.Is(err, dialog.ErrBareLineEnd):
		r.ended, r.bare = true, true
		err = bareLineEnd()
	default:
		r.err = err
		return
	}
	if r.err == nil {
		r.err = err
	}
	if r.kept == nil {
		return
	}
	u := &dialog.Unit{Role: dialog.Body, From: r.dots.From(), Content: r.kept.Bytes()}
	if _, answer := r.c.Received(u); answer != nil {
		r.answer, r.err = answer, ErrAnswered
	}
}

// bareLineEnd refuses what another program might split into two mails (RFC 5321
// §2.3.8 and §4.1.1.4).
func bareLineEnd() *Reply {
	return NewReply(554, Enhanced{5, 6, 0}, "A CR or an LF stood alone, lines end in CRLF")
}

// nulOctet refuses what neither 7bit nor 8bit data may have (RFC 2045 §2.7, §2.8),
// and what programs may drop, so that a line becomes another.
func nulOctet() *Reply {
	return NewReply(554, Enhanced{5, 6, 0}, "A content that is no BINARYMIME has no NUL")
}

// drain reads what is left.
func (r *contentReader) drain() {
	var buf [4096]byte
	for !r.ended && !r.lost() {
		n, err := r.dots.Read(buf[:])
		if r.err == nil {
			r.keep(buf[:n])
		}
		if err != nil {
			r.finish(err)
		}
	}
}

// lost tells whether the connection failed before the content's end.
func (r *contentReader) lost() bool {
	var reply *Reply
	return r.err != nil && !r.ended && !errors.As(r.err, &reply)
}
