package message

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/emersion/go-message/charset"
)

// Param is one parameter of a Content-Type or Content-Disposition field.
type Param struct {
	Name  string // in lower case
	Value string // in UTF-8
	// extended says that it was written as RFC 2231 has it, and is decoded.
	extended bool
}

// maxParams is how many parameters of one field are read.
const maxParams = 200

func findParam(params []Param, name string) (Param, bool) {
	for _, p := range params {
		if p.Name == name {
			return p, true
		}
	}
	return Param{}, false
}

// isToken tells whether s is a token of RFC 2045 §5.1.
func isToken(s string) bool {
	for i := 0; i < len(s); i++ {
		if !isTokenOctet(s[i]) {
			return false
		}
	}
	return s != ""
}

func isTokenOctet(c byte) bool {
	return c > ' ' && c < 0x7f && strings.IndexByte(`()<>@,;:\"/[]?=`, c) < 0
}

// parseParams reads a field of the form value; name=value; … (RFC 2045 §5.1,
// RFC 2183 §2), with comments. value comes in lower case. It reads what it can of
// a field that is wrong, and says what is.
func parseParams(s string) (value string, params []Param, problem string) {
	sc := paramScanner{in: s}
	sc.space()
	from := sc.pos
	for sc.pos < len(s) && (isTokenOctet(s[sc.pos]) || s[sc.pos] == '/') {
		sc.pos++
	}
	value = strings.ToLower(s[from:sc.pos])
	var raw []Param
	for {
		sc.space()
		if sc.pos == len(s) {
			break
		}
		if s[sc.pos] != ';' {
			if problem == "" {
				problem = fmt.Sprintf("%q is not understood", clip(s[sc.pos:]))
			}
			if !sc.skipTo(';') {
				break
			}
		}
		sc.pos++
		sc.space()
		if sc.pos == len(s) || s[sc.pos] == ';' {
			continue // a semicolon too many harms nobody
		}
		if len(raw) == maxParams {
			problem = fmt.Sprintf("there are more than %d parameters", maxParams)
			break
		}
		name, v, ok := sc.param()
		if !ok {
			problem = "a parameter is not of the form name=value"
			continue
		}
		raw = append(raw, Param{Name: strings.ToLower(name), Value: v})
	}
	params, fault := joinParams(raw)
	if problem == "" {
		problem = fault
	}
	return value, params, problem
}

type paramScanner struct {
	in  string
	pos int
}

// space skips spaces and comments.
func (sc *paramScanner) space() {
	depth := 0
	for ; sc.pos < len(sc.in); sc.pos++ {
		switch c := sc.in[sc.pos]; {
		case c == '(':
			depth++
		case depth > 0 && c == ')':
			depth--
		case depth > 0 && c == '\\' && sc.pos+1 < len(sc.in):
			sc.pos++
		case depth > 0 || isWSP(c) || c == '\r' || c == '\n':
		default:
			return
		}
	}
}

func (sc *paramScanner) skipTo(c byte) bool {
	i := strings.IndexByte(sc.in[sc.pos:], c)
	if i < 0 {
		return false
	}
	sc.pos += i
	return true
}

func (sc *paramScanner) param() (name, value string, ok bool) {
	from := sc.pos
	for sc.pos < len(sc.in) && isTokenOctet(sc.in[sc.pos]) {
		sc.pos++
	}
	name = sc.in[from:sc.pos]
	sc.space()
	if name == "" || sc.pos == len(sc.in) || sc.in[sc.pos] != '=' {
		return "", "", false
	}
	sc.pos++
	sc.space()
	if sc.pos < len(sc.in) && sc.in[sc.pos] == '"' {
		return name, sc.quoted(), true
	}
	// Wider than a token: many programs forget the quotes.
	from = sc.pos
	for sc.pos < len(sc.in) && !isWSP(sc.in[sc.pos]) && sc.in[sc.pos] != ';' {
		sc.pos++
	}
	return name, sc.in[from:sc.pos], true
}

// quoted reads a quoted-string; one without an end goes to the end of the field.
func (sc *paramScanner) quoted() string {
	var b strings.Builder
	for sc.pos++; sc.pos < len(sc.in); sc.pos++ {
		c := sc.in[sc.pos]
		if c == '"' {
			sc.pos++
			break
		}
		if c == '\\' && sc.pos+1 < len(sc.in) {
			sc.pos++
			c = sc.in[sc.pos]
		}
		b.WriteByte(c)
	}
	return b.String()
}

