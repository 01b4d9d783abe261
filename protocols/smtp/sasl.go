package smtp

import (
	"encoding/base64"
	"strings"
)

// Credentials are what a client proves itself with.
type Credentials struct {
	// Identity is on whose behalf the user acts, "" for the user's own. LOGIN
	// cannot say it.
	Identity string
	User     string
	Password string
}

// encodePlain returns PLAIN's message (RFC 4616 §2).
func encodePlain(c Credentials) string {
	return c.Identity + "\x00" + c.User + "\x00" + c.Password
}

// decodePlain parses PLAIN's message:
//
//	message = [authzid] UTF8NUL authcid UTF8NUL passwd      RFC 4616 §2
func decodePlain(b string) (Credentials, bool) {
	parts := strings.Split(b, "\x00")
	if len(parts) != 3 || parts[1] == "" || parts[2] == "" {
		return Credentials{}, false
	}
	return Credentials{parts[0], parts[1], parts[2]}, true
}

// encodeResponse writes a SASL message for the wire; nothing at all is "=" as an
// initial response (RFC 4954 §4).
func encodeResponse(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }

// decodeResponse reads a SASL message from the wire.
func decodeResponse(b []byte) (string, bool) {
	out, err := base64.StdEncoding.Strict().DecodeString(string(b))
	return string(out), err == nil
}

// decodeInitial reads the initial response on the AUTH line (RFC 4954 §4).
func decodeInitial(s string) (string, bool) {
	if s == "=" {
		return "", true
	}
	return decodeResponse([]byte(s))
}
