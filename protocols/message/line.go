package message

import (
	"bytes"
	"unicode/utf8"
)

// Limits on a line, in octets and without its CRLF.
const (
	// MaxLine is the most that a line may have (RFC 5322 §2.1.1). With its CRLF it
	// is the 1,000 octets of RFC 5321 §4.5.3.1.6.
	MaxLine = 998
	// foldAt is where this package folds header lines: RFC 5322 §2.1.1 asks for at
	// most 78, RFC 2047 §2 for at most 76 where an encoded-word stands.
	foldAt = 76
)

// lineEnd says how a line of a file ends.
type lineEnd uint8

const (
	endCRLF lineEnd = iota
	endLF
	endCR
	endNone // the file is over
)

// line is one line of a file, in whatever way it ends.
type line struct {
	number int // 1 for the first
	text   []byte
	end    lineEnd
}

// lineScanner cuts a file into lines at CRLF, at LF and at CR.
type lineScanner struct {
	raw    []byte
	pos    int
	lf     int // the first LF at or after pos; len(raw) if there is none
	number int
}

func newLineScanner(raw []byte) *lineScanner { return &lineScanner{raw: raw, lf: -1} }

func (s *lineScanner) next() (line, bool) {
	if s.pos >= len(s.raw) {
		return line{}, false
	}
	if s.lf < s.pos {
		s.lf = len(s.raw)
		if i := bytes.IndexByte(s.raw[s.pos:], '\n'); i >= 0 {
			s.lf = s.pos + i
		}
	}
	s.number++
	l := line{number: s.number}
	from := s.pos
	cr := bytes.IndexByte(s.raw[from:s.lf], '\r')
	switch {
	case cr < 0 && s.lf == len(s.raw):
		l.text, l.end = s.raw[from:], endNone
		s.pos = s.lf
	case cr < 0:
		l.text, l.end = s.raw[from:s.lf], endLF
		s.pos = s.lf + 1
	case from+cr+1 == s.lf && s.lf < len(s.raw):
		l.text, l.end = s.raw[from:from+cr], endCRLF
		s.pos = s.lf + 1
	default:
		l.text, l.end = s.raw[from:from+cr], endCR
		s.pos = from + cr + 1
	}
	return l, true
}

// isASCII tells whether no octet of s is above 127.
func isASCII[T string | []byte](s T) bool {
	for i := 0; i < len(s); i++ {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}

func isWSP(c byte) bool { return c == ' ' || c == '\t' }

// clip shortens text that is quoted in an error; it cuts between characters.
func clip[T string | []byte](s T) string {
	most := 60
	if len(s) <= most {
		return string(s)
	}
	for i := 0; i < utf8.UTFMax-1 && !utf8.RuneStart(s[most]); i++ {
		most--
	}
	return string(s[:most]) + "…"
}
