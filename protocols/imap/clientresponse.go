package imap

import (
	"bytes"
	"context"
	"fmt"
	"strings"

	"mailwalk/protocols/dialog"
)

// responseKind is how a response begins.
//
// RFC 9051 §2.2.2
type responseKind uint8

const (
	untaggedResponse     responseKind = iota // "*"
	continuationResponse                     // "+"
	taggedResponse
)

// response is one response of a server. Its lexer stands behind its name.
type response struct {
	*lexer
	kind responseKind
	tag  string
	num  uint32 // the number before the name, if there is one
	name string // in upper case
}

// statusText is a status response.
type statusText struct {
	status string
	code   string // in upper case
	args   string // what follows the code within the brackets
	text   string
}

func (st *statusText) err(command string) error {
	return &StatusError{Command: command, Status: st.status, Code: st.code, Text: st.text}
}

// readResponse reads one response with its literals. role overrides the role in
// which the hooks are told of its first line.
func (c *Client) readResponse(ctx context.Context, role dialog.Role) (*response, error) {
	if err := c.patience(ctx); err != nil {
		return nil, err
	}
	r, _, err := c.finishResponse(ctx, role)
	return r, err
}

// finishResponse reads a response, its first line by the deadline that is set.
// begun says that this line was read.
func (c *Client) finishResponse(ctx context.Context, role dialog.Role) (r *response, begun bool, err error) {
	var text []byte
	var lits [][]byte
	room := orDefault(c.opt.MaxLiteral, defaultClientLiteral)
	progress := func() error { return c.patience(ctx) }
	for {
		line, from, err := c.c.readLine(false)
		if err != nil {
			return nil, begun, unexpectedEOF(err)
		}
		begun = true
		if err := c.patience(ctx); err != nil {
			return nil, true, err
		}
		announced, at := literalAt(line)
		unit := &dialog.Unit{Role: role, From: from, Text: bytes.Clone(line)}
		if role == "" {
			unit.Role = roleOf(string(line))
		}
		acted, _ := c.c.Received(unit)
		text = append(text, acted...)
		if at < 0 {
			break
		}
		if announced.nonSync {
			return nil, true, fmt.Errorf("non-synchronizing literal: %w", ErrProtocol) // RFC 9051 §4.3
		}
		if room -= announced.size; room < 0 {
			return nil, true, fmt.Errorf("literal of %d octets: %w", announced.size, ErrProtocol)
		}
		from = c.c.ReadOffset()
		lit, err := c.c.readLiteral(announced.size, progress)
		if err != nil {
			return nil, true, err
		}
		c.c.Received(&dialog.Unit{Role: dialog.Body, From: from, Content: lit})
		lits = append(lits, lit)
		text = append(text, '\r', '\n')
		role = dialog.Untagged
	}
	r, err = parseResponse(text, lits)
	return r, true, err
}

// parseResponse reads how a response begins.
func parseResponse(text []byte, lits [][]byte) (*response, error) {
	r := &response{lexer: newLexer(text, lits)}
	switch {
	case r.accept('+'):
		r.kind = continuationResponse
		return r, nil
	case r.accept('*'):
	default:
		r.kind = taggedResponse
		r.tag = r.lexer.take(isTagChar, "a tag")
	}
	r.sp()
	if isDigit(r.peek()) {
		r.num = r.number()
		r.sp()
	}
	r.name = strings.ToUpper(r.take(isAtomChar, "a response name"))
	if r.err != nil {
		return nil, fmt.Errorf("response: %w: %w", ErrProtocol, r.err)
	}
	return r, nil
}

// status reads the rest of a status response.
//
// RFC 9051 §7.1
func (r *response) status() (*statusText, error) {
	st := &statusText{status: r.name}
	switch r.name {
	case "OK", "NO", "BAD", "BYE", "PREAUTH":
	default:
		return nil, fmt.Errorf("response %q is no status: %w", r.name, ErrProtocol)
	}
	rest := strings.TrimPrefix(string(r.text[r.pos:]), " ")
	r.pos = len(r.text)
	if inner, after, found := cutCode(rest); found {
		st.code, st.args, _ = strings.Cut(inner, " ")
		st.code = strings.ToUpper(st.code)
		rest = strings.TrimPrefix(after, " ")
	}
	st.text = rest
	return st, nil
}

// cutCode takes a response code off. A bracket within a quoted string does not end
// it.
func cutCode(s string) (inner, after string, found bool) {
	if !strings.HasPrefix(s, "[") {
		return "", s, false
	}
	quoted := false
	for i := 1; i < len(s); i++ {
		switch {
		case quoted && s[i] == '\\':
			i++
		case s[i] == '"':
			quoted = !quoted
		case s[i] == ']' && !quoted:
			return s[1:i], s[i+1:], true
		}
	}
	return "", s, false
}

// atoms reads the rest as atoms, each after a space.
func (r *response) atoms() []string {
	var out []string
	for r.ok() && !r.atEnd() {
		r.sp()
		out = append(out, r.atom())
	}
	return out
}

// mailboxName decodes a name that a server sent. One that is not in the encoding
// due is taken as it is: it can still be shown.
func (c *Client) mailboxName(name string) string {
	if strings.EqualFold(name, Inbox) {
		return Inbox
	}
	if c.rev2 {
		return name
	}
	if decoded, err := decodeUTF7(name); err == nil {
		return decoded
	}
	return name
}
