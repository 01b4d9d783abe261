package sasl

import (
	"encoding/base64"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// clientFirst is a SCRAM client's first message (RFC 5802 §7).
type clientFirst struct {
	gs2      string // the header, which the last message repeats
	bare     string // all behind it
	identity string
	user     string
	nonce    string
}

func parseClientFirst(s string) (clientFirst, error) {
	var m clientFirst
	flag, rest, ok := strings.Cut(s, ",")
	// "y" is a client that could bind channels and was not offered it, which is so.
	if !ok || flag != "n" && flag != "y" {
		return m, refused("no such channel binding")
	}
	authzid, rest, ok := strings.Cut(rest, ",")
	if !ok {
		return m, refused("malformed gs2 header")
	}
	m.gs2, m.bare = s[:len(s)-len(rest)], rest
	if authzid != "" {
		if m.identity, ok = saslName(authzid, 'a'); !ok {
			return m, refused("malformed authorization identity")
		}
	}
	attrs := strings.Split(rest, ",")
	if len(attrs) < 2 {
		return m, refused("attributes are missing")
	}
	// "m=" stands first and demands an extension: none is known.
	if m.user, ok = saslName(attrs[0], 'n'); !ok {
		return m, refused("malformed user name")
	}
	if m.nonce, ok = attribute(attrs[1], 'r'); !ok || !isNonce(m.nonce) {
		return m, refused("malformed nonce")
	}
	return m, nil
}

// clientFinal is a SCRAM client's last message (RFC 5802 §7).
type clientFinal struct {
	binding      string // the gs2 header again
	nonce        string
	withoutProof string
	proof        []byte
}

func parseClientFinal(s string) (clientFinal, error) {
	var m clientFinal
	cut := strings.LastIndex(s, ",p=")
	if cut < 0 {
		return m, refused("no proof")
	}
	m.withoutProof = s[:cut]
	attrs := strings.Split(m.withoutProof, ",")
	if len(attrs) < 2 {
		return m, refused("attributes are missing")
	}
	binding, ok := encodedAttribute(attrs[0], 'c')
	if !ok {
		return m, refused("malformed channel binding")
	}
	m.binding = string(binding)
	if m.nonce, ok = attribute(attrs[1], 'r'); !ok || !isNonce(m.nonce) {
		return m, refused("malformed nonce")
	}
	if m.proof, ok = encodedAttribute(s[cut+1:], 'p'); !ok {
		return m, refused("malformed proof")
	}
	return m, nil
}

// serverFirst is a SCRAM server's first message (RFC 5802 §7).
type serverFirst struct {
	nonce      string
	salt       []byte
	iterations int
}

func (m serverFirst) String() string {
	return fmt.Sprintf("r=%s,s=%s,i=%d", m.nonce, base64.StdEncoding.EncodeToString(m.salt), m.iterations)
}

func parseServerFirst(s string) (serverFirst, error) {
	var m serverFirst
	attrs := strings.Split(s, ",")
	if len(attrs) < 3 {
		return m, badServer("attributes are missing")
	}
	var ok bool
	if m.nonce, ok = attribute(attrs[0], 'r'); !ok || !isNonce(m.nonce) {
		return m, badServer("malformed nonce")
	}
	if m.salt, ok = encodedAttribute(attrs[1], 's'); !ok || len(m.salt) == 0 {
		return m, badServer("malformed salt")
	}
	count, ok := attribute(attrs[2], 'i')
	n, err := strconv.ParseUint(count, 10, 31)
	if !ok || err != nil || strings.HasPrefix(count, "0") {
		return m, badServer("malformed iteration count")
	}
	m.iterations = int(n)
	return m, nil
}

// attribute takes "x=" off an attribute.
func attribute(s string, name byte) (string, bool) {
	if len(s) < 2 || s[0] != name || s[1] != '=' {
		return "", false
	}
	return s[2:], true
}

func encodedAttribute(s string, name byte) ([]byte, bool) {
	s, ok := attribute(s, name)
	if !ok || strings.ContainsAny(s, "\r\n") { // the decoder would pass over them
		return nil, false
	}
	b, err := base64.StdEncoding.Strict().DecodeString(s)
	return b, err == nil
}

// saslName reads an attribute in which "=2C" is a comma and "=3D" an equals sign:
// no other "=" may stand in it (RFC 5802 §5.1). It is not empty.
func saslName(s string, name byte) (string, bool) {
	s, ok := attribute(s, name)
	if !ok || s == "" {
		return "", false
	}
	out := strings.NewReplacer("=2C", ",", "=3D", "=").Replace(s)
	if strings.Count(s, "=") != strings.Count(s, "=2C")+strings.Count(s, "=3D") || strings.ContainsRune(out, 0) {
		return "", false
	}
	return out, true
}

func escapeName(s string) string {
	return strings.NewReplacer("=", "=3D", ",", "=2C").Replace(s)
}

// isNonce tells whether s is printable ASCII without a comma, and not empty.
func isNonce(s string) bool {
	for i := range len(s) {
		if s[i] <= ' ' || s[i] > '~' || s[i] == ',' {
			return false
		}
	}
	return s != ""
}

// nonceSize is the number of random octets in each side's nonce.
const nonceSize = 18

func newNonce(r io.Reader) (string, error) {
	var b [nonceSize]byte
	if _, err := io.ReadFull(r, b[:]); err != nil {
		return "", fmt.Errorf("sasl: nonce: %w", err)
	}
	return base64.StdEncoding.EncodeToString(b[:]), nil
}
