package trace

import (
	"encoding/base64"
	"strings"

	"mailwalk/protocols/dialog"
	"mailwalk/protocols/sasl"
)

// SASLStep is where in an exchange a line stands that does not say so itself: a
// challenge, or a response on a line of its own.
type SASLStep struct {
	Mechanism string `json:"mechanism"`
	// Message counts the messages of the line's side from 1; the one that came with
	// the command counts.
	Message int64 `json:"message"`
}

func (s *SASLStep) fields(f fields) {
	f.str("mechanism", must, &s.Mechanism)
	f.num("message", must, &s.Message)
}

func saslField(f fields, v **SASLStep) {
	if f.open("sasl", *v != nil) {
		if *v == nil {
			*v = new(SASLStep)
		}
		(*v).fields(f)
		f.shut()
	}
}

// exchange is the one that an AUTH of SMTP has begun; nil when there is none.
type exchange struct {
	mechanism      string
	client, server int64 // messages
}

// begins returns the exchange that a command begins.
func begins(b *LineBody) *exchange {
	mechanism, initial, ok := authCommand(b)
	if !ok || b.Service == "imap" || b.Service == "pop3" {
		return nil
	}
	x := &exchange{mechanism: mechanism}
	if initial != "" {
		x.client++
	}
	return x
}

// step counts a message.
func (x *exchange) step(fromServer bool) *SASLStep {
	n := &x.client
	if fromServer {
		n = &x.server
	}
	*n++
	return &SASLStep{x.mechanism, *n}
}

// authCommand is what an AUTH, or AUTHENTICATE of IMAP, names: the mechanism in
// upper case and the initial response, empty if there is none.
func authCommand(b *LineBody) (mechanism, initial string, ok bool) {
	words := strings.Fields(b.Text)
	if b.Service == "imap" && len(words) > 0 {
		words = words[1:]
	}
	if b.Role != dialog.Command || b.Verb != "AUTH" && b.Verb != "AUTHENTICATE" || len(words) < 2 {
		return "", "", false
	}
	if len(words) > 2 {
		initial = words[2]
	}
	return strings.ToUpper(words[1]), initial, true
}

// CancelSASL is the line by which a client ends an exchange (RFC 4954 §4).
const CancelSASL = "*"

// SASL takes apart the message of a SASL exchange that a line carries. mechanism is
// empty for a line that has none; ok is false as well for one that is no message of
// its mechanism.
func (b *LineBody) SASL() (mechanism string, m sasl.Message, ok bool) {
	encoded, number := b.Text, int64(1)
	switch {
	case b.Exchange != nil:
		mechanism, number = b.Exchange.Mechanism, b.Exchange.Message
		if b.FromServer {
			encoded = strings.TrimPrefix(strings.TrimPrefix(b.Text, b.Code), " ")
		}
	default:
		if mechanism, encoded, ok = authCommand(b); !ok || encoded == "" {
			return "", sasl.Message{}, false
		}
		if encoded == "=" { // nothing at all (RFC 4954 §4)
			encoded = ""
		}
	}
	message, err := base64.StdEncoding.Strict().DecodeString(encoded)
	if err != nil {
		return mechanism, sasl.Message{}, false
	}
	m, ok = sasl.Describe(mechanism, b.FromServer, int(number), message)
	return mechanism, m, ok
}

// Exposes tells what who reads a line learns of a password.
func (b *LineBody) Exposes() sasl.Exposure {
	switch mechanism, m, ok := b.SASL(); {
	case !b.Secret:
		return sasl.Harmless
	case ok:
		return m.Exposes()
	case mechanism != "" && b.Text == CancelSASL:
		return sasl.Harmless
	}
	// Also of a message that cannot be taken apart: a password may stand in it.
	return sasl.Readable
}
