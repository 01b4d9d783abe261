package imap

import "mailwalk/protocols/dialog"

// Hooks let a program look on at one end of a connection. Every field may be
// nil.
//
// The units of [dialog.Hooks] are these. A command's first line is a Command. The
// line on which a command goes on after a literal is a Continuation: it begins
// with the literal's own octets, as the examples of RFC 9051 §7.6 show it. The
// content of an APPEND, and each literal that a server sends, is a Body. Server
// lines are Greeting, Untagged ("* "), Continuation ("+ ") and Reply (tagged).
// What follows a Body within the same response is again Untagged.
//
// A hook that changes the text of a line cannot change how many octets a literal
// has: what the wire announced is what the wire carries. A hook may take an
// announcement away; the literal is then read if it comes anyway, and dropped.
type Hooks struct {
	dialog.Hooks
	// State is called after the state changed.
	State func(from, to State)
	// TLS is told of the handshake.
	TLS dialog.TLSHooks
	// Fault is called when a backend's error made a command fail. verb is the
	// command's name; err is what the client is not told in full.
	Fault func(verb string, err error)
}

func (h *Hooks) dialog() *dialog.Hooks {
	if h == nil {
		return nil
	}
	return h.Hooks.OrNil()
}

func (h *Hooks) state(from, to State) {
	if h != nil && h.State != nil && from != to {
		h.State(from, to)
	}
}

func (h *Hooks) tls() *dialog.TLSHooks {
	if h == nil {
		return &dialog.TLSHooks{}
	}
	return &h.TLS
}

func (h *Hooks) fault(verb string, err error) {
	if h != nil && h.Fault != nil {
		h.Fault(verb, err)
	}
}
