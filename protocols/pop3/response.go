package pop3

import (
	"errors"
	"fmt"
	"strings"
)

// MaxResponse is the longest line of an answer in octets, CRLF included, a
// message's content apart (RFC 1939 §3, RFC 2449 §4).
const MaxResponse = 512

// The response codes of this package (RFC 2449 §8). The part after a slash
// gives detail, and a client ignores detail that it does not know.
const (
	// CodeAuth says that the credentials are the problem (RFC 3206 §5).
	CodeAuth = "AUTH"
	// CodeInUse says that the credentials are good and the maildrop is locked by
	// another session (RFC 2449 §8.1.2).
	CodeInUse = "IN-USE"
	// CodeTemporary says that the server failed and may not fail the next time
	// (RFC 3206 §4).
	CodeTemporary = "SYS/TEMP"
	// CodePermanent says that the server failed and somebody has to mend it
	// (RFC 3206 §4).
	CodePermanent = "SYS/PERM"
)

// Response is the first line of an answer, or the only one (RFC 1939 §3).
type Response struct {
	// OK tells +OK from -ERR.
	OK bool
	// Code is the response code in upper case, without its brackets, or "". A
	// server that does not list RESP-CODES among its capabilities may begin a
	// text with a bracket and mean nothing by it (RFC 2449 §6.4).
	Code string
	// Text is for people, apart from the answers to STAT, LIST msg and UIDL msg.
	Text string
}

// String is the line without its CRLF.
func (r Response) String() string {
	var b strings.Builder
	if r.OK {
		b.WriteString("+OK")
	} else {
		b.WriteString("-ERR")
	}
	if r.Code != "" {
		b.WriteString(" [" + r.Code + "]")
	}
	if r.Text != "" {
		b.WriteString(" " + r.Text)
	}
	return b.String()
}

// ErrResponse says that a server's line is not what the protocol allows.
var ErrResponse = errors.New("malformed response")

// ParseResponse reads the first line of an answer, given without its CRLF. The
// error wraps ErrResponse.
func ParseResponse(line []byte) (Response, error) {
	s := string(line)
	if i := strings.IndexFunc(s, control); i >= 0 {
		return Response{}, fmt.Errorf("%w: control character at octet %d", ErrResponse, i)
	}
	status, text, _ := strings.Cut(s, " ")
	var r Response
	// Servers must send the status in upper case (RFC 1939 §3).
	switch status {
	case "+OK":
		r.OK = true
	case "-ERR":
	default:
		return Response{}, fmt.Errorf("%w: neither +OK nor -ERR", ErrResponse)
	}
	r.Code, r.Text = cutCode(text)
	return r, nil
}

// cutCode takes a response code off the front of a text. A text that only looks
// like one is left whole.
//
// RFC 2449 §3: resp-code = "[" resp-level *("/" resp-level) "]".
func cutCode(text string) (code, rest string) {
	if !strings.HasPrefix(text, "[") {
		return "", text
	}
	code, rest, found := strings.Cut(text[1:], "]")
	if !found {
		return "", text
	}
	for level := range strings.SplitSeq(code, "/") {
		if level == "" || strings.IndexFunc(level, notVisible) >= 0 {
			return "", text
		}
	}
	return strings.ToUpper(code), strings.TrimPrefix(rest, " ")
}

// isCode tells whether code is want or want with more detail (RFC 2449 §8).
func isCode(code, want string) bool {
	return code == want || strings.HasPrefix(code, want+"/")
}

// notVisible tells whether r is no VCHAR (RFC 5234 §B.1).
func notVisible(r rune) bool { return r < 0x21 || r > 0x7e }

// control tells whether r could do something to a terminal. A tab is let
// through, as are octets above ASCII: servers do send both in texts.
func control(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }

// ServerError is an -ERR that a server gave. It matches [ErrAuth], [ErrInUse],
// [ErrTemporary] or [ErrPermanent] according to its response code.
type ServerError struct {
	Verb     string // of the command; "" for a greeting
	Response Response
}

func (e *ServerError) Error() string {
	if e.Verb == "" {
		return "pop3: greeting: " + e.Response.String()
	}
	return "pop3: " + e.Verb + ": " + e.Response.String()
}

// Is implements the match for errors.Is.
func (e *ServerError) Is(target error) bool {
	switch target {
	case ErrAuth:
		return isCode(e.Response.Code, CodeAuth)
	case ErrInUse:
		return isCode(e.Response.Code, CodeInUse)
	case ErrTemporary:
		return isCode(e.Response.Code, CodeTemporary)
	case ErrPermanent:
		return isCode(e.Response.Code, CodePermanent)
	default:
		return false
	}
}
