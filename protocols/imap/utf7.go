package imap

import (
	"encoding/base64"
	"errors"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// Mailbox names in IMAP4rev1 are in a modified UTF-7: printable ASCII stands for
// itself, "&" is "&-", and all else is UTF-16 in base64 between "&" and "-".
//
// RFC 3501 §5.1.3, RFC 9051 §A.1

var utf7Base64 = base64.NewEncoding("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,").
	WithPadding(base64.NoPadding).Strict()

var errUTF7 = errors.New("not modified UTF-7")

func printable(c byte) bool { return ' ' <= c && c <= '~' }

func encodeUTF7(s string) string {
	var b strings.Builder
	var shifted []rune
	flush := func() {
		if len(shifted) == 0 {
			return
		}
		var wide []byte
		for _, u := range utf16.Encode(shifted) {
			wide = append(wide, byte(u>>8), byte(u))
		}
		b.WriteByte('&')
		b.WriteString(utf7Base64.EncodeToString(wide))
		b.WriteByte('-')
		shifted = shifted[:0]
	}
	for _, r := range s {
		if r >= utf8.RuneSelf || !printable(byte(r)) {
			shifted = append(shifted, r)
			continue
		}
		flush()
		b.WriteRune(r)
		if r == '&' {
			b.WriteByte('-')
		}
	}
	flush()
	return b.String()
}

// decodeUTF7 is strict: a name has exactly one encoding, so that no two names
// mean one mailbox.
func decodeUTF7(s string) (string, error) {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		c := s[i]
		if !printable(c) {
			return "", errUTF7
		}
		if c != '&' {
			b.WriteByte(c)
			continue
		}
		end := strings.IndexByte(s[i:], '-')
		if end < 0 {
			return "", errUTF7
		}
		run := s[i+1 : i+end]
		i += end
		if run == "" {
			b.WriteByte('&')
			continue
		}
		wide, err := utf7Base64.DecodeString(run)
		if err != nil || len(wide)%2 != 0 {
			return "", errUTF7
		}
		units := make([]uint16, 0, len(wide)/2)
		for k := 0; k < len(wide); k += 2 {
			units = append(units, uint16(wide[k])<<8|uint16(wide[k+1]))
		}
		b.WriteString(string(utf16.Decode(units)))
	}
	out := b.String()
	if encodeUTF7(out) != s {
		return "", errUTF7
	}
	return out, nil
}
