package smtp

import (
	"net"
	"net/netip"
	"strings"
)

const (
	maxDomain = 255 // octets, RFC 5321 §4.5.3.1.2
	maxLabel  = 63  // octets, RFC 1035 §2.3.4
)

// CheckDomain checks a domain name by the grammar of RFC 5321 §4.1.2: labels of
// letters, digits and inner hyphens. It does not ask whether the name exists.
// The error is a *SyntaxError.
func CheckDomain(s string) error {
	if s == "" {
		return syntaxError("domain", "is empty")
	}
	if len(s) > maxDomain {
		return syntaxError("domain", "is longer than %d octets", maxDomain)
	}
	for label := range strings.SplitSeq(s, ".") {
		if err := checkLabel(label); err != nil {
			return err
		}
	}
	return nil
}

func checkLabel(s string) error {
	switch {
	case s == "":
		return syntaxError("domain", "a label is empty")
	case len(s) > maxLabel:
		return syntaxError("domain", "a label is longer than %d octets", maxLabel)
	case s[0] == '-' || s[len(s)-1] == '-':
		return syntaxError("domain", "a label begins or ends with a hyphen")
	}
	for i := range len(s) {
		if s[i] >= 0x80 {
			return syntaxError("domain", "is not ASCII")
		}
		if !isLetDig(s[i]) && s[i] != '-' {
			return syntaxError("domain", "a label has letters, digits and hyphens only")
		}
	}
	return nil
}

// CheckAddressLiteral checks an address in brackets, such as [192.0.2.1] or
// [IPv6:2001:db8::1], by RFC 5321 §4.1.3. The error is a *SyntaxError.
func CheckAddressLiteral(s string) error {
	inner, ok := strings.CutPrefix(s, "[")
	if ok {
		inner, ok = strings.CutSuffix(inner, "]")
	}
	if !ok {
		return syntaxError("address literal", "stands in brackets")
	}
	if len(s) > maxDomain {
		return syntaxError("address literal", "is longer than %d octets", maxDomain)
	}
	tag, rest, tagged := strings.Cut(inner, ":")
	if !tagged {
		// netip refuses leading zeros, which the grammar would allow: some
		// programs read them as octal, so two hosts might mean two addresses.
		if a, err := netip.ParseAddr(inner); err != nil || !a.Is4() {
			return syntaxError("address literal", "is no IPv4 address")
		}
		return nil
	}
	if strings.EqualFold(tag, "IPv6") {
		a, err := netip.ParseAddr(rest)
		if err != nil || !a.Is6() || a.Zone() != "" || shortGap(rest) {
			return syntaxError("address literal", "is no IPv6 address")
		}
		return nil
	}
	if checkLabel(tag) != nil {
		return syntaxError("address literal", "has a malformed tag")
	}
	if rest == "" {
		return syntaxError("address literal", "is empty after its tag")
	}
	for i := range len(rest) {
		if ch := rest[i]; ch < 33 || ch > 126 || ch == '[' || ch == '\\' || ch == ']' {
			return syntaxError("address literal", "has a character that may not stand in it")
		}
	}
	return nil
}

// shortGap tells whether "::" stands for less than two groups of zeros, which
// RFC 5321 §4.1.3 excludes.
func shortGap(s string) bool {
	if !strings.Contains(s, "::") {
		return false
	}
	groups := 0
	for g := range strings.SplitSeq(s, ":") {
		switch {
		case g == "":
		case strings.Contains(g, "."):
			groups += 2
		default:
			groups++
		}
	}
	return groups > 6
}

// CheckHello checks the argument of EHLO and HELO: a domain or an address
// literal. RFC 5321 §4.1.1.1 gives HELO only the domain, but hosts without a
// name say HELO as well, and there is nothing to be lost. The error is a
// *SyntaxError.
func CheckHello(s string) error {
	if strings.HasPrefix(s, "[") {
		return CheckAddressLiteral(s)
	}
	return CheckDomain(s)
}

// AddressLiteral returns the address literal for an IP address: [192.0.2.1] or
// [IPv6:2001:db8::1] (RFC 5321 §4.1.3). A zone is left out, as it means nothing
// to the peer.
func AddressLiteral(a netip.Addr) string {
	a = a.Unmap().WithZone("")
	if a.Is4() {
		return "[" + a.String() + "]"
	}
	return "[IPv6:" + expandShortGap(a) + "]"
}

func expandShortGap(a netip.Addr) string {
	if s := a.String(); !shortGap(s) {
		return s
	}
	return a.StringExpanded()
}

// literalOf returns the address literal for a connection's address, "" if it
// has no IP address.
func literalOf(a net.Addr) string {
	if a == nil {
		return ""
	}
	ap, err := netip.ParseAddrPort(a.String())
	if err != nil {
		return ""
	}
	return AddressLiteral(ap.Addr())
}
