package secure

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
)

// alerts are the names of the alerts that end a handshake (RFC 8446 §6.2, and RFC 5246
// §7.2.2 for those of TLS 1.2 alone), and what they say.
var alerts = map[uint8]struct{ name, says string }{
	0:   {"close_notify", "nothing more will be sent"},
	10:  {"unexpected_message", "that message does not belong here"},
	20:  {"bad_record_mac", "a record cannot be opened"},
	22:  {"record_overflow", "a record is too long"},
	40:  {"handshake_failure", "no way to talk that both ends accept"},
	42:  {"bad_certificate", "the certificate does not pass the checks"},
	43:  {"unsupported_certificate", "that kind of certificate is not known"},
	44:  {"certificate_revoked", "the certificate was called back"},
	45:  {"certificate_expired", "the certificate is not valid at this time"},
	46:  {"certificate_unknown", "something is wrong with the certificate"},
	47:  {"illegal_parameter", "a field has a value that it cannot have"},
	48:  {"unknown_ca", "who signed the certificate is not known"},
	49:  {"access_denied", "the certificate is good, and not enough"},
	50:  {"decode_error", "a message cannot be read"},
	51:  {"decrypt_error", "a signature or a check of the handshake is wrong"},
	70:  {"protocol_version", "no version of TLS that both ends accept"},
	71:  {"insufficient_security", "the ciphers are too weak"},
	80:  {"internal_error", "a trouble of its own"},
	86:  {"inappropriate_fallback", "both ends know a newer version"},
	90:  {"user_canceled", "the handshake is called off"},
	109: {"missing_extension", "an extension is missing"},
	110: {"unsupported_extension", "an extension that was not asked for"},
	112: {"unrecognized_name", "there is no server of that name here"},
	116: {"certificate_required", "the client has to show a certificate"},
	120: {"no_application_protocol", "no protocol that both ends speak"},
}

// alertName is the name of an alert, or its number.
func alertName(n uint8) string {
	if a, ok := alerts[n]; ok {
		return a.name
	}
	return fmt.Sprintf("alert %d", n)
}

// received is the alert that an error of crypto/tls tells of; ok is false when it tells
// of none that came from the other end.
func received(err error) (n uint8, ok bool) {
	var op *net.OpError
	if !errors.As(err, &op) || op.Op != "remote error" || op.Err == nil {
		return 0, false
	}
	// The type of the alert is not exported, but its words are those of one that is.
	for i := range 256 {
		if tls.AlertError(i).Error() == op.Err.Error() {
			return uint8(i), true
		}
	}
	return 0, false
}

// inWords says why a handshake failed.
func inWords(err error, peer string) string {
	if n, ok := received(err); ok {
		if a, known := alerts[n]; known {
			return fmt.Sprintf("%s breaks off: %s", peer, a.says)
		}
		return fmt.Sprintf("%s breaks off with %s", peer, alertName(n))
	}
	var noTLS tls.RecordHeaderError
	switch {
	case errors.As(err, &noTLS):
		return fmt.Sprintf("what %s says is no TLS", peer)
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return fmt.Sprintf("%s hangs up in the middle of it", peer)
	}
	return strings.TrimPrefix(err.Error(), "TLS handshake: ")
}
