package message

import (
	"encoding/base64"
	"mime"
	"strings"
	"unicode/utf8"

	"github.com/emersion/go-message/charset"
)

// Encoded-words carry text that is not ASCII through header fields that are
// (RFC 2047). Those written here are in UTF-8.

const (
	// maxWord is the longest encoded-word written here. RFC 2047 §2 allows 75; with
	// less, the first one fits on a line behind "Subject: ".
	maxWord = 66
	wordQ   = "=?utf-8?q?"
	wordB   = "=?utf-8?b?"
	wordEnd = "?="
	room    = maxWord - len(wordQ) - len(wordEnd)
	// longWord is the longest word that is left as it is: longer ones are encoded,
	// since only encoded can they be cut.
	longWord = foldAt - 10
)

// needsWords tells whether text cannot stand in a header field as it is.
func needsWords(s string) bool {
	for w := range strings.SplitSeq(s, " ") {
		if len(w) > longWord {
			return true
		}
	}
	for i := 0; i < len(s); i++ {
		if s[i] < ' ' || s[i] > '~' {
			return true
		}
	}
	return strings.Contains(s, "=?")
}

// encodeText encodes what must be encoded of an unstructured value: from the
// first word that needs it to the last, so that the rest stays readable.
func encodeText(s string) string {
	if s == "" {
		return ""
	}
	words := strings.Split(s, " ")
	first, last := len(words), -1
	for i, w := range words {
		switch {
		// A space at either end would be lost when the field is read: it is encoded
		// together with the word beside it.
		case w == "" && i == 0:
			first, last = 0, 1
		case w == "" && i == len(words)-1:
			first, last = min(first, i-1), i
		case needsWords(w):
			first, last = min(first, i), max(last, i)
		}
	}
	if last < 0 {
		return s
	}
	out := append([]string{}, words[:first]...)
	out = append(out, encodeWords(strings.Join(words[first:last+1], " ")))
	return strings.Join(append(out, words[last+1:]...), " ")
}

// encodeWords writes s as encoded-words with spaces between, which a reader takes
// out again (RFC 2047 §6.2). It chooses Q, which people can read, as long as half
// of the octets stay as they are, and else B (RFC 2047 §4).
func encodeWords(s string) string {
	plain := 0
	for i := 0; i < len(s); i++ {
		if qCost(s[i]) == 1 {
			plain++
		}
	}
	prefix := wordQ
	if plain < len(s)-plain {
		prefix = wordB
	}
	var out strings.Builder
	for len(s) > 0 {
		n := wordCut(s, prefix == wordB)
		if out.Len() > 0 {
			out.WriteByte(' ')
		}
		out.WriteString(prefix)
		if prefix == wordB {
			out.WriteString(base64.StdEncoding.EncodeToString([]byte(s[:n])))
		} else {
			writeQ(&out, s[:n])
		}
		out.WriteString(wordEnd)
		s = s[n:]
	}
	return out.String()
}

// wordCut is how many octets of s one encoded-word can take. A character is
// never cut in two (RFC 2047 §5).
func wordCut(s string, b64 bool) int {
	n, used := 0, 0
	for n < len(s) {
		_, size := utf8.DecodeRuneInString(s[n:])
		if b64 {
			used = base64.StdEncoding.EncodedLen(n + size)
		} else {
			for i := n; i < n+size; i++ {
				used += qCost(s[i])
			}
		}
		if used > room {
			return n
		}
		n += size
	}
	return n
}

// qPlain tells whether Q leaves an octet as it is. It is the set of RFC 2047 §5
// (3), for words in a phrase, used everywhere.
func qPlain(c byte) bool {
	switch {
	case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
		return true
	}
	return c == '!' || c == '*' || c == '+' || c == '-' || c == '/'
}

func qCost(c byte) int {
	if qPlain(c) || c == ' ' {
		return 1
	}
	return 3
}

func writeQ(b *strings.Builder, s string) {
	const hex = "0123456789ABCDEF"
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == ' ':
			b.WriteByte('_') // RFC 2047 §4.2 (2)
		case qPlain(c):
			b.WriteByte(c)
		default:
			b.Write([]byte{'=', hex[c>>4], hex[c&15]})
		}
	}
}

// decodeWords decodes the encoded-words in s and leaves what it cannot decode.
// The result is valid UTF-8.
func decodeWords(s string) string {
	if strings.Contains(s, "=?") {
		d := mime.WordDecoder{CharsetReader: charset.Reader}
		if text, err := d.DecodeHeader(s); err == nil {
			s = text
		}
	}
	return strings.ToValidUTF8(s, "\uFFFD")
}
