package mismatch

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"mailwalk/sim/near"
)

const (
	maxLine  = 1024 // how much of a line is looked at, in octets
	maxLines = 8    // how many are looked at
)

// lines judges by the lines of text that were heard, until one of them tells.
func (p *port) lines(heard []byte, ended bool) (speech, Verdict) {
	for n := 0; len(heard) > 0; n++ {
		if n == maxLines {
			return speech{}, Unknown
		}
		text, rest, whole := bytes.Cut(heard, []byte("\n"))
		if len(text) > maxLine {
			text, whole = text[:maxLine], false
		}
		switch {
		case !readable(text):
			return speech{}, Unknown
		case !whole && !ended && len(text) < maxLine:
			return speech{}, Unclear
		}
		if s, v := p.line(newLine(bytes.TrimSuffix(text, []byte("\r")), whole)); v != Unclear {
			s.later = n > 0
			return s, v
		}
		heard = rest
	}
	return speech{}, Unclear
}

// readable tells text from other octets. The end of what was heard may cut a
// character.
func readable(text []byte) bool {
	for len(text) > 0 {
		r, n := utf8.DecodeRune(text)
		switch {
		case r == utf8.RuneError && n == 1:
			return !utf8.FullRune(text)
		case r < ' ' && r != '\t' && r != '\r', r == 0x7f:
			return false
		}
		text = text[n:]
	}
	return true
}

// line is a line of text without its end.
type line struct {
	text  []byte
	words []string
	verb  string // the first word in upper case
	whole bool   // it has come to its end
	named bool   // the first word has
}

func newLine(text []byte, whole bool) line {
	l := line{text: text, words: strings.Fields(string(text)), whole: whole}
	if len(l.words) > 0 {
		l.verb = strings.ToUpper(l.words[0])
		l.named = whole || len(l.words) > 1 || bytes.HasSuffix(text, []byte(" "))
	}
	return l
}

// args are the words behind the first.
func (l line) args() int { return len(l.words) - 1 }

// second is the second word in upper case.
func (l line) second() string {
	if l.args() < 1 {
		return ""
	}
	return strings.ToUpper(l.words[1])
}

// line judges one line. Unclear means that it proves nothing.
func (p *port) line(l line) (speech, Verdict) {
	if len(l.words) == 0 || !l.named && !p.tls {
		return speech{}, Unclear
	}
	s, ok := l.request()
	switch {
	case ok && s.protocols[0] == p.speaks && !p.tls:
		return speech{}, Fits
	case ok:
		return s, Foreign
	case !p.tls && p.isOwn(l):
		return speech{}, Fits
	}
	if s, ok = l.command(); ok {
		return s, Foreign
	}
	if p.tls && l.isTagged() {
		return l.tagged(), Foreign
	}
	switch {
	case p.tls:
		return speech{
			protocols: []Protocol{Text}, what: "readable text",
			octets: octets(l.text, 6) + ": text, where a TLS record of type handshake begins with 16 (RFC 8446 §5.1).",
		}, Foreign
	case !l.whole:
		return speech{}, Unclear
	case p.speaks == IMAP && commandOf(IMAP, l.verb) != "" && !slices.Contains(elsewhere, l.verb):
		return untagged(l.verb), Foreign
	case slices.Contains(shared, l.verb):
		return speech{}, Unclear
	}
	return p.text(l), Foreign
}

// isOwn tells whether a line may well be a command of what the port is for.
func (p *port) isOwn(l line) bool {
	switch p.speaks {
	case SMTP, POP3:
		if p.speaks == SMTP && isFTPAuth(l) {
			return false
		}
		return commandOf(p.speaks, l.verb) != "" || slices.Contains(extensions[p.speaks], l.verb) ||
			len(l.verb) > 2 && l.verb[0] == 'X' && isAtom(l.verb) // for private use (RFC 5321 §4.1.5)
	case IMAP:
		if commandOf(IMAP, l.second()) != "" {
			return isTag(l.words[0])
		}
		_, known := l.command()
		return !known && isUsualTag(l.words[0]) && isAtom(l.second()) // an extension
	}
	return false
}

// untagged is a command of IMAP that somebody typed without its tag.
func untagged(verb string) speech {
	return speech{
		protocols: []Protocol{Text}, what: "the IMAP command " + verb + " without a tag",
		octets: fmt.Sprintf("%s stands where the tag is expected.", verb),
		remedy: "Put a tag of your choice in front of each command: a1 " + verb + ".", tagless: true,
	}
}

// text is a line that is no command.
func (p *port) text(l line) speech {
	// A first word is repeated, not the line: more of it may be secret.
	first := quote([]byte(l.words[0]))
	s := speech{
		protocols: []Protocol{Text},
		what:      fmt.Sprintf("a line of text that is not %s; its first word is %q", p.speaks, first),
		octets:    fmt.Sprintf("%s: a line of %d octets, without its end, that is no request and no command that is known here.", octets(l.text, 6), len(l.text)),
	}
	for _, verb := range verbsOf(p.speaks) {
		if p.speaks != IMAP && near.Distance(l.verb, verb) == 1 {
			s.remedy = fmt.Sprintf("Perhaps %s was meant.", verb)
			break
		}
	}
	return s
}
