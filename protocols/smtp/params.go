package smtp

import (
	"math"
	"strconv"
	"strings"
)

// Param is a parameter of MAIL or RCPT, such as SIZE=1000.
type Param struct {
	Keyword string // in upper case
	Value   string // "" if HasValue is false
	// HasValue tells "KEY=value" from "KEY".
	HasValue bool
}

// String returns the parameter as it stands on the wire.
func (p Param) String() string {
	if !p.HasValue {
		return p.Keyword
	}
	return p.Keyword + "=" + p.Value
}

// ParseParams parses what follows the path in MAIL and RCPT. A keyword that
// comes twice is refused, since two programs might heed different ones. The
// error is a *SyntaxError.
//
//	Mail-parameters = esmtp-param *(SP esmtp-param)         RFC 5321 §4.1.2
func ParseParams(s string) ([]Param, error) {
	var params []Param
	for word := range strings.SplitSeq(s, " ") {
		if word == "" {
			continue
		}
		var p Param
		p.Keyword, p.Value, p.HasValue = strings.Cut(word, "=")
		p.Keyword = upper(p.Keyword)
		if !isKeyword(p.Keyword) {
			return nil, syntaxError("parameter", "a keyword has letters, digits and hyphens")
		}
		if p.HasValue && !isValue(p.Value) {
			return nil, syntaxError("parameter "+p.Keyword, "has a malformed value")
		}
		for _, q := range params {
			if q.Keyword == p.Keyword {
				return nil, syntaxError("parameter "+p.Keyword, "comes twice")
			}
		}
		params = append(params, p)
	}
	return params, nil
}

// isKeyword: esmtp-keyword = (ALPHA / DIGIT) *(ALPHA / DIGIT / "-"), RFC 5321
// §4.1.2; an ehlo-keyword (RFC 5321 §4.1.1.1) is the same.
func isKeyword(s string) bool {
	if s == "" || s[0] == '-' {
		return false
	}
	for i := range len(s) {
		if !isLetDig(s[i]) && s[i] != '-' {
			return false
		}
	}
	return true
}

// isValue: esmtp-value = 1*(%d33-60 / %d62-126), RFC 5321 §4.1.2.
func isValue(s string) bool {
	for i := range len(s) {
		if s[i] < 33 || s[i] > 126 || s[i] == '=' {
			return false
		}
	}
	return s != ""
}

// Body is what the client says of its content in BODY= (RFC 6152 §2).
type Body string

// The kinds of content. The empty Body means that nothing was said.
const (
	Body7Bit     Body = "7BIT"
	Body8BitMIME Body = "8BITMIME"
	// BodyBinaryMIME is content of any octets, which BDAT alone can carry (RFC 3030
	// §3).
	BodyBinaryMIME Body = "BINARYMIME"
)

// MailParams are the parameters of MAIL that are understood here. The zero value
// is a MAIL without any.
type MailParams struct {
	// Size is the client's estimate of the content in octets, line ends counted
	// as two and stuffed dots not at all (RFC 1870 §5). 0 means that none was
	// given, or that none was known.
	Size int64
	// Body says what the content is.
	Body Body
	// Auth is who submitted the mail first, as the client tells it (RFC 4954 §5):
	// nil if nothing was said, the null path for AUTH=<> and for anything that a
	// client says before it has authenticated. It is to be believed only from a
	// client that may speak for others.
	Auth *Path
	// UTF8 says SMTPUTF8: an address of the envelope, or the header, is not ASCII
	// (RFC 6531 §3.4).
	UTF8 bool
	// Ret says how much of the mail a notification of failure returns, and EnvID
	// names the mail in all its notifications (RFC 3461 §4.3 and §4.4). Both are
	// empty if nothing was said. EnvID is printable ASCII.
	Ret   Ret
	EnvID string
}

