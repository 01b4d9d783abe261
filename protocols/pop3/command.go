package pop3

import (
	"bytes"
	"context"
	"math"
	"slices"
	"strings"
)

// MaxCommand is the longest command line in octets, CRLF included (RFC 2449
// §4).
const MaxCommand = 255

// Command says what a command is and where it may be given.
type Command struct {
	Verb    string
	Syntax  string  // as RFC 1939 §9 writes it
	States  []State // in which it may be given
	Section string  // where it is defined
	Summary string

	min, max int // arguments
	run      func(s *session, ctx context.Context, args []string) error
}

// commands is the table by which a session works, in the order of RFC 1939 §9.
var commands = []Command{
	{Verb: "USER", Syntax: "USER name", States: []State{Authorization}, Section: "RFC 1939 §7",
		Summary: "names the maildrop; the answer does not tell whether there is such a name",
		min:     1, max: 1, run: (*session).userCmd},
	{Verb: "PASS", Syntax: "PASS string", States: []State{Authorization}, Section: "RFC 1939 §7",
		Summary: "gives the password, right after USER; locks and opens the maildrop",
		min:     1, max: 1, run: (*session).passCmd},
	{Verb: "CAPA", Syntax: "CAPA", States: []State{Authorization, Transaction}, Section: "RFC 2449 §5",
		Summary: "lists what the server can do beyond the minimum",
		run:     (*session).capaCmd},
	{Verb: "STLS", Syntax: "STLS", States: []State{Authorization}, Section: "RFC 2595 §4",
		Summary: "begins TLS on this connection",
		run:     (*session).stlsCmd},
	{Verb: "STAT", Syntax: "STAT", States: []State{Transaction}, Section: "RFC 1939 §5",
		Summary: "counts the messages and their octets",
		run:     (*session).statCmd},
	{Verb: "LIST", Syntax: "LIST [msg]", States: []State{Transaction}, Section: "RFC 1939 §5",
		Summary: "gives the size of each message, or of one",
		max:     1, run: (*session).listCmd},
	{Verb: "UIDL", Syntax: "UIDL [msg]", States: []State{Transaction}, Section: "RFC 1939 §7",
		Summary: "gives the unique-id of each message, or of one: by it a client knows what it has already fetched",
		max:     1, run: (*session).uidlCmd},
	{Verb: "RETR", Syntax: "RETR msg", States: []State{Transaction}, Section: "RFC 1939 §5",
		Summary: "fetches a message",
		min:     1, max: 1, run: (*session).retrCmd},
	{Verb: "TOP", Syntax: "TOP msg n", States: []State{Transaction}, Section: "RFC 1939 §7",
		Summary: "fetches a message's header and the first n lines of its body",
		min:     2, max: 2, run: (*session).topCmd},
	{Verb: "DELE", Syntax: "DELE msg", States: []State{Transaction}, Section: "RFC 1939 §5",
		Summary: "marks a message as deleted; it is removed at QUIT",
		min:     1, max: 1, run: (*session).deleCmd},
	{Verb: "RSET", Syntax: "RSET", States: []State{Transaction}, Section: "RFC 1939 §5",
		Summary: "takes all marks away",
		run:     (*session).rsetCmd},
	{Verb: "NOOP", Syntax: "NOOP", States: []State{Transaction}, Section: "RFC 1939 §5",
		Summary: "does nothing, which keeps the session from timing out",
		run:     (*session).noopCmd},
	{Verb: "QUIT", Syntax: "QUIT", States: []State{Authorization, Transaction}, Section: "RFC 1939 §4, §6",
		Summary: "ends the session; after a login, removes what is marked as deleted",
		run:     (*session).quitCmd},
}

// Commands lists the commands that a server knows.
func Commands() []Command {
	list := slices.Clone(commands)
	for i := range list {
		list[i].States = slices.Clone(list[i].States)
	}
	return list
}

func lookup(verb string) (Command, bool) {
	i := slices.IndexFunc(commands, func(c Command) bool { return c.Verb == verb })
	if i < 0 {
		return Command{}, false
	}
	return commands[i], true
}

// arity says how many arguments the command takes. The syntax would say more,
// but has brackets, and a text with brackets is taken for a response code
// (RFC 2449 §3, text).
func (c Command) arity() string {
	words := []string{"no argument", "one argument", "two arguments"}
	if c.min < c.max {
		return c.Verb + " takes at most " + words[c.max]
	}
	return c.Verb + " takes " + words[c.max]
}

// SyntaxError says why a line is no command. It never holds a part of the line,
// which may be a password.
type SyntaxError struct{ Reason string }

func (e *SyntaxError) Error() string { return "syntax: " + e.Reason }

// Request is a command as a client gave it.
type Request struct {
	Verb string // in upper case
	Args []string
}

// ParseCommand reads a command line, given without its CRLF. It knows the form
// of commands, not which ones there are. The error is a *SyntaxError.
//
// RFC 2449 §3: command = keyword *(SP param) CRLF; keyword = 3*4VCHAR;
// param = 1*VCHAR. The one argument of PASS may have spaces, which belong to
// the password (RFC 1939 §7).
func ParseCommand(line []byte) (Request, error) {
	word, rest, more := bytes.Cut(line, []byte(" "))
	if len(word) < 3 || len(word) > 4 || bytes.IndexFunc(word, notVisible) >= 0 {
		return Request{}, &SyntaxError{"a command begins with a word of three or four characters"}
	}
	req := Request{Verb: strings.ToUpper(string(word))}
	if !more {
		return req, nil
	}
	args := [][]byte{rest}
	notAllowed := func(r rune) bool { return r != ' ' && notVisible(r) }
	if req.Verb != "PASS" {
		args = bytes.Split(rest, []byte(" "))
		notAllowed = notVisible
	}
	for _, arg := range args {
		if len(arg) == 0 {
			return Request{}, &SyntaxError{"an argument is empty: one space stands before each, none at the end"}
		}
		if bytes.IndexFunc(arg, notAllowed) >= 0 {
			return Request{}, &SyntaxError{"arguments are printable ASCII"}
		}
		req.Args = append(req.Args, string(arg))
	}
	return req, nil
}

// secret tells whether a line may hold a password, or a proof of one, however
// malformed it is and even if its command is not known here.
func secret(line []byte) bool {
	if len(line) < 4 {
		return false
	}
	switch strings.ToUpper(string(line[:4])) {
	case "PASS", "APOP", "AUTH":
		return true
	default:
		return false
	}
}

// parseNumber reads a decimal number (RFC 1939 §4). One too large for an int is
// the largest int: as a message-number it names nothing, as a number of lines
// it means all.
func parseNumber(s string) (n int, ok bool) {
	if s == "" {
		return 0, false
	}
	for _, ch := range []byte(s) {
		if ch < '0' || ch > '9' {
			return 0, false
		}
		d := int(ch - '0')
		if n > (math.MaxInt-d)/10 {
			n = math.MaxInt
			continue
		}
		n = n*10 + d
	}
	return n, true
}
