package message

import (
	"fmt"
	"net/netip"
	"strings"
)

// Hop is one stamp found on a mail.
type Hop struct {
	Field    Field
	Received Received
	// Err says what of the stamp could not be read; the rest of Received is set.
	Err error
}

// Hops reads the stamps of a mail in the order in which they were made: the
// field that stands lowest comes first.
func Hops(msg []byte) []Hop {
	stamps := ParseHeader(msg).All("Received")
	hops := make([]Hop, 0, len(stamps))
	for i := len(stamps) - 1; i >= 0; i-- {
		r, err := ParseReceived(stamps[i].Value)
		hops = append(hops, Hop{Field: stamps[i], Received: r, Err: err})
	}
	return hops
}

// maxReceived is the longest stamp that is read, in octets.
const maxReceived = 16 << 10

// ParseReceived reads the value of a Received field. Servers write it in many
// ways, so it takes clauses in any order, and keeps what it does not know in
// Comments and Rest. With an error, what could be read is returned too.
func ParseReceived(value string) (Received, error) {
	var r Received
	if len(value) > maxReceived {
		return r, fmt.Errorf("Received: it has %d octets, more than %d", len(value), maxReceived)
	}
	stampText, date, hasDate := cutDate(value)
	tokens, closed := receivedTokens(stampText)
	r.take(tokens)
	if !hasDate {
		return r, fmt.Errorf("Received: it has no semicolon and no date after it")
	}
	var err error
	if r.Date, err = ParseDate(strings.TrimSpace(unfoldSpace(date))); err != nil {
		return r, fmt.Errorf("Received: %w", err)
	}
	if !closed {
		return r, fmt.Errorf("Received: a comment is not closed")
	}
	return r, nil
}

func unfoldSpace(s string) string {
	return strings.NewReplacer("\r\n", "", "\n", "").Replace(s)
}

// cutDate cuts at the last semicolon that stands outside of comments and quotes.
func cutDate(s string) (stamp, date string, ok bool) {
	depth, quoted, at := 0, false, -1
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '\\':
			i++
		case quoted:
			quoted = c != '"'
		case depth == 0 && c == '"':
			quoted = true
		case c == '(':
			depth++
		case c == ')' && depth > 0:
			depth--
		case c == ';' && depth == 0:
			at = i
		}
	}
	if at < 0 {
		return s, "", false
	}
	return s[:at], s[at+1:], true
}

type receivedToken struct {
	text    string
	comment bool
}

// receivedTokens cuts into words and comments; comments come without their
// parentheses.
func receivedTokens(s string) (tokens []receivedToken, closed bool) {
	for i := 0; i < len(s); {
		from := i
		switch c := s[i]; {
		case isWSP(c) || c == '\r' || c == '\n':
			i++
		case c == '(':
			n := commentLen(s[i:])
			if n < 0 {
				return append(tokens, receivedToken{text: strings.TrimSpace(s[i+1:]), comment: true}), false
			}
			i += n
			tokens = append(tokens, receivedToken{text: strings.TrimSpace(s[from+1 : i-1]), comment: true})
		default:
			for quoted := false; i < len(s); i++ {
				c := s[i]
				if quoted && c == '\\' && i+1 < len(s) {
					i++
				} else if c == '"' {
					quoted = !quoted
				} else if !quoted && (isWSP(c) || c == '\r' || c == '\n' || c == '(') {
					break
				}
			}
			tokens = append(tokens, receivedToken{text: s[from:i]})
		}
	}
	return tokens, true
}

// commentLen is the length of the comment that s begins with, -1 if it has no
// end.
func commentLen(s string) int {
	depth := 0
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '(':
			depth++
		case ')':
			if depth--; depth == 0 {
				return i + 1
			}
		}
	}
	return -1
}

// take sorts tokens into clauses. A clause goes from its word to the next such
// word; the token right behind the word is always its value, even if it looks
// like another.
func (r *Received) take(tokens []receivedToken) {
	clause := ""
	var value []string
	seen := map[string]bool{}
	for _, t := range tokens {
		word := strings.ToLower(t.text)
		switch {
		case t.comment:
			r.comment(clause, t.text)
		case isClause(word) && !seen[word] && (clause == "" || len(value) > 0):
			r.set(clause, value)
			clause, value = word, nil
			seen[word] = true
		case clause == "":
			r.Rest = append(r.Rest, t.text)
		default:
			value = append(value, t.text)
		}
	}
	r.set(clause, value)
	if !r.FromIP.IsValid() {
		r.FromIP, _ = literalIn(r.FromHELO)
	}
}

func isClause(word string) bool {
	switch word {
	case "from", "by", "via", "with", "id", "for", "tls":
		return true
	}
	return false
}

func (r *Received) set(clause string, value []string) {
	v := strings.Join(value, " ")
	switch clause {
	case "from":
		r.FromHELO = v
	case "by":
		r.By = v
	case "via":
		r.Via = v
	case "with":
		r.With = v
	case "id":
		r.ID = v
	case "for":
		if len(v) > 2 && v[0] == '<' && v[len(v)-1] == '>' {
			v = v[1 : len(v)-1]
		}
		r.For = v
	case "tls":
		r.TLS = v
	}
}

// comment takes the TCP-info behind from, "name [address]", and the program
// behind by.
func (r *Received) comment(clause, text string) {
	switch {
	case clause == "from" && !r.FromIP.IsValid():
		ip, at := literalIn(text)
		if !ip.IsValid() {
			break
		}
		r.FromIP = ip
		before := strings.Fields(text[:at])
		if len(before) > 0 {
			r.FromName = strings.TrimSuffix(before[len(before)-1], ".")
		}
		if r.FromName == "unknown" { // Postfix's word for a client without a name
			r.FromName = ""
		}
		return
	case clause == "by" && r.Program == "":
		r.Program = text
		return
	}
	r.Comments = append(r.Comments, text)
}

// literalIn finds an address literal in s; at is where it begins.
func literalIn(s string) (ip netip.Addr, at int) {
	at = strings.IndexByte(s, '[')
	if at < 0 {
		return netip.Addr{}, 0
	}
	end := strings.IndexByte(s[at:], ']')
	if end < 0 {
		return netip.Addr{}, 0
	}
	inner, _ := cutPrefixFold(s[at+1:at+end], "IPv6:")
	ip, err := netip.ParseAddr(inner)
	if err != nil {
		return netip.Addr{}, 0 // not every bracket holds an address
	}
	return ip, at
}