// Params returns the parameters in the order of their keywords.
func (m MailParams) Params() []Param {
	var params []Param
	if m.Auth != nil {
		value := "<>"
		if !m.Auth.IsNull() {
			value = encodeXtext(m.Auth.Mailbox())
		}
		params = append(params, Param{"AUTH", value, true})
	}
	if m.Body != "" {
		params = append(params, Param{"BODY", string(m.Body), true})
	}
	if m.EnvID != "" {
		params = append(params, Param{"ENVID", encodeXtext(m.EnvID), true})
	}
	if m.Ret != "" {
		params = append(params, Param{"RET", string(m.Ret), true})
	}
	if m.Size > 0 {
		params = append(params, Param{"SIZE", strconv.FormatInt(m.Size, 10), true})
	}
	if m.UTF8 {
		params = append(params, Param{Keyword: "SMTPUTF8"})
	}
	return params
}

// mailParam is a parameter of MAIL that an extension brings.
type mailParam struct {
	keyword   string
	extension string // the EHLO keyword without which it is not recognised
	set       func(m *MailParams, p Param) error
}

var mailParams = []mailParam{
	{"AUTH", "AUTH", setAuth},
	{"BODY", "8BITMIME", setBody},
	{"ENVID", "DSN", setEnvID},
	{"RET", "DSN", setRet},
	{"SIZE", "SIZE", setSize},
	{"SMTPUTF8", "SMTPUTF8", setUTF8},
}

func findMailParam(keyword string) *mailParam {
	for i := range mailParams {
		if mailParams[i].keyword == keyword {
			return &mailParams[i]
		}
	}
	return nil
}

// setSize: size-value ::= 1*20DIGIT, RFC 1870 §3. What is over 63 bits is taken as
// the most there is.
func setSize(m *MailParams, p Param) error {
	value := p.Value
	if len(value) > 20 || value == "" {
		return syntaxError("SIZE", "is 1 to 20 digits")
	}
	for i := range len(value) {
		if !isDigit(value[i]) {
			return syntaxError("SIZE", "is 1 to 20 digits")
		}
	}
	n, err := strconv.ParseInt(value, 10, 64)
	if err != nil {
		n = math.MaxInt64
	}
	m.Size = n
	return nil
}

// setBody takes BINARYMIME as well; whether it is offered is for the session.
func setBody(m *MailParams, p Param) error {
	switch body := Body(upper(p.Value)); body {
	case Body7Bit, Body8BitMIME, BodyBinaryMIME:
		m.Body = body
		return nil
	}
	return syntaxError("BODY", "is 7BIT, 8BITMIME or BINARYMIME")
}

// setAuth: the value is xtext of a mailbox, or <> (RFC 4954 §5).
func setAuth(m *MailParams, param Param) error {
	text, ok := decodeXtext(param.Value)
	if !ok {
		return syntaxError("AUTH", "is not xtext")
	}
	if text == "<>" {
		m.Auth = &Path{}
		return nil
	}
	p, err := ParseMailbox(text)
	if err != nil {
		return err
	}
	m.Auth = &p
	return nil
}

const hexDigits = "0123456789ABCDEF"

// encodeXtext writes "+", "=" and what is not printable as "+" and two
// hexadecimal digits (RFC 3461 §4).
func encodeXtext(s string) string {
	var b strings.Builder
	for i := range len(s) {
		if ch := s[i]; ch < 33 || ch > 126 || ch == '+' || ch == '=' {
			b.Write([]byte{'+', hexDigits[ch>>4], hexDigits[ch&15]})
		} else {
			b.WriteByte(ch)
		}
	}
	return b.String()
}

// decodeXtext undoes encodeXtext. Hexadecimal digits are in upper case (RFC 3461
// §4).
func decodeXtext(s string) (string, bool) {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		ch := s[i]
		if ch != '+' {
			b.WriteByte(ch)
			continue
		}
		if i+2 >= len(s) {
			return "", false
		}
		hi, lo := strings.IndexByte(hexDigits, s[i+1]), strings.IndexByte(hexDigits, s[i+2])
		if hi < 0 || lo < 0 {
			return "", false
		}
		b.WriteByte(byte(hi<<4 | lo))
		i += 2
	}
	return b.String(), true
}
