package message

import (
	"bytes"
	"fmt"
	"unicode/utf8"
)

// RefusalKind says why a file is not taken as a mail.
type RefusalKind string

// The kinds of refusals.
const (
	EmptyFile   RefusalKind = "empty file"
	NotAMail    RefusalKind = "not a mail"
	NoColon     RefusalKind = "header line without a name and a colon"
	LineTooLong RefusalKind = "line too long"
	NULOctet    RefusalKind = "NUL octet"
)

// Refusal is the error of [Canonicalize]: the file cannot become a mail without
// changing what it says.
type Refusal struct {
	Kind RefusalKind
	// Line is the line in the file, 1 for the first; 0 if the whole file is meant.
	Line int
	// Text says in plain words what is wrong and, where there is something to be
	// done, what.
	Text string
}

// Error gives the line, if there is one, and the text.
func (r *Refusal) Error() string {
	if r.Line == 0 {
		return r.Text
	}
	return fmt.Sprintf("line %d: %s", r.Line, r.Text)
}

func notAMail(line int, format string, args ...any) *Refusal {
	return &Refusal{Kind: NotAMail, Line: line, Text: "this does not look like a mail: " + fmt.Sprintf(format, args...)}
}

// signatures are the first octets of files that people take for mails.
var signatures = []struct{ start, what string }{
	{"%PDF-", "it is a PDF document"},
	{"PK\x03\x04", "it is a ZIP archive (or a document made of one, as .docx and .odt are)"},
	{"\x89PNG", "it is a PNG picture"},
	{"\xff\xd8\xff", "it is a JPEG picture"},
	{"GIF8", "it is a GIF picture"},
	{"\x1f\x8b", "it is a gzip-compressed file"},
	{"\x7fELF", "it is a program"},
	{"\xd0\xcf\x11\xe0", "it is a Microsoft compound file (Outlook's .msg is one); save the mail as .eml"},
	{"\xef\xbb\xbf", "it begins with a byte order mark; save it as UTF-8 without one"},
	{"\xff\xfe", "it is UTF-16 text; save it as UTF-8"},
	{"\xfe\xff", "it is UTF-16 text; save it as UTF-8"},
}

// beginning refuses what is no mail by its first octets and its first line,
// where a better word can be given than for a line further down.
func beginning(raw []byte) *Refusal {
	if len(raw) == 0 {
		return &Refusal{Kind: EmptyFile, Text: "the file is empty: a mail has at least a header, such as From: alice@acme.test"}
	}
	for _, s := range signatures {
		if bytes.HasPrefix(raw, []byte(s.start)) {
			return notAMail(0, "%s", s.what)
		}
	}
	first, _ := newLineScanner(raw).next()
	if _, ok := fieldName(first.text); ok {
		return nil
	}
	const advice = "a mail begins with a header field, such as From: alice@acme.test"
	switch t := first.text; {
	case bytes.IndexByte(raw[:min(len(raw), 512)], 0) >= 0:
		return notAMail(0, "it is a binary file")
	case len(t) == 0:
		return notAMail(1, "there is no header, the first line is empty; %s", advice)
	case isWSP(t[0]):
		return notAMail(1, "the first line begins with a space, as only the continuation of a header field does; %s", advice)
	case bytes.HasPrefix(t, []byte("From ")):
		return notAMail(1, "the first line, %q, is the separator of an mbox file; leave it out and keep one mail", clip(t))
	case bytes.HasPrefix(t, []byte("<")):
		return notAMail(1, "the first line, %q, looks like HTML; %s", clip(t), advice)
	case onlyDigits(t):
		return notAMail(1, "the first line is a number, as in Apple Mail's .emlx files; leave it out, and what follows the mail")
	case !utf8.Valid(t[:min(len(t), MaxLine)]) && len(t) > MaxLine:
		return notAMail(0, "it is a binary file")
	default:
		return notAMail(1, "the first line is %q; %s", clip(t), advice)
	}
}

func onlyDigits(t []byte) bool {
	t = bytes.TrimRight(t, " ")
	for _, c := range t {
		if c < '0' || c > '9' {
			return false
		}
	}
	return len(t) > 0
}
