package smtp

import (
	"encoding/base64"

	"mailwalk/protocols/sasl"
)

// Credentials are what a client proves itself with.
type Credentials = sasl.Credentials

// encodeResponse writes a SASL message for the wire (RFC 4954 §4).
func encodeResponse(message []byte) string { return base64.StdEncoding.EncodeToString(message) }

// encodeInitial writes an initial response for the AUTH line, where nothing at all
// is "=" (RFC 4954 §4).
func encodeInitial(message []byte) string {
	if len(message) == 0 {
		return "="
	}
	return encodeResponse(message)
}

// decodeResponse reads a SASL message from the wire. It is not nil if ok.
func decodeResponse(line string) (message []byte, ok bool) {
	message, err := base64.StdEncoding.Strict().DecodeString(line)
	return message, err == nil
}

// decodeInitial reads the initial response on the AUTH line (RFC 4954 §4).
func decodeInitial(text string) (message []byte, ok bool) {
	if text == "=" {
		return []byte{}, true
	}
	return decodeResponse(text)
}
