package smtp

import (
	"bytes"
	"errors"
	"io"
	"strconv"

	"mailwalk/protocols/dialog"
)

// ErrChunkSize says that a session was ended because a BDAT did not tell how many
// octets follow it: what comes next might be content or a command.
var ErrChunkSize = errors.New("smtp: chunk of unknown size")

// chunkHead is the argument of BDAT.
type chunkHead struct {
	size int64 // octets
	last bool
}

// parseChunk parses
//
//	bdat-cmd ::= "BDAT" SP chunk-size [ SP end-marker ]     RFC 3030 §2
//
// A size of over 18 digits is refused: no connection lasts that long. The error is
// a *SyntaxError.
func parseChunk(arg string) (chunkHead, error) {
	words := bytes.Fields([]byte(arg))
	if len(words) == 0 || len(words) > 2 {
		return chunkHead{}, syntaxError("BDAT", "has a size and at most LAST after it")
	}
	var h chunkHead
	if len(words) == 2 {
		if upper(string(words[1])) != "LAST" {
			return chunkHead{}, syntaxError("BDAT", "has LAST or nothing after the size")
		}
		h.last = true
	}
	digits := words[0]
	if len(digits) > 18 {
		return chunkHead{}, syntaxError("BDAT", "has a size of at most 18 digits")
	}
	for _, ch := range digits {
		if !isDigit(ch) {
			return chunkHead{}, syntaxError("BDAT", "has a size of digits")
		}
		h.size = h.size*10 + int64(ch-'0')
	}
	return h, nil
}

// chunks are the octets of a content that came so far. They are kept up to a
// limit, and counted over it; memory grows with what came, not with what a client
// announces.
type chunks struct {
	kept bytes.Buffer
	room int64 // octets that may still be kept
	over bool  // there were more
}

// Write keeps what there is room for. It never fails.
func (c *chunks) Write(p []byte) (int, error) {
	n := min(int64(len(p)), c.room)
	c.room -= n
	c.over = c.over || n < int64(len(p))
	c.kept.Write(p[:n])
	return len(p), nil
}

// bdat takes a chunk of the content (RFC 3030 §2).
func (s *session) bdat(arg string) (*Reply, error) { return s.takeChunk(arg, nil) }

// takeChunk reads the octets of a chunk whatever the answer is, so that none of
// them is taken for a command. refusal is why the chunk is not kept, nil if it is.
func (s *session) takeChunk(arg string, refusal *Reply) (*Reply, error) {
	head, err := parseChunk(arg)
	if err != nil {
		return s.unframed(), nil
	}
	into := &chunks{room: s.hookRoom()}
	if refusal == nil {
		if s.state != StateChunk {
			s.chunks.room = s.srv.maxSize()
			s.to(StateChunk)
		}
		into = &s.chunks
	}
	answer, err := s.readChunk(head.size, into)
	switch {
	case err != nil:
		return nil, err
	case answer != nil:
		s.forget(true)
		return nil, s.answeredContent(answer)
	case refusal != nil:
		if s.srv.chunking() { // RFC 3030 §2: the mail has failed; it must not go on with a hole in it
			s.forget(true)
		}
		return refusal, nil
	case into.over:
		// What follows of it gets 503.
		s.forget(true)
		return tooLarge(), nil
	case !head.last:
		return NewReply(250, Enhanced{2, 0, 0}, "%s octets received", strconv.FormatInt(head.size, 10)), nil
	}
	return s.assembled()
}

// hookRoom is how much is kept of a chunk that nobody but the hooks will see.
func (s *session) hookRoom() int64 {
	if s.c.Hooked() {
		return s.srv.maxSize()
	}
	return 0
}

// readChunk reads the octets of a chunk and tells the hooks of them. answer is what
// they say in the server's stead.
func (s *session) readChunk(size int64, into *chunks) (answer []string, err error) {
	s.in.content()
	from, before := s.c.ReadOffset(), into.kept.Len()
	if _, err := io.CopyN(into, s.c, size); err != nil {
		return nil, s.lost("read chunk", unexpected(err))
	}
	u := &dialog.Unit{Role: dialog.Body, From: from, Content: into.kept.Bytes()[before:]}
	_, answer = s.c.Received(u)
	return answer, nil
}

// assembled hands the content on that the last chunk has made whole.
func (s *session) assembled() (*Reply, error) {
	if s.env.Params.Body != BodyBinaryMIME {
		// DATA could not carry a last line without its end, so the next host might
		// not get it as it is.
		if b := s.chunks.kept.Bytes(); len(b) > 0 && b[len(b)-1] != '\n' && b[len(b)-1] != '\r' {
			s.chunks.kept.WriteString("\r\n")
		}
		if !isCanonical(s.chunks.kept.Bytes()) {
			s.forget(true)
			return bareLineEnd(), nil
		}
	}
	text, err := s.toBackend(bytes.NewReader(s.chunks.kept.Bytes()))
	s.forget(false)
	return s.verdict(text, err), nil
}

// badCommand returns the reply to a line that is no command, r unless octets may
// follow that were meant for a chunk.
func (s *session) badCommand(line []byte, r *Reply) *Reply {
	words := bytes.Fields(line)
	if len(words) > 0 && upper(string(words[0])) == "BDAT" {
		return s.unframed()
	}
	return r
}

// unframed ends the session: where the next command begins is not known, and to
// guess would let content give commands.
func (s *session) unframed() *Reply {
	s.finish(ErrChunkSize)
	return s.closing(Enhanced{4, 5, 4}, "Cannot tell how many octets follow BDAT")
}

// answeredChunk follows a hook's answer to BDAT.
func (s *session) answeredChunk(arg string, answer []string) error {
	head, err := parseChunk(arg)
	if err != nil {
		s.finish(ErrChunkSize)
		return s.sayLast(answer, answerCode(answer))
	}
	instead, err := s.readChunk(head.size, &chunks{room: s.hookRoom()})
	if err != nil {
		return err
	}
	if instead != nil {
		answer = instead
	}
	s.forget(true)
	return s.sayLast(answer, answerCode(answer))
}
