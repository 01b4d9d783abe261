package pop3

import "mailwalk/protocols/dialog"

// Hooks let a program look on at a session, hold its lines, change them or
// answer in the server's stead. Every field may be nil, as may a *Hooks. The
// functions are called in the order of what happens, by the program that runs
// the session.
//
// The units told of are: the greeting and each line of an answer, the line with
// the lone dot of a listing included ([dialog.Greeting], [dialog.Reply]); each
// command ([dialog.Command]; a password's is marked Secret); and the content
// that RETR and TOP send, as one [dialog.Body] whose byte range covers the
// stuffed dots and the lone dot.
type Hooks struct {
	dialog.Hooks
	// State is called after the session went from one state to another. The
	// first is from Closed to Authorization, the last is to Closed.
	State func(from, to State)
	// TLS is told of the handshake.
	TLS dialog.TLSHooks
	// Failed is called with what went wrong behind the server: the peer is told
	// less. step is the command's verb, or "close" for the maildrop's release.
	// A client does not call it.
	Failed func(step string, err error)
}

// dialog returns nil when nobody looks at the units, so that none is gathered.
func (h *Hooks) dialog() *dialog.Hooks {
	if h == nil {
		return nil
	}
	return h.Hooks.OrNil()
}

func (h *Hooks) state(from, to State) {
	if h != nil && h.State != nil {
		h.State(from, to)
	}
}

func (h *Hooks) tls() *dialog.TLSHooks {
	if h == nil {
		return &dialog.TLSHooks{}
	}
	return &h.TLS
}

func (h *Hooks) failed(step string, err error) {
	if h != nil && h.Failed != nil {
		h.Failed(step, err)
	}
}
