package imap

import (
	"bytes"
	"encoding/base64"
	"io"
	"mime"
	"mime/quotedprintable"
	"net/mail"
	"strings"
)

// candidate is a message that a search looks at. Its content is asked for when a
// key needs it, once.
type candidate struct {
	seq     uint32
	msg     *Message
	load    func() ([]byte, error)
	content []byte
	root    *part
	text    []string // decoded texts of the body, folded; nil until asked for
	err     error
}

// prepare readies a key for a mailbox: lastSeq and lastUID are what "*" means, and
// saved holds the UIDs that "$" means, ascending.
func (k *SearchKey) prepare(lastSeq, lastUID uint32, saved []uint32) {
	k.folded = fold(k.Text)
	k.byUID = k.Op == "UID" || k.Set.Saved
	switch {
	case k.Set.Saved:
		k.resolved = Nums(saved...).resolve(0)
	case k.byUID:
		k.resolved = k.Set.resolve(lastUID)
	default:
		k.resolved = k.Set.resolve(lastSeq)
	}
	for i := range k.Keys {
		k.Keys[i].prepare(lastSeq, lastUID, saved)
	}
}

func (c *candidate) parsed() *part {
	if c.root == nil {
		c.content, c.err = c.load()
		c.root = parseMessage(c.content)
	}
	return c.root
}

// match tells whether the candidate meets a key that was prepared. If its content could not be
// had, c.err is set.
func (c *candidate) match(k *SearchKey) bool {
	if c.err != nil {
		return false
	}
	flag := func(f Flag) bool { return HasFlag(c.msg.Flags, f) }
	switch k.Op {
	case "AND":
		for i := range k.Keys {
			if !c.match(&k.Keys[i]) {
				return false
			}
		}
		return true
	case "OR":
		return c.match(&k.Keys[0]) || c.match(&k.Keys[1])
	case "NOT":
		return !c.match(&k.Keys[0])
	case "ALL":
		return true
	case "SET", "UID":
		if k.byUID {
			return k.resolved.contains(c.msg.UID)
		}
		return k.resolved.contains(c.seq)
	case "ANSWERED":
		return flag(FlagAnswered)
	case "UNANSWERED":
		return !flag(FlagAnswered)
	case "DELETED":
		return flag(FlagDeleted)
	case "UNDELETED":
		return !flag(FlagDeleted)
	case "DRAFT":
		return flag(FlagDraft)
	case "UNDRAFT":
		return !flag(FlagDraft)
	case "FLAGGED":
		return flag(FlagFlagged)
	case "UNFLAGGED":
		return !flag(FlagFlagged)
	case "SEEN":
		return flag(FlagSeen)
	case "UNSEEN":
		return !flag(FlagSeen)
	case "RECENT":
		return c.msg.Recent
	case "OLD":
		return !c.msg.Recent
	case "NEW":
		return c.msg.Recent && !flag(FlagSeen)
	case "KEYWORD":
		return flag(k.Flag)
	case "UNKEYWORD":
		return !flag(k.Flag)
	case "LARGER":
		return c.msg.Size > k.Size
	case "SMALLER":
		return c.msg.Size < k.Size
	case "BEFORE":
		return day(c.msg.InternalDate).Before(k.Date)
	case "ON":
		return day(c.msg.InternalDate).Equal(k.Date)
	case "SINCE":
		return !day(c.msg.InternalDate).Before(k.Date)
	default:
		return c.matchContent(k)
	}
}

// matchContent decides the keys that look into the message.
func (c *candidate) matchContent(k *SearchKey) bool {
	root := c.parsed()
	if c.err != nil {
		return false
	}
	want := k.folded
	switch k.Op {
	case "BCC", "CC", "FROM", "SUBJECT", "TO":
		return inField(root.fields, k.Op, want)
	case "HEADER":
		return inField(root.fields, k.Field, want)
	case "SENTBEFORE", "SENTON", "SENTSINCE":
		v, _ := first(root.fields, "Date")
		sent, err := mail.ParseDate(v)
		if err != nil {
			return false // a message without a date was sent on no day
		}
		switch k.Op {
		case "SENTBEFORE":
			return day(sent).Before(k.Date)
		case "SENTON":
			return day(sent).Equal(k.Date)
		default:
			return !day(sent).Before(k.Date)
		}
	case "BODY":
		return c.inBody(want)
	case "TEXT":
		return strings.Contains(foldHeader(root), want) || c.inBody(want)
	default:
		return false
	}
}

// fold makes a substring search case-insensitive.
func fold(s string) string { return strings.ToLower(s) }

func inField(fields []field, name, want string) bool {
	for _, f := range fields {
		if strings.EqualFold(f.name, name) && strings.Contains(fold(decodeWords(f.value())), want) {
			return true
		}
	}
	return false
}

func foldHeader(p *part) string {
	var b strings.Builder
	for _, f := range p.fields {
		if f.name != "" {
			b.WriteString(f.name + ": " + decodeWords(f.value()) + "\r\n")
		}
	}
	return fold(b.String())
}

// decodeWords decodes encoded words (RFC 2047), which RFC 9051 §6.4.4 demands
// before text is compared. What cannot be decoded stays.
func decodeWords(s string) string {
	if !strings.Contains(s, "=?") {
		return s
	}
	dec := mime.WordDecoder{CharsetReader: func(charset string, r io.Reader) (io.Reader, error) {
		b, err := io.ReadAll(r)
		return strings.NewReader(toUTF8(charset, string(b))), err
	}}
	out, err := dec.DecodeHeader(s)
	if err != nil {
		return s
	}
	return out
}

// inBody looks into the decoded text parts, and into the headers of parts and of
// enclosed messages.
func (c *candidate) inBody(want string) bool {
	if c.text == nil {
		c.text = []string{}
		c.gather(c.parsed(), true)
	}
	for _, t := range c.text {
		if strings.Contains(t, want) {
			return true
		}
	}
	return false
}

func (c *candidate) gather(p *part, outermost bool) {
	if !outermost {
		c.text = append(c.text, foldHeader(p))
	}
	switch {
	case p.multipart():
		for _, child := range p.children {
			c.gather(child, false)
		}
	case p.message != nil:
		c.gather(p.message, false)
	case p.is("text", ""):
		b, known := decodeTransfer(p.encoding(), p.body)
		if !known {
			b = p.body
		}
		c.text = append(c.text, fold(toUTF8(paramOf(p.params, "charset"), string(b))))
	}
}

// decodeTransfer takes a content transfer encoding off (RFC 2045 §6). false means
// that the encoding is not known. Damaged text is decoded as far as it goes.
func decodeTransfer(encoding string, b []byte) ([]byte, bool) {
	switch encoding {
	case "7bit", "8bit", "binary":
		return b, true
	case "base64":
		out := make([]byte, base64.StdEncoding.DecodedLen(len(b)))
		clean := bytes.Map(func(r rune) rune {
			if r < 0x80 && (isAlnum(byte(r)) || r == '+' || r == '/' || r == '=') {
				return r
			}
			return -1 // RFC 2045 §6.8: other characters are to be ignored
		}, b)
		n, err := base64.StdEncoding.Decode(out, clean)
		if err != nil {
			return out[:n], true // up to the damage
		}
		return out[:n], true
	case "quoted-printable":
		out, err := io.ReadAll(quotedprintable.NewReader(bytes.NewReader(b)))
		if err != nil {
			return out, true // up to the damage
		}
		return out, true
	default:
		return nil, false
	}
}

func isAlnum(c byte) bool {
	return 'A' <= c && c <= 'Z' || 'a' <= c && c <= 'z' || isDigit(c)
}
