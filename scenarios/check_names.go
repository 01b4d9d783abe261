package scenarios

import (
	"strings"
	"unicode"

	"mailwalk/protocols/dns"
)

// Limits of names: RFC 1035 §2.3.4.
const (
	maxLabel  = 63
	maxDomain = 253
)

// domain checks the name of a host or a mail domain. A walk keeps to the names
// that nobody has (RFC 6761 §6.2): those that end in .test.
func (c *checker) domain(field, name string) bool {
	switch text, remedy := hostNameFault(name); {
	case text != "":
		c.fail(field, remedy, "%q is not a domain name: %s", name, text)
	case name != "test" && !strings.HasSuffix(name, ".test"):
		c.fail(field, "end it in .test, which is set aside for trying things out", "%s may be somebody's", name)
	default:
		return true
	}
	return false
}

// hostNameFault says what keeps a text from being the name of a host
// (RFC 1123 §2.1), written in small letters and without a dot at the end.
func hostNameFault(name string) (text, remedy string) {
	if len(name) > maxDomain {
		return "it is longer than 253 characters", ""
	}
	for label := range strings.SplitSeq(name, ".") {
		switch {
		case label == "":
			return "a part between two dots is empty", "write it without a dot at either end"
		case len(label) > maxLabel:
			return "a part is longer than 63 characters", ""
		case label[0] == '-' || label[len(label)-1] == '-':
			return "a part begins or ends with a hyphen", ""
		}
		for _, r := range label {
			switch {
			case 'a' <= r && r <= 'z', '0' <= r && r <= '9', r == '-':
			case 'A' <= r && r <= 'Z':
				return "it has capital letters", "write " + strings.ToLower(name)
			default:
				return "it has a " + quoteRune(r), "write small letters, digits, hyphens and dots"
			}
		}
	}
	return "", ""
}

func quoteRune(r rune) string {
	if r == ' ' {
		return "space"
	}
	return "“" + string(r) + "”"
}

// address checks a mail address: a dot-string before the @ (RFC 5321 §4.1.2)
// and a domain of the walk's kind behind it.
func (c *checker) address(field, addr string) bool {
	local, domain, found := cutLast(addr, "@")
	switch {
	case !found:
		c.fail(field, "write it as in bob@globex.test", "%q has no @: an address is local-part@domain", addr)
		return false
	case local == "":
		c.fail(field, "write it as in bob@globex.test", "%q has nothing before the @", addr)
		return false
	case domain == "":
		c.fail(field, "write it as in bob@globex.test", "%q has nothing behind the @", addr)
		return false
	case len(local) > 64:
		c.fail(field, "", "%q has more than 64 characters before the @", addr)
		return false
	}
	for atom := range strings.SplitSeq(local, ".") {
		if atom == "" {
			c.fail(field, "put something between, or leave a dot out", "%q has a dot at an end of its local part, or two in a row", addr)
			return false
		}
		for _, r := range atom {
			if !isAtext(r) {
				c.fail(field, "write letters, digits and hyphens", "%q has a %s before the @", addr, quoteRune(r))
				return false
			}
		}
	}
	return c.mailDomain(field, domain)
}

// mailDomain checks what stands behind an @. It may be beyond ASCII, where the name of
// a host may not (RFC 6531 §3.3 and §3.7.1).
func (c *checker) mailDomain(field, name string) bool {
	ascii, err := dns.ToALabels(name)
	if err != nil {
		c.fail(field, "write letters of one script, digits and hyphens", "%q is not a domain name, not even one beyond ASCII", name)
		return false
	}
	return c.domain(field, ascii)
}

// isAtext is atext of RFC 5322 §3.2.3.
func isAtext(r rune) bool {
	switch {
	case 'a' <= r && r <= 'z', 'A' <= r && r <= 'Z', '0' <= r && r <= '9':
		return true
	case r >= 0x80: // RFC 6531 §3.3
		return unicode.IsLetter(r) || unicode.IsMark(r) || unicode.IsDigit(r)
	}
	return strings.ContainsRune("!#$%&'*+-/=?^_`{|}~", r)
}
