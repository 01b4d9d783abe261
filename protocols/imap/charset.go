package imap

import (
	"strings"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
)

// charsets are the single-octet character sets that are read besides US-ASCII and
// UTF-8, by their IANA names in lower case.
var charsets = map[string]encoding.Encoding{
	"iso-8859-1":   charmap.Windows1252, // what is so labelled often has its quotes
	"iso-8859-2":   charmap.ISO8859_2,
	"iso-8859-5":   charmap.ISO8859_5,
	"iso-8859-7":   charmap.ISO8859_7,
	"iso-8859-9":   charmap.ISO8859_9,
	"iso-8859-15":  charmap.ISO8859_15,
	"windows-1250": charmap.Windows1250,
	"windows-1251": charmap.Windows1251,
	"windows-1252": charmap.Windows1252,
	"windows-1253": charmap.Windows1253,
	"windows-1254": charmap.Windows1254,
	"koi8-r":       charmap.KOI8R,
	"koi8-u":       charmap.KOI8U,
}

// toUTF8 turns text of a character set into UTF-8. Text of an unknown set, and
// text that is not of its set, is returned as it is.
func toUTF8(charset, s string) string {
	cs, known := charsets[strings.ToLower(charset)]
	if !known {
		return s
	}
	out, err := cs.NewDecoder().String(s)
	if err != nil {
		return s
	}
	return out
}
