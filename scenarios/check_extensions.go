package scenarios

import (
	"fmt"
	"slices"
)

// mostAnnounced is the largest number that LIMITS has room for (RFC 9422 §3).
const mostAnnounced = 999999

// extensions checks what a mail server offers.
func (c *checker) extensions(field string, m *MTA) {
	at := field + ".extensions"
	if !c.given(at) {
		m.Extensions = usualExtensions
	}
	for i, e := range m.Extensions {
		if slices.Contains(m.Extensions[:i], e) {
			c.fail(at, "leave one out", "%s stands here twice", e)
		}
	}
	if slices.Contains(m.Extensions, Binary) && !slices.Contains(m.Extensions, Chunking) {
		c.fail(at, "write chunking too", "binarymime cannot be without chunking: only BDAT can carry binary content")
	}
	if slices.Contains(m.Extensions, UTF8) && !slices.Contains(m.Extensions, EightBit) {
		c.fail(at, "write 8bitmime too", "a server that offers smtputf8 has to offer 8bitmime (RFC 6531 §3.1)")
	}
	if l := m.Session; l != nil {
		for _, x := range []struct {
			name string
			n    int
		}{{"mails", l.Mails}, {"recipients", l.Recipients}, {"domains", l.Domains}} {
			if x.n > mostAnnounced {
				c.fail(field+".session."+x.name, fmt.Sprintf("write a number from 0, for no limit, to %d", mostAnnounced), "a limit of %d cannot be announced", x.n)
			}
		}
	}
}
