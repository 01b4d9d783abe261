package smtp

import "strconv"

// Limits returns the limits that the server announced by LIMITS.
func (c *Client) Limits() Limits {
	params, _ := c.extensions.Lookup("LIMITS")
	return ParseLimits(params)
}

// fitting returns which of the recipients at the indexes in rest go into the next
// transaction, and which after it. Both are empty if the session has no room.
func (c *Client) fitting(env Envelope, rest []int) (now, later []int) {
	limits := c.Limits()
	if c.used.mail(limits) != nil {
		return nil, nil
	}
	planned := c.used
	planned.domains = append([]string(nil), c.used.domains...)
	for _, i := range rest {
		domain := env.Recipients[i].To.Domain
		if planned.rcpt(limits, len(now), domain) != nil {
			later = append(later, i)
			continue
		}
		planned.domain(limits, domain)
		now = append(now, i)
	}
	return now, later
}

// count notes what the reply to the command at index i of a transaction has used
// up.
func (c *Client) count(i int, r *Reply, res *Result) {
	switch {
	case !r.Positive():
	case i == 0:
		c.used.mails++
	case i <= len(res.Recipients):
		c.used.domain(c.Limits(), res.Recipients[i-1].To.Domain)
	}
}

// maxSize returns the server's SIZE, 0 if it has no fixed one (RFC 1870 §3).
func (c *Client) maxSize() int64 {
	params, ok := c.extensions.Lookup("SIZE")
	if !ok {
		return 0
	}
	n, err := strconv.ParseInt(params, 10, 64)
	if err != nil {
		return 0 // no parameter, or none that means anything
	}
	return n
}
