package smtp

import "mailwalk/protocols/dialog"

// Hooks let a program look on at a server's session and meddle in it. Every
// field may be nil.
//
// The embedded hooks tell of each line and each content with its byte range.
// The units are: the greeting's lines (dialog.Greeting), a command
// (dialog.Command), a response inside AUTH (dialog.Continuation, Secret), the
// lines of a reply (dialog.Reply) and a content or a chunk of one (dialog.Body). Received is told
// of a content when its end was read and before the backend sees that end. A
// content over the server's MaxSize is told cut to MaxSize octets; From and To
// give its true range.
//
// An answer from Received is sent in the server's stead, verbatim, and the
// command is not executed: the backend does not hear of it. The session then
// follows the code that was sent, so that both ends stay in step:
//
//   - 2yz to EHLO, HELO, RSET: the transaction is forgotten, as ever;
//   - 2yz to MAIL, RCPT: the path goes into the envelope that Data will get, if
//     it can be parsed and the command was in its place;
//   - 2yz to STARTTLS: the handshake begins; where the server has none to begin,
//     the session ends;
//   - 2yz to AUTH: the session counts as authenticated, with no user;
//   - 3yz to AUTH: the next line is taken as the response and refused;
//   - 3yz to DATA: the content is read; without an envelope it is refused at its
//     end;
//   - anything to BDAT: its chunk is read and dropped, and the transaction is
//     forgotten, since a content with a hole in it is no mail;
//   - 2yz to QUIT, and 421 to anything: the session ends;
//   - anything else, and no line at all: nothing changes.
//
// An answer to a content takes the place of the verdict: the backend's reader
// fails with [ErrAnswered], so that the mail is not kept, and the envelope is
// forgotten.
type Hooks struct {
	dialog.Hooks
	// TLS is told of the handshake.
	TLS TLSHooks
	// State is told of each change of the session's state, before the reply that
	// follows from it is sent.
	State func(from, to State)
	// Odd is told of what attacks are made of, before the reply that follows from it
	// is sent.
	Odd func(Oddity)
	// Error is told of what went wrong and is for the log alone: the peer got
	// another text, or none. command is the verb, "" if it was none.
	Error func(command string, err error)
}

// lines returns the hooks for the dialogue, nil if nobody looks on.
func (h *Hooks) lines() *dialog.Hooks {
	if h == nil {
		return nil
	}
	return h.Hooks.OrNil()
}

func (h *Hooks) tls() *TLSHooks {
	if h == nil {
		return &TLSHooks{}
	}
	return &h.TLS
}

func (h *Hooks) state(from, to State) {
	if h != nil && h.State != nil {
		h.State(from, to)
	}
}

func (h *Hooks) odd(o Oddity) {
	if h != nil && h.Odd != nil {
		h.Odd(o)
	}
}

func (h *Hooks) failed(command string, err error) {
	if h != nil && h.Error != nil {
		h.Error(command, err)
	}
}
