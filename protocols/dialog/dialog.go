// Package dialog holds what the line protocols share: SMTP, POP3 and IMAP all
// talk in lines that end in CRLF, send multi-line content that ends in a lone
// dot or after a counted number of octets, and let a program look on.
//
// A [Conn] wraps one end of a connection. It reads and writes lines, keeps
// count of the bytes of each direction, and tells its [Hooks] of each [Unit]
// together with the byte range that the unit takes up in its stream. So a line
// can be found again in the TCP segments that carried it.
//
// A [TLSConn] puts what follows into TLS, which each of them begins by a command of
// its own.
//
// Nothing in this package starts a goroutine, and the only clock it looks at is the one
// that a TLSConn is given.
package dialog

// Role says what a unit is to the dialogue.
type Role string

// The roles of units.
const (
	Greeting     Role = "greeting"     // the server's first line
	Command      Role = "command"      // a client's line that asks for something
	Reply        Role = "reply"        // a server's line that answers a command
	Continuation Role = "continuation" // a line inside a command: an AUTH response, IMAP's "+ "
	Untagged     Role = "untagged"     // an IMAP line that answers nobody in particular
	Body         Role = "body"         // a mail's content, one unit however long
)

// Unit is one thing said: a line, or a whole content.
type Unit struct {
	Role Role
	// FromServer tells who said it.
	FromServer bool
	// From and To are the byte range [From, To) in the stream of that direction,
	// counted from the first byte after the connection opened. Line ends and
	// dots that were stuffed count: it is what crossed the wire.
	From, To int64
	// Text is the line without its CRLF; for a Body it is empty.
	Text []byte
	// Content is what a Body means: after dot-unstuffing, with its CRLFs. It
	// must not be changed or kept past the call unless copied.
	Content []byte
	// Secret says that Text holds a password or a response made from one.
	Secret bool
	// More says, of a unit that is said, that the same answer or command goes on in
	// the next one: a reply of several lines, a list, what follows a literal.
	More bool
}

// Hooks let a program look on, hold a line, put another in its place, or answer
// instead of a server. Every field may be nil. The functions are called by the
// program that reads or writes, so a function that blocks holds the line.
//
// For each unit that a program says, Deciding is called once, then Sending for
// each unit that is written, which may be none, and Said once. A unit is a line,
// also one of several that make up an answer, or a content with all that marks
// its end.
type Hooks struct {
	// Received is called for each unit after it was read whole and before it is
	// acted upon. The function may change u.Text: then the program acts on the new
	// text, while the wire saw the old. A server that gets an answer (lines
	// without line ends) does not act upon the command: it sends the answer. A
	// client ignores the answer.
	Received func(u *Unit) (answer []string)
	// Deciding is called before a unit is said, and says what becomes of it. u has
	// the range that it takes up if it is written at once; u must not be changed.
	Deciding func(u *Unit) Fate
	// Sending is called before a unit is written, with its range on the wire.
	Sending func(u *Unit)
	// Said is called when the program has done its part: u is what it meant to say,
	// whatever became of it. It is called after the unit was written, or when it
	// begins to wait.
	Said func(u *Unit)
}

// OrNil is h, or nil if nobody looks on.
func (h *Hooks) OrNil() *Hooks {
	if h == nil || h.Received == nil && h.Deciding == nil && h.Sending == nil && h.Said == nil {
		return nil
	}
	return h
}

func (h *Hooks) received(u *Unit) []string {
	if h.Received == nil {
		return nil
	}
	return h.Received(u)
}

func (h *Hooks) deciding(u *Unit) Fate {
	if h.Deciding == nil {
		return Fate{}
	}
	return h.Deciding(u)
}

func (h *Hooks) sending(u *Unit) {
	if h.Sending != nil {
		h.Sending(u)
	}
}

func (h *Hooks) said(u *Unit) {
	if h.Said != nil {
		h.Said(u)
	}
}