// joinParams puts the pieces of RFC 2231 together: name*0, name*1 (§3) and name*
// with a charset and percent signs (§4). The result is in the order in which the
// names first stood.
func joinParams(raw []Param) (params []Param, problem string) {
	type pieces struct {
		plain    string
		hasPlain bool
		extended []byte
		has      bool // extended is there
		charset  string
		next     int // the number of the piece that must come next
	}
	var order []string
	byName := map[string]*pieces{}
	for _, p := range raw {
		name, number, encoded := sectionName(p.Name)
		all := byName[name]
		if all == nil {
			all = &pieces{}
			byName[name] = all
			order = append(order, name)
		}
		switch {
		case number < 0 && !encoded:
			if all.hasPlain {
				problem = fmt.Sprintf("the parameter %s stands twice; the first counts", clip(name))
				continue
			}
			all.plain, all.hasPlain = p.Value, true
			continue
		case number >= 0 && number != all.next || number < 0 && all.has:
			problem = fmt.Sprintf("the pieces of the parameter %s are out of order", clip(name))
			continue
		}
		value := p.Value
		if encoded {
			if number <= 0 {
				cs, rest, ok := strings.Cut(value, "'")
				_, text, ok2 := strings.Cut(rest, "'") // the language between is not used
				if ok && ok2 {
					all.charset, value = cs, text
				} else {
					problem = fmt.Sprintf("the parameter %s* names no charset", clip(name))
				}
			}
			value = percentDecode(value)
		}
		all.extended = append(all.extended, value...)
		all.has = true
		all.next = number + 1
	}
	for _, name := range order {
		all := byName[name]
		value := all.plain
		if all.has {
			value = toUTF8(string(all.extended), all.charset)
		}
		params = append(params, Param{Name: name, Value: strings.ToValidUTF8(value, "\uFFFD"), extended: all.has})
	}
	return params, problem
}

// sectionName takes name*3* apart. number is -1 if there is none.
func sectionName(s string) (name string, number int, encoded bool) {
	s, encoded = strings.CutSuffix(s, "*")
	if i := strings.LastIndexByte(s, '*'); i > 0 {
		if n, err := strconv.Atoi(s[i+1:]); err == nil && n >= 0 && n < maxParams {
			return s[:i], n, encoded
		}
	}
	return s, -1, encoded
}

func percentDecode(s string) string {
	if !strings.Contains(s, "%") {
		return s
	}
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) {
			if hi, lo := unhex(s[i+1]), unhex(s[i+2]); hi >= 0 && lo >= 0 {
				b = append(b, byte(hi<<4|lo))
				i += 2
				continue
			}
		}
		b = append(b, s[i])
	}
	return string(b)
}

func unhex(c byte) int {
	switch {
	case '0' <= c && c <= '9':
		return int(c - '0')
	case 'a' <= c && c <= 'f':
		return int(c-'a') + 10
	case 'A' <= c && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}

// toUTF8 converts from a charset; what cannot be converted stays.
func toUTF8(s, cs string) string {
	if cs == "" || isASCII(s) || strings.EqualFold(cs, "utf-8") {
		return s
	}
	r, err := charset.Reader(cs, strings.NewReader(s))
	if err != nil {
		return s
	}
	b, err := io.ReadAll(r)
	if err != nil {
		return s
	}
	return string(b)
}

// maxParamText is the longest value that is written in one piece.
const maxParamText = 56

// formatParam writes a parameter: as RFC 2231 has it if it is not ASCII or could
// be taken for an encoded-word, and in several pieces if it is long. The value must be valid UTF-8 without control characters.
func formatParam(name, value string) []string {
	if isASCII(value) && len(value) <= maxParamText && !strings.Contains(value, "=?") {
		if isToken(value) {
			return []string{name + "=" + value}
		}
		return []string{name + "=" + quote(value)}
	}
	var pieces []string
	piece := "utf-8''" // RFC 2231 §4; the language stays empty
	for _, r := range value {
		enc := percentEncode(r)
		if len(piece)+len(enc) > maxParamText {
			pieces = append(pieces, piece)
			piece = ""
		}
		piece += enc
	}
	pieces = append(pieces, piece)
	if len(pieces) == 1 {
		return []string{name + "*=" + piece}
	}
	for i, p := range pieces { // RFC 2231 §4.1
		pieces[i] = fmt.Sprintf("%s*%d*=%s", name, i, p)
	}
	return pieces
}

// percentEncode leaves letters, digits and a few signs: all of them are
// attribute-char of RFC 2231 §7.
func percentEncode(r rune) string {
	if r < utf8.RuneSelf {
		c := byte(r)
		if qPlain(c) && c != '*' && c != '/' || c == '.' || c == '_' {
			return string(r)
		}
	}
	var b strings.Builder
	for _, c := range []byte(string(r)) {
		fmt.Fprintf(&b, "%%%02X", c)
	}
	return b.String()
}
