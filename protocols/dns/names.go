package dns

import (
	"strings"

	"github.com/miekg/dns"
)

// canonical is the form in which names are compared and used as keys: lower
// case, with the final dot.
//
// RFC 4343 §3: comparison ignores the case of ASCII letters.
func canonical(name string) string { return dns.CanonicalName(name) }

func sameName(a, b string) bool { return canonical(a) == canonical(b) }

// parent cuts the leftmost label off. The parent of the root is the root.
func parent(name string) string {
	next, end := dns.NextLabel(name, 0)
	if end {
		return "."
	}
	return name[next:]
}

// within tells whether name is zone or below it.
func within(zone, name string) bool { return dns.IsSubDomain(zone, name) }

// below tells whether name is under zone and is not zone itself.
func below(zone, name string) bool { return within(zone, name) && !sameName(zone, name) }

// wildcardOf is the name whose records stand for what does not exist under
// encloser (RFC 4592 §3.3.1, the source of synthesis).
func wildcardOf(encloser string) string {
	if encloser == "." {
		return "*."
	}
	return "*." + encloser
}

// compareNames orders names label by label from the right, as RFC 4034 §6.1 has
// it, so that a listing shows a domain followed by what is under it. An escaped
// octet counts as it is written.
func compareNames(a, b string) int {
	x, y := dns.SplitDomainName(canonical(a)), dns.SplitDomainName(canonical(b))
	for i, j := len(x)-1, len(y)-1; i >= 0 && j >= 0; i, j = i-1, j-1 {
		if c := strings.Compare(x[i], y[j]); c != 0 {
			return c
		}
	}
	return len(x) - len(y)
}

// typeName is the mnemonic of a type, TYPEnnn for one without (RFC 3597 §5).
func typeName(t uint16) string { return dns.Type(t).String() }
