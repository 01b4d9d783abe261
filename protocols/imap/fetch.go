package imap

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// fetch is FETCH and UID FETCH.
//
// RFC 9051 §6.4.5, §7.5.2
func (s *session) fetch(ctx context.Context, c *call) (reply, error) {
	c.sp()
	set := c.numSet()
	c.sp()
	items := c.fetchItems()
	if err := c.end(); err != nil {
		return badSyntax(c.verb, err), nil
	}
	found, wrong := s.box.resolve(set, c.uid)
	if wrong != "" {
		return bad(c.verb + ": " + wrong), nil
	}
	if c.uid && !slices.ContainsFunc(items, func(it fetchItem) bool { return it.kind == itemUID }) {
		items = append([]fetchItem{{kind: itemUID}}, items...)
	}
	if err := s.markSeen(ctx, found, items); err != nil {
		return s.failure(c.verb, err), nil
	}
	result := ok(c.verb + " completed")
	for _, i := range found {
		refused, err := s.fetchMessage(ctx, i, items)
		if err != nil {
			return reply{}, err
		}
		if refused != nil {
			result = s.failure(c.verb, refused)
		}
	}
	return result, nil
}

// markSeen sets \Seen on the messages whose text is about to be read.
func (s *session) markSeen(ctx context.Context, found []int, items []fetchItem) error {
	if s.box.readOnly || !slices.ContainsFunc(items, fetchItem.setsSeen) {
		return nil
	}
	var unseen []int
	for _, i := range found {
		if v := &s.box.msgs[i]; !v.gone && !HasFlag(v.Flags, FlagSeen) {
			unseen = append(unseen, i)
		}
	}
	if len(unseen) == 0 {
		return nil
	}
	if err := s.box.box.SetFlags(ctx, s.box.uids(unseen), FlagsAdd, []Flag{FlagSeen}); err != nil {
		return err
	}
	return s.box.refresh(ctx)
}

// fetchMessage sends what is asked for of one message. refused says why nothing
// was sent; err is of the connection.
func (s *session) fetchMessage(ctx context.Context, i int, items []fetchItem) (refused, err error) {
	v := &s.box.msgs[i]
	m := fetched{viewed: v}
	if slices.ContainsFunc(items, fetchItem.needsContent) {
		if v.gone {
			return ErrMessageGone, nil
		}
		if m.content, err = s.box.box.Content(ctx, v.UID); err != nil {
			if errors.Is(err, ErrMessageGone) {
				// The next look at the mailbox would find it; the rest goes on.
				v.gone, s.box.gone = true, true
			}
			return err, nil
		}
		m.root = parseMessage(m.content)
	}
	e := s.untagged(fmt.Sprintf("%d FETCH (", i+1))
	for k, it := range items {
		if k > 0 {
			e.sp()
		}
		if err := s.writeItem(e, it, &m); err != nil {
			return err, nil
		}
	}
	if v.dirty && slices.ContainsFunc(items, fetchItem.setsSeen) && !m.toldFlags {
		// RFC 9051 §6.4.5: flags that changed by the reading SHOULD be told.
		s.flagsItem(e.sp(), v)
		m.toldFlags = true
	}
	if m.toldFlags {
		v.dirty = false
	}
	return nil, s.send(e.raw(")"))
}

// fetched is a message on its way to the client.
type fetched struct {
	*viewed
	content   []byte
	root      *part
	toldFlags bool
}

func (s *session) writeItem(e *encoder, it fetchItem, m *fetched) error {
	switch it.kind {
	case itemFlags:
		s.flagsItem(e, m.viewed)
		m.toldFlags = true
	case itemUID:
		e.raw("UID ").number(int64(m.UID))
	case itemInternalDate:
		e.raw("INTERNALDATE ").quoted(formatDateTime(m.InternalDate))
	case itemSize:
		e.raw("RFC822.SIZE ").number(m.Size)
	case itemEnvelope:
		writeEnvelope(e.raw("ENVELOPE "), m.root.fields)
	case itemBody:
		writeBody(e.raw("BODY "), m.root, false)
	case itemBodyStructure:
		writeBody(e.raw("BODYSTRUCTURE "), m.root, true)
	case itemSection:
		b, present := it.section.extract(m.content, m.root)
		s.writeLabel(e, "BODY", it)
		if !present {
			e.raw("NIL")
			break
		}
		e.literal(b)
	case itemBinary, itemBinarySize:
		return s.writeBinary(e, it, m)
	}
	return nil
}

func (s *session) writeLabel(e *encoder, name string, it fetchItem) {
	if it.label != "" {
		e.raw(it.label).sp()
		return
	}
	e.raw(name + "[")
	it.section.write(e)
	e.raw("]")
	if it.section.Partial != nil {
		e.raw("<").number(it.section.Partial.Offset).raw(">")
	}
	e.sp()
}

// writeBinary writes a part without its content transfer encoding.
//
// RFC 9051 §6.4.5 (BINARY), §7.5.2
func (s *session) writeBinary(e *encoder, it fetchItem, m *fetched) error {
	b, present, err := decodedPart(it.section, m)
	if err != nil {
		return err
	}
	if it.kind == itemBinarySize {
		s.writeLabel(e, "BINARY.SIZE", it)
		e.number(int64(len(b)))
		return nil
	}
	s.writeLabel(e, "BINARY", it)
	b = it.section.Partial.cut(b)
	switch {
	case !present:
		e.raw("NIL")
	case bytes.IndexByte(b, 0) >= 0:
		e.literal8(b)
	default:
		e.literal(b)
	}
	return nil
}

func decodedPart(sec Section, m *fetched) ([]byte, bool, error) {
	if len(sec.Path) == 0 {
		return m.content, true, nil
	}
	p, _ := m.root.find(sec.Path)
	switch {
	case p == nil:
		return nil, false, nil
	case p.multipart() || p.message != nil:
		return nil, false, &Error{"CANNOT", "Section " + sec.String() + " has parts of its own"}
	}
	b, known := decodeTransfer(p.encoding(), p.body)
	if !known {
		return nil, false, &Error{"UNKNOWN-CTE", "Section " + sec.String() + " has an unknown encoding"}
	}
	if strings.EqualFold(p.typ, "text") {
		b = withCRLF(b)
	}
	return b, true, nil
}

// withCRLF makes each line end a CRLF, as text is to be sent (RFC 9051 §7.5.2).
func withCRLF(b []byte) []byte {
	bare := bytes.Count(b, []byte("\n")) - bytes.Count(b, []byte("\r\n"))
	if bare == 0 {
		return b
	}
	out := make([]byte, 0, len(b)+bare)
	for i, c := range b {
		if c == '\n' && (i == 0 || b[i-1] != '\r') {
			out = append(out, '\r')
		}
		out = append(out, c)
	}
	return out
}
